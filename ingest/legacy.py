"""Old Office files made readable: LibreOffice converts them, before a worker process reads them.

Each gets a folder and a LibreOffice profile of its own, in which no macro runs and nothing is
fetched from elsewhere. It has the time and the memory of reading a file (``ingest.confined``), and
is ended with all that it started at the one, at the other, and when this process dies.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.confined import OUT_OF_MEMORY
from ingest.load.old_office import NEW_SUFFIX, old_suffix, program, real_suffix
from ingest.load.sniff import CONTAINERS, LOOKED_AT, OLE
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


class Converter:
    """Converts one document after the other.

    Args:
        seconds: Time limit for each.
        memory_mb: It gets no more memory than this.
    """

    def __init__(self, seconds: float, memory_mb: int = _MEMORY_MB) -> None:
        self._seconds, self._memory_mb = seconds, memory_mb
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
            if self._process is not None and self._process.returncode is None:
                _kill(self._process)

    def _convert(self, office: str, path: Path, made: StandIn) -> None:
        suffix = old_suffix(path)
        source = made.folder / f"{_NAME}{suffix}"
        made.path = made.folder / "out" / f"{_NAME}{NEW_SUFFIX[suffix]}"
        try:
            shutil.copyfile(path, source)
            status = self._run(_command(office, source, made), made.folder)
        except OSError as error:
            raise DocumentUnreadableError(
                f"{path.name} could not be given to LibreOffice ({error.strerror or error}). Save "
                f"it as {NEW_SUFFIX[suffix]} and ingest that."
            ) from error
        if status is None:
            raise DocumentUnreadableError(
                f"LibreOffice took more than {self._seconds:g} seconds to convert {path.name}. "
                f"Save it as {NEW_SUFFIX[suffix]}, or allow more time (--set parse_seconds=N)."
            )
        if status == OUT_OF_MEMORY:
            raise DocumentUnreadableError(
                f"LibreOffice needs more than {self._memory_mb} MB of memory to convert "
                f"{path.name} and was ended. Save it as {NEW_SUFFIX[suffix]}, or split it."
            )
        if status or not made.path.is_file():  # without a file its status may be 0 as well
            raise DocumentUnreadableError(
                f"LibreOffice could not convert {path.name}: it is damaged, or has a password. "
                f"Open it and save it as {NEW_SUFFIX[suffix]}."
            )

    def _run(self, command: list[str], folder: Path) -> int | None:
        """Its exit status; None if it did not come to its end in time."""
        with self._lock:
            if self._stopped:
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
        with self._process as process:
            try:
                return process.wait(self._seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _kill(process)  # and what it may have left running


def _is_wanted(path: Path) -> bool:
    """Whether a file is an old Office file; some are of another kind under an old name."""
    if not old_suffix(path) or not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as file:
        start = file.read(LOOKED_AT)
        if start.startswith(OLE):
            return True
        return not (start.startswith(CONTAINERS) or real_suffix(path, start))
    return False


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
