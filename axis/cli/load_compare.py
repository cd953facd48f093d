"""Two results of load tests side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agencies.load.growth import MONTHLY_MAX, MONTHLY_MIN
from agencies.load.limit import QUIET_CORES
from axis.cli import screen

#: A result with thirty steps has half a megabyte.
RESULT_BYTES_MAX = 16 * 1024 * 1024
#: What the two are called.
_NAMES = ("A", "B")


class _Span(BaseModel):
    low: float = Field(gt=0, allow_inf_nan=False)
    mid: float = Field(gt=0, allow_inf_nan=False)
    high: float = Field(gt=0, allow_inf_nan=False)


class _Base(BaseModel):
    documents: float = Field(gt=0)
    fanout: float = Field(gt=0)


class _Objective(BaseModel):
    p99: float


class _When(BaseModel):
    month: int
    day: str


class _Dates(BaseModel):
    mid: _When


class _Growth(BaseModel):
    monthly: float = Field(ge=MONTHLY_MIN, le=MONTHLY_MAX)


class _Machine(BaseModel):
    cores: int | None
    processor: str


class _Reconciled(BaseModel):
    lost: int
    strange: int = 0
    books: str = ""


class Step(BaseModel):
    """One rate that was offered, and what came of it."""

    rate: float = Field(gt=0, allow_inf_nan=False)
    achieved: float = Field(ge=0, allow_inf_nan=False)
    p99: float = Field(ge=0, allow_inf_nan=False)


class Result(BaseModel):
    """Of a result's file, what is compared."""

    model_config = ConfigDict(extra="ignore")

    version: int
    base: _Base
    growth: _Growth
    profile: str
    signed: float = 1.0
    seed: int
    door: str
    form: str
    #: None: all that the machine has.
    axis_cores: int | None = None
    objective: _Objective
    machine: _Machine
    capacity: _Span | None
    date: _Dates | None
    refused: str = ""
    limit: str
    #: Cores that neither the axis nor the driver used.
    others: float = Field(0.0, ge=0, allow_inf_nan=False)
    driver_ok: bool
    reconciled: _Reconciled
    steps: Sequence[Step] = ()

    @property
    def exact(self) -> bool:
        """Whether it may be believed: nothing is lost or strange, and the books agree."""
        found = self.reconciled
        return not found.lost and not found.strange and not found.books


def read(path: Path) -> Result:
    """A result; ValueError in one sentence for what is none."""
    try:
        if path.stat().st_size > RESULT_BYTES_MAX:
            raise ValueError(f"{path} is larger than any result ({RESULT_BYTES_MAX:,} bytes)")
        told = json.loads(path.read_bytes())
        return Result.model_validate(told)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{path} is no result of axis load: {place}: {first['msg']}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"{path} is no result of axis load: not JSON") from None


def compare(first: Result, second: Result) -> bool:
    """Print both, and what can be said of the difference; whether anything can."""
    table(first, second, _NAMES)
    for line in (verdict(first, second), *noise(first, second, _NAMES)):
        screen.say(line)
    return not nothing(first, second, _NAMES)


def table(first: Result, second: Result, called: tuple[str, str]) -> None:
    """Print both side by side."""
    screen.table(["", *called], sides(first, second))


def sides(first: Result, second: Result) -> list[list[Any]]:
    """Name, one and the other of all that is set side by side."""
    a, b = _rows(first), _rows(second)
    return [[name, a[name], b[name]] for name in a]


def verdict(first: Result, second: Result) -> str:
    """In words: which carries more, if that can be told at all, and what else was not the same."""
    a, b = first.capacity, second.capacity
    why = nothing(first, second, _NAMES)
    if a is None or b is None or why:
        return why
    unlike = changes(first, second)
    aside = f" B had {', '.join(unlike)}." if unlike else ""
    if a.low <= b.high and b.low <= a.high:
        return f"Their ranges overlap: no difference can be told.{aside}"
    more, name = (b.mid / a.mid, "B") if b.mid > a.mid else (a.mid / b.mid, "A")
    return f"{name} carries {more:.2f} times as much, beyond what either may lie off.{aside}"


def nothing(first: Result, second: Result, called: tuple[str, str]) -> str:
    """Why there is nothing to compare; empty where there is. A capacity that was measured while
    documents were lost, or by a driver that could not ask for more, is that of no axis.
    """
    for name, one in zip(called, (first, second), strict=True):
        why = (
            (not one.exact and "what was accepted and what was taken do not agree")
            or one.refused
            or (not one.driver_ok and "the driver was the bottleneck")
            or (one.capacity is None and "it has no capacity")
        )
        if why:
            return f"Nothing to compare: of {name}, {why}."
    return ""


def noise(first: Result, second: Result, called: tuple[str, str]) -> list[str]:
    """Of which of the two the machine was not quiet: that alone may be the difference."""
    return [
        f"{name[:1].upper()}{name[1:]}: others used {one.others:.1f} cores of the machine "
        "meanwhile; on a quiet one the axis carries more."
        for name, one in zip(called, (first, second), strict=True)
        if one.capacity is not None and one.others > QUIET_CORES
    ]


def changes(first: Result, second: Result) -> list[str]:
    """What is otherwise in the second: what a what-if asks for, and whatever else moves a date."""
    shown: dict[str, Callable[[Result], str]] = {
        "fan-out": lambda one: f"{one.base.fanout:.2f}",
        "packages": lambda one: one.profile,
        "signed": lambda one: f"{one.signed:.0%}",
        "cores of the axis": lambda one: str(one.axis_cores or one.machine.cores),
        "growth": lambda one: f"{one.growth.monthly:.1%}",
        "door": lambda one: one.door,
        "objective": lambda one: f"{one.objective.p99:g} s",
        "cores of the machine": lambda one: str(one.machine.cores),
        "processor": lambda one: one.machine.processor,
        "axis": lambda one: one.form,
    }
    told = [(name, of(second), of(first)) for name, of in shown.items()]
    return [f"{name} {new} instead of {old}" for name, new, old in told if new != old]


def _rows(result: Result) -> Mapping[str, Any]:
    span = result.capacity
    return {
        "capacity, documents/s": "none"
        if span is None
        else f"{span.mid:,.0f} [{span.low:,.0f} to {span.high:,.0f}]",
        "date": "none" if result.date is None else result.date.mid.day,
        "objective, p99": f"{result.objective.p99:g} s",
        "growth a month": f"{result.growth.monthly:.1%}",
        "first limit": result.limit,
        "others used, cores": f"{result.others:.1f}",
        "lost": result.reconciled.lost,
        "driver was quick enough": "yes" if result.driver_ok else "no",
        "recipients of a document": f"{result.base.fanout:.2f}",
        "packages": result.profile,
        "signed": f"{result.signed:.0%}",
        "door": result.door,
        "axis": result.form,
        "cores of the axis": result.axis_cores or result.machine.cores or "not known",
        "seed": result.seed,
        "machine": f"{result.machine.cores} cores, {result.machine.processor}",
    }
