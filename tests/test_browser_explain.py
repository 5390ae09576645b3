"""“Why these passages?” under an answer, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import WAIT_MS, ask, environment, no_exception, overflow, picture, serving, tab
from playwright.sync_api import Browser, expect

from ingest import ingest_paths
from rag_app.settings import load_settings

pytestmark = pytest.mark.browser

TEXTS = {
    "warranty.md": "# Warranty\n\nThe pump has a warranty of 36 months from its delivery.\n",
    "prices.md": "# Prices\n\nThe large pump costs 615 euros and the small one 340 euros.\n",
    "history.md": "# History\n\nThe company was founded in Kalmar in a boat shed.\n",
}


def fill(folder: Path) -> None:
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text)
    variables = environment(folder)
    given = {key: value for key, value in variables.items() if key.startswith("RAG_")}
    ingest_paths([folder / "docs"], load_settings(environ=given))


def test_an_answer_says_why_its_passages_stand_where_they_do(
    browser: Browser, tmp_path: Path
) -> None:
    fill(tmp_path)
    with (
        serving(tmp_path, {"RAG_DIVERSITY": "0.2"}) as address,
        tab(browser, phone=True, dark=True, name="explain") as page,
    ):
        page.goto(address)
        answer = ask(page, "How long is the warranty of the pump?")
        reasons = answer.locator(".why-list li")
        expect(reasons).to_have_count(0)
        answer.get_by_role("button", name="Why these passages?").click()
        expect(reasons).to_have_count(len(TEXTS), timeout=WAIT_MS)
        best = reasons.first
        expect(best).to_contain_text("warranty.md")
        expect(best).to_contain_text("cited as [1]")
        expect(best.locator("dd .chip", has_text="warranty")).to_have_count(1)
        expect(best).to_contain_text("1 by vectors and keywords")
        expect(best.locator("dd", has_text=re.compile(r"^score [01]\.\d\d$"))).to_have_count(1)
        expect(answer.locator(".why-lead")).to_contain_text("enough to answer")
        expect(reasons.filter(has_text="history.md")).to_contain_text("not in this list")
        expect(answer).to_contain_text("36 months")  # the answer stays where it was
        reasons.first.scroll_into_view_if_needed()
        picture(page, "explain-open")
        assert overflow(page) == 0
        answer.get_by_role("button", name="Hide the reasons").click()
        expect(reasons).to_have_count(0)
        no_exception(page)


def test_places_alone_and_a_code_that_nothing_has_are_explained(
    browser: Browser, tmp_path: Path
) -> None:
    fill(tmp_path)
    with serving(tmp_path, {"RAG_FUSION": "rrf"}) as address, tab(browser, name="places") as page:
        page.goto(address)
        answer = ask(page, "How long is the warranty of the pump H-12?")
        expect(answer).to_contain_text("and found no “H-12”; what came nearest is in warranty.md")
        nearest = answer.get_by_role("button", name="warranty.md")
        expect(nearest).to_contain_text("Warranty The pump has a warranty")
        expect(nearest).not_to_contain_text("#")
        answer.get_by_role("button", name="Why these passages?").click()
        expect(answer.locator(".why-list li")).to_have_count(len(TEXTS), timeout=WAIT_MS)
        lead = answer.locator(".why-lead")
        expect(lead).to_contain_text("Both count alike, and only a passage's places")
        expect(lead).to_contain_text("10% likely: too little to answer")
        best = answer.locator(".why-list li").first
        expect(best).to_contain_text("place 1, BM25")
        expect(best).not_to_contain_text("cited as")
        why = answer.get_by_text("The passages have no “H-12”, so what they say is not taken")
        expect(why).to_be_visible()
        tops = [one.bounding_box() for one in (lead, why, best)]
        assert [one["y"] for one in tops if one] == sorted(one["y"] for one in tops if one)
        best.scroll_into_view_if_needed()
        picture(page, "explain-places")
        assert overflow(page) == 0
        no_exception(page)
