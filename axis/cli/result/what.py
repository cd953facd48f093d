"""Of the page of a run: what was sent, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from axis.cli.result import time_charts
from axis.cli.result.csv_files import code_names
from axis.cli.result.figures import Result
from axis.cli.result.html import (
    Bar,
    Cell,
    Told,
    Two,
    figure,
    folded,
    legend,
    para,
    section,
    table,
    tag,
)
from axis.cli.result.opening import spelled
from axis.cli.screen import number
from axis.core.breakdown import Count
from schemas import codes

#: The name of a type is a stranger's; so much of it is shown.
_NAME_MAX = 60
#: Sizes of recipient lists that are counted together, the last without end.
_LISTS = ((1, 1), (2, 2), (3, 3), (4, 9), (10, 21), (22, 62), (63, 93), (94, 0))


def when(result: Result) -> str:
    """Days and hours."""
    days, day_bounds = time_charts.calendar(result.days)
    by_hour = result.found.by_hour()
    hours, hour_bounds = time_charts.hours(by_hour)
    peak = max(result.days, key=lambda day: sum(result.days[day]), default=None)
    busiest = ""
    if peak is not None:
        count = result.days[peak]
        busiest = (
            f" The busiest is {time_charts.WEEKDAYS[peak.weekday()]} {spelled(peak)}: "
            f"{number(count.sent)} sent, {number(count.received)} received."
        )
    by_day = [(f"{day}", *count) for day, count in result.days.items()]
    return section(
        "when",
        "When",
        "Khi nào",
        figure(
            f"Days, sent and received together.{busiest}",
            days,
            legend(day_bounds, "A day:"),
            folded("As a table", table(("day", "sent", "received"), by_day, "Days")),
        ),
        tag(
            "div",
            figure(
                "Hours of the week in Viet Nam: documents sent.",
                hours,
                legend(hour_bounds, "An hour of the week:"),
            ),
            _hours(by_hour),
            class_="pair",
        ),
    )


def _hours(by_hour: Mapping[tuple[int, int], Count]) -> str:
    day: dict[int, Count] = {}
    for (_, hour), count in by_hour.items():
        before = day.get(hour, Count(0, 0))
        day[hour] = Count(before.sent + count.sent, before.received + count.received)
    most = max((count.sent for count in day.values()), default=0)
    total = sum(count.sent for count in day.values())
    return _table(
        "Hours of the day",
        ((f"{hour:02}:00", day[hour], most) for hour in sorted(day)),
        total,
    )


def what(result: Result) -> str:
    """Kinds of package, urgency, types, and what came on top and never counts."""
    found, total = result.found, result.total
    told = para(
        f"Recalls, updates and replacements are among the {number(total.sent)} sent: each is a "
        "package of its own.",
        "quiet",
    )
    if result.played is not None:
        told += para(
            "On top of these some documents were sent a second time, the same bytes, by senders "
            f"who saw no answer: {number(result.played.again)}. So the senders noted. The books "
            "have one line for a document however often it comes, and these count nowhere.",
            "quiet",
        )
    types = found.by_type()
    by_sent = sorted(types, key=lambda name: -types[name].sent)
    most = max((count.sent for count in types.values()), default=0)
    shown = ((name[:_NAME_MAX] or "(none)", types[name], most) for name in by_sent)
    return section(
        "what",
        "What was sent",
        "Gửi những gì",
        tag(
            "div",
            tag(
                "div",
                _coded("Kinds of package", codes.DOC_TYPE, found.by_kind(), total.sent),
                told,
            ),
            _coded("Urgency", codes.PRIORITY, found.by_urgency(), total.sent),
            class_="pair",
        ),
        tag(
            "div",
            _table("Types of document", shown, total.sent),
            tag("div", _lists(result), _statuses(result)),
            class_="pair",
        ),
    )


def _coded(caption: str, of: str, counts: Mapping[int, Count], total: int) -> str:
    most = max((count.sent for count in counts.values()), default=0)
    rows = []
    for code in sorted(counts):
        vietnamese, english = code_names(of, code)
        rows.append((Two(english, vietnamese), counts[code], most))
    return _table(caption, rows, total)


def _table(caption: str, counts: Iterable[tuple[Cell, Count, int]], total: int) -> str:
    rows = [
        (name, Bar(count.sent, most), _share(count.sent, total), count.received)
        for name, count, most in counts
    ]
    return table(("", "sent", "share", "received"), rows, caption)


def _lists(result: Result) -> str:
    lists = result.found.lists
    groups: dict[str, int] = {}
    for first, last in _LISTS:
        name = f"{first}" if first == last else f"{first} to {last}"
        groups[name if last else f"{first} and more"] = sum(
            n for size, n in lists.items() if first <= size and (size <= last or not last)
        )
    rows = [
        (name, Bar(n, max(groups.values())), _share(n, result.found.documents))
        for name, n in groups.items()
    ]
    return table(("", "documents", "share"), rows, "Recipients of a document")


def _statuses(result: Result) -> str:
    most = max(result.statuses.values(), default=0)
    rows = []
    for code, n in result.statuses.items():
        vietnamese, english = code_names(codes.STATUS, code)
        name = Two(f"{code} {english.partition('(')[0]}", vietnamese)
        rows.append((name, Bar(n, most, "said")))
    return table(("", "said"), rows, "Statuses")


def _share(part: int, whole: int) -> Told:
    return Told(f"{100 * part / whole:.2f} %" if whole else "")
