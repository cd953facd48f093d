"""How the page of a run begins: what it is of, its first figures, and the published points."""

from __future__ import annotations

from datetime import date

from agencies.history.part import Part
from axis.cli.result import time_charts
from axis.cli.result.figures import Month, Played, Result
from axis.cli.result.html import Told, figure, folded, para, section, table, tag, vi
from axis.cli.result.svg import words
from axis.cli.screen import number


def opening(result: Result) -> str:
    """The figures one asks for first, which part this is, and whether the books are sound."""
    total = result.total
    each = total.received / total.sent if total.sent else 0.0
    refused = result.statuses.get("02", 0) + result.statuses.get("16", 0)
    tiles = (
        ("sent", "đã gửi", number(total.sent), "sent-name"),
        ("received", "đã nhận", number(total.received), "received-name"),
        ("recipients a document", "nơi nhận mỗi văn bản", f"{each:.2f}", ""),
        ("refused or declined", "bị từ chối", number(refused), ""),
    )
    shown = "".join(
        tag("div", tag("b", value, class_=class_), tag("span", name), vi(other), class_="tile")
        for name, other, value, class_ in tiles
    )
    return tag("div", shown, class_="tiles") + _notes(result)


def _notes(result: Result) -> str:
    told = [(text, "part") for text in part_of(result.played)]
    told += [(f"The books contradict themselves: {text}.", "wrong") for text in result.differences]
    if not result.differences:
        transport, business = result.balances
        sound = (
            f"Counted anew from {number(result.found.documents)} documents and "
            f"{number(result.found.events)} events: the books' own counters agree, and both lines "
            f"balance, transport at {number(transport.total)}, business at "
            f"{number(business.total)}."
        )
        told.append((sound, "sound"))
    return tag("ul", *(tag("li", words(text), class_=c) for text, c in told), class_="notes")


def part_of(played: Played | None) -> list[str]:
    """Sentences on what the run has of the history; none for the whole, and for other runs."""
    if played is None:
        return []
    told = []
    if not played.finished:
        so_far = f"the days to {played.reached}" if played.reached else "not one day"
        told.append(
            f"Not finished: {so_far} played. If it was stopped, it goes on with: "
            "axis replay history --resume"
        )
    part = played.part
    if part != Part():
        sample = f", sample {part.sample[0]} of {part.sample[1]}" if part.sample[1] > 1 else ""
        only = f", only what {part.only} sends or receives" if part.only else ""
        told.append(
            f"A part of the history: {part.first} to {part.last}{sample}{only}. "
            "The figures are those of the part. A published point is compared only where every "
            "document up to its day was played."
        )
    return told


def published(result: Result) -> str:
    """Months and growth, and the published points in both."""
    points = result.points
    monthly = "Months of 30 days from 12 March 2019."
    growing = "As they add up."
    below = ""
    if points:
        # Only what is drawn: of a part that ends before are fewer points reached.
        measures = [point.measure for point in points]
        if measures.count("month") > 1:
            monthly += " Lines are published: month 10 is twice month 1."
        else:
            monthly += " The line is what the published points leave for month 1."
        if {"sent", "received"}.intersection(measures):
            growing += " Rings are published."
        below = _points(result)
    elif result.played is not None:
        below = para("No published point can be compared with what was played.", "quiet")
    months = figure(
        monthly,
        time_charts.months(result.months, points),
        _key(),
        folded("As a table", _months("Months of 30 days", result.months)),
    )
    growth = figure(
        growing,
        time_charts.growth(result.days, points),
        folded("Calendar months", _months("Calendar months", result.calendar_months)),
    )
    titles = ("Against the published points", "So với số liệu đã công bố")
    if result.played is None:
        titles = ("Month by month", "Theo tháng")
    return section("points", *titles, tag("div", months, growth, class_="pair"), below)


def _points(result: Result) -> str:
    rows = [
        (
            p.name,
            p.published,
            p.found,
            Told("exact" if p.exact else f"{p.found - p.published:+,}"),
        )
        for p in result.points
    ]
    return table(
        ("point", "published", "in the books", ""), rows, "Published points reached"
    ) + para(
        "Sources: Báo Lạng Sơn, 7 February 2020; laichau.dcs.vn, November 2019; en.qdnd.vn, "
        "February 2020, which says twice of sent and received together. Month 1 itself was not "
        "published: its figure is what the others leave for it.",
        "quiet",
    )


def _months(caption: str, months: list[Month]) -> str:
    head = ("", "sent", "received", "together", "in the day series")
    rows = [
        (
            m.name if "-" in m.name else f"{m.name}: {spelled(m.first)} to {spelled(m.last)}",
            *m.traffic,
            sum(m.traffic),
            Told(number(sum(m.planned)) if m.planned else "–"),
        )
        for m in months
    ]
    return table(head, rows, caption)


def spelled(day: date) -> str:
    """A day as a heading has it, in English."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


#: Not the machine's language: the page is in English wherever it is made.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _key() -> str:
    return tag(
        "p",
        tag("span", tag("i", class_="key sent"), "sent ", vi("đã gửi")),
        tag("span", tag("i", class_="key received"), "received ", vi("đã nhận")),
        class_="legend",
    )
