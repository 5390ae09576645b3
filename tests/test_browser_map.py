"""The page *Map* in a real browser: the dots, the passage under the pointer, the page saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import SLOW_MS, WAIT_MS, environment, no_exception, overflow, picture, serving, tab
from playwright.sync_api import Browser, expect

from ingest import ingest_paths
from rag_app.settings import load_settings

pytestmark = pytest.mark.browser

"""UMAP compiles itself at its first use."""

PUMPS = 16
OWN = "python:custom_samples:factory"
TESTS = Path(__file__).parent


def test_two_maps_three_dimensions_other_methods_and_colours_by_cluster(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    for n in range(PUMPS):
        text = f"The {'pump' if n % 2 else 'kettle'} number {n} lifts {'water' * (n + 1)}."
        (tmp_path / "docs" / f"thing-{n}.txt").write_text(text)
    path = {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
    variables = environment(tmp_path, **path)
    given = {key: value for key, value in variables.items() if key.startswith("RAG_")}
    ingest_paths([tmp_path / "docs"], load_settings(environ=given).override(embedding=OWN))
    with serving(tmp_path, path) as address, tab(browser, name="map-methods") as page:
        page.goto(f"{address}/map")
        dots = page.locator(".js-plotly-plot .points path")
        expect(dots).to_have_count(PUMPS, timeout=SLOW_MS)

        page.get_by_role("radio", name="t-SNE").click()
        chart = page.locator(".st-key-map_chart_0_of_1_default_tsne .points path")
        expect(chart).to_have_count(PUMPS, timeout=SLOW_MS)
        expect(page.get_by_text("t-SNE keeps each passage")).to_be_visible()
        expect(page.locator(".map-notes")).to_contain_text("Gaps between groups")
        picture(page, "map-tsne")

        page.get_by_role("radio", name="PCA").click()
        legend = page.locator(".map-legend li")
        expect(legend.first).to_contain_text("thing-", timeout=SLOW_MS)
        page.get_by_role("radio", name="Cluster").click()
        expect(page.locator(".map-legend")).not_to_contain_text("thing-", timeout=SLOW_MS)
        picture(page, "map-clusters")

        second = page.get_by_role("combobox", name="Second model beside it")
        second.click()
        page.get_by_role("option", name="bow").click()
        expect(page.locator(".map-model")).to_have_count(2, timeout=SLOW_MS)
        expect(page.locator(".map-model").last).to_contain_text("bow:default-")
        expect(dots).to_have_count(2 * PUMPS)
        picture(page, "map-two")

        page.get_by_role("radio", name="3D").click()
        solid = page.locator(".js-plotly-plot .gl-container canvas")
        expect(solid.first).to_be_visible(timeout=SLOW_MS)
        expect(dots).to_have_count(0)
        picture(page, "map-three-dimensions")
        assert overflow(page) == 0

        page.get_by_role("radio", name="UMAP").click()
        expect(page.get_by_text("UMAP keeps each passage")).to_be_visible(timeout=SLOW_MS)
        other = page.locator(".st-key-map_chart_1_of_2_default_umap canvas")
        expect(other.first).to_be_visible(timeout=SLOW_MS)
        picture(page, "map-umap")
        no_exception(page)


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
