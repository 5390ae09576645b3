"""Old Office files made readable: LibreOffice converts them, before a worker process reads them.

Each gets a folder and a LibreOffice profile of its own, in which no macro runs and nothing is
fetched from elsewhere. It is ended at the time limit of reading a file, with all that it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.load import LoadOptions
from ingest.load.old_office import NEW_SUFFIX, is_old, program
from ingest.load.sniff import CONTAINERS, OLE
from rag_app.errors import DocumentUnreadableError

_NAME = "document"
_LOOK_S = 0.2
_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.Office.Common/Security/Scripting">'
    '<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SCRIPTING = {
    "MacroSecurityLevel": "3",
    "DisableMacrosExecution": "true",
    "DisableActiveContent": "true",
    "BlockUntrustedRefererLinks": "true",
}
"""No macro runs, no object of another program is started, no linked file or picture is fetched."""


class StandIn:
    """A converted document; its folder goes with ``close``, or when nobody holds it any more."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="rag-office-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.path = Path()

    def close(self) -> None:
        """Deletes it."""
        self._folder.cleanup()


class Converter:
    """Converts one document after the other.

    Args:
        seconds: Time limit for each.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def stand_in(self, path: Path) -> StandIn | None:
        """What a worker is to read in the place of a file; None where that is the file itself.

        Raises:
            DocumentUnreadableError: LibreOffice makes nothing of it, or takes too long.
        """
        office = program()
        if office is None or not _is_wanted(path):
            return None
        made = StandIn()
        try:
            self._convert(office, path, made)
        except BaseException:
            made.close()
            raise
        return made

    def stop(self) -> None:
        """Ends what is under way, and lets nothing else begin."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                _kill(self._process)

    def _convert(self, office: str, path: Path, made: StandIn) -> None:
        suffix = path.suffix.lower()
        source = made.folder / f"{_NAME}{suffix}"
        made.path = made.folder / "out" / f"{_NAME}{NEW_SUFFIX[suffix]}"
        try:
            shutil.copyfile(path, source)
            ended = self._run(_command(office, source, made), made.folder)
        except OSError as error:
            raise DocumentUnreadableError(
                f"{path.name} could not be given to LibreOffice ({error.strerror or error}). Save "
                f"it as {NEW_SUFFIX[suffix]} and ingest that."
            ) from error
        if not ended:
            raise DocumentUnreadableError(
                f"LibreOffice took more than {self._seconds:g} seconds to convert {path.name}. "
                f"Save it as {NEW_SUFFIX[suffix]}, or allow more time (--set parse_seconds=N)."
            )
        if not made.path.is_file():  # its exit status is 0 whatever happens
            raise DocumentUnreadableError(
                f"LibreOffice could not convert {path.name}: it is damaged, or has a password. "
                f"Open it and save it as {NEW_SUFFIX[suffix]}."
            )

    def _run(self, command: list[str], folder: Path) -> bool:
        """Whether it came to its end in time."""
        with self._lock:
            if self._stopped:
                return False
            self._process = subprocess.Popen(  # noqa: S603 - a program of the user's, on a copy
                command,
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self._process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _kill(self._process)  # and what it may have left running
            self._process.wait()
        return True


@contextmanager
def readable(path: Path, options: LoadOptions, seconds: float) -> Iterator[LoadOptions]:
    """The options with which a file is read, converted first if need be.

    Raises:
        DocumentUnreadableError: See ``Converter.stand_in``.
    """
    made = Converter(seconds).stand_in(path)
    if made is None:
        yield options
        return
    try:
        yield replace(options, stand_in=made.path)
    finally:
        made.close()


def _is_wanted(path: Path) -> bool:
    """Whether a file is an old Office file; some are of a newer kind under an old name."""
    if not is_old(path) or not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as file:
        start = file.read(8)
        return start.startswith(OLE) or not start.startswith(CONTAINERS)
    return False


def _command(office: str, source: Path, made: StandIn) -> list[str]:
    profile = made.folder / "profile"
    (profile / "user").mkdir(parents=True)
    items = "\n".join(_ITEM.format(name=name, value=value) for name, value in _SCRIPTING.items())
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items))
    return [
        office,
        f"-env:UserInstallation={profile.as_uri()}",
        *("--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault"),
        *("--convert-to", made.path.suffix[1:], "--outdir", str(made.path.parent), str(source)),
    ]


def _environment(folder: Path) -> dict[str, str]:
    """Neither keys nor the user's own settings."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {"HOME": str(folder), "TMPDIR": str(folder)}


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
