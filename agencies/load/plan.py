"""What a step of a load test sends: a pure function of seed, step and settings.

Arrivals are a Poisson process given its count: so many instants, each anywhere in the step, so that
a step offers exactly the rate it is named by. Senders, lists, types and urgency are those of a day
(``agencies.traffic``). Every step plays a day of its own, since a DocumentId has its day in it and
no two documents of a run may share one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agencies import model, traffic
from agencies.dice import Dice
from agencies.load.growth import Base, base
from agencies.load.impossible import Impossible
from agencies.load.mix import reports, unsigned
from agencies.sizes import PROFILES, SMALL, Profile
from agencies.traffic import Planned
from agencies.world import SEED
from axis.core.timetable import MICROSECONDS, day_start_us

#: A step begins at nine, the busiest hour; offices are open for the hour it may last.
FIRST_HOUR_US = 9 * 3600 * MICROSECONDS
#: Steps of one run: one for each day there is to play.
STEPS_MAX = 330
#: Numbers that a sender may use of a day before the next seed's begin: the widest step has 40,000
#: documents, of which the Government Office sends 4.45 %.
NUMBERS_A_SEED = 10_000
SEEDS = 10_000

#: What makes a p99: twenty of two thousand lie beyond it. With 200 two do, and below that none.
DOCUMENTS, DOCUMENTS_MIN = 2_000, 200
#: A step: ten seconds see group commits, checkpoints and collections. Below two they see neither.
SECONDS, SECONDS_MIN, SECONDS_MAX = 10.0, 2.0, 600.0
#: Documents of one step: what can be built beforehand within a minute.
STEP_DOCUMENTS_MAX = 200_000
#: More recipients than the mixture of small lists alone can be moved to.
FANOUT_MAX = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rate (documents a second) to offer; ``number`` counts the steps of a run from 0.

    ``signed`` is the share of packages with a signature, ``reports`` that of documents which go to
    the Government Office alone.
    """

    number: int
    rate: float
    documents: int
    fanout: float
    seed: int
    signed: float = 1.0
    reports: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it takes to offer them."""
        return self.documents / self.rate

    @property
    def deliveries(self) -> int:
        """Recipients in all."""
        return max(self.documents, round(self.documents * self.fanout))


@dataclass(frozen=True)
class Shape:
    """What every step of a run has in common; raises ``Impossible`` for what cannot be measured."""

    seed: int = SEED
    size: str = SMALL.name
    fanout: float | None = None
    documents: int = DOCUMENTS
    seconds: float = SECONDS
    signed: float = 1.0
    reports: float = 0.0

    def __post_init__(self) -> None:
        if self.size not in PROFILES:
            raise Impossible(f"--size {self.size} is none of {', '.join(PROFILES)}")
        if self.fanout is not None and not 1 <= self.fanout <= FANOUT_MAX:
            raise Impossible(
                f"--fanout {self.fanout:g} is not from 1 to {FANOUT_MAX:g}; "
                f"{base().fanout:.2f} is that of the peak day"
            )
        if self.documents < DOCUMENTS_MIN:
            raise Impossible(
                f"--documents {self.documents} is too short to measure: fewer than "
                f"{DOCUMENTS_MIN} have no p99; {DOCUMENTS} would do"
            )
        if self.documents > STEP_DOCUMENTS_MAX:
            raise Impossible(
                f"--documents {self.documents} is more than the {STEP_DOCUMENTS_MAX} of one step; "
                f"{DOCUMENTS} would do"
            )
        if not SECONDS_MIN <= self.seconds <= SECONDS_MAX:
            raise Impossible(
                f"--seconds {self.seconds:g} is not from {SECONDS_MIN:g} to {SECONDS_MAX:g}; "
                f"{SECONDS:g} would do"
            )
        if not 0 <= self.signed <= 1:
            raise Impossible(f"--signed {self.signed:.0%} is not from 0% to 100%; 75% would do")
        assert 0 <= self.reports <= 1, "a share"

    @property
    def profile(self) -> Profile:
        """How large packages are."""
        return PROFILES[self.size]

    @cached_property
    def base(self) -> Base:
        """The traffic that grows."""
        return base(self.fanout)

    def step(self, number: int, rate: float) -> Step:
        """The step that offers ``rate``: long enough in documents and in seconds."""
        documents = max(self.documents, math.ceil(rate * self.seconds))
        return Step(
            number=number,
            rate=rate,
            documents=min(documents, STEP_DOCUMENTS_MAX),
            fanout=self.base.fanout,
            seed=self.seed,
            signed=self.signed,
            reports=self.reports,
        )


def plan(step: Step) -> tuple[Planned, ...]:
    """The documents of a step in the order of their arrival."""
    assert 0 <= step.number < STEPS_MAX, "no day left to play"
    day = tuple(model.days())[step.number]
    documents = traffic.plan_day(
        day, step.seed, sent=step.documents, received=step.deliveries, refusals=0
    )
    if step.reports:
        documents = reports(documents, step.reports, Dice(step.seed, step.number, "reports"))
    if step.signed < 1:
        documents = unsigned(documents, 1 - step.signed, Dice(step.seed, step.number, "unsigned"))
    start = day_start_us(day) + FIRST_HOUR_US
    # Another seed on the same books must not meet what this one numbered.
    ahead = step.seed % SEEDS * NUMBERS_A_SEED
    return tuple(
        replace(planned, at_us=start + after, number=planned.number + ahead)
        for planned, after in zip(documents, arrivals(step), strict=True)
    )


def arrivals(step: Step) -> Sequence[int]:
    """When each document is due, microseconds from the step's beginning, in order."""
    span_us = round(step.seconds * MICROSECONDS)
    words = Dice(step.seed, step.number, "arrivals").words(step.documents)
    return sorted(word * span_us >> 64 for word in words)
