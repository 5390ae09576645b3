"""Each fault of the surroundings is one clear sentence, and nothing finished is lost."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from chroma_server import chroma_server, free_port
from filelock import FileLock
from store_samples import assert_whole, document, finish, make, put, settings, start, vectors

from rag_app.errors import (
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from rag_app.settings import Settings
from rag_app.store import Conversations, Store, database
from rag_app.store.chroma import Engine
from rag_app.store.embedded import EmbeddedIndex


@pytest.mark.parametrize("limit", [300_000, 1_500_000])
def test_full_disk(tmp_path, limit):
    with Store(settings(tmp_path)) as store:
        make(store)
    lines = finish(start("fill_disk", tmp_path, limit)).splitlines()
    assert lines[-1].startswith("StoreUnavailableError: ")
    assert "try again" in lines[-1]
    finished = max(map(int, lines[:-1]), default=0)
    with Store(settings(tmp_path)) as store:
        collection = store.get("default")
        assert assert_whole(collection) >= finished
        put(collection, document(20_000))
        assert store.check() == []
        assert_whole(collection)


def test_catalog_without_space_for_more(tmp_path, monkeypatch):
    connect = database.Database._connect

    def small(self):
        connection = connect(self)
        connection.execute("PRAGMA max_page_count = 60")
        return connection

    with Store(settings(tmp_path)) as store:
        put(make(store), document(1))
    monkeypatch.setattr(database.Database, "_connect", small)
    with Store(settings(tmp_path)) as store:
        collection = store.get("default")
        with (
            pytest.raises(StoreUnavailableError, match=r"no space left.*catalog\.sqlite3"),
            collection.writer(1) as writer,
        ):
            writer.put(*document(2, ["x" * 500_000]))
        assert assert_whole(collection) == 1


class PanicException(BaseException):
    """As Chroma's Rust engine raises it: no ``Exception``, and known by its name alone."""


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (
            RuntimeError("error returned from database: (code: 13) database or disk is full"),
            StoreUnavailableError,
            r"no space left to write .*chroma",
        ),
        (PanicException("index out of bounds"), StoreError, r"chroma is damaged"),
    ],
)
def test_a_fault_of_chroma_s_engine_loses_nothing(tmp_path, monkeypatch, fault, kind, said):
    def fails(self, name, rows):
        raise fault

    with Store(settings(tmp_path)) as store:
        collection = make(store)
        with monkeypatch.context() as patch:
            patch.setattr(Engine, "put", fails)
            with pytest.raises(kind, match=said):
                put(collection, document(1))
        assert assert_whole(collection) == 1
        put(collection, document(2))
        assert store.check() == []


def test_folder_that_may_not_be_written():
    with tempfile.TemporaryDirectory() as folder:  # one that another user can enter
        home = Path(folder)
        with Store(settings(home)) as store:
            make(store)
        entries = [home, *home.rglob("*")]
        for entry in entries:
            entry.chmod(0o555 if entry.is_dir() else 0o444)
        try:
            told = finish(start("use", home))
        finally:
            for entry in entries:
                entry.chmod(0o755)
    assert told.startswith("StoreUnavailableError: ")
    assert "RAG_HOME" in told


@pytest.mark.parametrize("home", ["file", "file/home", "loop/home", "n" * 300, "/proc/home"])
def test_home_that_cannot_be(tmp_path, home):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "loop").symlink_to("loop")
    with (
        Store(settings(tmp_path / home)) as store,
        pytest.raises(StoreUnavailableError, match=r"cannot be (opened|written).* RAG_HOME"),
    ):
        store.collections()


@pytest.mark.parametrize("limit", [1_000, 10_000, 60_000])
def test_first_use_without_space(tmp_path, limit):
    told = finish(start("fill_disk", tmp_path, limit))
    assert told.startswith("StoreUnavailableError: ")
    assert "try again" in told
    with Store(settings(tmp_path)) as store:
        put(make(store), document(1))
        assert store.check() == []


def test_first_use_while_another_process_hangs_in_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    (tmp_path / "locks").mkdir()
    with (
        FileLock(tmp_path / "locks" / "catalog.lock"),
        Store(settings(tmp_path)) as store,
        pytest.raises(StoreBusyError, match="still preparing"),
    ):
        store.collections()


def test_a_file_in_the_place_of_chroma_s_folder(tmp_path):
    (tmp_path / "chroma").touch()
    with Store(settings(tmp_path)) as store:
        collection = make(store)
        with pytest.raises(StoreUnavailableError, match=r"chroma cannot be opened"):
            put(collection, document(1))
        assert assert_whole(collection) == 1
        (tmp_path / "chroma").unlink()
        put(collection, document(2))
        assert store.check() == []


