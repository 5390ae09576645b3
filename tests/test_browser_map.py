"""The page *Map* in a real browser: the dots, the passage under the pointer, the page saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import WAIT_MS, environment, no_exception, overflow, picture, serving, tab
from playwright.sync_api import Browser, expect

from ingest import ingest_paths
from rag_app.settings import load_settings

pytestmark = pytest.mark.browser


def test_a_map_shows_passages_a_question_and_is_saved(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for n in range(12):
        text = f"The pump number {n} has a warranty of {n + 24} months from its delivery."
        (tmp_path / "docs" / f"pump-{n}.txt").write_text(text)
    variables = environment(tmp_path)
    given = {key: value for key, value in variables.items() if key.startswith("RAG_")}
    ingest_paths([tmp_path / "docs"], load_settings(environ=given))
    with serving(tmp_path) as address, tab(browser, phone=True, dark=True, name="map") as page:
        page.goto(f"{address}/map")
        dots = page.locator(".js-plotly-plot .points path")
        expect(dots).to_have_count(12, timeout=WAIT_MS)
        field = page.get_by_label("A question on the map")
        field.fill("How long is the warranty of pump 7?")
        field.press("Enter")
        expect(page.locator(".map-hit")).to_have_count(5, timeout=WAIT_MS)
        expect(dots).to_have_count(12 + 5 + 1)
        dots.nth(3).hover(force=True)
        expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("warranty")
        picture(page, "map-hover")
        assert overflow(page) == 0
        with page.expect_download() as saved:
            page.get_by_role("button", name="Download the map").click()
        text = Path(saved.value.path()).read_text(encoding="utf-8")
        assert json.dumps("How long is the warranty of pump 7?")[1:-1] in text
        no_exception(page)
