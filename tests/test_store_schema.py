"""Creating and migrating database files."""

from __future__ import annotations

import threading

import pytest
from store_samples import settings

from rag_app.errors import StoreVersionError
from rag_app.store import Store
from rag_app.store.database import Database
from rag_app.store.schema import Schema

ONE = Schema(1, ("CREATE TABLE things (name TEXT)",))
TWO = Schema(
    2,
    ("CREATE TABLE things (name TEXT, size INTEGER NOT NULL)",),
    {1: ("ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7",)},
)


def test_older_file_is_migrated_and_keeps_its_rows(tmp_path):
    path = tmp_path / "things.sqlite3"
    old = Database(path, ONE)
    with old.write() as connection:
        connection.execute("INSERT INTO things VALUES ('a')")
    old.close()
    new = Database(path, TWO)
    with new.read() as connection:
        assert connection.execute("SELECT * FROM things").fetchall() == [("a", 7)]
    new.close()
    with pytest.raises(StoreVersionError), Database(path, ONE).read():
        pass


def test_failed_migration_changes_nothing(tmp_path):
    path = tmp_path / "things.sqlite3"
    with Database(path, ONE).write():
        pass
    broken = Schema(2, (), {1: ("ALTER TABLE things ADD COLUMN size", "THIS IS NO SQL")})
    with pytest.raises(Exception, match="syntax"), Database(path, broken).read():
        pass
    with Database(path, TWO).read() as connection:
        assert connection.execute("SELECT size FROM things").fetchall() == []


def test_transaction_that_raises_leaves_no_trace(tmp_path):
    database = Database(tmp_path / "things.sqlite3", ONE)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        _fail_after(connection.execute, "INSERT INTO things VALUES ('a')")
    with database.read() as connection:
        assert connection.execute("SELECT * FROM things").fetchall() == []
    database.close()


def _fail_after(call, statement):
    call(statement)
    raise ZeroDivisionError


def test_many_open_a_new_folder_at_once(tmp_path):
    answers: list[object] = []
    barrier = threading.Barrier(8)

    def look() -> None:
        barrier.wait()
        with Store(settings(tmp_path / "home")) as store:
            answers.append(store.collections())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[]] * 8
