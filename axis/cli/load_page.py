"""The page of a load test: one HTML file that needs nothing else, online or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from agencies.load.curve import Curve
from agencies.load.growth import Growth
from agencies.load.usage import AXIS, DRIVER
from axis.cli import load_marks, load_processes
from axis.cli.load_charts import Axis, Points, curves, over
from axis.cli.load_report import verdict, words
from axis.cli.result.html import Told, document, figure, para, section, table, tag
from axis.cli.result.svg import words as text

#: Months shown beyond the one in which the axis breaks.
_BEYOND = 12
_MS = 1000
#: Places at which a fitted curve is drawn: a hundredth of the picture apart.
_DRAWN = 100
#: How curves of servers are drawn.
_OTHERS = ("received", "said")

Result = Mapping[str, Any]


def page(told: Result, first: str = "") -> str:
    """The whole document of a result; ``first`` is said before what it says itself."""
    title = "When the axis breaks"
    style = files("axis.cli.result").joinpath("page.css").read_text("utf-8")
    machine = told["machine"]
    where = f"{machine['cores']} cores, {machine['processor']}; {told['form']}; seed {told['seed']}"
    header = tag(
        "header",
        tag("p", "The national document axis", class_="over"),
        tag("h1", title, tag("span", text(where), class_="run")),
    )
    tables = (_steps(told), _processes(told))
    said = filter(None, [first, *words(told)])
    main = tag("main", *map(para, said), *_pictures(told), *tables)
    return document(title, style, header, main)


def _pictures(told: Result) -> list[str]:
    steps = sorted(told["steps"], key=lambda step: float(step["rate"]))
    if len(steps) < 2:
        return []
    rate = over([step["rate"] for step in steps], "documents/s offered")
    pair = [
        _achieved(steps, rate),
        _latency(told, steps, rate),
        _lag(steps, rate),
        _by_process(steps, rate, "cpu", "cores", "CPU by process"),
        _by_process(steps, rate, "memory_mb", "MB", "Memory by process"),
        _growth(told),
    ]
    return [section("curves", "By rate", "Theo tải", tag("div", *pair, class_="pair"))]


def _achieved(steps: list[Any], rate: Axis) -> str:
    offered = [(step["rate"], step["rate"]) for step in steps]
    achieved = [(step["rate"], step["achieved"]) for step in steps]
    height = over([y for _, y in (*offered, *achieved)], "documents/s")
    drawn = {"offered": ("sent", offered), "achieved": ("received", achieved)}
    picture = curves("achieved", "Offered and achieved", rate, height, drawn)
    return figure("What was offered, and what all recipients had of it", picture)


def _latency(told: Result, steps: list[Any], rate: Axis) -> str:
    drawn: dict[str, tuple[str, Points]] = {
        "p50": ("sent", [(step["rate"], step["p50"] * _MS) for step in steps]),
        "p99": ("received", [(step["rate"], step["p99"] * _MS) for step in steps]),
    }
    objective = told["objective"]["p99"] * _MS
    heights = [y for _, points in drawn.values() for _, y in points]
    span, marks = told["capacity"], []
    if span and span["curve"]:
        curve, holds = Curve(**span["curve"]), told["objective"]["holds"]
        fitted = [(one, curve.p99(one, holds) * _MS) for one in rate.spread(_DRAWN)]
        # Far beyond the knee it leaves the picture.
        most = max(objective, *heights)
        drawn["p99 of a minute, fitted"] = ("said", [one for one in fitted if one[1] <= most])
        marks = [(span["mid"], objective)]
    height = over([objective, *(y for _, points in drawn.values() for _, y in points)], "ms")
    levels = {"objective": objective}
    picture = curves("latency", "Latency", rate, height, drawn, levels, marks)
    return figure("From the intended moment until a recipient has the package", picture)


def _lag(steps: list[Any], rate: Axis) -> str:
    behind = [(step["rate"], step["lag"]) for step in steps]
    height = over([y for _, y in behind], "s", log=False)
    picture = curves("lag", "Behind", rate, height, {"behind": ("sent", behind)})
    return figure("How long after its end a step had everything at its recipients", picture)


def _by_process(steps: list[Any], rate: Axis, of: str, unit: str, caption: str) -> str:
    """What each part used of ``of`` (a figure of ``Usage``), over the rate."""
    used = [step["usage"][of] for step in steps]
    # Beside the axis and the driver the two that use most: more curves would only hide them.
    most = {DRIVER: "point", AXIS: "sent"}
    whole = {name: sum(one.get(name, 0.0) for one in used) for name in used[-1]}
    others = sorted((name for name in whole if name not in most), key=lambda name: -whole[name])
    drawn = {
        name: (
            class_,
            [(step["rate"], one.get(name, 0.0)) for step, one in zip(steps, used, strict=True)],
        )
        for name, class_ in (most | dict(zip(others, _OTHERS, strict=False))).items()
    }
    height = over([y for _, points in drawn.values() for _, y in points], unit, log=False)
    return figure(caption, curves(of, caption, rate, height, drawn))


def _growth(told: Result) -> str:
    base, growth = told["base"], Growth(told["growth"]["monthly"], "")
    span, dates = told["capacity"], told["date"]
    until = growth.month(base["documents"], span["mid"]) if span else 120.0
    named = load_marks.places(base["documents"], growth)
    last = max(12, round(until) + _BEYOND, *(math.ceil(month) for month, _ in named.values()))
    points = [(month, growth.rate(base["documents"], month)) for month in range(last + 1)]
    height = over([y for _, y in points], "documents/s")
    across = Axis(0.0, float(last), "months from January 2020", log=False)
    levels = {"capacity": span["mid"]} if span else {}
    marks = [(until, span["mid"])] if dates else []
    drawn = {"the worst minute of the month": ("sent", points)}
    picture = curves("growth", "Growth", across, height, drawn, levels, marks, named)
    said = f": {dates['mid']['day']}" if dates else ": no date"
    caption = f"The traffic as it grows, and when it meets the capacity{said}"
    return figure(caption, picture, load_marks.legend())


def _steps(told: Result) -> str:
    head = ("documents/s", "achieved", "p50 ms", "p99 ms", "behind s", "late ms", "lost", "")
    rows = [
        (
            Told(f"{step['rate']:,g}"),
            Told(f"{step['achieved']:,.1f}"),
            Told(f"{step['p50'] * _MS:,.0f}"),
            Told(f"{step['p99'] * _MS:,.0f}"),
            Told(f"{step['lag']:.2f}"),
            Told(f"{step['late'] * _MS:.1f}"),
            int(step["lost"]),
            verdict(step),
        )
        for step in sorted(told["steps"], key=lambda one: float(one["rate"]))
    ]
    return section("steps", "Every step", "Từng bước", table(head, rows, "Every step"))


def _processes(told: Result) -> str:
    names = load_processes.parts(told)
    head = ("documents/s", *(f"{name}: cores, MB" for name in names))
    rows = [tuple(map(Told, row)) for row in load_processes.rows(told, names)]
    return section("processes", "By process", "Theo tiến trình", table(head, rows, "By process"))
