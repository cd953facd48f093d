"""What a step came to: latencies, whether it met the objective, whether the driver was to blame.

Pure: the same record gives the same result.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hdrh.histogram import HdrHistogram

from agencies.load.plan import Step
from agencies.load.reconcile import Reconciled
from agencies.load.record import Record
from agencies.load.usage import DRIVER, Usage

#: The objective: p99 from the intended moment until a recipient holds the package.
OBJECTIVE_S = 1.0
#: The base is the worst minute of a day, so a rate must hold that long. A step that is shorter is
#: judged also by where its latency will have got to by then, but seen no further ahead than six
#: times what was seen of it: beyond that it is noise that grows.
HOLDS_S = 60.0
AHEAD_MAX = 6.0

#: The driver is the bottleneck when it comes so late to the moments it set itself that this alone
#: is a tenth of the objective, or when it leaves nothing of its one core.
LATE_SHARE_MAX = 0.1
DRIVER_CORES_MAX = 0.9

#: Histograms: microseconds up to an hour, three digits.
_LOWEST_US, _HIGHEST_US, _DIGITS = 1, 3_600_000_000, 3

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the intended moment; ``histogram`` is the whole of it (HdrHistogram, base64)."""

    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    most: float
    histogram: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One step. Rates are documents a second, times seconds, ``cpu`` cores by process.

    ``achieved`` counts documents that all recipients had, up to the moment the last had; ``lag``
    is how long after the last intended moment that was; ``heading`` what the median latency comes
    to when it goes on like this for a minute; ``late`` is the driver's own p99.
    """

    number: int
    rate: float
    documents: int
    deliveries: int
    seconds: float
    achieved: float
    accepted: Latency
    available: Latency
    done: Latency
    lag: float
    heading: float
    late: float
    failed: int
    lost: int
    faults: Sequence[str]
    usage: Usage
    met: bool
    driver_ok: bool
    why: str


def latency(seconds: Iterable[float]) -> Latency:
    """The latencies as a histogram and what people read of it; all 0 where there are none."""
    histogram = HdrHistogram(_LOWEST_US, _HIGHEST_US, _DIGITS)
    for one in seconds:
        histogram.record_value(min(max(_LOWEST_US, round(one * _MICROSECONDS)), _HIGHEST_US))

    def at(percentile: float) -> float:
        count = histogram.total_count
        return histogram.get_value_at_percentile(percentile) / _MICROSECONDS if count else 0.0

    return Latency(
        count=histogram.total_count,
        p50=at(50),
        p90=at(90),
        p99=at(99),
        p999=at(99.9),
        most=at(100),
        histogram=histogram.encode().decode("ascii"),
    )


def heading(points: Sequence[tuple[float, float]], seconds: float) -> float:
    """Where the median latency will be after ``HOLDS_S``, from (intended moment, latency) of a step
    of ``seconds``: the medians of its first and its last third, and the line through them. 0 where
    the step is as long as that.
    """
    if not points or seconds >= HOLDS_S:
        return 0.0
    first = [late for at, late in points if at < seconds / 3]
    last = [late for at, late in points if at >= seconds * 2 / 3]
    if not first or not last:
        return 0.0
    begun, ended = statistics.median(first), statistics.median(last)
    slope = (ended - begun) / (seconds * 2 / 3)
    until = min(HOLDS_S, seconds * AHEAD_MAX)
    return max(0.0, ended + slope * (until - seconds * 5 / 6))


def judge(
    step: Step, record: Record, books: Reconciled, usage: Usage, objective_s: float = OBJECTIVE_S
) -> Measured:
    """Judge a step whose record is as whole as it will be."""
    available = latency(record.available())
    late = latency(record.late_s).p99
    everywhere = max(record.available_s.values(), default=record.begin_s)
    lag = max(0.0, everywhere - record.begin_s - step.seconds)
    points = [
        (record.letters[index].after_s, at - record.due_s(index))
        for (index, _), at in record.available_s.items()
    ]
    will_be = heading(points, step.seconds)
    missed = _missed(available, will_be, len(record.failed), len(books.lost), objective_s)
    return Measured(
        number=step.number,
        rate=step.rate,
        documents=step.documents,
        deliveries=step.deliveries,
        seconds=step.seconds,
        achieved=books.everywhere / (step.seconds + lag),
        accepted=latency(record.accepted()),
        available=available,
        done=latency(record.done()),
        lag=lag,
        heading=will_be,
        late=late,
        failed=len(record.failed),
        lost=len(books.lost),
        faults=tuple(record.faults),
        usage=usage,
        met=not missed,
        driver_ok=driver_ok(late, usage, objective_s),
        why=missed,
    )


def driver_ok(late: float, usage: Usage, objective_s: float = OBJECTIVE_S) -> bool:
    """Whether the driver was quick enough: ``late`` is its own p99, in seconds."""
    driver = usage.cpu.get(DRIVER, 0.0)
    return late <= objective_s * LATE_SHARE_MAX and driver <= DRIVER_CORES_MAX


def _missed(available: Latency, will_be: float, failed: int, lost: int, objective_s: float) -> str:
    """Why the objective was missed; empty when it was met."""
    if lost:
        # Whether they are lost or only late is known at the end.
        return f"{lost} not there in time"
    if failed:
        return f"{failed} not accepted"
    if available.p99 > objective_s:
        return f"p99 {available.p99:.2f} s"
    if will_be > objective_s:
        return f"falling behind, on the way to {will_be:.1f} s"
    return ""


def settled(measured: Measured, lost: int) -> Measured:
    """A step when it is known how many of its deliveries came at no time at all."""
    return replace(measured, lost=lost, why=f"{lost} lost" if lost else measured.why)


def raw(measured: Measured) -> Mapping[str, Any]:
    """A step as the result file has it: the names of the whole, and everything beneath them."""
    told = {name: getattr(measured, name) for name in measured.__slots__}
    for name in ("accepted", "available", "done"):
        one: Latency = told[name]
        told[name] = {part: getattr(one, part) for part in one.__slots__}
    usage = measured.usage
    told["usage"] = {name: getattr(usage, name) for name in usage.__slots__}
    return told | {
        "p50": measured.available.p50,
        "p99": measured.available.p99,
        "cpu": dict(usage.cpu),
    }
