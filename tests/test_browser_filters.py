"""The filter on the chat page: chosen, in sight, kept to by the answer, lifted again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import ask, environment, no_exception, overflow, picture, serving, tab
from ingest_samples import simple_pdf
from playwright.sync_api import Browser, Locator, Page, expect

from ingest import ingest_paths
from rag_app.settings import load_settings
from rag_app.types.metadata import parse_metadata

pytestmark = pytest.mark.browser

QUESTION = "How long is the warranty of the pump?"
SCOPE = re.compile("default ·")


def fill(folder: Path) -> None:
    """A collection of two folders, which say other things of the same."""
    for year, text in (("2019", "24 months"), ("2026", "36 months")):
        (folder / "papers" / year).mkdir(parents=True)
        facts = f"The pump has a warranty of {text}, and it is from the day of delivery.\n"
        (folder / "papers" / year / f"terms-{year}.md").write_text(f"# Terms of {year}\n\n{facts}")
    german = "Die Pumpe steht in dem Keller und wird von dem Wart mit der Hand bedient."
    simple_pdf(folder / "papers" / "2026" / "manual.pdf", "Pump manual", german)
    settings = load_settings(environ=environment(folder))
    assert ingest_paths([folder / "papers" / "2019"], settings).failed == 0
    said = parse_metadata(["team=sales"])
    assert ingest_paths([folder / "papers" / "2026"], settings, metadata=said).failed == 0


def test_a_filter_is_chosen_seen_kept_to_and_lifted(browser: Browser, tmp_path: Path) -> None:
    fill(tmp_path)
    with serving(tmp_path) as address:
        with tab(browser, name="filters") as page:
            page.goto(address)
            expect(page.get_by_role("button", name="default · all documents")).to_be_visible()
            choose(page, "Folders", "papers/2019")
            expect(page.get_by_role("button", name="default · 1 of 3 documents")).to_be_visible()
            picture(page, "filters-popover")
            page.keyboard.press("Escape")
            answer = ask(page, QUESTION)
            expect(answer).to_contain_text("24 months")
            expect(answer).not_to_contain_text("36 months")
            expect(answer).to_contain_text("Searched only in: papers/2019.")
            picture(page, "filters-answer")

            choose(page, "Types", "PDF")
            page.keyboard.press("Escape")
            expect(page.get_by_role("button", name="default · 0 of 3 documents")).to_be_visible()
            none = ask(page, QUESTION)
            expect(none).to_contain_text("fits the filter")
            expect(none).to_contain_text("all at once")

            chip(page, "PDF").click()
            expect(chip(page, "PDF")).to_have_count(0)
            choose(page, "Types", "Markdown")
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Search everything").click()
            expect(page.get_by_role("button", name="default · all documents")).to_be_visible()
            expect(page.locator(".st-key-scope_chips")).to_have_count(0)
            no_exception(page)
        with tab(browser, name="filters-phone", phone=True, dark=True) as page:
            page.goto(address)
            every_field_on_a_phone(page)


def every_field_on_a_phone(page: Page) -> None:
    choose(page, "Languages", "English")
    choose(page, "Metadata", "team: sales")
    expect(page.get_by_role("button", name="default · 1 of 3 documents")).to_be_visible()
    choose(page, "Only in these documents", "terms-2026.md")
    choose(page, "Types", "Markdown")
    expect(page.get_by_label("To page")).to_have_count(1)
    page.get_by_label("To page").fill("7")
    page.get_by_label("To page").press("Enter")
    expect(chip(page, "pages 1–7")).to_be_visible()
    picture(page, "filters-phone-popover")
    choose_day(page, 0, "20260102", "Friday, January 2, 2026")
    expect(chip(page, "since 2026-01-02")).to_be_visible()
    choose_day(page, 1, "20260101", "Thursday, January 1, 2026")
    expect(chip(page, "2026-01-01 – 2026-01-02")).to_be_visible()  # the days exchanged
    page.keyboard.press("Escape")
    picture(page, "filters-phone-chips")
    assert overflow(page) <= 0


def chip(page: Page, text: str) -> Locator:
    return page.locator(".st-key-scope_chips").get_by_role("button", name=text)


def choose(page: Page, field: str, option: str) -> None:
    """Opens the popover if need be, chooses one more value of a field, and waits for its chip."""
    button, body = page.get_by_role("button", name=SCOPE), page.get_by_test_id("stPopoverBody")
    expect(button).to_have_count(1)
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    expect(body).to_be_visible()
    body.get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")  # the list
    expect(page.get_by_role("option")).to_have_count(0)
    expect(chip(page, option)).to_be_visible()


def choose_day(page: Page, place: int, typed: str, named: str) -> None:
    """Types a day into one of the two fields of dates and takes it from the calendar."""
    field = page.get_by_test_id("stDateInput").nth(place)
    expect(field).to_be_visible()
    field.get_by_role("spinbutton").first.click()
    page.keyboard.type(typed)
    page.get_by_role("button", name=named).click()
