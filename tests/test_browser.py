"""The pages in a real browser: from the upload of a file to the highlighted page behind an answer.

Every tab leaves a picture in ``artifacts/browser/``, and fails when it talks to anything but the
server on loopback (see ``browser.tab``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    FACT,
    QUESTION,
    ask,
    choose,
    environment,
    overflow,
    picture,
    serving,
    submit,
    tab,
    upload,
)
from llm_server import ScriptedLlm, scripted_llm
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Pages without any document."""
    with serving(tmp_path_factory.mktemp("pages")) as address:
        yield address


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLlm]:
    words = ["The **warranty** lasts ", "36 months [1]", ", as the manual says"]
    with scripted_llm(words) as server:
        yield server


@pytest.fixture(scope="module")
def writing(
    browser: Browser, papers: Path, llm: ScriptedLlm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Pages with one document, whose answers a (scripted) language model on loopback writes."""
    variables = {"RAG_LLM": "openai:scripted", "RAG_LLM_BASE_URL": llm.base_url}
    with serving(tmp_path_factory.mktemp("writing"), variables) as address:
        with tab(browser, name="writing-setup") as page:
            page.goto(f"{address}/documents")
            upload(page, papers / "pump-manual.pdf")
        yield address


def test_the_empty_application_leads_to_the_documents(browser: Browser, pages: str) -> None:
    with tab(browser, name="empty") as page:
        page.goto(pages)
        expect(page.get_by_role("heading", name="Ask your documents")).to_be_visible()
        expect(page.get_by_test_id("stChatInputTextArea")).to_have_count(0)
        page.get_by_role("button", name="Add documents").click()
        expect(page.get_by_text("No documents here yet")).to_be_visible()


def test_from_upload_to_the_marked_page_and_back_after_a_reload(
    browser: Browser, pages: str, papers: Path
) -> None:
    with tab(browser, name="journey") as page:
        page.goto(f"{pages}/documents")
        report = upload(page, papers / "pump-manual.pdf")
        expect(report).to_contain_text("1 added")
        expect(page.locator(".st-key-document_list")).to_contain_text("2 pages")
        picture(page, "documents")

        page.get_by_role("link", name="Chat").click()
        answer = ask(page, QUESTION)
        expect(answer).to_contain_text("36 months")
        expect(page.locator(".privacy")).to_contain_text("Nothing you ask leaves this machine")
        picture(page, "answer")
        look_at_source(page)
        give_feedback(page)
        rename(page, "About the warranty")

        page.reload()
        page.get_by_role("button", name="About the warranty", exact=True).click()
        expect(page.locator(".question")).to_have_text(QUESTION)
        expect(page.locator('[class*="st-key-answer_"]')).to_contain_text("36 months")
        expect(page.get_by_role("button", name="Comment kept")).to_be_visible()
        picture(page, "reloaded")
        assert export(page).count(FACT) >= 1
        delete_everything(page, pages)


def look_at_source(page: Page) -> None:
    """Opens a citation by its mark in the text; the page of the PDF has the words marked."""
    page.locator('[class*="st-key-answer_"] a[href*="#cite-"]').first.click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("pump-manual.pdf")
    expect(panel).to_contain_text("page 2")
    expect(panel).to_contain_text("Found word for word")
    expect(panel.locator("mark")).to_have_text(re.compile("36 months"))
    image = panel.get_by_test_id("stImage").locator("img")
    expect(image).to_be_visible()
    data = page.request.get(str(image.evaluate("image => image.src"))).body()
    assert highlighted(data) > 2000
    picture(page, "source")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def highlighted(png: bytes) -> int:
    """Number of pixels in a colour of a marker: bright, and far from grey."""
    from PIL import Image

    pixels = Image.open(io.BytesIO(png)).convert("RGB").get_flattened_data()
    return sum(1 for red, green, blue in pixels if red > 200 and green > 180 and blue < 190)


def give_feedback(page: Page) -> None:
    page.get_by_role("radio", name="Thumbs up").click()
    page.get_by_role("button", name="Add a comment").click()
    page.get_by_label("What was good or wrong?").fill("Exactly what I needed.")
    page.get_by_role("button", name="Keep the comment").click()
    expect(page.get_by_role("button", name="Comment kept")).to_be_visible()
    page.keyboard.press("Escape")


def rename(page: Page, title: str) -> None:
    choose_in_sidebar(page, "Rename")
    field = page.get_by_role("dialog").get_by_label("Title")
    expect(field).to_have_value(QUESTION)
    field.fill(title)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=title, exact=True)).to_be_visible()


def choose_in_sidebar(page: Page, action: str) -> None:
    choose(page.locator('[class*="st-key-row_"]').first, action)


def export(page: Page) -> str:
    choose_in_sidebar(page, "Export")
    with page.expect_download() as waiting:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    download = waiting.value
    assert download.suggested_filename == "about-the-warranty.md"
    page.keyboard.press("Escape")
    text = Path(download.path()).read_text(encoding="utf-8")
    assert "👍 Exactly what I needed." in text
    return text


def delete_everything(page: Page, address: str) -> None:
    page.goto(f"{address}/documents")
    choose(page.locator('[class*="st-key-doc_"]', has_text="pump-manual.pdf").first, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No documents here yet")).to_be_visible()
    choose_in_sidebar(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Your conversations will be kept here.")).to_be_visible()


def test_a_stopped_answer_keeps_what_was_written(
    browser: Browser, writing: str, llm: ScriptedLlm
) -> None:
    llm.hang_after = 2
    try:
        with tab(browser, name="stopped") as page:
            page.goto(writing)
            submit(page, QUESTION)
            expect(page.get_by_text("36 months")).to_be_visible()
            picture(page, "streaming")
            page.get_by_role("button", name="Stop").click()
            answer = page.locator('[class*="st-key-answer_"]')
            expect(answer).to_contain_text("You stopped this answer", timeout=5000)
            expect(answer).to_contain_text("The warranty lasts 36 months")
            expect(page.get_by_test_id("stChatInputTextArea")).to_be_enabled()
            page.reload()
            page.get_by_role("button", name=QUESTION, exact=True).first.click()
            expect(answer).to_contain_text("You stopped this answer")
    finally:
        llm.hang_after = None


def test_a_language_models_answer_has_its_sources_and_follow_ups(
    browser: Browser, writing: str
) -> None:
    with tab(browser, name="model-answer") as page:
        page.goto(writing)
        answer = ask(page, QUESTION)
        expect(answer.locator("strong").first).to_have_text("warranty")
        expect(answer.locator('[class*="st-key-cite-"] button').first).to_contain_text("page 2")
        second = ask(page, "And from which day does it count?")
        expect(page.locator(".question")).to_have_count(2)
        # What was searched with knows what the follow-up is about.
        searched = second.get_by_text("Searched for: And from which day does it count?")
        expect(searched).to_contain_text("warranty")
        top = page.locator(".question").last.bounding_box()
        assert top is not None
        assert 0 < top["y"] < 200  # the new question has come to the top


def test_a_language_model_that_refuses_gives_a_sentence_and_is_asked_again(
    browser: Browser, writing: str, llm: ScriptedLlm
) -> None:
    llm.status = 401
    try:
        with tab(browser, name="refused") as page:
            page.goto(writing)
            answer = ask(page, QUESTION)
            expect(answer.get_by_test_id("stAlert")).to_contain_text("key")
            assert "Traceback" not in page.content()
            llm.status = 200
            answer.get_by_role("button", name="Ask again").click()
            expect(page.locator(".question")).to_have_text([QUESTION, QUESTION])
            answers = page.locator('[class*="st-key-answer_"]')
            expect(answers.last).to_contain_text("36 months")
            expect(page.get_by_role("button", name="Ask again")).to_have_count(0)
    finally:
        llm.status = 200


def test_a_remote_provider_is_announced_before_anything_is_asked(
    browser: Browser, pages: str, papers: Path
) -> None:
    with tab(browser, name="remote") as page:
        page.goto(f"{pages}/documents")
        upload(page, papers / "pump-manual.pdf")
        page.get_by_role("link", name="Chat").click()
        expect(page.locator(".privacy")).to_contain_text("Nothing you ask leaves this machine")
        page.get_by_role("button", name=re.compile("Quotations")).click()
        page.get_by_role("combobox", name=re.compile("Who answers")).fill("openai:gpt-4o-mini")
        page.keyboard.press("Enter")
        notice = page.get_by_test_id("stAlert")
        expect(notice).to_contain_text("are sent to api.openai.com")
        page.keyboard.press("Escape")
        picture(page, "remote")
        # Without a key nothing can be sent; the reader is told how to give one.
        answer = ask(page, QUESTION)
        expect(answer.get_by_test_id("stAlert")).to_contain_text("OPENAI_API_KEY")


def test_each_card_opens_its_own_source(browser: Browser, pages: str, papers: Path) -> None:
    with tab(browser, name="cards") as page:
        page.goto(f"{pages}/documents")
        upload(page, papers / "pump-manual.pdf")
        page.get_by_role("link", name="Chat").click()
        answer = ask(page, "Who won the football world cup?")
        expect(answer).to_contain_text("Not in the documents")
        cards = answer.locator('[class*="st-key-cite-"] button')
        expect(cards).to_have_count(2)
        for card in (cards.first, cards.last, cards.first):
            place = re.search(r"page \d", card.inner_text())
            assert place
            card.click()
            expect(page.get_by_role("dialog").locator(".facts")).to_contain_text(place.group())
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)


def test_each_question_comes_to_the_top_and_nothing_else_moves(
    browser: Browser, writing: str
) -> None:
    """The frame around the page can be scrolled by scripts, and took its head away with it."""
    places = """() => {
        const tops = [...document.querySelectorAll(".question")].map(
            (question) => question.getBoundingClientRect().top);
        return [Math.round(tops.pop()), document.querySelector(
            '[data-testid="stAppViewContainer"]').scrollTop];
    }"""
    with tab(browser, name="scrolled") as page:
        page.goto(writing)
        for number in range(5):
            ask(page, QUESTION)
            page.wait_for_function(f"Math.abs(({places})()[0] - 64) <= 2")
            assert page.evaluate(places)[1] == 0, f"after question {number + 1}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone(browser: Browser, writing: str, *, dark: bool) -> None:
    name = "phone-dark" if dark else "phone-light"
    with tab(browser, phone=True, dark=dark, name=name) as page:
        page.goto(writing)
        expect(page.locator(".hero")).to_be_visible()
        assert overflow(page) <= 0
        expect(page.get_by_test_id("stSidebar")).not_to_be_in_viewport()
        answer = ask(page, QUESTION)
        picture(page, f"{name}-answer")
        assert overflow(page) <= 0
        answer.locator('[class*="st-key-cite-"] button').first.click()
        expect(page.get_by_role("dialog").locator("img")).to_be_visible()
        picture(page, f"{name}-source")
        assert overflow(page) <= 0
        page.keyboard.press("Escape")
        for place, landmark in (("Documents", ".st-key-document_list"), ("Settings", ".settings")):
            page.get_by_test_id("stExpandSidebarButton").click()
            page.get_by_role("link", name=place).click()
            expect(page.locator(landmark).first).to_be_visible()
            # What was chosen in the sidebar is not covered by it.
            expect(page.get_by_test_id("stSidebar")).not_to_be_in_viewport()
            picture(page, f"{name}-{place.lower()}")
            assert overflow(page) <= 0
        background = page.evaluate(
            "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
        )
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) is dark


def test_the_environment_of_the_servers_is_their_own(tmp_path: Path) -> None:
    assert environment(tmp_path)["RAG_HOME"] == str(tmp_path / "home")
