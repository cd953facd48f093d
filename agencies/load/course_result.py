"""The result of a course as its file has it: everything raw, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agencies.load import expect, outage, storage
from agencies.load.course import Course
from agencies.load.expect import Came
from agencies.load.judge import driver_ok, latency
from agencies.load.personas import MUST
from agencies.load.play import Played
from agencies.load.record import Record
from agencies.load.result import form, machine, reconciled
from agencies.load.series import series
from agencies.load.usage import Usage

#: Grows when a field changes its meaning.
VERSION = 1
COURSE, OUTAGE = "course", "outage"


def result(played: Played) -> dict[str, Any]:
    """Everything about a course. Rates are documents a second, times seconds, ``cpu`` cores."""
    orders, record = played.orders, played.record
    shape, course = orders.shape, orders.course
    came = expect.all_came(record, orders.personas)
    passed, beside = expect.others(record, orders.apart)
    late = latency(max(0.0, one) for one in record.late_s).p99
    return {
        "version": VERSION,
        "kind": COURSE if orders.absence is None else OUTAGE,
        "course": _course(course),
        "changes": [asdict(change) for change in played.changes],
        "profile": shape.size,
        "package_bytes": round(storage.package_bytes(shape.profile, shape.seed)),
        "fanout": shape.base.fanout,
        "seed": shape.seed,
        "door": orders.door,
        "form": form(orders),
        "machine": machine(),
        "documents": len(record.letters),
        "refused": len(record.failed),
        "accepted": asdict(latency(record.accepted())),
        "available": asdict(latency(record.available())),
        "done": asdict(latency(record.done())),
        "late": late,
        "driver_ok": driver_ok(late, played.usage),
        "usage": _usage(played.usage),
        "series": asdict(series(record, course.seconds, orders.apart)),
        "personas": [_came(one) for one in came],
        "others": {"deliveries": passed, **asdict(beside)},
        "outage": _outage(played),
        "reconciled": reconciled(played.total, "; ".join(played.books))
        | {"waiting": played.total.waiting, "foreign": played.foreign},
        "unexpected": _unexpected(record),
        "faults": list(record.faults),
        "faulty": record.faulty,
        "took": played.took_s,
    }


def exact(told: Mapping[str, Any]) -> bool:
    """Whether all came as it must: nothing lost or strange, no refusal but those of personas, no
    persona that came to something else, and the books agree.
    """
    found = told["reconciled"]
    agreed = not found["lost"] and not found["strange"] and not found["books"]
    came = not any(one["differences"] for one in told["personas"])
    drained = told["outage"] is None or told["outage"]["drained_s"] is not None
    return agreed and came and drained and not told["unexpected"]


def _unexpected(record: Record) -> int:
    """Packages that were not accepted and should have been."""
    return sum(record.letters[index].sender not in record.refusing for index in record.failed)


def _course(course: Course) -> dict[str, Any]:
    return {
        "shape": course.shape,
        "seconds": course.seconds,
        "documents": round(course.documents),
        "pieces": [asdict(piece) for piece in course.pieces],
    }


def _came(one: Came) -> dict[str, Any]:
    return asdict(one) | {"must": MUST[one.persona], "refused": dict(one.refused)}


def _outage(played: Played) -> dict[str, Any] | None:
    away, seconds = played.orders.absence, played.orders.course.seconds
    if away is None:
        return None
    if away.agency == outage.KAFKA:
        return asdict(outage.of_kafka(played.record, away, seconds, played.waited))
    return asdict(outage.outage(played.record, away, seconds))


def _usage(usage: Usage) -> dict[str, Any]:
    return {name: getattr(usage, name) for name in usage.__slots__}
