"""The report of sending and receiving as one page: Vietnamese first, English beside it, printable.

Made of the answers of ``GET /v1/statistics`` and nothing else; the page fetches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from importlib.resources import files
from typing import Any, Final, NamedTuple

from axis.cli.result.html import document, tag
from axis.cli.statistics_chart import chart
from axis.cli.statistics_words import (
    DEFINITIONS,
    FAMILIES_EN,
    FAMILIES_VI,
    HOLIDAYS,
    Words,
    count,
    day,
    decimal,
    percent,
    title,
)
from axis.core.statistics import BOOKS, NOT_RECORDED
from axis.core.working_days import LISTED

Told = Mapping[str, Any]


class Column(NamedTuple):
    """A column of the tables: heading in both languages, the measure and how it is written."""

    vi: str
    en: str
    measure: str
    family: str
    form: Any


COLUMNS: Final = (
    Column("Gửi", "Sent", "sent", "books", count),
    Column("Nhận", "Received", "received", "books", count),
    Column("Từ chối", "Refused", "refused", "books", count),
    Column("Tiếp nhận", "Accepted", "accepted", "books", count),
    Column(
        "Chữ ký gói tin hợp lệ", "Valid signature", "signature_valid_share", "signature", percent
    ),
    Column("Gửi đúng hạn", "Sent in time", "sent_in_time_share", "sending", percent),
    Column("Ký đến gửi, ngày", "Signing to sending, days", "sent_mean_days", "sending", decimal),
    Column(
        "Tiếp nhận trong 1 giờ",
        "Accepted within 1 h",
        "accepted_within_hour_share",
        "acceptance",
        percent,
    ),
    Column(
        "Tiếp nhận đến hết ngày làm việc sau",
        "Accepted by next working day",
        "accepted_by_next_day_share",
        "acceptance",
        percent,
    ),
    Column(
        "Đến tới tiếp nhận, giờ",
        "Arrival to acceptance, h",
        "accepted_mean_hours",
        "acceptance",
        decimal,
    ),
)
_TILES: Final = (0, 1, 2, 4, 5, 8)


def page(whole: Told, split: Told, kinds: Told, agencies: Told, *, run: str) -> str:
    """The page of four answers over the same days: the nation as a whole and split into periods,
    the kinds and the agencies as a whole.
    """
    if not whole["rows"]:
        body = _head("Chưa có số liệu", "Nothing was counted yet", run)
    else:
        (row,) = whole["rows"]
        names = title(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
        body = "".join(
            (
                _head(*names, run),
                _tiles(row),
                _section("1", "Theo thời gian", "By period"),
                chart(split["rows"]),
                _table("Kỳ báo cáo", "Period", split["rows"], row, "period_vi", "period_en"),
                _section("2", "Theo loại cơ quan", "By kind of agency"),
                _table("Loại", "Kind", kinds["rows"], row),
                _section("3", "Theo cơ quan", "By agency"),
                _table("Cơ quan", "Agency", agencies["rows"], row, code=True),
                _notes([row, *split["rows"]]),
            )
        )
    title_vi = "Báo cáo gửi, nhận văn bản điện tử"
    return document(title_vi, _style(), tag("main", body), language="vi")


def _style() -> str:
    return files("axis.cli").joinpath("statistics.css").read_text("utf-8")


def _both(vi: str, en: str) -> str:
    return f'{escape(vi)}<span class="en" lang="en">{escape(en)}</span>'


def _head(vi: str, en: str, run: str) -> str:
    return (
        '<header><p class="over">Trục liên thông văn bản quốc gia'
        '<span class="en" lang="en">National document axis</span></p>'
        "<h1>Báo cáo gửi, nhận văn bản điện tử"
        '<span class="en" lang="en">Report on sending and receiving electronic documents</span>'
        "</h1>"
        f'<p class="days">{_both(vi, en)}</p>'
        '<p class="law">Theo Điều 11, khoản 3 Điều 14 và khoản 1 Điều 15 Quyết định số '
        '28/2018/QĐ-TTg<span class="en" lang="en">Under articles 11, 14.3 and 15.1 of Decision '
        f"28/2018/QĐ-TTg; books of the run “{escape(run)}”</span></p></header>"
    )


def _section(number: str, vi: str, en: str) -> str:
    return f"<h2><b>{number}</b>{_both(vi, en)}</h2>"


def _tiles(row: Told) -> str:
    tiles = [
        f'<div class="tile {column.family}"><b>{_value(row, column)}</b>'
        f"<span>{_both(column.vi, column.en)}</span></div>"
        for column in (COLUMNS[index] for index in _TILES)
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _table(
    vi: str,
    en: str,
    rows: Sequence[Told],
    total: Told,
    name_vi: str = "name_vi",
    name_en: str = "name_en",
    *,
    code: bool = False,
) -> str:
    head = "".join(f'<th scope="col">{_both(c.vi, c.en)}</th>' for c in COLUMNS)
    body = "".join(
        _row(_both(r[name_vi], _and(r[name_en], r["group"] if code else "")), r) for r in rows
    )
    last = _row(_both("Tổng cộng", "Total"), total)
    return (
        f'<table><thead><tr><th scope="col">{_both(vi, en)}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{last}</tfoot></table>"
    )


def _and(name: str, code: str) -> str:
    return f"{name} · {code}" if code else name


def _row(name: str, row: Told) -> str:
    cells = "".join(f"<td>{_value(row, column)}</td>" for column in COLUMNS)
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _value(row: Told, column: Column) -> str:
    value = row[column.measure]
    if value is None:
        if row["missing"][column.measure] != NOT_RECORDED:
            return '<span class="none">–</span>'
        return f'<span class="none">{_both("chưa ghi nhận", "not yet recorded")}</span>'
    mark = "<sup>*</sup>" if column.family in row["partly"] else ""
    return f"{column.form(value)}{mark}"


def _notes(rows: Sequence[Told]) -> str:
    begun = {family: since for row in rows for family, since in row["partly"].items()}
    if BOOKS in begun:
        # Nothing begins before the books do.
        begun = {f: since for f, since in begun.items() if f == BOOKS or since > begun[BOOKS]}
    notes = [
        Words(
            vi=f"* {FAMILIES_VI[family]}: chỉ ghi nhận từ {day(since)}.",
            en=f"* {FAMILIES_EN[family]}: recorded from {since} on only.",
        )
        for family, since in begun.items()
    ]
    notes += DEFINITIONS
    listed = tuple(str(one) for one in LISTED)
    if rows[0]["first"] < listed[0] or rows[0]["last"] > listed[1]:
        notes.append(HOLIDAYS)
    items = "".join(f"<li>{_both(*note)}</li>" for note in notes)
    return f"{_section('4', 'Cách tính', 'How it is counted')}<ul>{items}</ul>"
