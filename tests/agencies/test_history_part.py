"""Parts of the history, and what the books must say of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from agencies.history.expected import Figures, figures
from agencies.history.part import CLOSED, Part, documents, months, sample_of
from agencies.history.plan import plan_of
from agencies.traffic import Planned
from axis.core.timetable import OPENED
from tests.agencies.historic import near, whole_history

ROOT = Path(__file__).parents[2]
LANG_SON = "000.00.00.H37"
FIRST, LAST = date(2019, 12, 27), date(2020, 1, 3)


def named(part: Part) -> list[tuple[date, int]]:
    return [(day, p.index) for day, plan in documents(part, 1) for p in plan]


def week() -> list[Planned]:
    return [p for _, plan in documents(Part(first=FIRST, last=LAST), 1) for p in plan]


def test_a_part_by_days_holds_those_days_whole() -> None:
    days = dict(documents(Part(first=FIRST, last=LAST), 1))
    assert (min(days), max(days), len(days)) == (FIRST, LAST, 8)
    assert days[FIRST] == plan_of(FIRST, 1)


def test_the_first_months_end_where_the_published_months_end() -> None:
    assert [months(n) for n in (1, 3, 11)] == [date(2019, 4, 10), date(2019, 6, 9), CLOSED]
    first = figures(Part(last=months(1)), 1)
    assert (first.documents, first.deliveries) == (18_365, 50_907)
    assert first.sent_by_month == {1: 18_365}


def test_one_agency_is_what_it_sends_and_what_it_receives() -> None:
    part = Part(first=FIRST, last=LAST, only=LANG_SON)
    found = [p for _, plan in documents(part, 1) for p in plan]
    assert found == [p for p in week() if p.sender == LANG_SON or LANG_SON in p.recipients]
    assert {p.sender == LANG_SON for p in found} == {True, False}
    # Its figures are of whole documents, whoever else they go to.
    counted = figures(part, 1)
    assert counted.deliveries == sum(len(p.recipients) for p in found)
    assert counted.deliveries > counted.received_by_agency[LANG_SON]


@pytest.mark.parametrize("n", [1, 2, 7, pytest.param(10, marks=pytest.mark.long)])
def test_the_samples_are_disjoint_and_make_the_whole(n: int) -> None:
    whole = named(Part(first=FIRST, last=LAST))
    samples = [named(Part(first=FIRST, last=LAST, sample=(i, n))) for i in range(1, n + 1)]
    assert sorted(name for sample in samples for name in sample) == whole
    assert all(near(len(sample), len(whole), 1 / n) for sample in samples)


def test_a_document_is_in_the_same_sample_whatever_else_is_asked() -> None:
    sample = set(named(Part(first=FIRST, last=LAST, sample=(3, 10))))
    own = set(named(Part(first=FIRST, last=LAST, only=LANG_SON)))
    assert set(named(Part(first=FIRST, last=LAST, only=LANG_SON, sample=(3, 10)))) == own & sample


def test_a_sample_has_the_documents_that_its_documents_are_about() -> None:
    for planned in whole_history().speaking[:40]:
        by_id = {p.document_id: p for p in plan_of(planned.about_day, 1) if not p.business}
        for n in (2, 10, 97):
            assert sample_of(by_id[planned.about_id], n) == sample_of(planned, n)


def test_holds_says_what_documents_yields() -> None:
    part = Part(first=FIRST, last=FIRST, only=LANG_SON, sample=(2, 3))
    [(_, plan)] = documents(part, 1)
    assert plan == tuple(p for p in week() if part.holds(p))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"first": date(2019, 3, 11)}, "not within"),
        ({"last": date(2020, 2, 5)}, "not within"),
        ({"first": LAST, "last": FIRST}, "behind its last day"),
        ({"only": "H37"}, "none of the 95"),
        ({"sample": (0, 10)}, "no sample"),
        ({"sample": (11, 10)}, "no sample"),
        ({"sample": (1, 298_001)}, "no sample"),
    ],
)
def test_a_part_that_cannot_be_is_refused(asked: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Part(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 12])
def test_there_are_eleven_months(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 11 months"):
        months(count)


# Figures


def test_figures_agree_with_the_documents_and_with_each_other() -> None:
    plan = week()
    counted = figures(Part(first=FIRST, last=LAST), 1)
    assert counted.documents == len(plan)
    assert counted.deliveries == sum(len(p.recipients) for p in plan)
    by_document = (
        counted.sent_by_day,
        counted.sent_by_month,
        counted.sent_by_agency,
        counted.documents_by_urgency,
        counted.documents_by_type,
        counted.documents_by_business,
        counted.documents_by_size,
        counted.documents_by_hour,
    )
    assert {sum(c.values()) for c in by_document} == {counted.documents}
    by_delivery = (
        counted.received_by_day,
        counted.received_by_month,
        counted.received_by_agency,
        counted.deliveries_by_pair,
        counted.deliveries_by_kinds,
        counted.deliveries_by_urgency,
        counted.deliveries_by_type,
        counted.deliveries_by_business,
        counted.answers_by_code,
    )
    assert {sum(c.values()) for c in by_delivery} == {counted.deliveries}
    assert counted.documents_by_hour == Counter((p.local.weekday(), p.local.hour) for p in plan)
    assert counted.received_by_agency == Counter(c for p in plan for c in p.recipients)
    assert counted.again == sum(p.again_us is not None for p in plan)


def test_the_figures_of_the_samples_add_up_to_those_of_the_whole() -> None:
    whole = figures(Part(first=FIRST, last=LAST), 1)
    parts = [figures(Part(first=FIRST, last=LAST, sample=(i, 3)), 1) for i in (1, 2, 3)]
    assert sum(p.deliveries for p in parts) == whole.deliveries
    pairs: Counter[tuple[str, str]] = Counter()
    for part in parts:
        pairs += part.deliveries_by_pair
    assert pairs == whole.deliveries_by_pair


def test_nothing_was_counted_of_nothing() -> None:
    assert figures(Part(first=OPENED, last=OPENED, sample=(1, 298_000)), 1) == Figures()


@pytest.mark.long
def test_the_plan_of_the_whole_history_prints_its_months_and_ends_well() -> None:
    command = [sys.executable, "-m", "agencies.history", "--seed", "1"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == 0
    printed = run.stdout.decode()
    assert printed.endswith("\nexact\n")
    assert "   10  2019-12-07  2020-01-05   31,157   107,387   138,544\n" in printed
    # A change here is a change of the history: every run recorded under the old one plays
    # otherwise.
    assert "sha256 37fd8a485e1f056144d0c19f553e83c053f9c8e11d1405bcc44e405b8ef9609e\n" in printed
