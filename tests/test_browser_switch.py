"""Another embedding model for a collection, and back again, in a real browser.

Every tab leaves a picture in ``artifacts/browser/`` (see ``browser.tab``).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    SLOW_MS,
    choose,
    environment,
    no_exception,
    overflow,
    picture,
    serving,
    tab,
    upload,
)
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

CLONE = Path(__file__).parents[1]
PAPERS = ("customer-faq.md", "onboarding-guide.md", "tern-cloud-api.md", "tern-release-notes.md")
MODEL = '''
"""A model that counts letters, and stands still while there is a file named hold."""
import time
from pathlib import Path
from langchain_core.embeddings import Embeddings

class Held(Embeddings):
    max_tokens = 512
    def embed_documents(self, texts):
        while len(texts) > 4 and Path("hold").exists():
            time.sleep(0.02)
        return [self.embed_query(text) for text in texts]
    def embed_query(self, text):
        return [1.0 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]

def held():
    return Held()
'''
HELD = "python:own_model:held"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of the reader's own, and a collection that was compared."""
    made = tmp_path_factory.mktemp("switch")
    (made / "own_model.py").write_text(MODEL)
    papers = [str(CLONE / "sample_docs" / name) for name in PAPERS]
    for module, *arguments in (
        ("ingest", "--quiet", *papers),
        ("rag_app", "compare", "--models", "minilm,tfidf", "--sample", "10"),
    ):
        subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=CLONE,
            env=environment(made),
            check=True,
            capture_output=True,
        )
    return made


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[str]:
    """The pages over it. A key is set, so a hosted model can be chosen."""
    with serving(folder, {"VOYAGE_API_KEY": "not-a-key"}) as address:
        yield address


def model_dialog(page: Page) -> Locator:
    """Opens the window from the menu of the collection."""
    expect(page.locator(".st-key-collection_menu")).to_be_visible(timeout=SLOW_MS)
    choose(page.locator(".st-key-collection_menu"), "Embedding model…")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Change to")).to_be_visible()
    return dialog


def take(dialog: Locator, spec: str) -> None:
    """Types the name of a model, and waits until it was looked at."""
    field = dialog.get_by_role("combobox", name="Change to")
    field.fill(spec)
    field.press("Enter")
    expect(dialog.get_by_role("button", name=f"to {spec}")).to_be_visible(timeout=SLOW_MS)


def test_a_switch_goes_on_in_every_tab_is_cancelled_and_gone_on_with_and_undone(
    browser: Browser, pages: str, folder: Path, tmp_path: Path
) -> None:
    with tab(browser, name="switch") as page, tab(browser, name="switch-other") as other:
        page.goto(f"{pages}/documents")
        dialog = model_dialog(page)
        picture(page, "switch-choice")
        take(dialog, HELD)
        expect(dialog).to_contain_text("to be embedded")
        expect(dialog).to_contain_text("minilm goes on answering")
        picture(page, "switch-before")

        (folder / "hold").touch()
        dialog.get_by_role("button", name=f"Switch to {HELD}").click()
        box = page.locator(".st-key-switch_progress")
        expect(box).to_contain_text("Embedding the passages", timeout=SLOW_MS)
        picture(page, "switch-running")
        other.goto(f"{pages}/compare")
        # In its box: until the style sheet is there, Streamlit's own "Stop" stands in the head.
        stop = other.locator(".st-key-switch_progress").get_by_role("button", name="Stop")
        expect(stop).to_be_visible(timeout=SLOW_MS)
        page.get_by_role("link", name="Chat").click()
        page.get_by_role("link", name="Documents").click()
        expect(box).to_be_visible()
        stop.click()
        expect(box).to_contain_text("Stopping")
        (folder / "hold").unlink()
        for one in (page, other):
            ended = one.locator(".st-key-switch_ended")
            expect(ended).to_contain_text("answers with minilm, as before", timeout=SLOW_MS)
            no_exception(one)
        picture(page, "switch-cancelled")
        expect(page.get_by_text("embedded with minilm")).to_be_visible()

        page.get_by_role("button", name="Go on", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name=f"to {HELD}").click()
        ended = page.locator(".st-key-switch_ended")
        expect(ended).to_contain_text(f"now answers with {HELD}", timeout=SLOW_MS)
        picture(page, "switch-done")
        expect(page.get_by_text(f"embedded with {HELD}")).to_be_visible()
        ended.get_by_role("button", name="close").click()
        expect(ended).to_have_count(0)

        (tmp_path / "later.txt").write_text("The canteen opens at noon.")
        upload(page, tmp_path / "later.txt")
        dialog = model_dialog(page)
        expect(dialog).to_contain_text("1 file since the switch: 1 added")
        picture(page, "switch-back")
        dialog.get_by_role("button", name="Go back to minilm").click()
        expect(ended).to_contain_text("answers with minilm again", timeout=SLOW_MS)
        picture(page, "switch-went-back")
        expect(page.get_by_text("embedded with minilm")).to_be_visible()
        expect(page.get_by_text("later.txt").first).to_be_visible()
        for one in (page, other):
            no_exception(one)


def test_from_the_comparison_to_its_model_and_what_a_hosted_one_asks(
    browser: Browser, pages: str
) -> None:
    with tab(browser, name="switch-compare", dark=True) as page:
        page.goto(f"{pages}/compare")
        start = page.get_by_role("button", name="Switch default to tfidf…")
        expect(start).to_be_visible(timeout=SLOW_MS)
        picture(page, "switch-compare-result")
        start.click()
        dialog = page.get_by_role("dialog")
        take(dialog, "voyage:voyage-3.5")
        expect(dialog.locator(".st-key-switch_sending")).to_contain_text("api.voyageai.com")
        expect(dialog).to_contain_text("which would cost")
        go = dialog.get_by_role("button", name="Switch to voyage:voyage-3.5")
        expect(go).to_be_disabled()
        picture(page, "switch-hosted")
        dialog.locator(".st-key-switch_sending label").click()
        expect(go).to_be_enabled()
        take(dialog, "tfidf")
        picture(page, "switch-fit")
        dialog.get_by_role("button", name="Switch to tfidf").click()
        ended = page.locator(".st-key-switch_ended")
        expect(ended).to_contain_text("now answers with tfidf", timeout=SLOW_MS)
        picture(page, "switch-compare-done")
        expect(page.get_by_role("button", name="Switch default to minilm…")).to_be_visible()
        no_exception(page)
        page.set_viewport_size({"width": 390, "height": 844})
        picture(page, "switch-phone")
        assert overflow(page) <= 0