def test_damaged_catalog(tmp_path):
    (tmp_path / "catalog.sqlite3").write_bytes(b"this is no database, " * 1000)
    with (
        Store(settings(tmp_path)) as store,
        pytest.raises(StoreError, match=r"catalog\.sqlite3 is damaged.*ingest the documents again"),
    ):
        store.collections()


def test_damaged_in_the_middle(tmp_path):
    with Store(settings(tmp_path)) as store:
        put(make(store), *(document(n, 50) for n in range(1, 30)))
    path = tmp_path / "catalog.sqlite3"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(os.urandom(100_000))
    with Store(settings(tmp_path)) as store:
        assert "catalog.sqlite3 is damaged" in _what_check_says(store)


def _what_check_says(store: Store) -> str:
    try:
        return store.check()[0]
    except StoreError as error:
        return str(error)


def test_damaged_chroma_file(tmp_path, monkeypatch):
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    with Store(settings(tmp_path)) as store:
        put(make(store), document(1))
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"this is no database, " * 1000)
    with Store(settings(tmp_path)) as store, pytest.raises(StoreError, match=r"chroma.*damaged"):
        store.get("default").search_dense(vectors(1, 1)[0], 1)


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("catalog", lambda home: Store(settings(home)).collections()),
        ("conversations", lambda home: Conversations(settings(home)).list()),
    ],
)
def test_file_of_a_newer_version(tmp_path, name, use):
    path = tmp_path / f"{name}.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreVersionError, match=rf"{name}\.sqlite3 .*newer version.*99"):
        use(tmp_path)


def test_catalog_locked_by_somebody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with Store(settings(tmp_path)) as store:
        make(store)
    other = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with Store(settings(tmp_path)) as store, pytest.raises(StoreBusyError, match="locked"):
            make(store, "second")
    finally:
        other.close()


def test_server_that_is_down(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    with Store(settings(tmp_path, url)) as store:
        collection = make(store)
        with pytest.raises(StoreUnavailableError, match=rf"{url} cannot be reached.*chroma run"):
            put(collection, document(1))
        # what was finished is kept, and found
        assert assert_whole(collection) == 1
        assert [info.documents for info in store.collections()] == [1]


def test_a_password_in_the_address_of_a_server_is_not_shown(tmp_path):
    port = free_port()
    with Store(settings(tmp_path, f"http://me:hush@127.0.0.1:{port}")) as store:
        collection = make(store)
        with pytest.raises(StoreUnavailableError) as caught:
            put(collection, document(1))
    with Store(settings(tmp_path)) as store:
        told = " ".join([str(caught.value), *store.check()])
    assert told.count(f"…@127.0.0.1:{port}") == 2
    assert "hush" not in told


@pytest.mark.chroma_server
def test_deleting_while_the_server_is_down(tmp_path):
    port = free_port()
    with Store(settings(tmp_path / "home", f"http://127.0.0.1:{port}")) as store:
        with chroma_server(tmp_path / "data", port):
            put(make(store), document(1))
            other = make(store, "other")
        with pytest.raises(StoreUnavailableError, match="'default' is deleted, but its vectors"):
            store.delete("default")
        assert [info.name for info in store.collections()] == ["other"]
        with chroma_server(tmp_path / "data", port):
            assert other.needs_upkeep
            put(other)
            assert not other.needs_upkeep


def test_server_that_is_silent(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Store(Settings(home=tmp_path, chroma_url=url, chroma_timeout_s=0.3)) as store:
            collection = make(store)
            with pytest.raises(StoreUnavailableError, match="did not answer in time"):
                put(collection, document(1))


def test_address_that_is_not_a_chroma_server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            with suppress(OSError):  # the end of the test
                while True:
                    connection, _ = other.accept()
                    with connection:
                        connection.recv(10_000)
                        connection.sendall(
                            b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"
                        )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        with Store(settings(tmp_path, url)) as store:
            collection = make(store)
            with pytest.raises(StoreUnavailableError, match=f"{url} could not do"):
                put(collection, document(1))
        other.shutdown(socket.SHUT_RDWR)  # closing alone would not wake the thread
        thread.join()


@pytest.mark.chroma_server
def test_server_killed_and_started_again_without_its_data(tmp_path):
    port = free_port()
    with chroma_server(tmp_path / "one", port) as url:
        store = Store(settings(tmp_path / "home", url))
        collection = make(store)
        put(collection, *(document(n) for n in range(1, 20)))
        assert assert_whole(collection) == 19
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        collection.search_dense(vectors(1, 1)[0], 3)
    with chroma_server(tmp_path / "two", port):
        assert assert_whole(collection) == 19
        assert "missing" in store.check()[0]
        put(collection, document(30))
        assert store.check() == []
        assert assert_whole(collection) == 20
        store.close()


def test_closed_store_says_so(tmp_path):
    store = Store(settings(Path(tmp_path)))
    make(store)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailableError, match="Open the store again"):
        store.collections()
