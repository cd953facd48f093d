"""What a course of load came to: tables, and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agencies.load.course import BURST, DAY, RAMP
from agencies.load.course_orders import CourseOrders
from agencies.load.course_result import exact
from agencies.load.limit import others
from agencies.load.outage import KAFKA
from agencies.load.usage import Usage
from agencies.words import row_of
from axis.cli import screen
from axis.cli.load_report import disagreements, noise
from axis.cli.load_watch import ms
from axis.settings import Settings

Result = Mapping[str, Any]

#: Of a table of personas.
HEAD = (
    *("agency", "is", "documents", "accepted", "refused"),
    *("deliveries", "done", "waiting", "p99 ms", "done p99 ms"),
)


def introduce(orders: CourseOrders, settings: Settings, target: str, servers: str) -> None:
    """What is about to be played, before the first document. ``servers``: over which."""
    course, shape = orders.course, orders.shape
    form = servers or "embedded, SQLite"
    where = target or f"a throw-away axis in {settings.home} ({form})"
    rates = [rate for piece in course.pieces for rate in (piece.first, piece.last)]
    screen.say(f"Load at {where}; packages '{shape.size}', seed {shape.seed}.")
    screen.say(
        f"{_capital(_shape(course.shape, rates))}: {course.documents:,.0f} documents in "
        f"{course.seconds:g} s, fan-out {shape.base.fanout:.2f}. "
        "Sender, recipients and axis share this machine."
    )
    for code, persona in orders.personas.items():
        screen.say(f"{name(code)}: {persona}.")
    away = orders.absence
    if away is not None:
        screen.say(f"{name(away.agency)} is away from second {away.from_s:g} to {away.until_s:g}.")


def report(told: Result) -> None:
    """Everything people read of a result."""
    if told["personas"]:
        screen.table(HEAD, [row(one) for one in told["personas"]])
    for line in words(told):
        screen.say(line)


def words(told: Result) -> list[str]:
    """The result in sentences."""
    course = told["course"]
    available, accepted, done = told["available"], told["accepted"], told["done"]
    rates = [rate for piece in course["pieces"] for rate in (piece["first"], piece["last"])]
    return [
        (
            f"{_capital(_shape(course['shape'], rates))}, {course['seconds']:g} s: "
            f"{told['documents']:,} documents offered, {accepted['count']:,} accepted, "
            f"{told['refused']:,} refused."
        ),
        (
            f"From the intended moment until a recipient has it: p50 {ms(available['p50'])}, p99 "
            f"{ms(available['p99'])}, at most {ms(available['most'])} (accepted p99 "
            f"{ms(accepted['p99'])}, done p99 {ms(done['p99'])})."
        ),
        *(
            f"The rate was changed: {change['times']:g} times the plan from second "
            f"{change['at_s']:g} on."
            for change in told["changes"]
        ),
        *_driver(told),
        *noise(others(Usage(**told["usage"])), "it is quicker"),
        *_outage(told),
        *_personas(told),
        *_reconciliation(told),
    ]


def row(one: Mapping[str, Any]) -> list[str | int]:
    """A persona as a line of a table."""
    return [
        name(one["agency"]),
        one["persona"],
        one["documents"],
        one["accepted"],
        ", ".join(f"{count:,} {code}" for code, count in one["refused"].items()) or "0",
        one["deliveries"],
        one["done"],
        one["waiting"],
        _p99(one["available"]),
        _p99(one["confirmed"]),
    ]


def _p99(latency: Mapping[str, Any]) -> str | int:
    """Milliseconds; of nothing there are none."""
    return round(latency["p99"] * 1000) if latency["count"] else "-"


def name(code: str) -> str:
    """An agency for people; or Kafka."""
    if code == KAFKA:
        return KAFKA
    return f"{row_of(code).name_en} ({code.rpartition('.')[2]})"


def _shape(shape: str, rates: Sequence[float]) -> str:
    """A course in words, from the rates at both ends of its pieces."""
    first, last, most = rates[0], rates[-1], max(rates)
    if shape == RAMP:
        return f"ramp from {first:g} to {last:g} documents/s"
    if shape == BURST:
        return f"{first:g} documents/s with bursts of {most:g}"
    if shape == DAY:
        return f"the hours of a day, up to {most:g} documents/s"
    return f"{first:g} documents/s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _driver(told: Result) -> list[str]:
    if told["driver_ok"]:
        return []
    return [
        (
            f"The driver was late to its own moments (p99 {ms(told['late'])}) or had no core left: "
            "what is slow here may be it, not the axis."
        )
    ]


def _outage(told: Result) -> list[str]:
    found = told["outage"]
    if found is None:
        return []
    drained = found["drained_s"]
    back = "never" if drained is None else f"{drained:.2f} s after its return"
    latencies = ", ".join(
        f"p50 {ms(found[when]['p50'])} and p99 {ms(found[when]['p99'])} {when}"
        for when in ("before", "during", "after")
    )
    waited, others = "deliveries", "The other 94"
    if found["agency"] == KAFKA:
        waited, others = "records", "Recipients, who poll the axis's own door,"
    return [
        (
            f"{name(found['agency'])} was away for {found['until_s'] - found['from_s']:g} s: at "
            f"most {found['backlog_max']:,} {waited} waited for it; it had all of them {back}."
        ),
        f"{others} meanwhile: {latencies}.",
    ]


def _personas(told: Result) -> list[str]:
    if not told["personas"]:
        return []
    said = []
    for one in told["personas"]:
        verdict = "as it must be" if not one["differences"] else "OTHERWISE"
        said.append(f"{name(one['agency'])} {one['must']}: {verdict}.")
        said += [f"  {difference}" for difference in one["differences"]]
    others, away = told["others"], told["outage"]
    count = 95 - len(told["personas"])
    if away is not None and away["agency"] != KAFKA:
        count -= 1
    said.append(
        f"Between the other {count}: {others['deliveries']:,} deliveries, p50 {ms(others['p50'])}, "
        f"p99 {ms(others['p99'])}."
    )
    return said


def _reconciliation(told: Result) -> list[str]:
    found = told["reconciled"]
    waiting = found["waiting"]
    aside = f", {waiting:,} of them waiting for who is away" if waiting else ""
    lines = [
        (
            f"Reconciled: {found['accepted']:,} accepted documents with their receipts, "
            f"{found['deliveries']:,} deliveries{aside}, lost {found['lost']:,}; the books of each "
            f"agency {'agree' if not found['books'] else 'DO NOT AGREE'}."
        ),
        *disagreements(found),
    ]
    if told["unexpected"]:
        lines.append(f"NOT ACCEPTED: {told['unexpected']:,} packages that should have been.")
    if not exact(told):
        lines += [f"  {fault}" for fault in told["faults"]]
    return lines
