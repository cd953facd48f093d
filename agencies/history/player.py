"""All agencies at once, playing whole days of another time, one after the other.

Nobody waits for a clock here: what falls due is handed in, taken, checked, confirmed and answered
as fast as the machine goes, through the doors that live traffic takes, and each word states when
it happens in the run's time. A stretch of time is handed in whole, then every agency takes what
waits for it and says what is due by the end; what clerks say later is owed until then. So requests
are few and full, which is what makes whole days cheap. What comes back of a stretch is heard while
the next is handed in.

Nothing need be remembered within a day. One that was cut off is played again from its beginning:
the same bytes get the same receipts, what was confirmed is not handed out again, and a status said
twice is taken as said (design promise 6).
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agencies import drive
from agencies.client import AGAIN, STATUSES_MAX, Package
from agencies.crew import BACKOFF
from agencies.examine import Examiner
from agencies.history.ahead import Ahead, Batch, Stretch
from agencies.history.progress import Progress, Word
from agencies.history.requests import recipient_of, statement
from agencies.history.seats import Seat
from agencies.replies import replies
from agencies.sizes import Profile
from agencies.together import together
from agencies.traffic import Planned
from axis.core.timetable import from_iso, iso

#: Bulk requests and pages under way at once; more would only wait at the axis.
AT_ONCE = 8
#: One poll of a recipient; all that was handed in waits already, unless it was put back.
WAIT_S = 20.0
#: The status of a package that was accepted before.
REPEATED = 200


class Otherwise(Exception):
    """Something came about otherwise than planned; the message says what."""


@dataclass(slots=True)
class _Scene:
    """A stretch on its way: for each delivery the words to say."""

    stretch: Stretch
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    #: By recipient, the deliveries that it has still to take.
    left: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: By agency, what it says by the end of the stretch.
    due: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    #: An earlier play had handed some of it in: it may have been confirmed, and not answered.
    known: bool = False
    #: Documents handed in, their bytes, and those that were sent again.
    sent: int = 0
    size: int = 0
    again: int = 0


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
        self._ahead = Ahead(self._package)

    async def play(
        self,
        stretches: Iterable[Stretch],
        due: Callable[[Stretch], Coroutine[Any, Any, None]],
        finished: Callable[[Stretch], None],
    ) -> None:
        """Play stretches: each when ``due`` returns, and ``finished`` is told of each behind it.

        Raises ``Otherwise``.
        """
        await together(seat.client.sign_in() for seat in self._seats.values())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ahead.build(stretches))
            before: asyncio.Task[None] | None = None
            while (stretch := await self._ahead.stretch()) is not None:
                await due(stretch)
                scene = _Scene(stretch)
                await self._hand_in(scene)
                if before is not None:
                    await before
                # Progress is that of the stretch before until here, when that is finished.
                await self._answer_all(scene)
                before = tasks.create_task(self._finish(stretch, finished))

    def _package(self, planned: Planned) -> bytes:
        seat = self._seats[planned.sender]
        return drive.package(planned, seat.key, seat.certificate_der, self._profile)

    async def _answer_all(self, scene: _Scene) -> None:
        """Have every agency take what was sent to it, and say what is due by the end."""
        progress, owed = self.progress, self.progress.owed
        progress.sent += scene.sent
        progress.size += scene.size
        progress.again += scene.again
        while owed and owed[0].at_us <= scene.stretch.last_us:
            word = heapq.heappop(owed)
            scene.due[recipient_of(word.delivery)].append(word)
        if scene.known:
            await self._pick_up(scene)
        await together(self._answer(scene, code) for code in self._seats)

    async def _finish(self, stretch: Stretch, finished: Callable[[Stretch], None]) -> None:
        await together(self._hear(code) for code in self._seats)
        finished(stretch)

    # ---- sending ----------------------------------------------------------------------------

    async def _hand_in(self, scene: _Scene) -> None:
        """Hand all documents in, each sender's in the order of their time."""
        turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        async with asyncio.TaskGroup() as tasks:
            async for batch in self._ahead.batches():
                tasks.create_task(self._post(scene, batch, turns[batch.sender]))

    async def _post(self, scene: _Scene, batch: Batch, turn: asyncio.Lock) -> None:
        left, attempt = list(zip(batch.plan, batch.raws, strict=True)), 0
        # A lock is had in the order in which it was asked for.
        async with turn:
            while left := await self._posted(scene, batch.sender, left):
                # The axis was busy, or its store away: only these, and in their order.
                attempt += 1
                await asyncio.sleep(BACKOFF.delay_s(attempt, random.random()))
        self._ahead.handed_in(batch)

    async def _posted(
        self, scene: _Scene, sender: str, parts: Sequence[tuple[Planned, bytes]]
    ) -> list[tuple[Planned, bytes]]:
        """Post documents once; those that may be posted again as they are come back."""
        packages = [(raw, iso(planned.at_us)) for planned, raw in parts]
        async with self._places:
            results = await self._seats[sender].client.post_documents(packages)
        again = []
        for (planned, raw), result in zip(parts, results, strict=True):
            if result["status"] in AGAIN:
                again.append((planned, raw))
            elif "problem" in result:
                raise Otherwise(f"{planned.document_id} was refused: {result['problem']}")
            else:
                self._accepted(scene, planned, len(raw), result)
        return again

    def _accepted(
        self, scene: _Scene, planned: Planned, size: int, result: Mapping[str, Any]
    ) -> None:
        told: Sequence[str] = result["receipt"]["deliveries"]
        if told[0] in scene.words:
            scene.again += 1
            return
        scene.known |= result["status"] == REPEATED
        scene.sent += 1
        scene.size += size
        for reply, delivery in zip(replies(planned, self._seed), told, strict=True):
            assert recipient_of(delivery) == reply.recipient
            scene.left[reply.recipient].add(delivery)
            scene.words[delivery] = (
                Word(reply.taken_us, delivery, "01"),
                Word(reply.answered_us, delivery, reply.code, reply.reason, reply.staff),
            )

    # ---- taking -----------------------------------------------------------------------------

    async def _answer(self, scene: _Scene, code: str) -> None:
        """Take what was sent to one agency, and say what is due from it."""
        left = scene.left[code]
        after = ""
        while left:
            async with self._places:
                after = await self._take(scene, code, after)
        async with self._places:
            await self._say(code, sorted(scene.due[code]))

    async def _take(self, scene: _Scene, code: str, after: str) -> str:
        """Take a page; where the next begins. Whoever waits for a place must hold no packages."""
        page, after = await self._seats[code].client.packages(after, WAIT_S, None)
        # A play that was cut off may have left there what was sent later.
        mine = [package for package in page if package.told["id"] in scene.left[code]]
        if mine:
            await self._receive(scene, code, mine)
        return after if page else ""

    async def _receive(self, scene: _Scene, code: str, page: Sequence[Package]) -> None:
        for package in page:
            self._check(package)
        ids = [str(package.told["id"]) for package in page]
        taken = [(delivery, iso(scene.words[delivery][0].at_us)) for delivery in ids]
        for item in await self._seats[code].client.confirm_each(taken):
            if "problem" in item:
                raise Otherwise(f"{item['delivery']} was not confirmed: {item['problem']}")
        self._had(scene, code, ids)

    def _check(self, package: Package) -> None:
        told = package.told
        sender, at_us = str(told["sender"]), from_iso(str(told["occurred_at"]))
        found = self._examiner.examine(package.raw, str(told["sha256"]), sender, at_us)
        if found.fault:
            raise Otherwise(f"{told['id']} cannot be taken: {found.fault}")

    def _had(self, scene: _Scene, code: str, ids: Iterable[str]) -> None:
        """Note deliveries that were taken: what is not to be said of them by the end is owed."""
        for delivery in ids:
            scene.left[code].remove(delivery)
            self.progress.received += 1
            for word in scene.words[delivery]:
                if word.at_us <= scene.stretch.last_us:
                    scene.due[code].append(word)
                else:
                    heapq.heappush(self.progress.owed, word)

    async def _pick_up(self, scene: _Scene) -> None:
        """Go on with what an earlier play confirmed: it is not handed out any more."""
        for code, left in scene.left.items():
            async with self._places:
                waiting = await self._seats[code].client.waiting()
            self._had(scene, code, left - waiting)

    # ---- saying and hearing -----------------------------------------------------------------

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
