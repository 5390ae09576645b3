"""How many threads a model should use: the cores that this process may have."""

from __future__ import annotations

import os
from pathlib import Path

from rag_app.settings import Settings

_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def threads(settings: Settings) -> int:
    """The setting ``threads``, or one for each physical core, within the container's share."""
    return settings.threads or max(1, min(_physical_cores(), _quota()))


def _physical_cores() -> int:
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cpus = os.sched_getaffinity(0)
    # Two hardware threads of one core share its arithmetic units: a second one gains nothing.
    return len({_read(Path(_TOPOLOGY.format(cpu))) or str(cpu) for cpu in cpus})


def _quota() -> int:
    limit, _, period = _read(_QUOTA).partition(" ")
    if not limit.isdecimal() or not period.isdecimal():
        return 1024
    return max(1, int(limit) // int(period))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
