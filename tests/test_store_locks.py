"""The line before a collection's writer lock: nobody is passed by for ever."""

from __future__ import annotations

import threading
import time

import pytest

from rag_app.errors import StoreBusyError
from rag_app.store.locks import writing

HOLDS_S = 0.02


def test_a_writer_that_never_rests_lets_another_in(tmp_path):
    enough = threading.Event()
    begun = threading.Event()
    written = 0

    def write_all_the_while() -> None:
        nonlocal written
        while not enough.is_set():
            with writing(tmp_path, 1, "default", 30.0):
                written += 1
                begun.set()
                time.sleep(HOLDS_S)

    busy = threading.Thread(target=write_all_the_while)
    busy.start()
    try:
        assert begun.wait(10)
        for _ in range(5):
            before = written
            with writing(tmp_path, 1, "default", 30.0):
                # Whoever had the lock ends, and only who stood in the line already goes first.
                assert written <= before + 2
    finally:
        enough.set()
        busy.join()


def test_who_waits_in_vain_says_so_and_leaves_the_line(tmp_path):
    waited: list[str] = []
    with writing(tmp_path, 1, "default", 1.0):
        with (
            pytest.raises(StoreBusyError, match=r"'default' and did not end within 0\.1 seconds"),
            writing(tmp_path, 1, "default", 0.1, lambda: waited.append("told")),
        ):
            raise AssertionError("two writers at once")
        assert waited == ["told"]
    with writing(tmp_path, 1, "default", 0.0):
        pass


def test_collections_do_not_wait_for_each_other(tmp_path):
    with writing(tmp_path, 1, "one", 0.0), writing(tmp_path, 2, "two", 0.0):
        pass
