"""The page *Compare* in a real browser, on sample documents.

Every tab leaves a picture in ``artifacts/browser/`` (see ``browser.tab``).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import SLOW_MS, environment, no_exception, overflow, picture, serving, tab
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

CLONE = Path(__file__).parents[1]
PAPERS = ("customer-faq.md", "onboarding-guide.md", "tern-cloud-api.md", "tern-release-notes.md")
START = re.compile(r"^Compare \d+ models$")


@pytest.fixture(scope="module")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Pages with a collection of four documents. A key is set, so a hosted model can be chosen."""
    folder = tmp_path_factory.mktemp("pages")
    papers = [str(CLONE / "sample_docs" / name) for name in PAPERS]
    subprocess.run(
        [sys.executable, "-m", "ingest", "--quiet", *papers],
        cwd=CLONE,
        env=environment(folder),
        check=True,
    )
    with serving(folder, {"VOYAGE_API_KEY": "not-a-key"}) as address:
        yield address


def open_choice(page: Page, address: str) -> None:
    """The page with the choice, whether or not a result is there."""
    page.goto(f"{address}/compare")
    expect(page.get_by_text("Collection", exact=True)).to_be_visible(timeout=SLOW_MS)
    start = page.get_by_role("button", name=re.compile("^(Compare|New comparison)"))
    expect(start.first).to_be_visible(timeout=SLOW_MS)
    again = page.get_by_role("button", name="New comparison")
    if again.count():
        again.click()
    expect(page.locator(".st-key-compare_models")).to_be_visible(timeout=SLOW_MS)


def choose(page: Page, *specs: str) -> None:
    """Leaves these models chosen and no other."""
    boxes = page.locator(".st-key-compare_models, .st-key-compare_more").get_by_role("checkbox")
    for box in boxes.all():
        name = box.get_attribute("aria-label") or ""
        if box.is_checked() != (name in specs):
            # The box itself is hidden; what can be clicked is around it.
            box.locator("xpath=ancestor::label").click()
            expect(box).to_be_checked(checked=name in specs)
    expect(page.get_by_role("button", name=f"Compare {len(specs)} models")).to_be_visible()


def show_more(page: Page) -> None:
    page.get_by_text("More models").click()
    expect(page.get_by_role("textbox", name="Any other model")).to_be_visible()


def test_from_the_choice_to_the_result(browser: Browser, pages: str, tmp_path: Path) -> None:
    with tab(browser, name="compare") as page, tab(browser, name="compare-other") as other:
        open_choice(page, pages)
        picture(page, "compare-choice")
        choose(page, "minilm", "tfidf")
        page.get_by_role("button", name="Look at the questions first").click()
        rows = page.locator('[class*="st-key-compare_row_"]')
        expect(rows.first).to_be_visible(timeout=SLOW_MS)
        expect(rows.first.locator(".points-to")).to_contain_text(".md")
        dropped = rows.first.get_by_role("checkbox").get_attribute("aria-label")
        rows.first.locator("label").first.click()
        expect(page.get_by_text(re.compile(r"of them kept$"))).to_be_visible()
        page.get_by_role("button", name="Save this set").click()
        expect(page.get_by_text("saved for this collection").first).to_be_visible()
        picture(page, "compare-questions")

        page.get_by_role("button", name=START).click()
        expect(page.locator(".st-key-compare_progress")).to_be_visible(timeout=SLOW_MS)
        picture(page, "compare-running")
        other.goto(f"{pages}/compare")  # another session sees it, at work or done
        expect(other.locator(".st-key-compare_progress, .verdict").first).to_be_visible(
            timeout=SLOW_MS
        )
        page.get_by_role("link", name="Documents").click()
        expect(page.get_by_text("Add documents").first).to_be_visible()
        page.get_by_role("link", name="Compare").click()
        for one in (page, other):
            expect(one.locator(".verdict")).to_be_visible(timeout=SLOW_MS)
            expect(one.locator(".compare-table").first.locator("tbody tr")).to_have_count(2)
            no_exception(one)
        page.get_by_text("All figures").click()
        expect(page.get_by_text("Recall@10", exact=True).first).to_be_visible()
        expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=SLOW_MS)
        picture(page, "compare-result")

        with page.expect_download() as download:
            page.get_by_role("button", name="Download the figures").click()
        download.value.save_as(tmp_path / "comparison.json")
        figures = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
        assert {model["spec"] for model in figures["models"]} == {"minilm", "tfidf"}
        assert dropped not in [one["question"] for one in figures["questions"]]
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as a page").click()
        download.value.save_as(tmp_path / "comparison.html")
        assert "tfidf" in (tmp_path / "comparison.html").read_text(encoding="utf-8")


