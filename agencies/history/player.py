"""All agencies at once, playing whole days of another time, one after the other.

Nobody waits for a clock here: what falls due is handed in, taken, checked, confirmed and answered
as fast as the machine goes, through the doors that live traffic takes, and each request states when
it happens in the run's time. A stretch of time ends when all that was sent in it has been taken and
all that is due by its end has been said; what clerks say later is owed until then.

Nothing need be remembered within a day. One that was cut off is played again from its beginning:
the same bytes get the same receipts, what was confirmed is not handed out again, and a status said
twice is taken as said (design promise 6).
"""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agencies import drive
from agencies.client import STATUSES_MAX, Package
from agencies.examine import Examiner
from agencies.history.plan import moments
from agencies.history.progress import Progress, Word
from agencies.history.requests import batches, recipient_of, statement
from agencies.history.seats import Seat
from agencies.replies import replies
from agencies.sizes import Profile
from agencies.traffic import Planned
from axis.core.timetable import from_iso, iso

#: Bulk requests and pages under way at once; more would only wait at the axis.
AT_ONCE = 8
#: One poll of a recipient that waits for what is announced to it.
WAIT_S = 20.0
#: So many of one lane are confirmed by a range, which is one step for all; fewer by name.
RANGE_MIN = 8
#: The status of a package that was accepted before.
REPEATED = 200
#: Documents built between two looks at what has come in.
BUILT_AT_ONCE = 4


class Otherwise(Exception):
    """Something came about otherwise than planned; the message says what."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The documents sent in a stretch of the run's time; it ends with ``last_us``."""

    first_us: int
    last_us: int
    plan: Sequence[Planned]


@dataclass(slots=True)
class _Scene:
    """A stretch on its way: its packages, and for each delivery the words to say."""

    stretch: Stretch
    raws: Mapping[int, bytes] = field(repr=False)
    taken_us: dict[str, int] = field(default_factory=dict)
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    #: An earlier play had handed some of it in: it may have been confirmed, and not answered.
    known: bool = False


