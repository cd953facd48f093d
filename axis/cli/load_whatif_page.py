"""The page of a what-if: two dates side by side, in one HTML file that needs nothing else."""

from __future__ import annotations

import math
from importlib.resources import files

from agencies.load.growth import Growth, calendar
from axis.cli.load_charts import Axis, Points, curves, over
from axis.cli.load_compare import Result, sides
from axis.cli.load_moved import SIDES, lasts, words
from axis.cli.result.html import document, figure, para, section, table, tag
from axis.cli.result.svg import words as text

#: Months shown beyond the later of the two dates, and where neither has one.
_BEYOND, _NONE = 12, 120
_MS = 1000
#: How the curves of the two are drawn.
_DRAWN = ("sent", "received")


def page(first: Result, second: Result) -> str:
    """The whole document of two results: as it is, and changed."""
    style = files("axis.cli.result").joinpath("page.css").read_text("utf-8")
    machine = first.machine
    where = f"{machine.cores} cores, {machine.processor}; {first.form}; seed {first.seed}"
    header = tag(
        "header",
        tag("p", "The national document axis", class_="over"),
        tag("h1", "What if", tag("span", text(where), class_="run")),
    )
    rows = [[str(cell) for cell in row] for row in sides(first, second)]
    main = tag(
        "main",
        *map(para, words(first, second)),
        section(
            "dates", "Two dates", "Hai thời điểm", tag("div", *_dates(first, second), class_="pair")
        ),
        *_curves(first, second),
        section("both", "Side by side", "So sánh", table(("", *SIDES), rows, "Side by side")),
    )
    return document("What if", style, header, main)


def _dates(first: Result, second: Result) -> list[str]:
    """The growth of each up to its capacity, on the same scales, and where the other's is."""
    both = (first, second)
    months = [lasts(one) for one in both]
    ends = [None if found is None else found.mid for found in months]
    last = max((math.ceil(end) + _BEYOND for end in ends if end is not None), default=_NONE)
    across = Axis(0.0, float(max(last, _BEYOND)), "months from January 2020", log=False)
    grown = [
        [
            (month, Growth(one.growth.monthly, "").rate(one.base.documents, month))
            for month in range(round(across.high) + 1)
        ]
        for one in both
    ]
    spans = [one.capacity for one in both]
    heights = [y for points in grown for _, y in points] + [span.mid for span in spans if span]
    height = over(heights, "documents/s")
    drawn = []
    for n, (end, span) in enumerate(zip(ends, spans, strict=True)):
        other = ends[1 - n], spans[1 - n]
        picture = curves(
            f"growth-{n + 1}",
            f"Growth, {SIDES[n]}",
            across,
            height,
            {"the worst minute of the month": (_DRAWN[n], grown[n])},
            {"capacity": span.mid} if span else {},
            [(end, span.mid)] if span and end is not None else [],
            {SIDES[1 - n]: (other[0], other[1].mid)} if other[1] and other[0] is not None else {},
        )
        said = "no date" if end is None else f"{calendar(int(end)):%B %Y}"
        drawn.append(figure(f"{SIDES[n].capitalize()}: {said}", picture))
    return drawn


def _curves(first: Result, second: Result) -> list[str]:
    """What both came to over the rate, in one picture each; nothing where none has two steps."""
    both = [sorted(one.steps, key=lambda step: step.rate) for one in (first, second)]
    rates = [step.rate for steps in both for step in steps]
    if len(set(rates)) < 2:
        return []
    across = over(rates, "documents/s offered")
    late = _drawn([[(step.rate, step.p99 * _MS) for step in steps] for steps in both])
    objectives = dict.fromkeys((first.objective.p99 * _MS, second.objective.p99 * _MS))
    levels = {f"objective {one:,.0f} ms": one for one in objectives}
    marks = [(one.capacity.mid, one.objective.p99 * _MS) for one in (first, second) if one.capacity]
    height = over([*objectives, *_heights(late)], "ms")
    achieved = _drawn([[(step.rate, step.achieved) for step in steps] for steps in both])
    reached = over(_heights(achieved), "documents/s")
    pair = [
        figure(
            "p99 from the intended moment until a recipient has the package, by rate",
            curves("latency", "Latency", across, height, late, levels, marks),
        ),
        figure(
            "What all recipients had of what was offered",
            curves("achieved", "Achieved", across, reached, achieved),
        ),
    ]
    return [section("curves", "By rate", "Theo tải", tag("div", *pair, class_="pair"))]


def _drawn(both: list[list[tuple[float, float]]]) -> dict[str, tuple[str, Points]]:
    return {
        name: (class_, points) for name, class_, points in zip(SIDES, _DRAWN, both, strict=True)
    }


def _heights(drawn: dict[str, tuple[str, Points]]) -> list[float]:
    return [y for _, points in drawn.values() for _, y in points]
