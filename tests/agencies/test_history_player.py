"""The player of the history against the real app: what it holds does not grow with a day."""

from __future__ import annotations

import random
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agencies import client
from agencies.client import Client, Package
from agencies.examine import Examiner
from agencies.history.ahead import Stretch
from agencies.history.player import Player
from agencies.history.progress import Progress
from agencies.history.seats import Seat
from agencies.sizes import SMALL
from axis.api.problems import problem
from axis.core.errors import unavailable
from tests.agencies.seats import CERTIFICATES, DAY, AppLine, planned
from tests.api.world import HA_NOI, LANG_SON, OFFICE, key_of, secret, world
from tests.sim import loop


class Told(dict[str, Any]):
    """What is told of a package; unlike a plain one it can be watched."""


@dataclass
class Watch:
    """Which packages somebody holds: of each that was handed out, for as long as it is there."""

    handed: list[weakref.ref[Told]] = field(default_factory=list)
    #: How many were held when a page was asked for.
    held: list[int] = field(default_factory=list)

    def look(self) -> None:
        self.held.append(sum(told() is not None for told in self.handed))

    def note(self, package: Package) -> Package:
        told = Told(package.told)
        self.handed.append(weakref.ref(told))
        return replace(package, told=told)


class Watched(Client):
    watch: Watch

    async def packages(
        self, after: str, wait_s: float, occurred_at: str | None
    ) -> tuple[list[Package], str]:
        self.watch.look()
        page, after = await super().packages(after, wait_s, occurred_at)
        return [self.watch.note(package) for package in page], after


def test_who_waits_for_a_page_holds_no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_BYTES", 1)
    plan = planned(8)
    watch = Watch()

    async def main() -> None:
        async with world(history=True) as here:
            seats = {}
            for code in (LANG_SON, OFFICE, HA_NOI):
                own = Watched(AppLine(here.http), code, secret(code), random.Random(code).random)
                own.watch = watch
                key = key_of(code)
                seats[code] = Seat(own, key.private_key, key.certificate_der)
            progress = Progress()
            player = Player(seats, Examiner(CERTIFICATES), 1, SMALL, progress)
            stretch = Stretch(DAY.opens_us, DAY.last_us, plan)
            await player.play([stretch], due, lambda _: None)
            assert (progress.sent, progress.received) == (len(plan), 2 * len(plan))

    loop.run(main())
    # A page each, and two agencies that may be at one at the same time.
    assert len(watch.held) >= 2 * len(plan)
    assert max(watch.held) <= 1


class Busy(Client):
    """The axis is busy with every second package of what is handed in for the first time."""

    asked: list[int]

    async def post_documents(
        self, packages: Sequence[tuple[bytes, str | None]]
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append(len(packages))
        if len(self.asked) > 2:
            return await super().post_documents(packages)
        fault = unavailable("axis.busy" if len(self.asked) == 1 else "axis.store_away").faults
        taken = iter(await super().post_documents(packages[::2]))
        busy = {"status": 503, "problem": problem(fault)}
        return [busy if n % 2 else next(taken) for n in range(len(packages))]


def test_what_an_axis_was_too_busy_for_is_handed_in_again() -> None:
    plan = planned(8)
    asked: list[int] = []

    async def main() -> None:
        async with world(history=True) as here:
            seats = {}
            for code in (LANG_SON, OFFICE, HA_NOI):
                own = Busy(AppLine(here.http), code, secret(code), random.Random(code).random)
                own.asked = asked
                key = key_of(code)
                seats[code] = Seat(own, key.private_key, key.certificate_der)
            progress = Progress()
            player = Player(seats, Examiner(CERTIFICATES), 1, SMALL, progress)
            await player.play([Stretch(DAY.opens_us, DAY.last_us, plan)], due, lambda _: None)
            assert (progress.sent, progress.received, progress.again) == (8, 16, 0)

    loop.run(main())
    # Only what was not taken, and nothing of it twice.
    assert asked == [8, 4, 2]


async def due(_: Stretch) -> None:
    """Nobody waits for a clock."""
