"""Pictures of when: months, growth, days and hours of the week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate

from agencies.history.anchors import Anchor
from axis.cli.result.figures import Month
from axis.cli.result.scales import bounds, shade, short, ticks
from axis.cli.result.svg import chart, element, label, line, rect, words
from axis.cli.screen import number
from axis.core.breakdown import Count
from axis.core.timetable import month30

WIDTH, HEIGHT = 480.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 24.0, 40.0
_FLOOR = HEIGHT - _BOTTOM
#: A year of days cannot be told apart in less; it scrolls on a phone.
CALENDAR_PX_MIN = 640.0
#: Weeks of the calendar: a year and some days.
WEEKS_MAX = 54
_CELL = 13.0
#: Room for the name of a month.
_NAME = 22.0
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS_VI = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


def months(found: Sequence[Month], points: Sequence[Anchor]) -> str:
    """Bars of sent and received, one on the other, with the published points as marks."""
    marks = {month30(p.last): p for p in points if p.measure == "month"}
    most = max([sum(m.traffic) for m in found] + [p.published for p in marks.values()], default=0)
    scale = ticks(most)
    high = (_FLOOR - _TOP) / scale[-1]
    step = (WIDTH - _LEFT - _RIGHT) / max(len(found), 1)
    width = min(step * 0.68, 60.0)
    parts = _grid(scale, high)
    for i, month in enumerate(found):
        x = _LEFT + step * (i + 0.5) - width / 2
        sent, received = (n * high for n in month.traffic)
        told = (
            f"Month {month.name}, {month.first} to {month.last}: "
            f"{number(month.traffic.sent)} sent, {number(month.traffic.received)} received"
        )
        parts.append(
            element(
                "g",
                element("title", words(told)),
                rect(x, _FLOOR - sent, width, sent, "sent"),
                rect(x, _FLOOR - sent - received, width, received, "received"),
            )
        )
        parts.append(label(x + width / 2, _FLOOR + 16, month.name, text_anchor="middle"))
        if (point := marks.get(int(month.name))) is not None:
            y = _FLOOR - point.published * high
            parts.append(line(x - 5, y, x + width + 5, y, "point-line"))
            parts.append(_point_label(x + width / 2, y - 7, number(point.published), "middle"))
    parts.append(label(_LEFT, HEIGHT - 6, "month of 30 days", "axis"))
    desc = "; ".join(f"month {m.name}: {m.traffic.sent} and {m.traffic.received}" for m in found)
    return chart("months", "Sent and received by month", desc, (WIDTH, HEIGHT), *parts)


def growth(days: Mapping[date, Count], points: Sequence[Anchor]) -> str:
    """Sent and received as they add up day by day, through the published points."""
    if not days:
        return chart("growth", "Sent and received so far", "nothing yet", (WIDTH, HEIGHT))
    first, last = min(days), max(days)
    span = max((last - first).days, 1)
    sums = [list(accumulate(c[place] for c in days.values())) for place in (0, 1)]
    scale = ticks(max(sums[0][-1], sums[1][-1]))
    high = (_FLOOR - _TOP) / scale[-1]
    right = WIDTH - 74.0

    def x_of(day: date) -> float:
        return _LEFT + (day - first).days * (right - _LEFT) / span

    parts = _grid(scale, high, right)
    parts += _month_labels(first, last, x_of)
    for so_far, class_ in zip(sums, ("sent", "received"), strict=True):
        places = zip(map(x_of, days), so_far, strict=True)
        path = " ".join(f"{x:.1f},{_FLOOR - n * high:.1f}" for x, n in places)
        parts.append(element("polyline", points=path, class_=f"curve {class_}-line"))
        y = _FLOOR - so_far[-1] * high
        parts.append(label(right + 6, y + 1, class_, f"name {class_}-name"))
        parts.append(label(right + 6, y + 14, short(so_far[-1]), "tick"))
    for point in points:
        if point.measure in ("sent", "received"):
            x, y = x_of(point.last), _FLOOR - point.published * high
            told = element("title", words(f"{point.name}: {number(point.published)} published"))
            parts.append(element("circle", told, cx=x, cy=y, r=5.0, class_="point"))
            if point.last < last:
                parts.append(_point_label(x - 8, y - 8, number(point.published), "end"))
    desc = f"By {last}: {sums[0][-1]} sent and {sums[1][-1]} received."
    return chart("growth", "Sent and received so far", desc, (WIDTH, HEIGHT), *parts)


def calendar(days: Mapping[date, Count]) -> tuple[str, list[int]]:
    """A field for each day, weeks side by side, and the bounds of its shades; at most the last
    ``WEEKS_MAX`` weeks.
    """
    upper = bounds(max((sum(c) for c in days.values()), default=0), power=1)
    last = max(days, default=date(1970, 1, 1))
    monday = last - timedelta(days=last.weekday())
    first = max(min(days, default=last), monday - timedelta(weeks=WEEKS_MAX - 1))
    start = first - timedelta(days=first.weekday())
    left, top = 56.0, 36.0
    weeks = (monday - start).days // 7 + 1
    parts = [
        label(left - 8, top + _CELL * i + 10, f"{WEEKDAYS[i]} {WEEKDAYS_VI[i]}", text_anchor="end")
        for i in range(7)
    ]
    named, month, year = -_NAME, 0, 0
    for offset in range((last - start).days + 1):
        day = start + timedelta(days=offset)
        if day < first:
            continue
        x, y = left + _CELL * (offset // 7), top + _CELL * (offset % 7)
        count = days.get(day, Count(0, 0))
        told = f"{WEEKDAYS[day.weekday()]} {day}: {number(count.sent)} sent, "
        told += f"{number(count.received)} received"
        class_ = f"h{shade(sum(count), upper)}"
        parts.append(rect(x, y, _CELL - 1.5, _CELL - 1.5, class_, told))
        if day.month != month:
            month = day.month
            # A month of a few days has no room for its name.
            if x - named >= _NAME:
                named = x
                parts.append(label(x, top - 7, f"{day:%m}"))
        if day.year != year:
            year = day.year
            parts.append(label(x, top - 22, year, "name"))
    size = (max(left + _CELL * weeks + 30, 240.0), top + _CELL * 7 + 6)
    desc = f"{len(days)} days with traffic, from {min(days, default='')} to {last}."
    least = min(size[0], CALENDAR_PX_MIN)
    picture = chart("calendar", "Sent and received by day", desc, size, *parts, least=least)
    return picture, upper


def hours(by_hour: Mapping[tuple[int, int], Count]) -> tuple[str, list[int]]:
    """Documents sent by hour of the week, and the bounds of the shades."""
    upper = bounds(max((count.sent for count in by_hour.values()), default=0))
    left, top, width, height = 56.0, 8.0, 17.2, 24.0
    parts = []
    for weekday in range(7):
        y = top + height * weekday
        name = f"{WEEKDAYS[weekday]} {WEEKDAYS_VI[weekday]}"
        parts.append(label(left - 8, y + 16, name, text_anchor="end"))
        for hour in range(24):
            sent = by_hour.get((weekday, hour), Count(0, 0)).sent
            told = f"{WEEKDAYS[weekday]} {hour:02}:00 to {hour:02}:59: {number(sent)} sent"
            x, class_ = left + width * hour, f"h{shade(sent, upper)}"
            parts.append(rect(x, y, width - 1.5, height - 1.5, class_, told))
    parts += [
        label(left + width * (hour + 0.5), top + height * 7 + 14, hour, text_anchor="middle")
        for hour in range(0, 24, 3)
    ]
    busiest = max(by_hour, key=lambda key: by_hour[key].sent, default=(0, 0))
    desc = f"The busiest hour is {WEEKDAYS[busiest[0]]} from {busiest[1]:02}:00."
    size = (WIDTH, top + height * 7 + 24)
    return chart("hours", "Documents sent by hour of the week", desc, size, *parts), upper


def _grid(scale: Iterable[int], high: float, right: float = WIDTH - _RIGHT) -> list[str]:
    parts = []
    for value in scale:
        y = _FLOOR - value * high
        parts.append(line(_LEFT, y, right, y, "grid" if value else "floor"))
        parts.append(label(_LEFT - 6, y + 4, short(value), text_anchor="end"))
    return parts


def _month_labels(first: date, last: date, x_of: object) -> list[str]:
    """Where months begin; every second one where there are many."""
    assert callable(x_of)
    starts, day = [], first
    while day <= last:
        starts.append(day)
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    if len(starts) > 1:
        starts = starts[1:]
    few = starts[:: -(-len(starts) // 6)]
    # The year where it is another than that of the name before.
    before = [0, *(day.year for day in few)]
    return [
        label(x_of(day), _FLOOR + 16, f"{day:%m}" if day.year == year else f"{day:%m/%Y}")
        for day, year in zip(few, before, strict=False)
    ]


def _point_label(x: float, y: float, text: str, anchor: str) -> str:
    return label(x, y, text, "point-name", text_anchor=anchor)
