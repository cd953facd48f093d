"""The plan of a step: the same for the same seed, as large as asked for, on time and apart."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.load import growth
from agencies.load.growth import base, calendar
from agencies.load.impossible import Impossible
from agencies.load.orders import Orders
from agencies.load.plan import FIRST_HOUR_US, Shape, arrivals, plan
from agencies.traffic import digest
from axis.core.timetable import MICROSECONDS, day_start_us

SMALL = Shape(documents=200, seconds=2)


def test_the_base_is_the_worst_minute_of_the_peak_day() -> None:
    # 1,898 x 0.16 / 3,600 x 3 and 6,685 recipients of them (facts of the traffic, 7.4 and 7.5).
    found = base()
    assert found.documents == pytest.approx(1898 * 0.16 / 3600 * 3)
    assert f"{found.documents:.3f}, {found.deliveries:.2f}, {found.fanout:.2f}" == (
        "0.253, 0.89, 3.52"
    )
    assert base(2).deliveries == pytest.approx(2 * found.documents)


def test_the_growth_of_the_seed_is_twice_in_nine_steps() -> None:
    seed = growth.parse("seed")
    assert f"{seed.monthly:.1%}" == "8.0%"
    assert seed.rate(1, 9) == pytest.approx(2)
    assert growth.parse("5%").rate(1, 1) == pytest.approx(1.05)
    assert growth.parse(None, 12).rate(1, 12) == pytest.approx(2)


@pytest.mark.parametrize("text", ["seed", "5%"])
def test_two_growths_are_refused(text: str) -> None:
    with pytest.raises(Impossible, match=f"--growth {text} and --double-in 12 .* would do"):
        growth.parse(text, 12)


@given(st.floats(0.005, 1), st.floats(0, 240))
def test_a_rate_is_a_month_and_a_month_is_a_rate(monthly: float, month: float) -> None:
    found = growth.Growth(monthly, "")
    assert found.month(0.25, found.rate(0.25, month)) == pytest.approx(month, abs=1e-6)


def test_the_example_of_the_planner_comes_out() -> None:
    month = growth.parse("seed").month(base().documents, 1140)
    assert int(month) == 109
    assert f"{calendar(int(month)):%B %Y}" == "February 2029"


@pytest.mark.parametrize(
    ("text", "twice_in"),
    [("0%", None), ("-3", None), ("200%", None), (None, 0.9), (None, 138.99), (None, math.nan)],
)
def test_a_growth_that_reaches_nothing_is_refused(text: str | None, twice_in: float | None) -> None:
    with pytest.raises(Impossible, match="would do"):
        growth.parse(text, twice_in)


@pytest.mark.parametrize(
    ("text", "twice_in"), [("0.5%", None), ("100%", None), (None, 1), (None, 138)]
)
def test_the_least_and_the_most_growth_there_is_are_both_within_what_a_result_may_say(
    text: str | None, twice_in: float | None
) -> None:
    found = growth.parse(text, twice_in)
    assert growth.MONTHLY_MIN <= found.monthly <= growth.MONTHLY_MAX


@pytest.mark.parametrize(
    "wrong",
    [
        {"documents": 199},
        {"documents": 200_001},
        {"seconds": 1.9},
        {"seconds": 601.0},
        {"fanout": 0.9},
        {"fanout": 9.1},
        {"size": "huge"},
    ],
)
def test_what_cannot_be_measured_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Impossible, match=_shown(*wrong.values())):
        Shape(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("no", [0.0, math.nan, math.inf])
@pytest.mark.parametrize(("name", "option"), [("disk_gb", "--disk"), ("drain_s", "--drain")])
def test_no_disk_and_no_time_are_refused(name: str, option: str, no: float) -> None:
    asked: dict[str, Any] = {"home": Path(), "work": Path(), "url": "", "axis_pid": None}
    asked |= {"shape": Shape(), "growth": growth.parse("seed"), name: no}
    with pytest.raises(Impossible, match=f"{option} {no:g} .* would do"):
        Orders(**asked)


def test_the_same_seed_gives_the_same_plan_and_another_one_another() -> None:
    step = SMALL.step(3, 150)
    assert digest(plan(step)) == digest(plan(step))
    # Pinned: whoever repeats a run on another machine sends the same.
    assert digest(plan(step))[:16] == "cb10bcf6c217faa7"
    other = Shape(seed=2, documents=200, seconds=2).step(3, 150)
    assert digest(plan(other)) != digest(plan(step))


@settings(max_examples=25)
@given(
    rate=st.floats(1, 400),
    fanout=st.floats(1, 9),
    number=st.integers(0, 329),
    # Each new seed counts through a year once.
    seed=st.sampled_from((0, 1, 123_456_789)),
)
def test_a_step_offers_what_it_says(rate: float, fanout: float, number: int, seed: int) -> None:
    step = Shape(seed=seed, fanout=fanout, documents=200, seconds=2).step(number, rate)
    letters = plan(step)
    assert len(letters) == step.documents >= max(200, 2 * rate)
    assert sum(len(letter.recipients) for letter in letters) == round(fanout * step.documents)
    due = arrivals(step)
    assert all(0 <= a <= b < step.seconds * MICROSECONDS for a, b in pairwise(due))
    start = day_start_us(letters[0].day) + FIRST_HOUR_US
    assert [letter.at_us - start for letter in letters] == list(due)


def test_no_two_documents_of_a_run_or_of_two_seeds_share_an_id() -> None:
    steps = [SMALL.step(n, 100) for n in range(3)]
    steps += [Shape(seed=2, documents=200, seconds=2).step(n, 100) for n in range(3)]
    ids = [letter.document_id for step in steps for letter in plan(step)]
    assert len(set(ids)) == len(ids)


def test_arrivals_are_those_of_a_poisson_process() -> None:
    # Of a Poisson process the number in each second varies as much as it is: variance / mean = 1.
    step = Shape(documents=20_000, seconds=2).step(0, 100)
    seconds = [0] * 200
    for at in arrivals(step):
        seconds[at // MICROSECONDS] += 1
    mean = sum(seconds) / len(seconds)
    variance = sum((n - mean) ** 2 for n in seconds) / len(seconds)
    assert 0.7 < variance / mean < 1.3


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
