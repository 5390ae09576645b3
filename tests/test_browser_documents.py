"""The page with the documents in a real browser: uploads, collections, and servers that are down.

Every tab leaves a picture in ``artifacts/browser/`` (see ``browser.tab``).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    QUESTION,
    SLOW_MS,
    ask,
    choose,
    free_port,
    no_exception,
    picture,
    serving,
    tab,
    upload,
)
from chroma_server import chroma_server
from playwright.sync_api import Browser, Download, Locator, Page, expect

from ingest import ingest_paths
from rag_app.settings import load_settings
from rag_app.store import Store

pytestmark = pytest.mark.browser

REPORT = '[class*="st-key-upload_outcome"]'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``pages`` keep what they have."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def pages(browser: Browser, folder: Path) -> Iterator[str]:
    """Pages that take files of up to 1 MB; each test has a collection of its own."""
    with serving(folder, {"RAG_MAX_FILE_MB": "1"}) as address:
        yield address


def new_collection(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/documents")
    page.locator(".st-key-new_collection button:visible").click()
    page.get_by_role("dialog").get_by_label("Name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Collection")).to_have_value(name)
    # The report of the collection before stays until the page is drawn anew.
    expect(page.locator(REPORT)).to_have_count(0)


def document(page: Page, name: str) -> Locator:
    return page.locator('[class*="st-key-doc_"]', has_text=name).first


def test_each_bad_upload_says_what_to_do_and_harms_nothing(
    browser: Browser, pages: str, papers: Path
) -> None:
    expected = {
        "empty.txt": "empty",
        "broken.pdf": "broken",
        "scan.pdf": "OCR",
        "binary.txt": "text",
        "large.txt": "1 MB",
        "letter.docx": "is not a Word document",
        "secret.pdf": "password below",
        "pump-manual.pdf": "2 pages",
    }
    with tab(browser, name="bad-uploads") as page:
        new_collection(page, pages, "bad")
        report = upload(page, *(papers / name for name in expected))
        for name, words in expected.items():
            expect(report.locator("li", has_text=name).locator("p")).to_contain_text(words)
        picture(page, "bad-uploads")
        assert page.locator('[class*="st-key-doc_menu"]').count() == 1
        no_exception(page)


def test_a_locked_pdf_is_read_once_its_password_is_typed_and_again_later(
    browser: Browser, pages: str, papers: Path
) -> None:
    with tab(browser, name="password") as page:
        new_collection(page, pages, "locked")
        upload(page, papers / "secret.pdf")
        type_password(page.locator(REPORT), "cat", "Read in")
        expect(page.locator(REPORT)).to_contain_text("The password does not open it")
        type_password(page.locator(REPORT), "owl", "Read in")
        expect(page.locator(REPORT)).to_contain_text("1 added")
        # This session knows the password: the page of the PDF is drawn without being asked.
        page.get_by_role("link", name="Chat").click()
        answer = ask(page, "What is the code?")
        answer.locator('[class*="st-key-cite-"] button').first.click()
        expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    with tab(browser, name="password-again") as page:  # another session does not know it
        page.goto(f"{pages}/documents")
        page.get_by_role("combobox", name="Collection").click()
        page.get_by_role("option", name="locked").click()
        choose(document(page, "secret.pdf"), "Read in again")
        dialog = page.get_by_role("dialog")
        type_password(dialog, "cat", "Read in again")
        expect(dialog.get_by_test_id("stAlert")).to_contain_text("does not open secret.pdf")
        type_password(dialog, "owl", "Read in again")
        expect(page.locator(REPORT)).to_contain_text("1 read in again")
        no_exception(page)


def type_password(place: Locator, password: str, button: str) -> None:
    field = place.get_by_label("Password", exact=True)
    expect(field).to_have_count(1)  # the report before this one stays until the page is drawn anew
    field.fill(password)
    place.get_by_role("button", name=button, exact=True).click()


def test_a_collection_is_made_renamed_read_again_and_deleted(
    browser: Browser, pages: str, papers: Path
) -> None:
    with tab(browser, name="collections") as page:
        page.goto(f"{pages}/documents")
        page.locator(".st-key-new_collection button:visible").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Create").click()
        expect(dialog.get_by_test_id("stAlert")).to_contain_text("needs a name")
        new_collection(page, pages, "letters")
        expect(page.get_by_text("No documents here yet")).to_be_visible()
        upload(page, papers / "pump-manual.pdf")

        choose(page.locator(".st-key-collection_menu"), "Rename")
        dialog.get_by_label("Name").fill("post")
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_role("combobox", name="Collection")).to_have_value("post")
        choose(document(page, "pump-manual.pdf"), "Read in again")  # its file has moved, too
        expect(page.locator(REPORT)).to_contain_text("1 read in again")
        expect(page.locator('[class*="st-key-doc_menu"]')).to_have_count(1)

        page.get_by_role("link", name="Chat").click()
        expect(page.get_by_role("button", name="post · all documents")).to_be_visible()
        page.get_by_role("link", name="Documents").click()
        choose(page.locator(".st-key-collection_menu"), "Delete")
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("The collection post was deleted")).to_be_visible()
        no_exception(page)


def test_two_uploads_at_once_both_arrive_and_both_report(
    browser: Browser, pages: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "first.txt").write_text("The pump has six screws, and each must be tight.")
    (tmp_path / "second.txt").write_text("The key is under the mat.")
    with tab(browser, name="two-first") as first, tab(browser, name="two-second") as second:
        new_collection(first, pages, "two")
        second.goto(f"{pages}/documents")
        second.get_by_role("combobox", name="Collection").click()
        second.get_by_role("option", name="two").click()
        expect(second.get_by_text("No documents here yet")).to_be_visible()
        field = "stFileUploaderDropzoneInput"
        # Nothing is stored until the test lets it, so that neither upload can be over too soon.
        with (
            Store(load_settings({"home": folder / "home"}, environ={})) as store,
            store.get("two").writer(wait_s=0),
        ):
            first.get_by_test_id(field).set_input_files(tmp_path / "first.txt")
            expect(first.locator(".st-key-upload_progress")).to_be_visible()
            second.get_by_test_id(field).set_input_files(tmp_path / "second.txt")
            expect(second.get_by_text("Waiting for another upload to end")).to_be_visible()
        for page in (first, second):
            for name in ("first.txt", "second.txt"):
                report = page.locator(REPORT, has_text=name)
                expect(report).to_contain_text("1 added", timeout=SLOW_MS)
            expect(page.locator('[class*="st-key-doc_menu"]')).to_have_count(2)
            no_exception(page)


def test_servers_that_are_down_are_named_and_no_question_is_lost(
    browser: Browser, papers: Path, tmp_path: Path
) -> None:
    llm = f"http://127.0.0.1:{free_port()}/v1"
    variables = {"RAG_LLM": "openai:any", "RAG_LLM_BASE_URL": llm}
    with tab(browser, name="down") as page:
        with chroma_server(tmp_path / "chroma") as chroma:
            served = serving(tmp_path, {"RAG_CHROMA_URL": chroma, **variables})
            address = served.__enter__()
            page.goto(f"{address}/documents")
            upload(page, papers / "pump-manual.pdf")
            page.goto(address)
            answer = ask(page, QUESTION)
            expect(answer.get_by_test_id("stAlert")).to_contain_text(f"cannot be reached at {llm}")
            page.reload()
            page.get_by_role("button", name=QUESTION, exact=True).click()
            expect(page.locator(".question")).to_have_text(QUESTION)
            expect(page.get_by_role("button", name="Ask again")).to_be_visible()
        try:
            picture(page, "llm-down")
            sentence = f"The Chroma server at {chroma} cannot be reached"
            for place in ("", "documents", "settings"):
                page.goto(f"{address}/{place}")
                expect(page.get_by_test_id("stAlert").first).to_contain_text(sentence)
                no_exception(page)
            page.goto(address)
            answer = ask(page, QUESTION)
            expect(answer.get_by_test_id("stAlert")).to_contain_text(sentence)
            no_exception(page)
        finally:
            served.__exit__(None, None, None)


def test_what_failed_in_a_terminal_is_listed_and_tried_again(
    browser: Browser, papers: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    for name in ("broken.pdf", "letter.docx"):
        shutil.copy(papers / name, folder)
    ingest_paths([folder], load_settings({"home": tmp_path / "home"}, environ={}))
    with serving(tmp_path) as address, tab(browser, name="left-out-again") as page:
        page.goto(f"{address}/documents")
        left = page.locator(".st-key-left_out")
        left.get_by_text("2 files could not be read").click()
        expect(left.locator("li", has_text="broken.pdf")).to_contain_text("broken or cut off")
        picture(page, "left-out")
        shutil.copy(papers / "pump-manual.pdf", folder / "broken.pdf")
        left.get_by_role("button", name="Try again").click()
        expect(page.locator(REPORT)).to_contain_text("1 added, 1 failed")
        expect(left).to_contain_text("1 file could not be read")
        expect(document(page, "broken.pdf")).to_contain_text("ready")
        with page.expect_download() as saved:
            page.get_by_role("button", name="Report as JSON").click()
        told = {Path(one["path"]).name: one for one in json.loads(text_of(saved.value))["files"]}
        assert {name: one["state"] for name, one in told.items()} == {
            "broken.pdf": "added",
            "letter.docx": "failed",
        }
        assert told["broken.pdf"]["language"] == "en"
        with page.expect_download() as saved:
            page.get_by_role("button", name="Report as CSV").click()
        assert text_of(saved.value).startswith("\ufeffpath,state,reason,")
        no_exception(page)


def text_of(saved: Download) -> str:
    return Path(saved.path()).read_text("utf-8")
