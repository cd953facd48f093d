"""The plan of a storm: what is done to whom, when, and until when. A pure function of the seed.

Kinds come from a pack that is shuffled anew whenever it is used up, so that a short storm has each
kind before any comes twice. Several faults are there at the same time, no two of one target.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

#: Seconds before the first fault: everything has begun to flow.
CALM_S = 3.0
#: Seconds between two beginnings at the most; a short storm has them closer, so that it has every kind.
PAUSE_S_MAX = 7.0
#: Seconds that somebody who was killed stays away.
AWAY_S = (0.2, 4.0)
#: Seconds for which somebody is stopped or cut off: longer than a transaction may be idle (3), a
#: group may wait for the lock (6), a broker's session lives (3), a publish may take (5) and a client
#: waits for its answer (8), a relay's lease holds (10); some longer than the lock may be held (15).
HELD_S = (11.0, 18.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """``target`` is killed, stopped, or cut off from ``other``, from ``begin_s`` until ``heal_s``.

    ``part``: of a family of processes all are killed or stopped, or only the first; of a way both
    directions are cut, or only the one from ``target`` to ``other``.
    """

    kind: str
    target: str
    begin_s: float
    heal_s: float
    other: str = ""
    part: bool = False

    @property
    def busy(self) -> frozenset[str]:
        """Whose state it holds meanwhile."""
        return frozenset({f"{self.target}-{self.other}" if self.other else self.target})


@dataclass(frozen=True, slots=True)
class Cast:
    """Who there is. Without ``networks`` nobody is cut off."""

    axes: Sequence[str]
    relays: Sequence[str]
    crews: Sequence[str]
    postgres: str
    broker: str
    #: An axis with several workers.
    crowded: str
    networks: bool

    def kinds(self) -> list[tuple[str, Sequence[str], Sequence[str]]]:
        """(what is done, to one of whom, cut off from one of whom)."""
        books, bus = (self.postgres,), (self.broker,)
        nobody: Sequence[str] = ()
        found: list[tuple[str, Sequence[str], Sequence[str]]] = [
            ("kill", self.axes, nobody),
            ("kill worker", (self.crowded,), nobody),
            ("kill", self.crews, nobody),
            ("kill", books, nobody),
            ("kill", bus, nobody),
            ("stop", self.axes, nobody),
            ("stop", bus, nobody),
            ("stop session", books, nobody),
        ]
        if self.relays:
            found += [("kill", self.relays, nobody), ("stop", self.relays, nobody)]
        if self.networks:
            found += [
                ("cut", self.axes, books),
                ("cut", self.axes, bus),
                ("cut", self.crews, self.axes),
            ]
            if self.relays:
                found += [("cut", self.relays, books), ("cut", self.relays, bus)]
        return found


def storm(seed: int, seconds: float, cast: Cast) -> list[Fault]:
    """The faults of a run, in the order in which they begin; all are healed by ``seconds``."""
    dice = random.Random(f"storm {seed}")
    kinds = cast.kinds()
    last_s = seconds - AWAY_S[1]
    pause_s = min(PAUSE_S_MAX, (last_s - CALM_S) / (len(kinds) + 4))
    faults: list[Fault] = []
    pack: list[tuple[str, Sequence[str], Sequence[str]]] = []
    at_s = CALM_S
    while at_s < last_s:
        pack = pack or dice.sample(kinds, len(kinds))
        busy = {name for fault in faults if fault.heal_s > at_s for name in fault.busy}
        fault = next(
            (f for kind in list(pack) if (f := _draw(dice, kind, pack, busy, at_s, seconds))), None
        )
        if fault is not None:
            faults.append(fault)
        at_s += pause_s * dice.uniform(0.6, 1.2)
    return faults


def _draw(
    dice: random.Random,
    kind: tuple[str, Sequence[str], Sequence[str]],
    pack: list[tuple[str, Sequence[str], Sequence[str]]],
    busy: set[str],
    at_s: float,
    end_s: float,
) -> Fault | None:
    """A fault of this kind, taken out of the pack; None when everybody it may befall is busy."""
    what, targets, others = kind
    away = what.startswith("kill")
    heal_s = min(end_s, at_s + dice.uniform(*(AWAY_S if away else HELD_S)))
    part = dice.random() < 0.4
    pairs = [(target, other) for target in targets for other in (others or ("",))]
    for target, other in dice.sample(pairs, len(pairs)):
        fault = Fault(what, target, at_s, heal_s, other, part)
        if not fault.busy & busy:
            pack.remove(kind)
            return fault
    return None
