"""What the browser tests share; every test imports this, so Playwright waits to be asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_configure() -> None:
    """Heeds Ctrl-C, as a command in a terminal does: a run in the background would ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests in a browser time to wait as long as they may, and to say for what."""
    for item in items:
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, headless."""
    from browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good PDF and with files that cannot be ingested."""
    from browser import make_papers

    return make_papers(tmp_path_factory.mktemp("papers"))
