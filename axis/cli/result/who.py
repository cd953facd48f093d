"""Of the page of a run: who wrote to whom, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from axis.cli.result import pairs_chart, waits_chart
from axis.cli.result.figures import Result, Row
from axis.cli.result.html import Bar, Cell, Told, Two, figure, folded, legend, section, table, tag
from axis.cli.result.waits_chart import SHARES, duration
from axis.core.spread import Spread

#: Agencies shown before the rest is folded away.
_SHOWN = 12
_IN_BULK = (
    " A play hands in whole days at once and waits for nobody, so this is how long a document "
    "stood in a full queue. One that comes alone is handed out in milliseconds "
    "(docs/performance.md)."
)


def who(result: Result) -> str:
    """Kinds of agency, agencies, and who writes to whom."""
    agencies = pairs_chart.in_order(result.directory)
    found = result.pairs()
    picture, upper = pairs_chart.pairs(found, agencies)
    data = tag("script", pairs_chart.data(found, agencies), type="application/json", id="told")
    beside = tag(
        "div",
        legend(upper, "Deliveries of a sender to a recipient:"),
        tag("p", "Point at a field to read it.", id="pair", aria_live="polite"),
        class_="beside",
    )
    return section(
        "who",
        "Who wrote to whom",
        "Ai gửi cho ai",
        _kinds(result),
        _agencies(result),
        figure(
            "Deliveries received: senders in rows, recipients in columns. pairs.csv has them all.",
            picture,
            beside,
            class_="map",
        ),
        data,
        _between_kinds(result),
    )


def _kinds(result: Result) -> str:
    rows = result.by_kind()
    order = list(dict.fromkeys(a.kind for a in pairs_chart.in_order(result.directory)))
    names = {kind: Two(*pairs_chart.names_of(kind)[:2]) for kind in order}
    head = ("", "agencies", "sent", "received", "refused")
    shown = [
        (names[kind], rows[kind].agencies, *_traffic(rows[kind], rows.values())) for kind in order
    ]
    return table(head, shown, "Kinds of agency")


def _agencies(result: Result) -> str:
    rows = result.by_agency()
    order = sorted(result.directory, key=lambda a: (-rows[a.code].traffic.sent, a.code))
    head = ("", "sent", "received", "refused")
    shown = [
        (Two(a.name_vi, f"{a.name_en}, {a.code}", "en"), *_traffic(rows[a.code], rows.values()))
        for a in order
    ]
    first = table(head, shown[:_SHOWN], "Agencies that sent most")
    every = table(head, shown, "All agencies, by what they sent")
    return first + folded(f"All {len(order)} agencies", every)


def _traffic(row: Row, among: Iterable[Row]) -> tuple[Bar, Bar, int]:
    """What was sent, received and refused, with bars against the most of all rows."""
    most = [max(counts) for counts in zip(*(one.traffic for one in among), strict=True)]
    refused = row.said.get("02", 0) + row.said.get("16", 0)
    return (
        Bar(row.traffic.sent, most[0]),
        Bar(row.traffic.received, most[1], "received"),
        refused,
    )


def _between_kinds(result: Result) -> str:
    agencies = pairs_chart.in_order(result.directory)
    between = pairs_chart.by_kinds(result.pairs(), agencies)
    kinds = list(dict.fromkeys(agency.kind for agency in agencies))
    names = [pairs_chart.names_of(kind)[2] for kind in kinds]
    rows: list[tuple[Cell, ...]] = [
        (name, *(between[kind, to] for to in kinds))
        for name, kind in zip(names, kinds, strict=True)
    ]
    return table(("from, to", *names), rows, "Deliveries between kinds of agency")


def waits(result: Result) -> str:
    """How long deliveries took, by two clocks that have nothing to do with each other."""
    found = result.found.waits
    axis = {
        "handed out": (found.available, "sent"),
        "confirmed": (found.confirmed, "received"),
    }
    run = {"in hand": (found.taken, "sent"), "answered": (found.answered, "received")}
    return section(
        "waits",
        "How long it took",
        "Mất bao lâu",
        tag(
            "div",
            figure(
                "The axis's clock: from POST until a recipient was handed the package, and "
                f"until it confirmed it.{_IN_BULK if result.played else ''}",
                waits_chart.waits("axis-clock", "Waiting by the axis's clock", axis),
                _spreads(axis),
            ),
            figure(
                "The run's own time: from sending until the recipient's software had the document, "
                "and until a person answered (02, 03, 15, 16), nights and holidays included. This "
                "says how fast agencies are, not the axis.",
                waits_chart.waits("run-clock", "Waiting in the run's time", run),
                _spreads(run),
            ),
            class_="pair",
        ),
    )


def _spreads(spreads: Mapping[str, tuple[Spread, str]]) -> str:
    head = ("until", "deliveries", *(f"{share:.0%} in" for share in SHARES), "longest")
    rows: list[tuple[Cell, ...]] = [
        (
            word,
            spread.count,
            *(Told(duration(spread.quantile(share))) for share in SHARES),
            Told(duration(spread.longest)),
        )
        for word, (spread, _) in spreads.items()
    ]
    return table(head, rows, "Waiting times")
