"""Two results of load tests side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from axis.cli import screen

#: A result with thirty steps has half a megabyte.
RESULT_BYTES_MAX = 16 * 1024 * 1024


class _Span(BaseModel):
    low: float
    mid: float
    high: float


class _When(BaseModel):
    month: int
    day: str


class _Dates(BaseModel):
    mid: _When


class _Growth(BaseModel):
    monthly: float


class _Machine(BaseModel):
    cores: int | None
    processor: str


class _Lost(BaseModel):
    lost: int


class Result(BaseModel):
    """Of a result's file, what is compared."""

    model_config = ConfigDict(extra="ignore")

    version: int
    growth: _Growth
    profile: str
    seed: int
    door: str
    form: str
    machine: _Machine
    capacity: _Span | None
    date: _Dates | None
    limit: str
    driver_ok: bool
    reconciled: _Lost


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


def compare(first: Result, second: Result) -> None:
    """Print both, and what can be said of the difference."""
    names = list(_rows(first))
    a, b = _rows(first), _rows(second)
    screen.table(["", "A", "B"], [[name, a[name], b[name]] for name in names])
    screen.say(verdict(first, second))


def verdict(first: Result, second: Result) -> str:
    """In words: which carries more, if that can be told at all."""
    a, b = first.capacity, second.capacity
    if a is None or b is None:
        return "One of them has no capacity: there is nothing to compare."
    unlike = [name for name in ("profile", "door") if getattr(first, name) != getattr(second, name)]
    aside = f" They differ in {' and '.join(unlike)} too." if unlike else ""
    if a.low <= b.high and b.low <= a.high:
        return f"Their ranges overlap: no difference can be told.{aside}"
    more, name = (b.mid / a.mid, "B") if b.mid > a.mid else (a.mid / b.mid, "A")
    return f"{name} carries {more:.2f} times as much, beyond what either may lie off.{aside}"


def _rows(result: Result) -> Mapping[str, Any]:
    span = result.capacity
    return {
        "capacity, documents/s": "none"
        if span is None
        else f"{span.mid:,.0f} [{span.low:,.0f} to {span.high:,.0f}]",
        "date": "none" if result.date is None else result.date.mid.day,
        "growth a month": f"{result.growth.monthly:.1%}",
        "first limit": result.limit,
        "lost": result.reconciled.lost,
        "driver was quick enough": "yes" if result.driver_ok else "no",
        "packages": result.profile,
        "door": result.door,
        "axis": result.form,
        "seed": result.seed,
        "machine": f"{result.machine.cores} cores, {result.machine.processor}",
    }
