"""The world of one run: its seed, its weather, its clock, its ids.

The seed decides first which kinds of fault exist at all in a run and how often each strikes
(swarm testing: a run with few kinds reaches states that a run with all of them never does), and
then everything else. ``heal`` ends the faults: from then on a bounded time must do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TypeVar

from ulid import ULID

from axis.core.timetable import MICROSECONDS, VIETNAM, to_us
from tests.sim.history import Event, History, Violation

_T = TypeVar("_T")

#: Virtual seconds in which clients act and faults strike.
ACT_S = 25.0
#: What is said of a heal after which the bus works too.
CLEAR = "clear"
#: The middle of the day that carried most.
_EPOCH_US = to_us(datetime(2020, 1, 15, 12, tzinfo=VIETNAM))


class Dice(random.Random):
    """One stream of chance; a stream per user, so that none depends on how often others throw."""

    def chance(self, probability: float) -> bool:
        """True as often as ``probability``; throws nothing when that is none."""
        return probability > 0 and self.random() < probability

    def some(self, among: Sequence[_T], least: int, most: int) -> list[_T]:
        """``least`` to ``most`` different members, in an order of chance."""
        return self.sample(among, min(len(among), self.randint(least, most)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How often each fault strikes (probabilities), and how long delays get (seconds)."""

    lost_request: float = 0
    lost_answer: float = 0
    repeated_request: float = 0
    cut_request: float = 0
    delay_s: float = 0
    store_fails: float = 0
    store_hangs_up: float = 0
    slow_store_s: float = 0
    slow_reads_s: float = 0
    lost_notice: float = 0
    repeated_notice: float = 0
    late_notice_s: float = 0
    bus_away: float = 0
    #: Seconds between crashes on average, between orderly restarts, and down for at most.
    crash_s: float = 0
    restart_s: float = 0
    down_s: float = 0
    #: How far a clock may be off.
    skew_s: float = 0
    lock_s: float = 0
    #: A reader of statuses forgets how far it had read.
    forgetful: float = 0


#: The worst that each may be. Notices may be lost always: the store is the truth.
_WORST = Weather(
    lost_request=0.3,
    lost_answer=0.3,
    repeated_request=0.3,
    cut_request=0.2,
    delay_s=2.0,
    store_fails=0.3,
    store_hangs_up=0.3,
    slow_store_s=1.0,
    slow_reads_s=1.0,
    lost_notice=1.0,
    repeated_notice=0.5,
    late_notice_s=3.0,
    bus_away=0.5,
    crash_s=15.0,
    restart_s=20.0,
    down_s=3.0,
    skew_s=3600.0,
    lock_s=12.0,
    forgetful=0.3,
)


def storm(dice: Dice) -> Weather:
    """Which faults exist, and how bad each is."""
    kinds = [f.name for f in fields(Weather)]
    bad = {name for name in kinds if dice.chance(0.4)}
    return Weather(
        **{name: getattr(_WORST, name) * _share(dice) if name in bad else 0 for name in kinds}
    )


def _share(dice: Dice) -> float:
    # The worst itself often enough: "never a notice" is a world of its own.
    return 1.0 if dice.chance(0.25) else dice.uniform(0.1, 1.0)


class World:
    """Everything a run shares. ``fail`` writes a violation down as soon as it is seen."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._loop = asyncio.get_running_loop()
        self.history = History(self._loop.time)
        self.weather = storm(self.dice("weather"))
        self.healed = asyncio.Event()
        self.violations: list[Violation] = []
        self.skew_us = 0
        self._ids = self.dice("ids")
        self.happened("storm", repr(self.weather))

    def dice(self, name: str) -> Dice:
        """The stream of chance of this name: the same for the same seed, in any process."""
        return Dice(f"{self.seed} {name}")

    @property
    def now_s(self) -> float:
        """Virtual seconds since the run began."""
        return self._loop.time()

    def happened(self, what: str, detail: str = "") -> None:
        """Write an event of the world down."""
        self.history.add(Event(what, detail))

    def fail(self, kind: str, text: str, *about: str) -> None:
        """A promise was broken."""
        found = Violation(kind, text, about)
        self.violations.append(found)
        self.history.add(found)

    def heal(self) -> None:
        """End the faults, but for the bus: no promise needs its notices."""
        old = self.weather
        self.weather = Weather(
            lost_notice=old.lost_notice,
            repeated_notice=old.repeated_notice,
            late_notice_s=old.late_notice_s,
            bus_away=old.bus_away,
        )
        self.happened("heal", "" if any(astuple(self.weather)) else CLEAR)
        self.healed.set()

    async def rest(self, dice: Dice, least_s: float, most_s: float) -> None:
        """Take a break; a short one after the heal, when only the axis is under test."""
        length_s = dice.uniform(least_s, most_s)
        await asyncio.sleep(min(length_s, 0.3) if self.healed.is_set() else length_s)

    async def pause(self, dice: Dice, most_s: float) -> None:
        """A delay of the weather's making; now and then, of up to ``most_s``."""
        if most_s and dice.chance(0.5):
            await asyncio.sleep(dice.uniform(0, most_s))

    def document(self, now: int) -> str:
        """Port ``Ids``."""
        milliseconds = (now // 1000).to_bytes(6, "big")
        return f"doc_{ULID(milliseconds + self._ids.randbytes(10))}"


class SimClock:
    """Port ``Clock`` of one life of the axis: off by the world's skew, and never going back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last = 0

    def now(self) -> int:
        """Microseconds UTC."""
        shown = _EPOCH_US + int(self._world.now_s * MICROSECONDS) + self._world.skew_us
        self._last = max(self._last, shown)
        return self._last
