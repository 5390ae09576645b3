"""What a model can use of this machine: the cores that this process may have, and their kind."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from rag_app.settings import Settings

_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CPUINFO = Path("/proc/cpuinfo")
_VNNI = {"avx512_vnni", "avx_vnni"}


def threads(settings: Settings) -> int:
    """The setting ``threads``, or one for each physical core, within the container's share."""
    return settings.threads or max(1, min(_physical_cores(), _quota()))


def bytes_overflow() -> bool:
    """Whether sums of products of bytes may be wrong in ONNX Runtime's fastest way to make them.

    Processors of the x86 family without VNNI add them up in 16 bits, which cannot hold them all.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    flags = next((x for x in _read(_CPUINFO).splitlines() if x.startswith("flags")), "")
    return _VNNI.isdisjoint(flags.split())


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