def test_the_difference_view_shows_who_was_right(browser: Browser, pages: str) -> None:
    with tab(browser, name="compare-difference") as page:
        compared(page, pages)
        shown = page.locator(".difference")
        expect(shown.first).to_be_visible(timeout=SLOW_MS)
        only = page.get_by_text(re.compile(r"^They disagree on \d+ of"))
        expect(only).to_be_visible()
        disagreed = int(re.findall(r"\d+", only.inner_text())[0])
        first = shown.first
        expect(first.locator(".sides > div")).to_have_count(2)
        assert first.locator(".right").count() <= 1  # else they would agree
        page.get_by_text("Only where they disagree").click()
        expect(page.locator(".difference .right").nth(1)).to_be_visible()
        assert disagreed < 100
        second = page.get_by_role("button", name="Page 2")
        expect(second).to_have_count(1)
        before = shown.first.locator("h4").inner_text()
        second.click()
        expect(shown.first.locator("h4")).not_to_have_text(before)
        no_exception(page)


def test_it_is_read_on_a_phone_and_in_the_dark(browser: Browser, pages: str) -> None:
    for dark in (False, True):
        name = f"compare-phone{'-dark' if dark else ''}"
        with tab(browser, phone=True, dark=dark, name=name) as page:
            compared(page, pages)
            assert overflow(page) <= 0
            picture(page, f"{name}-result")
            page.get_by_role("button", name="New comparison").click()
            expect(page.locator(".st-key-compare_models")).to_be_visible(timeout=SLOW_MS)
            show_more(page)
            assert overflow(page) <= 0


def test_nothing_is_sent_to_a_host_before_it_is_agreed_to(browser: Browser, pages: str) -> None:
    with tab(browser, name="compare-hosted") as page:
        open_choice(page, pages)
        show_more(page)
        choose(page, "tfidf", "voyage:voyage-3.5")
        notice = page.locator(".st-key-compare_sending")
        expect(notice).to_contain_text("api.voyageai.com")
        expect(notice).to_contain_text("would cost")
        start = page.get_by_role("button", name=START)
        expect(start).to_be_disabled()
        picture(page, "compare-hosted-notice")
        notice.locator("label").click()
        expect(start).to_be_enabled()
        no_exception(page)


def test_a_file_is_used_and_its_problems_are_told_and_a_model_that_fails_too(
    browser: Browser, pages: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text(
        "question,document,text\n"
        "How long is the warranty?,customer-faq.md,warranty\n"
        "Where is the lamp?,lamp.md,\n"
    )
    with tab(browser, name="compare-file") as page:
        open_choice(page, pages)
        show_more(page)
        page.get_by_role("textbox", name="Any other model").fill("sentence-transformers:/nowhere")
        page.get_by_role("textbox", name="Any other model").press("Enter")
        expect(page.get_by_role("checkbox", name="sentence-transformers:/nowhere")).to_be_checked()
        choose(page, "tfidf", "sentence-transformers:/nowhere")
        page.get_by_text("My own file").click()
        expect(page.get_by_role("button", name=START)).to_be_disabled()
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "mine.csv")
        page.get_by_role("button", name="Look at the questions first").click()
        page.get_by_text("1 line of the file could not be used").click(timeout=SLOW_MS)
        expect(
            page.get_by_text("line 3: the collection has no document 'lamp.md'.")
        ).to_be_visible()
        picture(page, "compare-file-problems")
        page.get_by_role("button", name=START).click()
        expect(page.locator(".verdict")).to_contain_text("too few", timeout=SLOW_MS)
        failed = page.get_by_test_id("stAlert").filter(has_text="could not be compared")
        expect(failed).to_contain_text("sentence-transformers:/nowhere")
        no_exception(page)


def compared(page: Page, address: str) -> None:
    """The page with the result of a comparison; makes one where there is none yet."""
    page.goto(f"{address}/compare")
    either = page.locator(".verdict, .st-key-compare_models")
    expect(either.first).to_be_visible(timeout=SLOW_MS)
    if not page.locator(".verdict").count():
        choose(page, "minilm", "tfidf")
        page.get_by_role("button", name=START).click()
    expect(page.locator(".verdict")).to_be_visible(timeout=SLOW_MS)
