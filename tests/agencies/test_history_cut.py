"""A play of the history that is cut off anywhere comes to the same when it is gone on with."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from agencies.client import Client
from agencies.examine import Examiner
from agencies.history.ahead import Stretch
from agencies.history.player import Player
from agencies.history.progress import Progress
from agencies.history.seats import Seat
from agencies.line import Answer, Line
from agencies.replies import replies
from agencies.sizes import SMALL
from axis.core.timetable import DAY_US, iso
from tests.agencies.seats import CERTIFICATES, DAY, AppLine, planned
from tests.api.world import HA_NOI, LANG_SON, OFFICE, key_of, secret, world
from tests.sim import loop

_MINUTE_US = 60_000_000
_FIRST_US = DAY.opens_us + 3 * _MINUTE_US
_SECOND_US = DAY.opens_us + 6 * _MINUTE_US
#: Clerks answer in the first hours, and the last one by then.
_LATER_US = (*range(_SECOND_US, _SECOND_US + 60 * _MINUTE_US, 10 * _MINUTE_US), _FIRST_US + DAY_US)
_FIRST, *_REST = planned(6)
PLAN = (replace(_FIRST, again_us=_FIRST.at_us + _MINUTE_US), *_REST)
STRETCHES = (
    Stretch(DAY.opens_us, _FIRST_US - 1, PLAN[:3]),
    Stretch(_FIRST_US, _SECOND_US - 1, PLAN[3:]),
    *(Stretch(first, last - 1, ()) for first, last in pairwise(_LATER_US)),
    Stretch(_LATER_US[-1], _LATER_US[-1] + 31 * DAY_US, ()),
)
#: Requests after which a process is killed; all of a play are some fifty.
EVERY = 3


class Killed(Exception):
    """The process is no more; what it asked last may have been done."""


@dataclass
class Cut:
    """A line that lasts for so many requests; the answer to the last one is lost."""

    line: Line
    left: int

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if self.left < 0:
            raise Killed
        self.left -= 1
        answer = await self.line.ask(method, path, headers, body, timeout_s)
        if self.left < 0:
            raise Killed
        return answer


def _client(line: Line, code: str) -> Client:
    return Client(line, code, secret(code), random.Random(code).random)


async def _play(line: Line, folder: Path, done: list[Stretch]) -> Progress:
    """Play what is left of the stretches; how far it is then."""
    progress = Progress.load(folder)
    seats = {
        code: Seat(_client(line, code), key_of(code).private_key, key_of(code).certificate_der)
        for code in (LANG_SON, OFFICE, HA_NOI)
    }

    async def due(_: Stretch) -> None:
        return

    def finished(stretch: Stretch) -> None:
        # What is due by the end of a stretch is said in it.
        assert all(word.at_us > stretch.last_us for word in progress.owed)
        done.append(stretch)
        progress.day = date(2020, 1, 15)
        progress.save(folder)

    player = Player(seats, Examiner(CERTIFICATES), 1, SMALL, progress)
    await player.play(STRETCHES[len(done) :], due, finished)
    return progress


def _said() -> Counter[tuple[str, str, str]]:
    """What has to come back to the sender, and when it was said."""
    said: Counter[tuple[str, str, str]] = Counter()
    for one in PLAN:
        for reply in replies(one, 1):
            said[reply.recipient, "01", iso(reply.taken_us)] += 1
            said[reply.recipient, reply.code, iso(reply.answered_us)] += 1
    return said


@pytest.mark.parametrize("after", range(0, 51, EVERY))
def test_wherever_it_is_cut_off_the_same_is_said(tmp_path: Path, after: int) -> None:
    async def main() -> None:
        async with world(history=True) as here:
            line, done = AppLine(here.http), list[Stretch]()
            try:
                await _play(Cut(line, after), tmp_path, done)
            except* Killed:
                pass
            progress = await _play(line, tmp_path, done)
            assert done == [*STRETCHES]
            counts = (progress.sent, progress.received, progress.again)
            assert counts == (len(PLAN), 2 * len(PLAN), 1)
            assert progress.said == progress.heard == 4 * len(PLAN)
            assert progress.owed == []
            page, _ = await _client(line, LANG_SON).hear(0, 0)
            heard = [one for one in page if one["kind"] == "status"]
            assert Counter((s["recipient"], s["code"], s["occurred_at"]) for s in heard) == _said()

    loop.run(main())
