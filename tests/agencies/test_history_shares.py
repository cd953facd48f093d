"""The whole history has the shares of the model: who, to whom, when, what, over 298,000 documents.

``test_traffic`` asks the same of days played alone. The plan of seed 1 is what it is, so nothing
here fails by chance; the bounds are those that a wrong share would cross.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import pytest

from agencies import lists, model
from agencies.history.expected import Figures
from tests.agencies.historic import near, whole_history
from tests.agencies.test_traffic import assert_near, assert_shares


@pytest.fixture
def counted() -> Figures:
    return whole_history().figures


def of_agencies(codes: tuple[str, ...], counts: Mapping[str, int]) -> int:
    return sum(counts[code] for code in codes)


def test_senders_follow_their_ranks(counted: Figures) -> None:
    ends = (0, *model.sender_weights())
    weights = {
        row.code: b - a for row, (a, b) in zip(model.senders_by_rank(), pairwise(ends), strict=True)
    }
    assert_shares(counted.sent_by_agency, weights)


def test_hours_follow_the_working_day(counted: Figures) -> None:
    hours: Counter[int] = Counter()
    for (_, hour), count in counted.documents_by_hour.items():
        hours[hour] += count
    assert_shares(hours, model.HOURS_PER_MILLE.value)


def test_the_week_is_that_of_the_day_series(counted: Figures) -> None:
    days: Counter[int] = Counter()
    for (weekday, _), count in counted.documents_by_hour.items():
        days[weekday] += count
    series: Counter[int] = Counter()
    for day, total in model.days().items():
        series[day.weekday()] += total.sent
    assert days == series
    # A working Saturday, and Saturdays and Sundays that are nearly none.
    assert days[5] + days[6] < 0.03 * days.total()


def test_urgencies_and_types_follow_their_shares(counted: Figures) -> None:
    assert_shares(counted.documents_by_urgency, model.URGENCY_PER_MILLE.value)
    kinds = {kind.name: kind.per_mille for kind in model.DOCUMENT_KINDS.value}
    assert_shares(counted.documents_by_type, kinds)


def test_lists_are_as_long_as_the_mixture_says(counted: Figures) -> None:
    expected: dict[int, float] = dict.fromkeys(counted.documents_by_size, 0.0)
    for month in range(1, 12):
        sent, received = model.month_total(month)
        sizes, ends = model.list_weights(sent, received)
        for size, (a, b) in zip(sizes, pairwise((0, *ends)), strict=True):
            expected[size] += sent * (b - a) / ends[-1]
    assert set(counted.documents_by_size) == set(expected)
    for size, count in expected.items():
        # Moving small lists by one to meet the day's total may shift their counts by up to 1 %.
        slack = 0.01 * count if size <= lists.SMALL_MOST else 0.0
        assert_near(counted.documents_by_size[size], 298_000, count / 298_000, slack)


def test_fan_out_grows_from_2_77_to_3_53_month_by_month(counted: Figures) -> None:
    ratios = [counted.received_by_month[m] / counted.sent_by_month[m] for m in range(1, 12)]
    assert ratios == sorted(ratios)
    assert (round(ratios[0], 2), round(ratios[-1], 2)) == (2.77, 3.53)


def test_three_in_a_thousand_deliveries_are_refused(counted: Figures) -> None:
    answers = counted.answers_by_code
    # Rounded each day, and quiet days round to none.
    assert abs(answers["02"] + answers["16"] - 2_835) < 40
    assert near(answers["15"] + answers["16"], counted.deliveries_by_business[2], 0.999)


def test_every_province_receives_alike_and_more_than_most_central_agencies(
    counted: Figures,
) -> None:
    known = lists.groups()
    provinces = [counted.received_by_agency[code] for code in known.provinces]
    mean = sum(provinces) / len(provinces)
    assert max(abs(n - mean) for n in provinces) < 0.06 * mean
    lang_son = counted.received_by_agency["000.00.00.H37"]
    assert abs(lang_son - mean) < 0.03 * mean


def test_pinning_leaves_the_government_office_its_lists_of_all_provinces(
    counted: Figures,
) -> None:
    # Of its documents so many reach Lạng Sơn, and as many reach each other province by chance.
    office = lists.GOVERNMENT_OFFICE
    sent = counted.sent_by_agency[office]
    reached = [counted.deliveries_by_pair[office, code] for code in lists.groups().provinces]
    share = sum(reached) / len(reached) / sent
    assert all(near(n, sent, share) for n in reached)
    assert 0.026 < share < 0.034


def test_central_agencies_write_down_and_provinces_up(counted: Figures) -> None:
    known = lists.groups()
    down = sum(
        n
        for (s, r), n in counted.deliveries_by_pair.items()
        if s in known.central and r in known.provinces
    )
    assert down > 0.5 * of_agencies(known.provinces, counted.received_by_agency)
    assert (
        counted.deliveries_by_kinds["province", "ministry"]
        > (counted.deliveries_by_kinds["province", "government-attached agency"])
    )
