"""Yes, no, or not to be told: from planted steps of an axis whose capacity is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agencies.load.judge import Measured, raw
from agencies.load.outlook import capacity
from agencies.load.scenarios import find, played
from agencies.load.search import Tried, following
from agencies.load.verdict import verdict
from tests.agencies.load.steps import measured

S5 = find("S5")
REACHED, MISSED = 0.1, 10.0


def told(steps: Sequence[Measured], **found: object) -> dict[str, Any]:
    """The result of these steps; ``found`` is what the reconciliation found otherwise."""
    span = capacity(steps, 1.0)
    return {
        "steps": [dict(raw(step)) for step in steps],
        "capacity": None if span is None else asdict(span),
        "reconciled": {"lost": 0, "strange": 0, "books": "", **found},
    }


def busy(result: dict[str, Any], machine: float) -> dict[str, Any]:
    """The same on a machine of which so many cores were used in all."""
    for step in result["steps"]:
        step["usage"]["machine"] = machine
    return result


def climbed(carries: float, steps: int) -> list[Measured]:
    """What a check of S5 comes to at an axis that carries so much."""
    rungs = played(S5, 20_000, 200).rates
    found: list[Measured] = []
    while len(found) < steps:
        tried = [Tried(step.rate, step.met) for step in found]
        rate = following(rungs, tried)
        if rate is None:
            break
        found.append(measured(rate, REACHED if rate <= carries else MISSED))
    return found


@settings(max_examples=1)  # Each plays and judges nine steps.
@given(carries=st.floats(2, 2_000))
@example(carries=30.0)
@example(carries=40.0)
def test_yes_is_said_where_it_is_carried_and_no_where_it_is_not(carries: float) -> None:
    found = verdict(S5, told(climbed(carries, 9)))
    asked = climbed(carries, 1)[0].rate
    assert found.answer == ("yes" if carries >= asked else "no")
    assert found.headroom is not None
    assert found.headroom.low * S5.rate <= carries * 1.01
    if not found.at_least:
        assert carries <= found.headroom.high * S5.rate


def test_where_nothing_was_missed_the_headroom_is_at_least_what_was_met() -> None:
    found = verdict(S5, told([measured(33, REACHED), measured(132, REACHED)]))
    assert (found.answer, found.at_least) == ("yes", True)
    assert found.headroom is not None
    assert found.headroom.low == pytest.approx(132 / S5.rate)


def test_a_driver_that_came_late_is_no_axis_that_missed() -> None:
    late = measured(32.7, MISSED, driver_late_s=0.5)
    found = verdict(S5, told([late]))
    assert found.answer == "unknown"
    assert "the driver was the bottleneck" in found.why
    # Far above what is asked it takes the headroom's end, not the answer.
    above = measured(130, MISSED, driver_late_s=0.5)
    found = verdict(S5, told([measured(32.7, REACHED), above]))
    assert (found.answer, found.at_least) == ("yes", True)


def test_nor_is_a_machine_that_others_used() -> None:
    missed = told([measured(32.7, MISSED)])
    assert verdict(S5, busy(missed, 1.0)).answer == "no"
    found = verdict(S5, busy(missed, 1.9))
    assert found.answer == "unknown"
    assert "others used 0.9 cores" in found.why
    # What is carried beside others is carried.
    assert verdict(S5, busy(told([measured(32.7, REACHED)]), 1.9)).answer == "yes"


def test_of_a_rate_that_was_missed_twice_neither_time_may_have_another_to_blame() -> None:
    twice = [measured(32.7, MISSED), measured(32.7, MISSED, driver_late_s=0.5)]
    found = verdict(S5, told(twice))
    assert (found.answer, "the driver" in found.why) == ("unknown", True)


def test_a_rate_that_was_missed_once_on_a_quiet_machine_was_missed() -> None:
    twice = told([measured(32.7, MISSED), measured(32.7, MISSED)])
    twice["steps"][1]["usage"]["machine"] = 1.9
    assert verdict(S5, twice).answer == "no"


def test_more_than_was_asked_and_missed_says_nothing() -> None:
    found = verdict(find("S1"), told([measured(3.34, MISSED)]))
    assert found.answer == "unknown"
    assert "no less was met" in found.why
    # A tenth more is more than three digits come to.
    assert verdict(S5, told([measured(S5.rate * 1.1, MISSED)])).answer == "unknown"


def test_what_is_carried_exactly_is_carried() -> None:
    assert verdict(S5, told([measured(S5.rate, REACHED)])).answer == "yes"


@pytest.mark.parametrize("wrong", [{"lost": 1}, {"strange": 2}, {"books": "they differ"}])
def test_who_loses_carries_nothing(wrong: dict[str, object]) -> None:
    assert verdict(S5, told([measured(32.7, REACHED)], **wrong)).answer == "no"
    # Also where it could not be told otherwise.
    late = measured(32.7, MISSED, driver_late_s=0.5)
    assert verdict(S5, told([late], **wrong)).answer == "no"


def test_without_a_step_nothing_is_told() -> None:
    assert verdict(S5, told([])).answer == "unknown"
