"""The sample documents: what the README promises of them, and that every question is fair."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from ingest.files import select

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_docs"
PDFS = sorted(SAMPLES.glob("*.pdf"))
DOCUMENTS = sorted(path for path in SAMPLES.iterdir() if path.suffix in {".pdf", ".md", ".txt"})
QUESTIONS = [
    json.loads(line)
    for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["document"] is not None]
UNANSWERABLE = [question for question in QUESTIONS if question["document"] is None]

# What a document would have to mention to answer the unanswerable questions, in their order.
ABSENT = (
    "world cup",
    "sourdough",
    "photosynthesis",
    "modbus",
    "gym",
    "uptime",
    "dress code",
    "child-?care",
    "python",
    "alquil",
)


@cache
def page_texts(name):
    path = SAMPLES / name
    if path.suffix != ".pdf":
        texts = [path.read_text(encoding="utf-8")]
    else:
        with pypdfium2.PdfDocument(path) as pdf:
            texts = [page.get_textpage().get_text_range() for page in pdf]
    return [" ".join(text.split()) for text in texts]


def test_there_are_enough_documents_and_pages_of_each_kind():
    suffixes = [path.suffix for path in DOCUMENTS]
    pages = sum(len(page_texts(path.name)) for path in DOCUMENTS)
    assert len(DOCUMENTS) >= 12
    assert pages >= 45
    assert {suffix: suffixes.count(suffix) for suffix in (".pdf", ".md", ".txt")} == {
        ".pdf": 9,
        ".md": 5,
        ".txt": 2,
    }


def test_the_folder_holds_nothing_else_but_the_questions_which_are_no_document():
    # Everything in the folder is ingested: with the questions among it, each would find itself.
    others = {path.name for path in SAMPLES.rglob("*")} - {path.name for path in DOCUMENTS}
    assert others == {"questions.jsonl", ".ragignore"}
    assert {path.name for path in select([SAMPLES]).files} == {path.name for path in DOCUMENTS}


@pytest.mark.parametrize("path", PDFS, ids=lambda path: path.name)
def test_a_pdf_has_title_outline_language_and_full_pages(path):
    reader = pypdf.PdfReader(path)
    texts = page_texts(path.name)
    title = reader.metadata.title
    assert title in texts[0]
    assert len(reader.outline) >= 6
    assert reader.root_object["/Lang"] in ("en", "es")
    assert len(texts) >= 4
    assert min(map(len, texts)) > 750
    total = len(texts)
    for number, text in enumerate(texts, start=1):
        assert re.search(rf"\b{number} (?:of|de|/) {total}\b", text), "footer with page number"
        assert number == 1 or f"Corrabeg Pumps · {title}" in text, "running header"


def test_one_document_is_spanish():
    spanish = [path for path in PDFS if pypdf.PdfReader(path).root_object["/Lang"] == "es"]
    assert [path.name for path in spanish] == ["guia-del-cliente.pdf"]
    assert "Cómo reclamar" in page_texts("guia-del-cliente.pdf")[2], "accents survive extraction"


def test_the_pdfs_are_what_the_script_makes(tmp_path):
    script = ROOT / "docs" / "samples" / "make_pdfs.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, stdout=subprocess.DEVNULL)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(made) == [path.name for path in PDFS]
    differing = [path.name for path in PDFS if made[path.name] != path.read_bytes()]
    assert not differing, "run `make samples` and commit the result"


def test_there_are_enough_questions_over_all_documents():
    assert len(QUESTIONS) >= 40
    assert len(UNANSWERABLE) == 10
    assert {question["document"] for question in ANSWERABLE} == {path.name for path in DOCUMENTS}
    assert len({(question["document"], question["page"]) for question in ANSWERABLE}) >= 30
    assert len({question["question"] for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["question"])
def test_an_answer_stands_on_its_page(question):
    assert set(question) == {"question", "document", "page", "answer"}
    assert question["answer"] in page_texts(question["document"])[question["page"] - 1]


@pytest.mark.parametrize(("question", "term"), list(zip(UNANSWERABLE, ABSENT, strict=True)))
def test_no_document_mentions_what_an_unanswerable_question_asks_for(question, term):
    assert re.search(rf"\b(?:{term})", question["question"], re.IGNORECASE)
    assert question["page"] is None
    assert question["answer"] is None
    for path in DOCUMENTS:
        for text in page_texts(path.name):
            assert not re.search(rf"\b(?:{term})", text, re.IGNORECASE), path.name
