"""The page *Models* in a real browser, on sample documents; and the space of a former index.

Every tab leaves a picture in ``artifacts/browser/`` (see ``browser.tab``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    SLOW_MS,
    choose,
    environment,
    free_port,
    no_exception,
    overflow,
    picture,
    serving,
    tab,
)
from embeddings_samples import make_tiny_model
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser

CLONE = Path(__file__).parents[1]
PAPERS = ("customer-faq.md", "onboarding-guide.md", "tern-cloud-api.md", "tern-release-notes.md")
HOSTED = "voyage:voyage-3.5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a collection that was switched, from one model of words to another."""
    made = tmp_path_factory.mktemp("models")
    papers = [str(CLONE / "sample_docs" / name) for name in PAPERS]
    own, other = ("python:custom_samples:factory", "python:custom_samples:factory?fingerprint=b")
    for module, *arguments in (
        ("ingest", "--quiet", *papers, "--embedding", own),
        ("rag_app", "switch", "default", "--to", other, "--yes"),
    ):
        run(made, module, *arguments)
    return made


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[str]:
    """The pages over it.

    A key is set, so a hosted model can be chosen; a proxy that is not there keeps it unreachable.
    """
    hosted = {"VOYAGE_API_KEY": "not-a-key", "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
    with serving(folder, hosted | on_path()) as address:
        yield address


def on_path() -> dict[str, str]:
    return {"PYTHONPATH": f"{CLONE / 'tests'}:{CLONE}"}


def run(folder: Path, module: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=CLONE,
        env=environment(folder, **on_path()),
        check=True,
        capture_output=True,
    )


def open_section(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/models")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("radio", name=name).click()


def model_box(page: Page) -> Locator:
    # Exact: the form before has a "Kind of model", which may still be there.
    return page.get_by_role("combobox", name="Model", exact=True)


def choose_model(page: Page, spec: str) -> None:
    box = model_box(page)
    box.fill(spec)
    box.press("Enter")
    expect(box).to_have_value(spec)


def write(page: Page, field: str, text: str) -> None:
    box = page.get_by_role("textbox", name=field, exact=True)
    box.fill(text)
    box.press("Enter")


def test_a_model_is_trained_and_its_words_are_looked_at(browser: Browser, pages: str) -> None:
    with tab(browser, name="models") as page:
        open_section(page, pages, "Train")
        page.get_by_role("radio", name="Train a model of words").click()
        write(page, "Name", "small")
        picture(page, "models-train")
        page.get_by_role("button", name="Train it").click()
        ended = page.locator(".st-key-models_ended")
        expect(ended).to_contain_text("word2vec:small is ready", timeout=SLOW_MS)
        expect(ended.get_by_role("button", name="Compare it")).to_be_visible()
        picture(page, "models-trained")
        no_exception(page)

        ended.get_by_role("button", name="Look at its words").click()
        expect(model_box(page)).to_have_value("word2vec:small")
        write(page, "A word", "warranty")
        rows = page.locator(".models-words li")
        expect(rows).to_have_count(10, timeout=SLOW_MS)
        expect(page.get_by_text("that word2vec:small has vectors for")).to_be_visible()
        picture(page, "models-words")
        write(page, "A word", "warrantee")
        expect(page.get_by_text("has no vector for 'warrantee'. It knows warranty")).to_be_visible(
            timeout=SLOW_MS
        )
        expect(rows).to_have_count(0)
        page.get_by_role("radio", name="Two words").click()
        write(page, "First word", "warranty")
        write(page, "Second word", "warranty")
        expect(page.locator(".models-cosine")).to_contain_text("1.000", timeout=SLOW_MS)
        page.get_by_role("radio", name="A sum of words").click()
        write(page, "Words with signs", "warranty - repair + customers")
        expect(rows.first).to_be_visible(timeout=SLOW_MS)
        page.set_viewport_size({"width": 390, "height": 844})
        picture(page, "models-words-phone")
        assert overflow(page) <= 0
        no_exception(page)

        page.get_by_role("radio", name="Models").click()
        row = page.locator(".models-list tr", has_text="word2vec:small")
        expect(row).to_contain_text("from default", timeout=SLOW_MS)
        picture(page, "models-phone")
        assert overflow(page) <= 0


def test_a_model_is_removed_after_a_question_and_offered_no_more(
    browser: Browser, pages: str, folder: Path
) -> None:
    run(folder, "rag_app", "models", "train", "tfidf", "--name", "spare")
    with tab(browser, name="models-removed") as page:
        open_section(page, pages, "Words")
        choose_model(page, "tfidf:spare")
        page.get_by_role("radio", name="Models").click()
        made = page.locator(".st-key-models_made")
        made.locator("summary").click()
        remove = made.locator('[class*="st-key-models_remove_tfidf"]').get_by_role("button")
        remove.click(timeout=SLOW_MS)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("tfidf:spare (from default) will be gone", timeout=SLOW_MS)
        expect(dialog).to_contain_text("No collection uses it")
        picture(page, "models-remove")
        dialog.get_by_role("button", name="Keep it").click()
        expect(dialog).to_have_count(0)
        remove.click(timeout=SLOW_MS)
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("tfidf:spare was deleted")).to_be_visible(timeout=SLOW_MS)
        expect(page.locator(".models-list tr", has_text="tfidf:spare")).to_have_count(0)
        page.get_by_role("radio", name="Words").click()
        expect(model_box(page)).not_to_have_value("tfidf:spare")
        no_exception(page)


def test_a_model_is_tuned_for_real_stopped_and_gone_on_with(
    browser: Browser, pages: str, folder: Path
) -> None:
    """A transformer of two layers with random weights: it really trains, in seconds."""
    base = f"sentence-transformers:{make_tiny_model(folder / 'tiny')}"
    with tab(browser, name="models-tuned-list") as page:
        open_section(page, pages, "Train")
        box = page.get_by_role("combobox", name="Model to begin with")
        box.fill(base)
        box.press("Enter")
        expect(box).to_have_value(base)
        write(page, "Name", "tiny")
        page.get_by_role("button", name="Tune it").click()
        page.locator(".st-key-models_stop").get_by_role("button").click(timeout=SLOW_MS)
        ended = page.locator(".st-key-models_ended")
        expect(ended).to_contain_text("You stopped it. What is learned is kept", timeout=SLOW_MS)
        assert not (folder / "home" / "models" / "tuned" / "tiny").exists()
        ended.get_by_role("button", name="Go on").click()
        expect(page.locator(".st-key-models_progress")).to_contain_text("Tuning", timeout=SLOW_MS)
        picture(page, "models-tuning")
        expect(ended).to_contain_text("tuned:tiny is ready", timeout=SLOW_MS)
        expect(ended.locator("tr")).to_have_count(3)
        expect(ended).to_contain_text("that it has not learned from, with 95 % intervals")
        picture(page, "models-tuned")
        note = json.loads(
            (folder / "home" / "models" / "tuned" / "tiny" / "model.json").read_text()
        )
        expect(ended.locator("tr").nth(1)).to_contain_text(f"{note['score']['after']['mean']:.3f}")
        switch = ended.get_by_role("button", name="Switch default to it")
        expect(switch).to_have_count(1 if note["score"]["recommended"] else 0)
        no_exception(page)
        page.get_by_role("radio", name="Models").click()
        row = page.locator(".models-list tr", has_text="tuned:tiny")
        expect(row).to_contain_text("on default: held-out nDCG@10", timeout=SLOW_MS)


def test_measures_of_a_model_and_what_they_mean(browser: Browser, pages: str) -> None:
    with tab(browser, dark=True, name="models-measures") as page:
        open_section(page, pages, "Measures")
        page.get_by_role("radio", name="Associations (bias)").click()
        choose_model(page, "glove:6B-50d")
        page.get_by_role("button", name="Measure", exact=True).click()
        figures = page.locator(".st-key-models_figures")
        expect(figures).to_contain_text("Effect size", timeout=SLOW_MS)
        expect(figures).to_contain_text("It does not say that your searches treat anybody")
        expect(figures.locator("tbody tr")).to_have_count(5)
        picture(page, "models-bias")
        no_exception(page)


def test_the_space_of_a_former_index_is_freed_after_a_question(
    browser: Browser, pages: str
) -> None:
    with tab(browser, name="models-prune") as page:
        page.goto(f"{pages}/documents")
        expect(page.locator(".st-key-collection_menu")).to_be_visible(timeout=SLOW_MS)
        choose(page.locator(".st-key-collection_menu"), "Embedding model…")
        back = page.get_by_role("dialog").locator(".st-key-switch_back")
        expect(back).to_contain_text("The former index is kept", timeout=SLOW_MS)
        back.get_by_role("button", name="Free its space").click()
        question = page.get_by_test_id("stPopoverBody")
        expect(question).to_contain_text("which new documents will fill again")
        expect(question).to_contain_text("You can no longer go back to it at once")
        picture(page, "models-prune-question")
        question.get_by_role("button", name="Free it").click()
        expect(page.get_by_test_id("stToast")).to_contain_text("of default", timeout=SLOW_MS)
        choose(page.locator(".st-key-collection_menu"), "Embedding model…")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("combobox", name="Change to")).to_be_visible(timeout=SLOW_MS)
        expect(back).to_have_count(0)
        no_exception(page)


