"""The page of a course of load: one HTML file that needs nothing else, online or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from axis.cli.load_charts import Axis, curves, over
from axis.cli.load_course_report import HEAD, row, words
from axis.cli.result.html import document, figure, para, section, table, tag
from axis.cli.result.svg import words as text

#: Points of a curve: more are not told apart.
_POINTS_MAX = 120
_MS = 1000

Result = Mapping[str, Any]
Points = list[tuple[float, float]]


def page(told: Result) -> str:
    """The whole document of a result."""
    title = "While one is away" if told["outage"] else "The axis under load"
    style = files("axis.cli.result").joinpath("page.css").read_text("utf-8")
    machine = told["machine"]
    where = f"{machine['cores']} cores, {machine['processor']}; {told['form']}; seed {told['seed']}"
    header = tag(
        "header",
        tag("p", "The national document axis", class_="over"),
        tag("h1", title, tag("span", text(where), class_="run")),
    )
    main = tag("main", *map(para, words(told)), _pictures(told), *_personas(told))
    return document(title, style, header, main)


def _pictures(told: Result) -> str:
    seconds = len(told["series"]["offered"])
    across = Axis(0.0, float(max(1, seconds)), "seconds", log=False)
    pair = [_rates(told, across), _latencies(told, across), _open(told, across)]
    return section("course", "Over time", "Theo thời gian", tag("div", *pair, class_="pair"))


def _rates(told: Result, across: Axis) -> str:
    series = told["series"]
    drawn = {
        "offered": ("sent", _means(series["offered"])),
        "accepted": ("received", _means(series["accepted"])),
        "with all recipients": ("point", _means(series["available"])),
    }
    height = over([y for _, points in drawn.values() for _, y in points], "documents/s", log=False)
    picture = curves("rates", "Offered and achieved", across, height, drawn)
    return figure("What was offered, accepted, and with all its recipients", picture)


def _latencies(told: Result, across: Axis) -> str:
    series = told["series"]
    drawn = {
        "p50": ("sent", _worst(series["p50"])),
        "p99": ("received", _worst(series["p99"])),
    }
    height = over([y for _, points in drawn.values() for _, y in points], "ms")
    picture = curves("latency", "Latency", across, height, drawn)
    apart = told["personas"] or told["outage"]
    aside = ", between the others" if apart else ""
    return figure(f"From the intended moment until a recipient has it{aside}", picture)


def _open(told: Result, across: Axis) -> str:
    drawn = {"all": ("sent", _means(told["series"]["open"]))}
    away = told["outage"]
    if away is not None:
        drawn["of the one that is away"] = ("received", _means(away["backlog"]))
    height = over([y for _, points in drawn.values() for _, y in points], "deliveries", log=False)
    picture = curves("open", "Deliveries not done", across, height, drawn)
    return figure("Deliveries that were accepted and are not done", picture)


def _means(series: Sequence[float]) -> Points:
    """The mean of so many seconds at their middle."""
    each = _each(series)
    parts = [series[n : n + each] for n in range(0, len(series), each)]
    return [((n + 0.5) * each, sum(part) / len(part)) for n, part in enumerate(parts)]


def _worst(series: Sequence[float | None]) -> Points:
    """The worst of so many seconds, in milliseconds; nothing where nothing was due."""
    each = _each(series)
    found = []
    for n in range(0, len(series), each):
        known = [one for one in series[n : n + each] if one is not None]
        if known:
            found.append((n + each / 2, max(known) * _MS))
    return found


def _each(series: Sequence[object]) -> int:
    return -(-len(series) // _POINTS_MAX) or 1


def _personas(told: Result) -> list[str]:
    if not told["personas"]:
        return []
    rows = [row(one) for one in told["personas"]]
    name = "Agencies that misbehave"
    return [section("personas", name, "Cơ quan hoạt động sai", table(HEAD, rows, name))]
