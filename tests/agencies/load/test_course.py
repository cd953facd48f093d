"""A rate over time: its documents, their moments, and what a change leaves as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies import model
from agencies.load.course import (
    DAY,
    SHAPES,
    Change,
    Course,
    course,
    moments,
    require_documents,
)
from agencies.load.impossible import Impossible

ASKED: dict[str, Any] = {
    "seconds": 60.0,
    "rate": 50.0,
    "first": 10.0,
    "times": 5.0,
    "every_s": 20.0,
    "burst_s": 4.0,
}
courses = st.builds(
    lambda shape, seconds, rate, first: course(
        shape, **ASKED | {"seconds": seconds, "rate": rate, "first": first}
    ),
    st.sampled_from(SHAPES),
    st.floats(20, 60),
    st.floats(30, 60),
    st.floats(1, 90),
)
changes = st.builds(Change, st.floats(0, 60), st.floats(0.05, 3))


@pytest.mark.parametrize(
    ("shape", "documents"),
    [
        ("constant", 3000),
        ("ramp", 1800),
        # 48 s at 50 a second and 12 s at 250.
        ("burst", 5400),
        # 14 hours at 1,000 per mille in all, of which the busiest has 160.
        ("day", 50 * 60 * 1000 / 14 / 160),
    ],
)
def test_each_shape_comes_to_what_its_rates_say(shape: str, documents: float) -> None:
    found = course(shape, **ASKED)
    assert found.documents == pytest.approx(documents)
    assert found.seconds == pytest.approx(60)
    assert len(moments(found, 1)) == round(documents)


@given(courses, st.floats(0, 1))
def test_a_moment_is_a_count_and_a_count_is_a_moment(found: Course, share: float) -> None:
    at_s = share * found.seconds
    assert found.when(found.until(at_s)) == pytest.approx(at_s, abs=1e-6)
    documents = share * found.documents
    assert found.until(found.when(documents)) == pytest.approx(documents, abs=1e-6)


@given(courses, st.integers(0, 9), st.lists(changes, max_size=3))
def test_the_same_seed_and_changes_give_the_same_moments_in_order(
    found: Course, seed: int, some: list[Change]
) -> None:
    due = moments(found, seed, some)
    assert due == moments(found, seed, some)
    assert list(due) == sorted(due)
    assert all(0 <= at <= round(found.seconds * 1e6) for at in due[: round(found.documents)])


@given(courses, st.floats(0.1, 0.9), st.floats(0.1, 3))
def test_a_change_keeps_what_was_due_and_scales_the_rest(
    found: Course, share: float, times: float
) -> None:
    at_s = share * found.seconds
    before, after = moments(found, 1), moments(found, 1, [Change(at_s, times)])
    kept = [at for at in before if at < round(at_s * 1e6)]
    assert list(after[: len(kept)]) == kept
    rest = (found.documents - found.until(at_s)) * times
    assert len(after) - len(kept) == round(rest)
    assert all(at >= round(at_s * 1e6) for at in after[len(kept) :])


def test_arrivals_follow_the_rate() -> None:
    found = course("ramp", **ASKED | {"rate": 400.0, "first": 10.0})
    due = moments(found, 1)
    early = sum(at < 20e6 for at in due)
    # A third of the time carries (10 + 140) / 2 x 20 of 12,300.
    assert early == pytest.approx(1400, abs=150)
    assert found.rate(0) == 10
    assert found.rate(60) == 400


def test_a_day_has_the_hours_of_the_model() -> None:
    hours = model.HOURS_PER_MILLE.value
    found = course(DAY, **ASKED)
    for n, (_, share) in enumerate(sorted(hours.items())):
        assert found.rate((n + 0.5) * 60 / len(hours)) == pytest.approx(50 * share / 160)


@pytest.mark.parametrize(
    ("shape", "wrong"),
    [
        ("wave", {}),
        ("constant", {"seconds": 1.0}),
        ("constant", {"seconds": 3601.0}),
        ("constant", {"seconds": float("nan")}),
        ("constant", {"rate": 0.0}),
        ("constant", {"rate": float("nan")}),
        ("constant", {"rate": 1.0}),
        ("constant", {"rate": 20_001.0}),
        ("ramp", {"first": 0.0}),
        ("ramp", {"first": -5.0}),
        ("burst", {"times": 1.0}),
        ("burst", {"times": 21.0}),
        ("burst", {"burst_s": 20.0}),
        ("burst", {"every_s": 61.0}),
        ("burst", {"every_s": 0.01, "burst_s": 0.005}),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_do(shape: str, wrong: dict[str, float]) -> None:
    with pytest.raises(Impossible, match=r"would( do)?|is none of"):
        course(shape, **ASKED | wrong)


def test_no_more_is_built_than_a_machine_can_hold() -> None:
    found = course("constant", **ASKED)
    assert require_documents(found, 1.5) == 4500
    with pytest.raises(Impossible, match="from 1 to"):
        require_documents(found, 0.9)
    wide = course("constant", **ASKED | {"rate": 4000.0})
    with pytest.raises(Impossible, match="--seconds 50 would do"):
        require_documents(wide, 1)


@given(
    seconds=st.floats(2, 3600), rate=st.floats(5, 20_000), ahead=st.floats(1, 20, exclude_min=True)
)
def test_what_is_said_to_be_few_enough_is(seconds: float, rate: float, ahead: float) -> None:
    asked = ASKED | {"seconds": seconds, "rate": rate}
    try:
        require_documents(course("constant", **asked), ahead)
    except Impossible as error:
        words = str(error).split()
        if "built" in words:
            fewer = asked | {"seconds": float(words[words.index("--seconds") + 1])}
            if "--up-to" in words:
                ahead = float(words[words.index("--up-to") + 1])
            require_documents(course("constant", **fewer), ahead)


@pytest.mark.parametrize("times", [0.0, -1.0, 20.1, float("nan"), float("inf")])
def test_a_rate_is_changed_within_reason(times: float) -> None:
    with pytest.raises(Impossible, match="would do"):
        Change(1.0, times)
