"""What a load test came to: a table, and words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from agencies.load.fit import AROUND, STEPS_MIN, SURE
from agencies.load.limit import QUIET_CORES
from agencies.load.orders import Orders
from agencies.load.outlook import BRACKET
from agencies.load.result import exact
from axis.cli import load_processes, screen
from axis.settings import Settings

__all__ = ["exact", "introduce", "report", "words"]

#: Rates that differ by less are the same.
_SAME = 1.001


def introduce(orders: Orders, settings: Settings, target: str, servers: str) -> None:
    """What is about to be measured, before the first document. ``servers``: over which."""
    shape, base = orders.shape, orders.shape.base
    form = servers or "embedded, SQLite"
    where = target or f"a throw-away axis in {settings.home} ({form})"
    screen.say(f"Load at {where}; packages '{shape.size}', seed {shape.seed}.")
    screen.say(
        f"Base: the worst minute of 15 January 2020, {base.documents:.3f} documents and "
        f"{base.deliveries:.2f} deliveries a second (fan-out {base.fanout:.2f}), growing "
        f"{orders.growth.monthly:.1%} a month."
    )
    screen.say(
        f"Objective: p99 to available under {orders.objective_s:g} s, nothing lost. Each step at "
        f"least {shape.seconds:g} s and {shape.documents:,} documents. Sender, recipients and axis "
        "share this machine."
    )


def report(told: Mapping[str, Any]) -> None:
    """Everything people read of a result."""
    screen.table(
        ["documents/s", "achieved", "p50 ms", "p99 ms", "behind s", "late ms", "cores", "lost", ""],
        [_row(step) for step in sorted(told["steps"], key=lambda one: float(one["rate"]))],
        none="no step was measured",
    )
    load_processes.show(told)
    if told["months"]:
        screen.table(
            ["month", "", "documents/s", "deliveries/s", "p99 ms", ""],
            [_month(month) for month in told["months"]],
        )
    for line in words(told):
        screen.say(line)


def words(told: Mapping[str, Any]) -> list[str]:
    """The result in sentences."""
    return [
        *_reconciliation(told),
        " ".join([*_capacity(told), f"First limit: {told['limit']}."]),
        *_model(told),
        *noise(told["others"], "the axis carries more"),
        *_sizes(told),
        _storage(told),
    ]


def noise(others: float, quiet: str) -> list[str]:
    """That the machine was not quiet, where it was not, and what it is like on one that is."""
    if others <= QUIET_CORES:
        return []
    return [f"Others used {others:.1f} cores of this machine meanwhile: on a quiet one {quiet}."]


def _capacity(told: Mapping[str, Any]) -> list[str]:
    objective = f"p99 to available under {told['objective']['p99']:g} s, nothing lost"
    span, dates = told["capacity"], told["date"]
    if span is None:
        return [f"No capacity ({objective}): {told['refused']}."]
    said = [
        (
            f"Meets the objective ({objective}) up to {span['mid']:,.0f} documents/s "
            f"[{span['low']:,.0f} to {span['high']:,.0f}]."
        )
    ]
    if dates is None:
        why = told["refused"] or "not even January 2020 is within it"
        return [*said, f"No date: {why}."]
    mid = dates["mid"]
    return [
        *said,
        (
            f"Growing {told['growth']['monthly']:.1%} a month from January 2020 that is month "
            f"{mid['month']}, {_day(mid):%B %Y} [{_between(dates)}]."
        ),
    ]


def _model(told: Mapping[str, Any]) -> list[str]:
    """How the capacity is known, and what its range is."""
    span = told["capacity"]
    if span is None:
        return []
    measured = f"{span['met']:,g} met the objective and {span['missed']:,g} missed it"
    if span["model"] == BRACKET:
        return [
            (
                f"No curve: that takes {STEPS_MIN} steps whose p99 is the axis's own, and there "
                f"are {span['steps']}. The range is what was measured: {measured}."
            )
        ]
    return [
        (
            "The curve is that of a queue, with a knee at "
            f"{span['curve']['saturation']:,.0f} documents/s, fitted to the p99 of "
            f"{span['steps']} steps. The range is its {SURE:.0%} interval, never narrower than "
            f"what was measured: {measured}.{_beyond(span)}"
        )
    ]


def _beyond(span: Mapping[str, Any]) -> str:
    """Said of a range that ends where nobody looked any further."""
    least, most = span["met"] / AROUND, span["missed"] * AROUND
    if least * _SAME < span["low"] and span["high"] * _SAME < most:
        return ""
    return (
        f" It was looked for from {least:,g} to {most:,g} alone: the steps are too uneven to say "
        "that the capacity does not lie beyond."
    )


def _between(dates: Mapping[str, Any]) -> str:
    low, high = _day(dates["low"]), _day(dates["high"])
    if low == high:
        return f"{low:%B}"
    same = low.year == _day(dates["mid"]).year == high.year
    return f"{low:%B} to {high:%B}" if same else f"{low:%B %Y} to {high:%B %Y}"


def _day(when: Mapping[str, Any]) -> date:
    return date.fromisoformat(f"{when['day']}-01")


def _sizes(told: Mapping[str, Any]) -> list[str]:
    if told["profile"] == "real":
        return []
    return [
        (
            f"Packages of {told['package_bytes'] / 1000:.0f} kB compare engines; offices send "
            "more, and the date that holds for them is that of --size real."
        )
    ]


def _storage(told: Mapping[str, Any]) -> str:
    stored = told["storage"]
    return (
        f"Storage: {stored['month_gb']:.1f} GB in the first month; a disk of "
        f"{stored['disk_gb']:,.0f} GB that keeps {stored['retention']} months is full: "
        f"{stored['full']}."
    )


def _reconciliation(told: Mapping[str, Any]) -> list[str]:
    found = told["reconciled"]
    return [
        (
            f"Reconciled: {found['accepted']:,} accepted documents with their receipts, "
            f"{found['deliveries']:,} deliveries, lost {found['lost']:,}."
        ),
        *disagreements(found),
    ]


def disagreements(found: Mapping[str, Any]) -> list[str]:
    """What was reconciled and does not agree, by name; and what was somebody else's."""
    lines = []
    if found["lost"]:
        lines.append(f"LOST: {', '.join(found['lost_ids'])}")
    if found["strange"]:
        lines.append(f"OTHERWISE THAN SIGNED FOR: {', '.join(found['strange_ids'])}")
    if found["books"]:
        lines.append(f"THE BOOKS: {found['books']}")
    if found["foreign"]:
        lines.append(f"{found['foreign']:,} deliveries of others were seen and left alone.")
    return lines


def verdict(step: Mapping[str, Any]) -> str:
    """What came of a step, and whether the driver may be to blame."""
    said = "met" if step["met"] else str(step["why"])
    return said if step["driver_ok"] else f"{said}; driver late"


def _row(step: Mapping[str, Any]) -> list[object]:
    cores = sum(step["cpu"].values())
    return [
        f"{step['rate']:,g}",
        f"{step['achieved']:,.1f}",
        round(step["p50"] * 1000),
        round(step["p99"] * 1000),
        f"{step['lag']:.2f}",
        f"{step['late'] * 1000:.1f}",
        f"{cores:.2f}",
        step["lost"],
        verdict(step),
    ]


def _month(month: Mapping[str, Any]) -> list[object]:
    p99 = "" if month["p99"] is None else f"{month['p99'] * 1000:,.0f}"
    return [
        month["month"],
        f"{_day(month):%B %Y}",
        f"{month['documents']:,.3g}",
        f"{month['deliveries']:,.3g}",
        p99,
        month["sureness"],
    ]
