"""Two results as a date that moves: what was changed, from when to when, and how sure that is."""

from __future__ import annotations

from datetime import date

from agencies.load.growth import Growth, calendar
from agencies.load.outlook import Span
from axis.cli.load_compare import Result, changes, noise, nothing

#: What the two are called.
SIDES = ("as it is", "changed")


def words(first: Result, second: Result) -> list[str]:
    """Two dates and what can be said of their difference."""
    told = changes(first, second)
    what = f"With {', '.join(told)}" if told else "The other, in which nothing was changed"
    said = [_dated("As it is", first), _dated(what, second)]
    a, b = lasts(first), lasts(second)
    if a is None or b is None:
        return said
    why = nothing(first, second, SIDES)
    if why:
        return [*said, why]
    moved = int(b.mid // 1 - a.mid // 1)
    low, high = b.low - a.high, b.high - a.low
    if low <= 0 <= high:
        move = "Their ranges overlap: no difference can be told."
    elif not moved:
        move = "They differ beyond what either may lie off, by less than a month."
    else:
        near, far = sorted((abs(low), abs(high)))
        way = "later" if moved > 0 else "earlier"
        move = (
            f"The date moves from {_day(a):%B %Y} to {_day(b):%B %Y}, {_months(abs(moved))} {way} "
            f"[{near:.1f} to {far:.1f}]: more than they may lie off."
        )
    return [*said, move, *noise(first, second, SIDES)]


def lasts(result: Result) -> Span | None:
    """The months that its capacity lasts, counted from January 2020, not rounded; None where there
    is no date.
    """
    span = result.capacity
    if span is None or result.date is None:
        return None
    growth = Growth(result.growth.monthly, "")
    return Span(
        *(growth.month(result.base.documents, rate) for rate in (span.low, span.mid, span.high))
    )


def _dated(name: str, result: Result) -> str:
    span, found = result.capacity, lasts(result)
    if span is None or found is None:
        return f"{name}: no date ({result.refused or 'not even January 2020 is within it'})."
    return (
        f"{name}: {_day(found):%B %Y}, month {int(found.mid)} [{int(found.low)} to "
        f"{int(found.high)}], up to {span.mid:,.0f} documents/s [{span.low:,.0f} to "
        f"{span.high:,.0f}]."
    )


def _day(found: Span) -> date:
    return calendar(int(found.mid))


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
