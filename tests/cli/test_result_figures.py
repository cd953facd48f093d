"""What is told of a run is what its books hold: totals, parts, points, and where they disagree."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from agencies import model
from agencies.history.expected import Figures, figures
from agencies.history.part import Part
from agencies.lists import GOVERNMENT_OFFICE
from agencies.pinning import LANG_SON
from axis.cli.history_report import broken_down
from axis.cli.result.csv_files import MARK, files
from axis.cli.result.figures import Result
from axis.cli.result.opening import part_of, published
from axis.core.breakdown import Breakdown
from axis.core.timetable import number_of_day
from schemas.edxml import UPDATE
from tests.cli.told import SEED, result_of

PART = Part(first=date(2019, 12, 28), last=date(2020, 1, 6), sample=(3, 20))


@cache
def result() -> Result:
    return result_of(PART)


@cache
def planned() -> Figures:
    return figures(PART, SEED)


@cache
def tables() -> dict[str, list[dict[str, str]]]:
    """Every CSV file, read as a program reads it."""
    return {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(text.removeprefix(MARK))))
        for name, text in files(result()).items()
    }


def test_everything_planned_is_found_again() -> None:
    told, wanted = result(), planned()
    assert told.total == (wanted.documents, wanted.deliveries)
    assert {day: n.sent for day, n in told.days.items() if n.sent} == wanted.sent_by_day
    assert {day: n.received for day, n in told.days.items()} == wanted.received_by_day
    rows = told.by_agency()
    assert {code: r.traffic.sent for code, r in rows.items() if r.traffic.sent} == (
        wanted.sent_by_agency
    )
    assert {code: r.traffic.received for code, r in rows.items() if r.traffic.received} == (
        wanted.received_by_agency
    )
    assert told.pairs() == wanted.deliveries_by_pair
    assert told.found.lists == wanted.documents_by_size
    assert told.differences == []


def test_kinds_urgencies_types_and_hours_are_those_of_the_plan() -> None:
    found, wanted = result().found, planned()
    assert {k: n.sent for k, n in found.by_kind().items()} == wanted.documents_by_business
    assert {k: n.received for k, n in found.by_urgency().items()} == wanted.deliveries_by_urgency
    assert {k: n.sent for k, n in found.by_type().items()} == wanted.documents_by_type
    assert {k: n.sent for k, n in found.by_hour().items() if n.sent} == wanted.documents_by_hour
    answers = {code: n for code, n in wanted.answers_by_code.items() if n}
    assert result().statuses == {"01": wanted.deliveries, **answers}


def test_months_cut_the_same_days_at_thirty_and_by_the_calendar() -> None:
    told = result()
    assert [m.name for m in told.months] == ["10", "11"]
    assert [m.name for m in told.calendar_months] == ["2019-12", "2020-01"]
    for months in (told.months, told.calendar_months):
        assert sum(m.traffic.sent for m in months) == told.total.sent
        assert sum(m.traffic.received for m in months) == told.total.received
        assert all(m.planned is None for m in months)


@pytest.mark.parametrize(
    "name", ["days", "months", "calendar-months", "agencies", "kinds", "urgencies"]
)
def test_every_table_adds_up_to_the_totals(name: str) -> None:
    rows = tables()[name]
    assert sum(int(row["sent"]) for row in rows) == result().total.sent
    assert sum(int(row["received"]) for row in rows) == result().total.received


@pytest.mark.parametrize("name", ["doc-types", "types", "hours"])
def test_every_table_of_documents_adds_up_to_the_totals(name: str) -> None:
    rows = tables()[name]
    assert sum(int(row["sent"]) for row in rows) == result().total.sent
    assert sum(int(row["received"]) for row in rows) == result().total.received


def test_the_other_tables_add_up_too() -> None:
    total = result().total
    assert sum(int(row["received"]) for row in tables()["pairs"]) == total.received
    recipients = tables()["recipients"]
    assert sum(int(row["documents"]) for row in recipients) == total.sent
    assert sum(int(r["documents"]) * int(r["recipients"]) for r in recipients) == total.received
    assert {row["status"]: int(row["said"]) for row in tables()["statuses"]} == result().statuses
    assert len(tables()["agencies"]) == 95
    agencies = tables()["agencies"]
    assert sum(int(row["said_01"]) for row in agencies) == total.received
    said = {column for column in agencies[0] if column.startswith("said_")}
    assert said == {f"said_{code}" for code in result().statuses}


def test_waiting_is_told_by_both_clocks() -> None:
    rows = {row["from_sent_until"]: row for row in tables()["waits"]}
    assert {name: row["clock"] for name, row in rows.items()} == {
        "available": "axis",
        "confirmed": "axis",
        "taken": "run",
        "answered": "run",
    }
    assert all(int(row["deliveries"]) == result().total.received for row in rows.values())
    assert float(rows["available"]["longest_ms"]) == 40
    assert float(rows["confirmed"]["longest_ms"]) == 90
    # Whoever looks every five minutes has it after five minutes at the latest.
    assert 0 < float(rows["taken"]["longest_ms"]) <= 300_000
    assert float(rows["answered"]["p50_ms"]) > float(rows["taken"]["p50_ms"])


# Parts


def test_a_sample_or_a_part_that_begins_later_is_compared_with_no_point() -> None:
    assert result().points == ()
    assert tables()["points"] == []
    (sentence,) = part_of(result().played)
    assert "2019-12-28 to 2020-01-06, sample 3 of 20" in sentence


def test_the_first_month_is_compared_with_the_one_point_it_reaches() -> None:
    month = result_of(Part(last=date(2019, 4, 10)))
    (point,) = month.points
    assert (point.measure, point.published, point.found) == ("month", 69_272, 69_272)
    (only,) = month.months
    assert only.planned == only.traffic == model.month_total(1)
    drawn = published(month)
    assert "The line is what the published points leave for month 1." in drawn
    # None is drawn in what it has, and month 10 is not there.
    assert "Rings" not in drawn
    assert "Lines are published" not in drawn


def test_the_last_day_of_a_month_that_is_missing_takes_its_point_away() -> None:
    part = Part(last=date(2019, 4, 10), only="000.00.00.H37")
    assert result_of(part).points == ()
    short = result_of(Part(last=date(2019, 3, 14)), reached=date(2019, 3, 13), finished=False)
    assert short.points == ()
    told = part_of(short.played)
    assert "Not finished: the days to 2019-03-13" in told[0]
    assert "2019-03-12 to 2019-03-14" in told[1]


def test_the_whole_history_needs_no_word_about_parts() -> None:
    played = replace_part(Part())
    assert part_of(played.played) == []
    assert part_of(None) == []
    assert "only what 000.00.00.H37" in part_of(replace_part(Part(only="000.00.00.H37")).played)[0]


def replace_part(part: Part) -> Result:
    played = result().played
    assert played is not None
    return replace(result(), played=played._replace(part=part, reached=part.last))


# The points


def whole(from_office: int = 355) -> Result:
    """Books with the day series, what Lạng Sơn sent, and what it got from the Government Office."""
    found = Breakdown()
    for day, total in model.days().items():
        noon = number_of_day(day) * 24 + 12
        found._sent_hours[noon], found._received_hours[noon] = total.sent, total.received
    found.pairs[GOVERNMENT_OFFICE, LANG_SON, 2019] = from_office
    counters = {(LANG_SON, number_of_day(date(2019, 12, 31)), "sent"): 2_801}
    return replace(replace_part(Part()), found=found, counters=counters)


def test_all_eight_points_are_met_by_books_that_have_them() -> None:
    points = whole().points
    assert [p.exact for p in points] == [True] * 8
    assert [p.published for p in points[:4]] == [298_000, 945_000, 163_107, 488_165]
    drawn = published(whole())
    assert "Lines are published: month 10 is twice month 1." in drawn
    assert "Rings are published." in drawn


def test_what_happened_behind_the_last_day_counts_for_no_point_of_it() -> None:
    late = whole()
    late.found._sent_hours[number_of_day(date(2019, 10, 1)) * 24] += 1
    assert [p.found - p.published for p in late.points][:4] == [1, 0, 0, 0]


def test_a_point_that_is_missed_by_one_is_not_exact() -> None:
    missed = [p for p in whole(from_office=354).points if not p.exact]
    assert [(p.published, p.found) for p in missed] == [(355, 354)]


def test_a_play_whose_books_miss_a_point_is_not_as_it_should_be(tmp_path: Path) -> None:
    files, points, found = broken_down(lambda: whole(from_office=354), tmp_path)
    assert [Path(file).parent for file in files] == [tmp_path] * len(files)
    assert len(points) == 8
    assert (
        "received by Lạng Sơn from the Government Office by 31 December 2019: 354, published 355"
    ) in found


def test_a_play_whose_books_cannot_be_read_for_the_report_is_told_all_the_same(
    tmp_path: Path,
) -> None:
    def read() -> Result:
        (tmp_path / "progress.json").read_bytes()
        raise AssertionError("it is not there")

    files, points, found = broken_down(read, tmp_path)
    assert (files, points) == ([], ())
    assert len(found) == 1
    assert found[0].startswith("the report cannot be made: ")
    assert "progress.json" in found[0]


# Books that contradict themselves


@pytest.mark.parametrize("metric", ["sent", "received", "said.01"])
def test_a_counter_that_is_off_by_one_is_told(metric: str) -> None:
    counters = dict(result().counters)
    key = next(key for key in counters if key[2] == metric)
    counters[key] += 1
    wrong = replace(result(), counters=counters).differences
    assert len(wrong) == 1
    assert wrong[0].endswith("in the books")


def test_a_line_that_does_not_balance_is_told() -> None:
    counters = dict(result().counters)
    key = next(key for key in counters if key[2] == "transport.done")
    counters[key] -= 1
    wrong = replace(result(), counters=counters).differences
    assert wrong == ["the transport line is off by 1", "the business line is off by -1"]


def test_an_update_is_answered_with_15_or_16_and_counted_as_such() -> None:
    updated = planned().deliveries_by_business[UPDATE]
    assert result().statuses.get("15", 0) + result().statuses.get("16", 0) == updated
