"""The figures of ``make bench`` as values: rows of interleaved pairs, kept as JSON.

Rates are documents (or what a row counts) a second, CPU is microseconds of the server per document,
user and system, all its processes. Every list has one number for each run, in the order of the
runs, so that the same places of two lists are a pair.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of repeated figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values."""
        return cls(statistics.median(values), min(values), max(values))

    def show(self, digits: int = 0, unit: str = "") -> str:
        """``median (low to high)``."""
        low, middle, high = (f"{v:,.{digits}f}" for v in (self.low, self.median, self.high))
        return f"{middle}{unit} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server: documents a second, CPU microseconds per document."""

    per_second: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are measured in turn. ``cpu_us`` is empty where it was not read."""

    name: str
    per_second: Sequence[float]
    cpu_us: Sequence[float] = ()

    @classmethod
    def of(cls, name: str, runs: Sequence[Run]) -> Self:
        """The runs of one side."""
        return cls(name, [run.per_second for run in runs], [run.cpu_us for run in runs])

    @property
    def median(self) -> float:
        """The rate in the middle."""
        return statistics.median(self.per_second)


@dataclass(frozen=True, slots=True)
class Pair:
    """Ours and its counterpart at one point, in as many runs; None where there is none."""

    point: str
    ours: Side
    other: Side | None = None

    @property
    def ratio(self) -> Spread | None:
        """How many times the counterpart ours does, pair by pair."""
        if self.other is None:
            return None
        both = zip(self.ours.per_second, self.other.per_second, strict=True)
        return Spread.of([one / two for one, two in both])


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the intended moment, of ``count`` things that were waited for."""

    point: str
    count: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Aim:
    """What was promised and aimed at, and what it came to; ``at_most`` where less is better."""

    what: str
    figure: float
    unit: str
    promised: float | None = None
    aim: float | None = None
    at_most: bool = False

    def __post_init__(self) -> None:
        assert self.promised is not None or self.aim is not None, self.what

    @property
    def verdict(self) -> str:
        """``aim met``, ``promise kept`` or ``missed``."""
        if self._reaches(self.aim):
            return "aim met"
        return "promise kept" if self._reaches(self.promised) else "missed"

    def _reaches(self, bound: float | None) -> bool:
        if bound is None:
            return False
        return self.figure <= bound if self.at_most else self.figure >= bound


@dataclass(slots=True)
class Row:
    """All that one row of the benchmark measured. ``figures`` are single ones by their name and
    unit, ``remarks`` sentences about how it was measured.
    """

    title: str
    counts: str = "documents"
    pairs: list[Pair] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    took_s: float = 0.0
    #: The versions and cores it was taken on, and how quick a core was before and after it
    #: (``checks.pace``; nothing where nobody looked).
    machine: str = ""
    paces: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """A row as it was kept."""
        pairs = [
            Pair(
                one["point"],
                Side(**one["ours"]),
                Side(**one["other"]) if one["other"] is not None else None,
            )
            for one in told["pairs"]
        ]
        latencies = [Latency(**one) for one in told["latencies"]]
        aims = [Aim(**one) for one in told["aims"]]
        return cls(**{**told, "pairs": pairs, "latencies": latencies, "aims": aims})


def read(path: Path) -> dict[str, Row]:
    """The rows that were kept, by name; none where nothing was."""
    if not path.exists():
        return {}
    told = json.loads(path.read_text(encoding="utf-8"))
    return {name: Row.of(row) for name, row in told["rows"].items()}


def keep(path: Path, rows: dict[str, Row]) -> None:
    """Write the rows; figures to four significant digits, which is more than they are worth."""
    told = {"rows": {name: _rounded(asdict(row)) for name, row in rows.items()}}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
