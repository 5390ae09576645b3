"""Makes the pictures of the README: the pages in a real browser, with the sample documents.

Call it with ``make screenshots`` (needs Debian's chromium). It reads the samples into a temporary
folder, serves the pages on a free port of loopback, and writes ``docs/images/``.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE = Path(__file__).parents[1]
IMAGES = CLONE / "docs" / "images"
QUESTION = "How many days of paid annual leave do full-time staff have?"

sys.path.insert(0, str(CLONE / "tests"))

from browser import ask, chromium, environment, serving  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, expect  # noqa: E402


def main() -> None:
    """Makes all pictures anew."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ingest = [sys.executable, "-m", "ingest", "--quiet", str(CLONE / "sample_docs")]
        subprocess.run(  # noqa: S603 - our own command
            ingest, cwd=CLONE, env=environment(folder), check=True
        )
        with serving(folder) as address, chromium() as browser:
            for dark in (False, True):
                desktop(browser, address, dark=dark)
            phone(browser, address)


def desktop(browser: Browser, address: str, *, dark: bool) -> None:
    """The chat, an open source beside it, and the documents."""
    suffix = "-dark" if dark else ""
    page = browser.new_page(
        viewport={"width": 1280, "height": 860}, color_scheme="dark" if dark else "light"
    )
    page.goto(address)
    answer = ask(page, QUESTION)
    keep(page, f"chat{suffix}")
    answer.locator('[class*="st-key-cite-"] button').first.click()
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    page.mouse.move(950, 600)
    page.mouse.wheel(0, 420)  # down to the marked words
    keep(page, f"source{suffix}")
    page.goto(f"{address}/documents")
    expect(page.locator(".st-key-document_list")).to_be_visible()
    keep(page, f"documents{suffix}")
    page.close()


def phone(browser: Browser, address: str) -> None:
    """The chat at the width of a phone."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    ask(page, QUESTION)
    keep(page, "phone")
    page.close()


def keep(page: Page, name: str) -> None:
    """Writes a picture when fonts and transitions have come to rest."""
    page.mouse.move(640, 600)
    page.wait_for_timeout(700)
    picture = Image.open(io.BytesIO(page.screenshot()))
    # 256 colours are enough for a page, and make the file a third as large.
    picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(
        IMAGES / f"{name}.png", optimize=True
    )


if __name__ == "__main__":
    main()
