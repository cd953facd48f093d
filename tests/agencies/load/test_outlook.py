"""From a capacity to a month, and what lies on the way; the disk too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load import growth, storage
from agencies.load.curve import Curve
from agencies.load.growth import base
from agencies.load.impossible import Impossible
from agencies.load.judge import HOLDS_S, Measured
from agencies.load.outlook import Capacity, Span, capacity, dates, deciding, months
from agencies.load.plan import Shape
from agencies.load.storage import GB
from tests.agencies.load.steps import measured

SEED = growth.parse("seed")


def test_the_capacity_lies_between_what_was_met_and_what_was_missed() -> None:
    steps = [measured(100, 0.05), measured(200, 0.1), measured(400, 10.0), measured(300, 0.5)]
    span = capacity(steps, 1.0)
    assert span is not None
    assert (span.low, span.high) == (300, 400)
    # 1 s is 0.23 of the way from 0.5 to 10 on a logarithmic scale.
    assert span.mid == pytest.approx(300 * (4 / 3) ** 0.231, rel=0.01)
    assert [step.rate for step in deciding(steps)] == [400, 300]


def test_few_steps_have_the_bracket_and_say_so() -> None:
    steps = [measured(100, 0.05), measured(200, 0.1), measured(400, 10.0)]
    span = capacity(steps, 1.0)
    assert span is not None
    assert (span.model, span.steps, span.curve) == ("bracket", 3, None)


#: A queue with its knee at 500, as steps of two seconds see it.
QUEUE = Curve(floor=0.02, queue=0.01, saturation=500)
RATES = (50, 100, 200, 300, 400, 450, 480, 520, 540, 560, 650)


def queued(*rates: float) -> list[Measured]:
    return [measured(rate, QUEUE.p99(rate, max(2, 200 / rate))) for rate in rates]


def known(steps: list[Measured], objective_s: float = 1.0) -> Capacity:
    found = capacity(steps, objective_s)
    assert found is not None
    return found


def test_enough_steps_have_a_curve_that_is_never_surer_than_the_bracket() -> None:
    steps = [replace(step, met=step.rate <= 500, why="") for step in queued(*RATES)]
    span = known(steps)
    assert (span.model, span.steps) == ("knee", len(RATES))
    assert (span.met, span.missed) == (480, 520)
    assert span.low <= span.met <= span.mid <= span.missed <= span.high
    truth = QUEUE.rate(1.0, HOLDS_S)
    assert truth is not None
    assert span.mid == pytest.approx(truth, rel=0.02)
    assert span.curve is not None
    assert span.curve.saturation == pytest.approx(500, rel=0.03)


def test_what_was_not_the_axis_is_no_step_of_the_curve() -> None:
    steps = [replace(step, met=step.rate <= 500, why="") for step in queued(*RATES)]
    whole = known(steps)
    late = measured(150, 3.0, driver_late_s=2.0)
    refused = replace(measured(160, 0.001), met=False, failed=3)
    short = replace(measured(1000, 0.001), met=False, deliveries=10**6)
    # A standstill at a rate that was met the next time.
    still = replace(measured(200, 5.0), met=False)
    found = known([*steps, replace(late, met=True), short, still])
    assert found == whole
    # Far beyond the knee a driver that was a little late has still seen the axis.
    beyond = replace(measured(700, 4.0, driver_late_s=0.3), met=False)
    assert not beyond.driver_ok
    assert known([*steps, beyond]).steps == whole.steps + 1
    # What was refused is a miss all the same, and the bracket says so.
    assert known([*steps, refused]).missed == 160


def test_months_between_steps_have_the_latency_of_the_curve() -> None:
    # From 80 to 480 a straight line, also on logarithmic scales, would lie far above it.
    rates = (40, 60, 80, 480, 490, 520, 530, 560, 650)
    steps = [replace(step, met=step.rate <= 500, why="") for step in queued(*rates)]
    span = known(steps)
    found = months(110, steps, span, base(), SEED)
    between = [month for month in found if month.sureness == "interpolated"]
    assert between
    for month in between:
        assert month.p99 == pytest.approx(QUEUE.p99(month.documents, HOLDS_S), rel=0.1)
    p99s = [month.p99 for month in between if month.p99 is not None]
    assert p99s == sorted(p99s)
    assert p99s[-1] < 1.0


def test_there_is_no_capacity_where_the_objective_was_never_missed_or_never_met() -> None:
    assert capacity([measured(100, 0.05)], 1.0) is None
    assert capacity([measured(100, 5.0)], 1.0) is None
    assert capacity([], 1.0) is None


@given(low=st.floats(1, 5_000), up=st.floats(1, 2), monthly=st.floats(0.005, 1))
def test_dates_stand_in_the_order_of_their_rates(low: float, up: float, monthly: float) -> None:
    grow = growth.Growth(monthly, "")
    found = dates(Span(low, low * up**0.5, low * up), base(), grow)
    assert found is not None
    assert found.low.day <= found.mid.day <= found.high.day
    # In the month itself the rate is carried, in the next one no longer.
    assert grow.rate(base().documents, found.low.month) <= low * (1 + 1e-9)
    assert grow.rate(base().documents, found.low.month + 1) > low * (1 - 1e-9)


def test_a_capacity_below_the_base_has_no_date() -> None:
    assert dates(Span(0.1, 0.2, 0.3), base(), SEED) is None


def test_a_capacity_that_lasts_through_the_first_month_alone_has_a_date() -> None:
    first = base().documents
    found = dates(Span(first * 1.01, first * 1.02, first * 1.03), base(), SEED)
    assert found is not None
    assert {when.month for when in (found.low, found.mid, found.high)} == {0}
    assert f"{found.mid.day:%Y-%m}" == "2020-01"


def test_each_month_says_how_it_is_known() -> None:
    steps = [measured(10, 0.02), measured(20, 0.04), measured(40, 10.0)]
    span = capacity(steps, 1.0)
    found = months(80, steps, span, base(), SEED)
    by = {month.month: month for month in found}
    assert f"{found[0].day:%Y-%m}" == "2020-01"
    assert by[0].sureness == "interpolated"
    # 10 documents/s is month 47.7, 20 is 56.7; the capacity of 30 or so is month 62.
    assert by[48].sureness == by[57].sureness == "measured"
    assert by[52].sureness == "interpolated"
    p99 = by[52].p99
    assert p99 is not None
    assert 0.02 < p99 < 0.04
    assert by[70].sureness == "beyond capacity"
    assert by[70].p99 is None
    assert span is not None
    assert [m.sureness == "beyond capacity" for m in found] == [
        m.documents > span.mid for m in found
    ]


def test_without_a_capacity_months_are_known_up_to_what_was_met() -> None:
    found = months(80, [measured(10, 0.02), measured(20, 0.04)], None, base(), SEED)
    by = {month.month: month for month in found}
    assert by[0].sureness == "interpolated"
    assert by[48].sureness == "measured"
    # 20 documents/s is month 56.7; nobody tried more.
    assert [month.sureness == "not known" for month in found] == [n > 56 for n in range(80)]
    assert by[57].p99 is None


@pytest.mark.parametrize("steps", [[], [measured(10, 5.0)]])
def test_where_nothing_was_met_no_month_is_known(steps: list[Measured]) -> None:
    found = months(80, steps, None, base(), SEED)
    assert {(month.sureness, month.p99) for month in found} == {("not known", None)}


def test_real_packages_fill_a_disk_sooner_than_small_ones() -> None:
    small, real = (
        storage.storage(Shape(size=size), SEED, 1000 * GB, 24) for size in ("small", "real")
    )
    # 27,219 documents of the eleventh month: 0.65 GB of 20 kB, 38 GB of 1.4 MB.
    assert small.month_gb == pytest.approx(27_219 * 23_100 / GB, rel=0.02)
    assert real.month_gb > 40 * small.month_gb
    assert small.full_month is not None
    assert real.full_month is not None
    assert real.full_month < small.full_month


def test_what_is_kept_for_a_month_alone_fills_no_disk_for_long() -> None:
    slow = growth.parse("0.5%")
    assert storage.storage(Shape(), slow, 1e15, 1).full_month is None
    kept = [storage.storage(Shape(), SEED, 1000 * GB, months).full_month for months in (1, 24)]
    assert None not in kept
    assert kept[0] > kept[1]  # type: ignore[operator]


def test_a_run_that_does_not_fit_the_disk_is_refused_with_both_figures() -> None:
    storage.require_room(Shape(), (100.0, 1000.0), 100 * GB)
    with pytest.raises(Impossible, match=r"would write 3\.\d GB and may take 0\.6 GB.*would do"):
        storage.require_room(Shape(), (100.0, 1000.0), 1 * GB)


@given(free=st.floats(0.02, 3))
def test_the_figure_that_would_do_does(free: float) -> None:
    try:
        storage.require_room(Shape(), (1000.0,), free * GB)
    except Impossible as error:
        words = str(error).split()
        if "--documents" in words:
            documents = int(words[words.index("--documents") + 1])
            seconds = float(words[words.index("--seconds") + 1])
            shape = Shape(documents=documents, seconds=seconds)
            storage.require_room(shape, (1000.0,), free * GB)
