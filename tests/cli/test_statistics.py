"""``axis statistics`` on books at rest: a table, JSON, CSV, and a report that fetches nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from axis.adapters.sqlite_file import Database, migrate
from axis.adapters.sqlite_store import open_store
from axis.cli.statistics_chart import chart, step_of
from axis.cli.statistics_words import count, decimal, percent, title
from axis.core.commands import ById, Command
from axis.core.lifecycle import Step
from axis.core.timeliness import FAMILIES
from axis.core.timetable import number_of_day
from tests.adapters.previous import SCRIPT
from tests.cli.conftest import Axis
from tests.contract.books import CODES, NOON, A, B, C, Scribe, agency

_DAY_US = 86_400_000_000
_EVIL = '<script>alert("1")</script>'


@pytest.fixture
def books(var: Path) -> Path:
    """Books of four agencies: A sends in two quarters, B accepts, C refuses."""
    return _books(var)


def _books(var: Path, *, another_time: bool = False, slow_us: int = 0) -> Path:
    """Books recorded as it happened, or all of it on the day of the last document; B accepts a
    little later or, if it is ``slow_us``, so much.
    """

    async def make() -> None:
        store = open_store(var / "axis")
        await store.enrol([replace(agency(A), name_vi=_EVIL), *map(agency, CODES[1:])], [], [])
        scribe = Scribe()
        for at in (NOON - 30 * _DAY_US, NOON, NOON + _DAY_US):
            accept = scribe.accept(f"{at}/UBND", to=[B, C], at=at, signed_on="2020-01-15")
            await store.apply([accept if another_time else replace(accept, now=at)])
            commands: list[Command] = [
                scribe.move(Step.DONE, ById(accept.id, B), at=at),
                scribe.say(ById(accept.id, B), "03", at=at + (slow_us or _DAY_US // 48)),
                scribe.say(ById(accept.id, C), "02", reason="nhầm", at=at),
            ]
            await store.apply(commands)
        await store.close()

    asyncio.run(make())
    return var / "axis" / "books.sqlite"


def _aged(books: Path, day: str) -> None:
    """As if the counting of all but sending and receiving had begun on this day."""
    begun = number_of_day(date.fromisoformat(day))
    with sqlite3.connect(books) as connection:
        for family in FAMILIES:
            connection.execute("insert into counted values (?, 5, ?)", (family, begun))
    connection.close()


def test_a_table_shows_each_period(axis: Axis, books: Path) -> None:
    shown = axis("statistics").stdout.splitlines()
    assert shown[0].split()[:5] == ["period", "sent", "received", "refused", "accepted"]
    assert shown[1].split()[:6] == ["2019-Q4", "*", "1", "2", "1", "1"]
    assert shown[2].split()[1:] == ["2", "4", "2", "2", "100.0%", "50.0%", "100.0%", "100.0%"]
    assert "everything: recorded since 2019-12-16" in shown[-1]
    by_agency = axis("statistics", "--by", "agency", "--period", "span").stdout
    assert len(re.findall(r"000\.00\.00\.H0[1-4]", by_agency)) == 4
    assert (
        axis("statistics", "--from", "2019-01-01", "--to", "2019-03-31").stdout.count("not yet")
        == 8
    )


def test_behind_what_a_run_of_another_time_played_nothing_is_recorded(
    axis: Axis, var: Path
) -> None:
    _books(var, another_time=True)
    days = ("--from", "2020-01-01", "--to", "2020-06-30")
    found = json.loads(axis("statistics", *days, "--json").stdout)["rows"]
    assert [(row["period"], row["sent"], row["complete"]) for row in found] == [
        ("2020-Q1", 2, False),
        ("2020-Q2", None, False),
    ]
    assert found[1]["missing"]["sent"] == "not yet recorded"


def test_words_behind_what_a_run_of_another_time_played_are_told(
    axis: Axis, var: Path, tmp_path: Path
) -> None:
    _books(var, another_time=True, slow_us=100 * _DAY_US)
    found = json.loads(axis("statistics", "--period", "month", "--json").stdout)["rows"]
    assert [(row["period"], row["sent"], row["accepted"]) for row in found] == [
        ("2019-12", 1, 0),
        ("2020-01", 2, 0),
        ("2020-02", None, None),
        ("2020-03", None, 1),
        ("2020-04", None, 2),
    ]
    last = found[-1]
    assert (last["received"], last["refused"], last["accepted_later"]) == (None, 0, 2)
    assert last["missing"]["sent_in_time_share"] == "not yet recorded"
    assert not last["complete"]
    # What a report says of its periods adds up to what it says of all of them.
    nation = _report(axis, tmp_path, "--period", "month")[1].findall(".//table")[0]
    accepted = [row.findall("td")[3].text for row in nation.findall("tbody/tr")]
    assert accepted == ["0", "0", None, "1", "2"]
    assert nation.findall("tfoot/tr/td")[3].text == "3"


def test_what_is_recorded_as_it_happens_knows_of_days_without_documents(
    axis: Axis, books: Path
) -> None:
    days = ("--from", "2020-01-01", "--to", "2020-06-30")
    found = json.loads(axis("statistics", *days, "--json").stdout)["rows"]
    assert [(row["sent"], row["complete"]) for row in found] == [(2, True), (0, True)]


def test_json_and_csv_say_the_same(axis: Axis, books: Path) -> None:
    told = json.loads(axis("statistics", "--period", "month", "--json").stdout)
    printed = axis("statistics", "--period", "month", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed.removeprefix("\ufeff"))))
    assert [r["period"] for r in rows] == [r["period"] for r in told["rows"]]
    assert [r["sent"] for r in rows] == [str(r["sent"]) for r in told["rows"]] == ["1", "2"]
    one = json.loads(axis("statistics", "--agency", "H02", "--period", "span", "--json").stdout)
    assert [(r["sent"], r["received"]) for r in one["rows"]] == [(0, 3)]


def test_csv_is_utf_8_whatever_the_terminal_is(books: Path) -> None:
    # In a process of its own: the encoding is that of its stdout.
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    argv = [sys.executable, "-m", "axis", "statistics", "--csv"]
    printed = subprocess.run(argv, env=env, capture_output=True, check=True).stdout
    assert printed.startswith(b"\xef\xbb\xbfperiod,")
    assert "Cả nước" in printed.decode("utf-8")


def _report(axis: Axis, tmp_path: Path, *asked: str) -> tuple[str, Any]:
    file = tmp_path / "report.html"
    result = axis("statistics", "--html", file, *asked)
    assert result.exit_code == 0, result.output
    text = file.read_text("utf-8")
    return text, html.fromstring(text.encode())


def test_the_report_is_one_page_that_fetches_nothing(
    axis: Axis, books: Path, tmp_path: Path
) -> None:
    text, page = _report(axis, tmp_path)
    assert page.get("lang") == "vi"
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img", text)
    assert _EVIL not in text
    assert "&lt;script&gt;" in text
    nation, kinds, agencies = page.findall(".//table")
    assert len(nation.findall("tbody/tr")) == 2
    assert len(kinds.findall("tbody/tr")) == 2
    assert len(agencies.findall("tbody/tr")) == 4
    for table in (nation, kinds, agencies):
        sent = [row.findall("td")[0].text for row in table.findall("tbody/tr")]
        assert sum(int(n) for n in sent) == int(table.find("tfoot/tr/td").text) == 3
    headings = [" ".join(th.itertext()) for th in nation.findall("thead/tr/th")]
    assert headings[1:3] == ["Gửi Sent", "Nhận Received"]


def test_the_report_of_a_quarter_bears_its_name(axis: Axis, books: Path, tmp_path: Path) -> None:
    days = ("--from", "2020-01-01", "--to", "2020-03-31")
    text, page = _report(axis, tmp_path, *days, "--period", "month")
    assert "Quý I năm 2020" in text
    assert "Quarter I of 2020" in text
    assert len(page.findall(".//table")[0].findall("tbody/tr")) == 3


def test_what_was_not_counted_reads_so(axis: Axis, books: Path, tmp_path: Path) -> None:
    _aged(books, "2020-01-16")
    text, page = _report(axis, tmp_path)
    first, second = page.findall(".//table")[0].findall("tbody/tr")
    cells = ["".join(td.itertext()) for td in first.findall("td")]
    assert cells[4:] == ["chưa ghi nhậnnot yet recorded"] * 6
    cells = ["".join(td.itertext()) for td in second.findall("td")]
    assert cells[:6] == ["2", "4", "2", "2", "100,0 %*", "0,0 %*"]
    assert "Chữ ký gói tin: chỉ ghi nhận từ 16/01/2020." in text
    shown = axis("statistics").stdout
    assert "signature, sending, acceptance: recorded since 2020-01-16" in shown


def test_words_in_the_place_of_figures_break_where_columns_are_narrow(
    axis: Axis, books: Path, tmp_path: Path
) -> None:
    text, _ = _report(axis, tmp_path)
    wide, narrow = text.split("@media screen", 1)
    assert re.search(r"td \.none \{ white-space: normal; \}", wide)
    # There columns are as wide as what stands in them, and scroll.
    assert "td .none { white-space: nowrap; }" in narrow


def test_books_in_which_nothing_happened_have_a_report(
    axis: Axis, var: Path, tmp_path: Path
) -> None:
    asyncio.run(open_store(var / "axis").close())
    assert axis("statistics").stdout == "Nothing was counted.\n"
    assert "Chưa có số liệu" in _report(axis, tmp_path)[0]


def test_books_of_an_older_axis_are_told_of(axis: Axis, var: Path) -> None:
    (var / "axis").mkdir(parents=True)
    connection = Database(var / "axis" / "books.sqlite").writer()
    migrate(connection, "0003")
    connection.executescript(SCRIPT)
    connection.close()
    for command in ("statistics", "counts", "audit"):
        result = axis(command)
        assert result.exit_code == 1
        assert "older axis" in result.stderr


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (("--json", "--csv"), "choose one"),
        (("--html", "nowhere/r.html"), "cannot be written"),
        (("--from", "1990-01-01"), "2000-01-01"),
        (("--period", "week"), "week"),
        (("--agency", "X99"), "agency.unknown"),
    ],
)
def test_a_bad_question_gets_a_clear_error(
    axis: Axis, books: Path, asked: tuple[str, ...], word: str
) -> None:
    result = axis("statistics", *asked)
    assert result.exit_code != 0
    assert word in result.output


def test_numbers_are_written_as_vietnamese_texts_do() -> None:
    assert (count(298_000), decimal(1234.5), percent(0.9129)) == ("298.000", "1.234,50", "91,3 %")


@pytest.mark.parametrize(("most", "step"), [(1, 1), (4, 1), (5, 2), (21, 10), (6569, 2000)])
def test_grid_lines_are_round(most: int, step: int) -> None:
    assert step_of(most) == step


def test_a_chart_of_many_periods_names_only_some() -> None:
    rows = [{"period": f"{n}", "sent": n, "received": None if n == 5 else n} for n in range(60)]
    drawn = chart(rows)
    assert drawn.count('<rect class="sent"') == 61
    assert drawn.count('text-anchor="middle"') < 16
    assert chart([{"period": "x", "sent": None, "received": 0}]) == ""


@pytest.mark.parametrize("periods", [300, 921, 1200])
def test_a_chart_of_a_hundred_years_has_bars(periods: int) -> None:
    rows = [{"period": f"{n}", "sent": 1, "received": 1} for n in range(periods)]
    drawn = chart(rows)
    widths = [
        float(width) for width in re.findall(r'<rect class="sent"[^>]*width="([^"]+)"', drawn)
    ]
    assert len(widths) == periods + 1
    assert min(widths) > 0
    assert 10 < drawn.count('text-anchor="middle"') < 20


def test_a_span_is_named_as_the_period_that_it_is() -> None:
    assert title(date(2019, 3, 12), date(2019, 4, 10))[0].startswith("Tháng 30 ngày thứ 1")
    assert title(date(2019, 1, 1), date(2019, 12, 31)) == ("Năm 2019", "Year 2019")
    assert title(date(2019, 1, 2), date(2019, 12, 31))[1] == "2019-01-02 to 2019-12-31"
