"""What the machine did during a step: CPU and memory by process, the disk, everybody else.

Linux tells all of it in ``/proc``; where it does not, a figure is left out and never guessed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agencies.load.processes import cpu_s, family, shared_mb

DRIVER = "driver"
AXIS = "axis"
HELPERS = "signature checks"

#: A sector in the counters of the kernel, whatever the disk's own are.
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a stretch of time: cores used by each part of us and by the whole machine (1.0 is one core
    all the time), resident MB (what processes share counted once), share of the time the disk was
    busy, MB written to it.
    """

    seconds: float
    cores: int
    cpu: Mapping[str, float]
    memory_mb: Mapping[str, float]
    machine: float | None
    disk_busy: float | None
    written_mb: float | None


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    #: By part and process: of one that has ended meanwhile nothing more is known.
    cpu_s: Mapping[str, Mapping[int, float]]
    machine_s: float | None
    disk: tuple[float, float] | None


class Meter:
    """Reads what this process, an axis (``axis_pid``; None: not seen from here), the servers
    ``beside`` it (by name their first processes) and the disk of ``folder`` use.
    """

    def __init__(
        self, axis_pid: int | None, folder: Path, beside: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        self._axis_pid = axis_pid
        self._beside = beside
        self._device = _device(folder)
        self._begun = self._looked = self._read()

    def begin(self) -> None:
        """A stretch begins."""
        self._begun = self._looked = self._read()

    def cpu(self) -> dict[str, float]:
        """Cores used by each part since this was asked last, or since the stretch began."""
        first, self._looked = self._looked, self._read()
        return _cores(first, self._looked)

    def memory_mb(self) -> dict[str, float]:
        """Resident MB of each part now, what its processes share counted once."""
        return {name: round(_memory(pids), 1) for name, pids in self._pids().items()}

    def usage(self) -> Usage:
        """What was used since it began."""
        first, last = self._begun, self._read()
        seconds = max(last.at_s - first.at_s, 1e-9)
        busy = written = None
        if first.disk and last.disk:
            busy = (last.disk[0] - first.disk[0]) / seconds
            written = last.disk[1] - first.disk[1]
        machine = None
        if first.machine_s is not None and last.machine_s is not None:
            machine = (last.machine_s - first.machine_s) / seconds
        return Usage(
            seconds=seconds,
            cores=os.cpu_count() or 1,
            cpu=_cores(first, last),
            memory_mb=self.memory_mb(),
            machine=None if machine is None else round(machine, 3),
            disk_busy=None if busy is None else round(busy, 3),
            written_mb=None if written is None else round(written, 1),
        )

    def _pids(self) -> dict[str, list[int]]:
        pids = {DRIVER: [os.getpid()]}
        if self._axis_pid is not None:
            first, *others = family(self._axis_pid) or [self._axis_pid]
            # Over servers of its own an axis is workers, and each of them does everything.
            alone = {AXIS: [first], HELPERS: others}
            pids |= {AXIS: [first, *others]} if self._beside else alone
        return pids | {name: family(pid) for name, pid in self._beside.items()}

    def _read(self) -> _Reading:
        return _Reading(
            time.monotonic(),
            {name: {pid: cpu_s(pid) for pid in pids} for name, pids in self._pids().items()},
            _machine_s(),
            _disk(self._device),
        )


def _cores(first: _Reading, last: _Reading) -> dict[str, float]:
    seconds = max(last.at_s - first.at_s, 1e-9)
    return {
        name: round(_used_s(first.cpu_s.get(name, {}), each) / seconds, 3)
        for name, each in last.cpu_s.items()
    }


def _used_s(first: Mapping[int, float], last: Mapping[int, float]) -> float:
    # Of one that ended between being found and being read, ``cpu_s`` says 0.
    return sum(max(0.0, at_s - first.get(pid, 0.0)) for pid, at_s in last.items())


def _memory(pids: list[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            total += shared_mb(pid)
        except (OSError, StopIteration):
            continue
    return total


def _machine_s() -> float | None:
    """CPU seconds of the whole machine, idle ones and those that wait for a disk left out."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _idle, _wait, hard, soft, steal = map(int, fields)
    return (user + nice + system + hard + soft + steal) / os.sysconf("SC_CLK_TCK")


def _device(folder: Path) -> str | None:
    """``major:minor`` of the disk that a folder lies on."""
    try:
        number = folder.stat().st_dev
    except OSError:
        return None
    return f"{os.major(number)}:{os.minor(number)}"


def _disk(device: str | None) -> tuple[float, float] | None:
    """Seconds a disk was busy and MB written to it so far; None where the kernel does not say."""
    try:
        lines = Path("/proc/diskstats").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        if f"{fields[0]}:{fields[1]}" == device:
            return int(fields[12]) / 1000, int(fields[9]) * _SECTOR_BYTES / 1e6
    return None
