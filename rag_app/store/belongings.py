"""What goes by a collection's name beside the catalog: its report, its uploads, conversations.

Uploads are the files given in the browser, in ``RAG_HOME/uploads/COLLECTION``; nobody else has
them, so they follow their collection and go with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from rag_app.errors import UsageError
from rag_app.store import conversations
from rag_app.store.database import Database
from rag_app.store.report_files import delete_report, rename_report

if TYPE_CHECKING:
    from rag_app.settings import Settings
    from rag_app.store.collection import Collection


def uploads_folder(home: Path) -> Path:
    """Where the uploads of all collections are kept."""
    return home / "uploads"


def uploads_of(home: Path, collection: str) -> Path:
    """Where the uploads of a collection are kept."""
    return uploads_folder(home) / collection


def check_room(home: Path, new: str) -> None:
    """Raises a ``UsageError`` if uploads lie where those of a collection called ``new`` belong."""
    folder = uploads_of(home, new)
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} has files of a former collection of this name. Move them away, or choose "
            "another name."
        )


@contextmanager
def following(settings: Settings, collection: Collection, new: str) -> Iterator[None]:
    """Has all that goes by the name of ``collection`` follow it, once the block has renamed it.

    Where there are uploads, nobody else writes to the collection meanwhile: its catalog has their
    paths.

    Raises:
        StoreBusyError: Somebody does; nothing is changed.
    """
    home, old = settings.home, collection.info.name
    source, target = uploads_of(home, old), uploads_of(home, new)
    has_uploads = source.is_dir()
    with collection.writer(settings.lock_wait_s) if has_uploads else nullcontext() as writer:
        yield
        rename_report(home, old, new)
        _rename_in_conversations(home, old, new)
        if writer is None:
            return
        if target.is_dir():
            target.rmdir()  # check_room has seen that it is empty
        source.rename(target)
        for path, document_id in collection.paths().items():
            if Path(path).is_relative_to(source):
                writer.point(str(target / Path(path).relative_to(source)), document_id)
                writer.forget(path)


def _rename_in_conversations(home: Path, old: str, new: str) -> None:
    file = home / conversations.FILE_NAME
    if file.is_file():  # else it would be made
        with (
            closing(Database(file, conversations.SCHEMA)) as database,
            database.write() as connection,
        ):
            connection.execute(
                "UPDATE conversations SET collection = ? WHERE collection = ?", (new, old)
            )


def remove(home: Path, name: str) -> None:
    """Forgets what went by the name of a deleted collection; conversations stay to be read."""
    delete_report(home, name)
    rmtree(uploads_of(home, name), ignore_errors=True)
