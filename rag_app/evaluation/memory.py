"""How much memory a piece of work took, where the system tells.

Linux keeps the largest resident size of a process and lets it be set back; elsewhere nothing is
measured rather than something else. A library that was loaded before counts for nothing.
"""

from __future__ import annotations

from pathlib import Path

_PROCESS = Path("/proc/self")
_RESET_PEAK = "5"


class PeakMemory:
    """From its making on, by how much the process's largest resident size grew."""

    def __init__(self) -> None:
        try:
            (_PROCESS / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        except OSError:
            self._before = None
        else:
            self._before = _bytes("VmRSS")

    def increase(self) -> int | None:
        """Bytes so far; None where it cannot be measured."""
        peak = _bytes("VmHWM")
        if self._before is None or peak is None:
            return None
        return max(0, peak - self._before)


def _bytes(field: str) -> int | None:
    try:
        lines = (_PROCESS / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith(f"{field}:")), None)
    return int(found.split()[1]) * 1024 if found else None