class Player:
    """Plays stretches of time. ``progress`` is how far an earlier play got, and is kept true."""

    def __init__(
        self,
        seats: Mapping[str, Seat],
        examiner: Examiner,
        seed: int,
        profile: Profile,
        progress: Progress,
    ) -> None:
        self._profile = profile
        self._seats = seats
        self._examiner = examiner
        self._seed = seed
        self.progress = progress
        self._places = asyncio.Semaphore(AT_ONCE)
        self._scene: _Scene | None = None
        self._news = asyncio.Condition()

    async def play(
        self,
        stretches: Iterable[Stretch],
        due: Callable[[Stretch], Coroutine[Any, Any, None]],
        finished: Callable[[Stretch], None],
    ) -> None:
        """Play stretches: each when ``due`` returns, and ``finished`` is told of each behind it.

        Raises ``Otherwise``.
        """
        await _all(seat.client.sign_in() for seat in self._seats.values())
        async with asyncio.TaskGroup() as tasks:
            endless = [tasks.create_task(self._take(code)) for code in self._seats]
            ahead: asyncio.Queue[_Scene | None] = asyncio.Queue(1)
            tasks.create_task(self._build(stretches, ahead))
            while (scene := await ahead.get()) is not None:
                await due(scene.stretch)
                await self._play(scene)
                finished(scene.stretch)
            for task in endless:
                task.cancel()

    async def _build(
        self, stretches: Iterable[Stretch], ahead: asyncio.Queue[_Scene | None]
    ) -> None:
        """Build packages, one stretch ahead of the one that is played."""
        for stretch in stretches:
            raws: dict[int, bytes] = {}
            for planned in stretch.plan:
                seat = self._seats[planned.sender]
                raws[planned.index] = drive.package(
                    planned, seat.key, seat.certificate_der, self._profile
                )
                if len(raws) % BUILT_AT_ONCE == 0:
                    await asyncio.sleep(0)
            await ahead.put(_Scene(stretch, raws))
        await ahead.put(None)

    async def _play(self, scene: _Scene) -> None:
        self._scene = scene
        await self._hand_in(scene)
        if scene.known:
            await self._pick_up(scene)
        async with self._news:
            await self._news.wait_for(lambda: len(scene.taken) == len(scene.words))
        await self._say_due(scene.stretch.last_us)
        await _all(self._hear(code) for code in self._seats)
        self._scene = None

    # ---- sending ----------------------------------------------------------------------------

    async def _hand_in(self, scene: _Scene) -> None:
        """Hand all documents in, each sender's in the order of their time."""
        by_sender: dict[str, list[Planned]] = defaultdict(list)
        for moment in moments(scene.stretch.plan):
            by_sender[moment.planned.sender].append(moment.planned)
        await _all(self._hand_in_all(scene, plan) for plan in by_sender.values())

    async def _hand_in_all(self, scene: _Scene, plan: Sequence[Planned]) -> None:
        for some in batches(plan, scene.raws):
            packages = [(scene.raws[planned.index], iso(planned.at_us)) for planned in some]
            async with self._places:
                results = await self._seats[plan[0].sender].client.post_documents(packages)
            for planned, result in zip(some, results, strict=True):
                if "problem" in result:
                    raise Otherwise(f"{planned.document_id} was refused: {result['problem']}")
                self._accepted(scene, planned, result)
            await self._tell_news()

    def _accepted(self, scene: _Scene, planned: Planned, result: Mapping[str, Any]) -> None:
        told: Sequence[str] = result["receipt"]["deliveries"]
        if told[0] in scene.words:
            self.progress.again += 1
            return
        scene.known |= result["status"] == REPEATED
        self.progress.sent += 1
        self.progress.size += len(scene.raws[planned.index])
        for reply, delivery in zip(replies(planned, self._seed), told, strict=True):
            assert recipient_of(delivery) == reply.recipient
            scene.taken_us[delivery] = reply.taken_us
            scene.words[delivery] = (
                Word(reply.taken_us, delivery, "01"),
                Word(reply.answered_us, delivery, reply.code, reply.reason, reply.staff),
            )

    async def _tell_news(self) -> None:
        async with self._news:
            self._news.notify_all()

    # ---- taking -----------------------------------------------------------------------------

    async def _take(self, code: str) -> None:
        """Take what is announced to one agency, for ever."""
        while True:
            page, _ = await self._seats[code].client.packages("", WAIT_S, None)
            if page:
                await self._receive(code, page)

    async def _receive(self, code: str, page: Sequence[Package]) -> None:
        ids = [str(package.told["id"]) for package in page]
        # A package may be here before its sender knows that it was accepted.
        async with self._news:
            await self._news.wait_for(lambda: self._knows(ids))
        scene = self._scene
        assert scene is not None
        for package in page:
            self._check(package)
        at = iso(max(scene.taken_us[delivery] for delivery in ids))
        async with self._places:
            await self._confirm(code, page, at)
            await self._say(code, [scene.words[delivery][0] for delivery in ids])
        await self._had(scene, ids)

    def _knows(self, ids: Iterable[str]) -> bool:
        scene = self._scene
        return scene is not None and all(delivery in scene.words for delivery in ids)

    def _check(self, package: Package) -> None:
        told = package.told
        sender, at_us = str(told["sender"]), from_iso(str(told["occurred_at"]))
        found = self._examiner.examine(package.raw, str(told["sha256"]), sender, at_us)
        if found.fault:
            raise Otherwise(f"{told['id']} cannot be taken: {found.fault}")

    async def _confirm(self, code: str, page: Sequence[Package], at: str) -> None:
        client = self._seats[code].client
        lanes: dict[int, list[Package]] = defaultdict(list)
        for package in page:
            lanes[int(package.told["urgency"])].append(package)
        by_name: list[str] = []
        for urgency, packages in lanes.items():
            if len(packages) < RANGE_MIN:
                by_name += [str(package.told["id"]) for package in packages]
            else:
                no = max(int(package.told["no"]) for package in packages)
                await client.confirm_up_to(urgency, no, at)
        for item in await client.confirm(by_name, at) if by_name else ():
            if "problem" in item:
                raise Otherwise(f"{item['delivery']} was not confirmed: {item['problem']}")

    async def _had(self, scene: _Scene, ids: Iterable[str]) -> None:
        """Note deliveries that were taken and answered with 01; the rest of the words is owed."""
        for delivery in ids:
            if delivery not in scene.taken:
                scene.taken.add(delivery)
                self.progress.received += 1
                heapq.heappush(self.progress.owed, scene.words[delivery][1])
        await self._tell_news()

    async def _pick_up(self, scene: _Scene) -> None:
        """Say 01 of what an earlier play confirmed: it is not handed out any more."""
        waiting: set[str] = set()
        for code in self._seats:
            waiting |= await self._seats[code].client.waiting()
        left: dict[str, list[str]] = defaultdict(list)
        for delivery in scene.words.keys() - waiting:
            left[recipient_of(delivery)].append(delivery)
        for code, ids in left.items():
            await self._say(code, [scene.words[delivery][0] for delivery in ids])
            await self._had(scene, ids)

    # ---- saying and hearing -----------------------------------------------------------------

    async def _say_due(self, last_us: int) -> None:
        due: dict[str, list[Word]] = defaultdict(list)
        owed = self.progress.owed
        while owed and owed[0].at_us <= last_us:
            word = heapq.heappop(owed)
            due[recipient_of(word.delivery)].append(word)
        await _all(self._say(code, words) for code, words in due.items())

    async def _say(self, code: str, words: Sequence[Word]) -> None:
        client = self._seats[code].client
        for at in range(0, len(words), STATUSES_MAX):
            some = words[at : at + STATUSES_MAX]
            results = await client.say([statement(word) for word in some])
            for word, result in zip(some, results, strict=True):
                if "problem" in result:
                    raise Otherwise(f"{code} may not say {word.code}: {result['problem']}")
            self.progress.said += len(some)

    async def _hear(self, code: str) -> None:
        """Read what has come back to one agency, to the end."""
        read = self.progress.read
        while True:
            async with self._places:
                page, read[code] = await self._seats[code].client.hear(read.get(code, 0), 0)
            self.progress.heard += sum(one["kind"] == "status" for one in page)
            if len(page) < STATUSES_MAX:
                return


async def _all(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for job in jobs:
            tasks.create_task(job)
