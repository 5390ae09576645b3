"""A real browser against a real server, for the tests of the pages.

``serving`` starts the pages in a process of their own, as ``rag serve`` does, on a free port of
loopback and from another folder than the clone. ``chromium`` is Debian's, driven by Playwright.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooSlowError

from rag_app.settings import load_settings

EXECUTABLE = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ARTIFACTS = Path(__file__).parents[1] / "artifacts" / "browser"
QUESTION = "How long is the warranty of the pump?"
FACT = "The pump has a warranty of 36 months from the day of delivery."
START_S = 60.0
WAIT_MS = 60_000
"""For the page to follow; a machine with too much to do takes ten times as long as a quiet one."""
SLOW_MS = 600_000
"""For what computes first: a model made ready, trained or compared, a map, an ingest."""
expect.set_options(timeout=WAIT_MS)
_SERVE = (
    "import sys; from rag_app.settings import load_settings; from rag_app.ui.launch import serve; "
    "serve(load_settings(), port=int(sys.argv[1]))"
)


def require_chromium() -> None:
    """Skips where there is no browser; in CI that is a failure, not an excuse."""
    if EXECUTABLE.exists():
        return
    reason = f"{EXECUTABLE} is not installed (apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Variables for a process that keeps everything in ``folder``; the exported model is shared."""
    models = load_settings().cache / "models"
    models.mkdir(parents=True, exist_ok=True)
    cache = folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / "models").exists():
        (cache / "models").symlink_to(models, target_is_directory=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RAG_", "OPENAI_", "STREAMLIT_"))
    }
    own = {"HOME": str(folder), "RAG_HOME": str(folder / "home"), "RAG_CACHE": str(cache)}
    return inherited | own | variables


@contextmanager
def serving(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serves the pages from ``folder``; gives their address."""
    port = free_port()
    log = folder / f"server-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(port)],
            cwd=folder,
            env=environment(folder, **(variables or {})),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    """A port that nothing listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the pages did not start:\n{log.read_text()}")


@contextmanager
def tab(
    browser: Browser, *, phone: bool = False, dark: bool = False, name: str = "tab"
) -> Iterator[Page]:
    """A fresh tab; leaves a picture of its last state behind, and notes whom it talked to."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 860},
        color_scheme="dark" if dark else "light",
        accept_downloads=True,
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    try:
        yield page
    finally:
        page.screenshot(path=ARTIFACTS / f"{name}.png")
        context.close()
    outside = {h for h in hosts if h and not h.startswith("127.0.0.1:")}
    assert not outside, f"the page asked {outside}"


def picture(page: Page, name: str) -> None:
    """Keeps what the tab shows."""
    page.wait_for_timeout(250)  # fonts and transitions
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def ask(page: Page, question: str) -> Locator:
    """Asks and waits for the kept answer, which it gives."""
    answers = page.locator('[class*="st-key-answer_"]')
    before = answers.count()
    submit(page, question)
    expect(answers).to_have_count(before + 1, timeout=WAIT_MS)
    return answers.last


def submit(page: Page, question: str) -> None:
    """Types a question and sends it."""
    field = page.get_by_test_id("stChatInputTextArea")
    expect(field).to_be_enabled(timeout=WAIT_MS)
    field.fill(question)
    field.press("Enter")


def upload(page: Page, *paths: Path) -> Locator:
    """Gives files to the upload field and waits for the report, which it gives."""
    report = page.locator('[class*="st-key-upload_outcome"]')
    expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    if report.count():
        report.get_by_role("button", name="close").click()
        expect(report).to_have_count(0)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(paths))
    expect(report.locator(".outcomes li")).to_have_count(len(paths), timeout=SLOW_MS)
    return report


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    inner = page.evaluate(
        "Math.max(0, ...[...document.querySelectorAll('.stMainBlockContainer *')]"
        ".filter(e => getComputedStyle(e).position !== 'fixed' && e.offsetParent)"
        ".map(e => e.getBoundingClientRect().right - window.innerWidth))"
    )
    return max(int(width), int(inner))


def choose(row: Locator, action: str) -> None:
    """Opens the menu in ``row`` and clicks on one of its entries.

    Again if the menu closed meanwhile: Streamlit closes it when the page is drawn anew.
    """
    until = time.monotonic() + WAIT_MS / 1000
    while True:
        row.locator('[data-testid="stMenuButtonButton"]:visible').first.click()
        try:
            row.page.get_by_role("menuitem", name=action).click(timeout=WAIT_MS / 5)
        except TooSlowError:
            if time.monotonic() > until:
                raise
        else:
            return


def no_exception(page: Page) -> None:
    """Asserts that the page shows neither Streamlit's box for exceptions nor a traceback."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in page.content()


def make_papers(folder: Path) -> Path:
    """A good PDF and the files that cannot be ingested."""
    from PIL import Image
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    def pdf(name: str, texts: list[list[str]], encrypt: StandardEncryption | None = None) -> None:
        canvas = Canvas(str(folder / name), encrypt=encrypt)
        for lines in texts:
            for number, line in enumerate(lines):
                canvas.drawString(72, 760 - 18 * number, line)
            canvas.showPage()
        canvas.save()

    cover = ["Pump manual", "Read it before you switch the pump on for the first time."]
    facts = [
        "The pump weighs 12 kilograms without its hose and is carried by two handles.",
        FACT,
        "Clean the filter every two weeks with cold water and a soft brush.",
    ]
    pdf("pump-manual.pdf", [cover, facts])
    pdf("secret.pdf", [["The code is 4711."]], StandardEncryption("owl", ownerPassword="bear"))
    good = (folder / "pump-manual.pdf").read_bytes()
    (folder / "broken.pdf").write_bytes(good[:200])
    (folder / "empty.txt").write_bytes(b"")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "letter.docx").write_bytes(b"PK")
    (folder / "large.txt").write_text("A line about pumps.\n" * 60_000)
    Image.new("RGB", (400, 600), "white").save(folder / "scan.pdf")
    return folder
