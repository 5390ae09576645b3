"""Old Office files made readable: LibreOffice converts them for the worker that reads them.

A worker process may start no program: it asks for what it meets, by itself, in an archive or
attached to a message, and others go on meanwhile. Each gets a folder and a LibreOffice profile of
its own, in which no macro runs and nothing is fetched from elsewhere. It has the time and the
memory of reading a file (``ingest.confined``), and is ended with all that it started at the one, at
the other, and when this process dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.confined import OUT_OF_MEMORY
from ingest.load.old_office import NEW_SUFFIX, program
from ingest.messages import ToConvert
from rag_app.errors import DocumentUnreadableError

_NAME = "document"
_CONFINED = Path(__file__).with_name("confined.py")
_MEMORY_MB = 1000
_FILE_MB = 1000
"""No file that LibreOffice writes may be larger."""
_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.{path}">'
    '<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SCRIPTING = {
    "MacroSecurityLevel": "3",
    "DisableMacrosExecution": "true",
    "DisableActiveContent": "true",
    "BlockUntrustedRefererLinks": "true",
}
"""No macro runs, no object of another program is started."""
_NOWHERE = {"ooInetProxyType": "2", "ooInetNoProxy": ""} | {
    f"ooInet{kind}Proxy{what}": value
    for kind in ("HTTP", "HTTPS", "FTP")
    for what, value in (("Name", "127.0.0.1"), ("Port", "9"))
}
"""LibreOffice fetches linked pictures all the same: by way of a proxy that is not there."""
_SETTINGS = {"Office.Common/Security/Scripting": _SCRIPTING, "Inet/Settings": _NOWHERE}


class StandIn:
    """A converted document; its folder goes with ``close``, or when nobody holds it any more."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="rag-office-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.path = Path()

    def close(self) -> None:
        """Deletes it."""
        self._folder.cleanup()


@dataclass(slots=True)
class Allowance:
    """What converting may take for one file with all old Office files in it.

    Attributes:
        seconds: In all.
        used: So far.
        asked: How often it was asked for.
    """

    seconds: float
    used: float = 0.0
    asked: int = 0


class Converter:
    """Converts one document after the other, whichever threads ask.

    Args:
        memory_mb: LibreOffice gets no more memory than this.
    """

    def __init__(self, memory_mb: int = _MEMORY_MB) -> None:
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._stopped = False

    def convert(self, asked: ToConvert, allowed: Allowance) -> StandIn:
        """A document that can be read.

        Args:
            asked: The old one.
            allowed: What it may take; the time until its turn comes does not count.

        Raises:
            DocumentUnreadableError: LibreOffice is not there, makes nothing of it, or takes too
                long.
        """
        office = program()
        if office is None:
            raise DocumentUnreadableError(
                f"{asked.name} is an old Office file. Install LibreOffice, which then converts it, "
                f"or save it as {NEW_SUFFIX[asked.suffix]}."
            )
        made = StandIn()
        allowed.asked += 1
        try:
            with self._turn:
                self._convert(office, asked, made, allowed)
        except BaseException:
            made.close()
            raise
        return made

    def stop(self) -> None:
        """Ends what is under way, and lets nothing else begin."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.returncode is None:
                _kill(self._process)

    def _convert(self, office: str, asked: ToConvert, made: StandIn, allowed: Allowance) -> None:
        name, new = asked.name, NEW_SUFFIX[asked.suffix]
        source = made.folder / f"{_NAME}{asked.suffix}"
        made.path = made.folder / "out" / f"{_NAME}{new}"
        try:
            source.write_bytes(asked.data)
            status = self._run(_command(office, source, made), made.folder, allowed)
        except OSError as error:
            raise DocumentUnreadableError(
                f"{name} could not be given to LibreOffice ({error.strerror or error}). Save it "
                f"as {new} and ingest that."
            ) from error
        if status is None:
            raise DocumentUnreadableError(
                f"LibreOffice took more than {allowed.seconds:g} seconds to convert {name}"
                f"{' and others in the same file' if allowed.asked > 1 else ''}. Save it as {new}, "
                "or allow more time (--set parse_seconds=N)."
            )
        if status == OUT_OF_MEMORY:
            raise DocumentUnreadableError(
                f"LibreOffice needs more than {self._memory_mb} MB of memory to convert {name} and "
                f"was ended. Save it as {new}, or split it."
            )
        if status or not made.path.is_file():  # without a file its status may be 0 as well
            raise DocumentUnreadableError(
                f"LibreOffice could not convert {name}: it is damaged, or has a password. Open it "
                f"and save it as {new}."
            )

    def _run(self, command: list[str], folder: Path, allowed: Allowance) -> int | None:
        """Its exit status; None if it did not come to its end in time."""
        with self._lock:
            if self._stopped or allowed.used >= allowed.seconds:
                return None
            limits = [str(folder), str(self._memory_mb), str(_FILE_MB)]
            self._process = subprocess.Popen(  # noqa: S603 - a program of the user's, on a copy
                [sys.executable, "-I", "-S", str(_CONFINED), *limits, *command],
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.PIPE,  # it ends when we do
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        start = time.monotonic()
        with self._process as process:
            try:
                return process.wait(allowed.seconds - allowed.used)
            except subprocess.TimeoutExpired:
                return None
            finally:
                allowed.used += time.monotonic() - start
                _kill(process)  # and what it may have left running


def _command(office: str, source: Path, made: StandIn) -> list[str]:
    profile = made.folder / "profile"
    (profile / "user").mkdir(parents=True)
    items = "\n".join(
        _ITEM.format(path=path, name=name, value=value)
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
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