def test_files_for_a_hosted_model_are_asked_about_with_the_cost(
    browser: Browser, pages: str, tmp_path: Path
) -> None:
    (tmp_path / "lunch.txt").write_text("The canteen opens at noon. " * 40_000)
    with tab(browser, name="upload-hosted") as page:
        page.goto(f"{pages}/documents")
        page.locator(".st-key-new_collection button:visible").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("hosted")
        dialog.get_by_role("combobox", name="Embedding model").fill(HOSTED)
        dialog.get_by_role("combobox", name="Embedding model").press("Enter")
        expect(dialog).to_contain_text("is sent to api.voyageai.com", timeout=SLOW_MS)
        dialog.get_by_role("button", name="Create").click()
        expect(page.get_by_role("combobox", name="Collection")).to_have_value(
            "hosted", timeout=SLOW_MS
        )
        field = page.get_by_test_id("stFileUploaderDropzoneInput")
        field.set_input_files(tmp_path / "lunch.txt")
        notice = page.locator(".st-key-upload_sending")
        expect(notice).to_contain_text(
            "The text of 1 file would be sent to api.voyageai.com", timeout=SLOW_MS
        )
        expect(notice).to_contain_text("which would cost about $0.02")
        picture(page, "upload-hosted-notice")
        notice.get_by_role("button", name="Leave them out").click()
        expect(notice).to_have_count(0, timeout=SLOW_MS)
        expect(page.get_by_text("No documents here yet")).to_be_visible()
        expect(page.locator('[class*="st-key-upload_outcome"]')).to_have_count(0)

        expect(field).to_have_count(1)  # the former one is still there while the page is drawn
        field.set_input_files(tmp_path / "lunch.txt")
        notice.get_by_role("button", name="Send and add").click(timeout=SLOW_MS)
        report = page.locator('[class*="st-key-upload_outcome"]')
        expect(report).to_contain_text("voyage", timeout=SLOW_MS)
        no_exception(page)
