"""Each statistical test of the model fails where a share is wrong: planted in the model it is held
against, or in what was counted.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest

from agencies import lists, model
from agencies.history.expected import Figures
from tests.agencies import test_history_shares as shares
from tests.agencies import test_traffic as traffic
from tests.agencies.historic import whole_history

#: A test of the model, and what it is asked of.
Law = Callable[[Any], None]


def changed(table: dict[Any, int], less: object, more: object, by: int) -> dict[Any, int]:
    """The table with ``by`` moved from one share to another: still adding up."""
    return {**table, less: table[less] - by, more: table[more] + by}


def steeper() -> tuple[int, ...]:
    """Senders by a rank exponent that is 0.02 too large."""
    ranks = range(1, len(model.senders_by_rank()) + 1)
    return tuple(accumulate(round(1e9 * rank**-0.4484) for rank in ranks))


def types(by: int) -> tuple[model.DocumentKind, ...]:
    """Letters less and reports more, by so many per mille."""
    first, second, *rest = model.DOCUMENT_KINDS.value
    return (
        replace(first, per_mille=first.per_mille - by),
        replace(second, per_mille=second.per_mille + by),
        *rest,
    )


WRONG_MODELS: list[tuple[Law, Law, str, Any]] = [
    (
        shares.test_senders_follow_their_ranks,
        traffic.test_senders_follow_their_ranks,
        "sender_weights",
        steeper,
    ),
    (
        shares.test_hours_follow_the_working_day,
        traffic.test_hours_follow_the_working_day_and_minutes_are_even,
        "HOURS_PER_MILLE",
        changed(model.HOURS_PER_MILLE.value, 9, 10, 5),
    ),
    (
        shares.test_urgencies_and_types_follow_their_shares,
        traffic.test_urgencies_and_types_follow_their_shares,
        "URGENCY_PER_MILLE",
        changed(model.URGENCY_PER_MILLE.value, 0, 2, 2),
    ),
    (
        shares.test_urgencies_and_types_follow_their_shares,
        traffic.test_urgencies_and_types_follow_their_shares,
        "DOCUMENT_KINDS",
        types(7),
    ),
    (
        shares.test_lists_are_as_long_as_the_mixture_says,
        traffic.test_lists_are_as_long_as_the_mixture_says,
        "SMALL_LISTS_PER_MILLE",
        changed(model.SMALL_LISTS_PER_MILLE.value, 1, 2, 15),
    ),
    (
        shares.test_lists_are_as_long_as_the_mixture_says,
        traffic.test_lists_are_as_long_as_the_mixture_says,
        "WIDE_LISTS_PER_MILLE",
        changed(model.WIDE_LISTS_PER_MILLE.value, 63, 22, 50),
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(("of_history", "of_days", "name", "wrong"), WRONG_MODELS)
def test_a_plan_is_not_that_of_another_model(
    monkeypatch: pytest.MonkeyPatch, of_history: Law, of_days: Law, name: str, wrong: Any
) -> None:
    of_history(whole_history().figures)
    of_days(traffic.whole_history())
    figure = getattr(model, name)
    planted = wrong if callable(wrong) else replace(figure, value=wrong)
    monkeypatch.setattr(model, name, planted)
    for law, counted in (
        (of_history, whole_history().figures),
        (of_days, traffic.whole_history()),
    ):
        with pytest.raises(AssertionError):
            law(counted)


def fan_out_of_a_month(counted: Figures) -> None:
    counted.received_by_month[1] += counted.received_by_month[1] // 100


def fan_out_that_falls(counted: Figures) -> None:
    counted.received_by_month[6] -= 3_000


def a_saturday_worked(counted: Figures) -> None:
    counted.documents_by_hour[4, 9] -= 1
    counted.documents_by_hour[5, 9] += 1


def refusals_of_four_per_mille(counted: Figures) -> None:
    counted.answers_by_code["02"] += counted.deliveries // 1000


def a_province_that_gets_more(counted: Figures) -> None:
    counted.received_by_agency[lists.groups().provinces[7]] += 500


def lists_of_all_provinces_lost(counted: Figures) -> None:
    for code in lists.groups().provinces:
        counted.deliveries_by_pair[lists.GOVERNMENT_OFFICE, code] -= 100


def provinces_that_write_across(counted: Figures) -> None:
    pairs: Counter[tuple[str, str]] = Counter()
    known = lists.groups()
    for (sender, recipient), n in counted.deliveries_by_pair.items():
        down = sender in known.central and recipient in known.provinces
        pairs[sender, recipient] += n // 2 if down else n
    counted.deliveries_by_pair = pairs


WRONG_COUNTS: list[tuple[Law, Callable[[Figures], None]]] = [
    (shares.test_fan_out_grows_from_2_77_to_3_53_month_by_month, fan_out_of_a_month),
    (shares.test_fan_out_grows_from_2_77_to_3_53_month_by_month, fan_out_that_falls),
    (shares.test_the_week_is_that_of_the_day_series, a_saturday_worked),
    (shares.test_three_in_a_thousand_deliveries_are_refused, refusals_of_four_per_mille),
    (
        shares.test_every_province_receives_alike_and_more_than_most_central_agencies,
        a_province_that_gets_more,
    ),
    (
        shares.test_pinning_leaves_the_government_office_its_lists_of_all_provinces,
        lists_of_all_provinces_lost,
    ),
    (shares.test_central_agencies_write_down_and_provinces_up, provinces_that_write_across),
]


@pytest.mark.parametrize(
    ("law", "plant"), WRONG_COUNTS, ids=[plant.__name__ for _, plant in WRONG_COUNTS]
)
def test_counts_that_are_wrong_are_found(law: Law, plant: Callable[[Figures], None]) -> None:
    counted = copy.deepcopy(whole_history().figures)
    law(counted)
    plant(counted)
    with pytest.raises(AssertionError):
        law(counted)


def uneven_minutes(history: traffic.History) -> None:
    history.minutes[0] += history.minutes[0] // 5


def provinces_uneven(history: traffic.History) -> None:
    first, second = lists.groups().provinces[:2]
    moved = history.single_from_central[first] // 3
    history.single_from_central[first] -= moved
    history.single_from_central[second] += moved


def fewer_to_the_government_office(history: traffic.History) -> None:
    office, other = lists.GOVERNMENT_OFFICE, lists.groups().central[0]
    moved = history.single_from_provinces[office] // 12
    history.single_from_provinces[office] -= moved
    history.single_from_provinces[other] += moved


WRONG_DAYS: list[tuple[Law, Callable[[traffic.History], None]]] = [
    (traffic.test_hours_follow_the_working_day_and_minutes_are_even, uneven_minutes),
    (
        traffic.test_central_senders_write_half_to_provinces_and_to_each_province_alike,
        provinces_uneven,
    ),
    (
        traffic.test_provinces_write_mostly_upwards_and_most_to_the_government_office,
        fewer_to_the_government_office,
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(
    ("law", "plant"), WRONG_DAYS, ids=[plant.__name__ for _, plant in WRONG_DAYS]
)
def test_draws_that_are_wrong_are_found(law: Law, plant: Callable[[traffic.History], None]) -> None:
    history = copy.deepcopy(traffic.whole_history())
    law(history)
    plant(history)
    with pytest.raises(AssertionError):
        law(history)
