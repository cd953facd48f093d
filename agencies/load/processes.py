"""What processes cost: CPU time and memory, as Linux counts them."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
#: A process or a thread has ended: before its file was opened, or before it was read.
_ENDED = (FileNotFoundError, ProcessLookupError)


def family(pid: int) -> list[int]:
    """A process and all that came from it and are still there."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except _ENDED:
        return []
    children = [child for thread in threads for child in _children(thread)]
    return [pid, *(member for child in children for member in family(child))]


def _children(thread: Path) -> list[int]:
    try:
        return [int(child) for child in (thread / "children").read_text().split()]
    except _ENDED:
        return []


def cpu_s(pid: int) -> float:
    """CPU seconds of one process so far, all threads, user and system; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except _ENDED:
        return 0.0
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) * _TICK_S


def memory_mb(pid: int) -> float:
    """Resident memory of one process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1000


def shared_mb(pid: int) -> float:
    """As ``memory_mb``, of pages that several processes have each its share; a server's processes
    share most of theirs.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1000


class Cpu:
    """CPU of this process and of a server's family, to the nanosecond where the kernel says it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def seconds(self) -> float:
        """Seconds so far."""
        return time.process_time() + sum(map(_exact_s, family(self._pid)))


def _exact_s(pid: int) -> float:
    """As ``cpu_s``, from the scheduler's own account: ticks are too coarse for one group."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    except _ENDED:
        return 0.0
