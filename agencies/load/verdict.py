"""Whether an axis carries a scenario, told from the result of its steps. Pure.

What was met at the rate that is asked for, or at more, is carried. What was missed there, or at
less, is not, unless the driver or somebody else on the machine may be to blame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agencies.load.limit import QUIET_CORES, others
from agencies.load.outlook import Span
from agencies.load.result import exact
from agencies.load.scenarios import Scenario
from agencies.load.search import Tried, bracket
from agencies.load.usage import Usage

#: A rate is asked for in three digits, rounded up: so much more is still the same.
SAME = 1.01

Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``headroom`` is what the axis carries as multiples of what is asked for, None where no step
    says it; ``at_least``: its ``low`` was met, and how much more there is was not found. ``why`` is
    empty where the answer is yes.
    """

    answer: Answer
    why: str
    headroom: Span | None
    at_least: bool


def verdict(scenario: Scenario, told: Mapping[str, Any]) -> Verdict:
    """The verdict on a result (``agencies.load.result``) of the scenario's steps."""
    asked, steps = scenario.rate, told["steps"]
    low, high = bracket([Tried(step["rate"], step["met"]) for step in steps])
    blamed = "" if high is None else _blamed(steps, high)
    headroom, at_least = None, False
    if low is not None and (high is None or blamed):
        headroom, at_least = Span(low / asked, low / asked, low / asked), True
    elif told["capacity"] is not None:
        span = told["capacity"]
        headroom = Span(span["low"] / asked, span["mid"] / asked, span["high"] / asked)
    answer, why = _answer(asked, low, high, blamed, steps)
    if not exact(told):
        answer, why = "no", "what was accepted and what was taken do not agree"
    return Verdict(answer, why, headroom, at_least)


def _answer(
    asked: float,
    low: float | None,
    high: float | None,
    blamed: str,
    steps: Sequence[Mapping[str, Any]],
) -> tuple[Answer, str]:
    if low is not None and low >= asked:
        return "yes", ""
    if high is None:
        return "unknown", "no step was measured"
    missed = next(step["why"] for step in steps if step["rate"] == high and not step["met"])
    if blamed:
        return "unknown", f"{high:g} documents/s were missed ({missed}), but {blamed}"
    if high > asked * SAME:
        return "unknown", f"{high:g} documents/s were missed ({missed}), and no less was met"
    return "no", f"at {high:g} documents/s: {missed}"


def _blamed(steps: Sequence[Mapping[str, Any]], rate: float) -> str:
    """Who else may be to blame that a rate was missed; empty where nobody is."""
    missed = [step for step in steps if step["rate"] == rate and not step["met"]]
    if not all(step["driver_ok"] for step in missed):
        return "the driver was the bottleneck"
    least = min(others(Usage(**step["usage"])) for step in missed)
    if least > QUIET_CORES:
        return f"others used {least:.1f} cores of this machine"
    return ""
