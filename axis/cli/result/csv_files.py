"""The figures of a run as CSV (RFC 4180), UTF-8 with a mark in front, as spreadsheets want it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from axis.cli.result.figures import Month, Result, Row
from axis.cli.result.pairs_chart import in_order
from axis.cli.result.time_charts import WEEKDAYS
from axis.cli.result.waits_chart import SHARES
from axis.core.breakdown import Count, Waits
from axis.core.timetable import month30
from schemas import codes

MARK = "\ufeff"
#: What a cell begins with that a spreadsheet would calculate: names of types are strangers' words.
_CALCULATED = ("=", "+", "-", "@", "\t", "\r")
#: The clock of each of ``breakdown.Waits``.
_CLOCKS = ("axis", "axis", "run", "run")


def files(result: Result) -> dict[str, str]:
    """Every file by its name, as text with CRLF behind each row."""
    tables = {
        "days": _days(result),
        "months": _months("month30", result.months),
        "calendar-months": _months("month", result.calendar_months),
        "agencies": _agencies(result),
        "kinds": _kinds(result),
        "urgencies": _coded("urgency", codes.PRIORITY, result.found.by_urgency()),
        "doc-types": _coded("doc_type", codes.DOC_TYPE, result.found.by_kind()),
        "types": _types(result),
        "hours": _hours(result),
        "recipients": _lists(result),
        "pairs": _pairs(result),
        "statuses": _statuses(result),
        "waits": _waits(result),
        "points": _points(result),
    }
    return {f"{name}.csv": MARK + _text(rows) for name, rows in tables.items()}


def code_names(table: str, code: int | str) -> tuple[str, str]:
    """Vietnamese and English name of a code; of one that the table does not have, itself."""
    row = codes.table(table).get(str(code))
    return (f"{code}", f"{code}") if row is None else (row.name_vi, row.name_en)


def _text(rows: Iterable[Sequence[object]]) -> str:
    paper = io.StringIO()
    csv.writer(paper).writerows([_harmless(cell) for cell in row] for row in rows)
    return paper.getvalue()


def _harmless(cell: object) -> object:
    """A cell that is only read, never calculated."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_CALCULATED) else cell


def _days(result: Result) -> list[Sequence[object]]:
    head = ("date", "weekday", "month30", "sent", "received")
    rows = [(d, WEEKDAYS[d.weekday()], month30(d), *count) for d, count in result.days.items()]
    return [head, *rows]


def _months(name: str, months: Iterable[Month]) -> list[Sequence[object]]:
    head = (name, "from", "to", "sent", "received", "series_sent", "series_received")
    return [
        head,
        *((m.name, m.first, m.last, *m.traffic, *(m.planned or ("", ""))) for m in months),
    ]


def _said(rows: Iterable[Row]) -> list[str]:
    return sorted({code for row in rows for code in row.said})


def _agencies(result: Result) -> list[Sequence[object]]:
    rows = result.by_agency()
    said = _said(rows.values())
    head = ("code", "name_vi", "name_en", "kind", "sent", "received", *(f"said_{c}" for c in said))
    found: list[Sequence[object]] = [head]
    for a in in_order(result.directory):
        row = rows[a.code]
        told = [row.said.get(code, 0) for code in said]
        found.append((a.code, a.name_vi, a.name_en, a.kind, *row.traffic, *told))
    return found


def _kinds(result: Result) -> list[Sequence[object]]:
    rows = result.by_kind()
    said = _said(rows.values())
    head = ("kind", "agencies", "sent", "received", *(f"said_{code}" for code in said))
    found = [
        (kind, row.agencies, *row.traffic, *(row.said.get(code, 0) for code in said))
        for kind, row in rows.items()
    ]
    return [head, *found]


def _coded(name: str, table: str, counts: Mapping[int, Count]) -> list[Sequence[object]]:
    head = (name, "name_vi", "name_en", "sent", "received")
    return [head, *((c, *code_names(table, c), *counts[c]) for c in sorted(counts))]


def _types(result: Result) -> list[Sequence[object]]:
    counts = result.found.by_type()
    return [
        ("type", "sent", "received"),
        *((name, *counts[name]) for name in sorted(counts, key=lambda n: -counts[n].sent)),
    ]


def _hours(result: Result) -> list[Sequence[object]]:
    counts = result.found.by_hour()
    rows = [(WEEKDAYS[day], hour, *counts[day, hour]) for day, hour in sorted(counts)]
    return [("weekday", "hour", "sent", "received"), *rows]


def _lists(result: Result) -> list[Sequence[object]]:
    return [("recipients", "documents"), *sorted(result.found.lists.items())]


def _pairs(result: Result) -> list[Sequence[object]]:
    rows = [(*pair, n) for pair, n in sorted(result.pairs().items())]
    return [("sender", "recipient", "received"), *rows]


def _statuses(result: Result) -> list[Sequence[object]]:
    rows = [(c, *code_names(codes.STATUS, c), n) for c, n in result.statuses.items()]
    return [("status", "name_vi", "name_en", "said"), *rows]


def _waits(result: Result) -> list[Sequence[object]]:
    head = ("clock", "from_sent_until", "deliveries")
    quantiles = [f"p{share * 100:g}_ms" for share in SHARES]
    rows: list[Sequence[object]] = [(*head, *quantiles, "longest_ms")]
    for name, clock, spread in zip(Waits._fields, _CLOCKS, result.found.waits, strict=True):
        told = [spread.quantile(share) / 1000 for share in SHARES]
        rows.append((clock, name, spread.count, *told, spread.longest / 1000))
    return rows


def _points(result: Result) -> list[Sequence[object]]:
    head = ("point", "last_day", "published", "in_the_books", "exact")
    rows = [(p.name, p.last, p.published, p.found, str(p.exact).lower()) for p in result.points]
    return [head, *rows]
