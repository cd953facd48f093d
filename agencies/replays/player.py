"""All agencies at once, doing and saying what a record has of them, at its times.

In each stretch of time what was sent in it is handed in; every recipient takes and checks what is
announced to it; then falls due what was done and said by its end. Each request states when that
occurred in the record. What the axis refuses is noted and the rest goes on: the comparison shows
it. A stretch that was cut off is played again, behind a look at how far it had come.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agencies.client import AGAIN, Package
from agencies.crew import BACKOFF
from agencies.examine import Examiner
from agencies.history.requests import batches, recipient_of
from agencies.history.seats import Seat
from agencies.replays.doing import Docs, Doing, told_of
from agencies.replays.score import Part, Score, Stretch
from agencies.together import together
from axis.core.timetable import from_iso
from schemas.traffic import Row

#: Bulk requests and pages under way at once; more would only wait at the axis.
AT_ONCE = 8
#: One poll of a recipient that waits for what is announced to it.
WAIT_S = 20.0

Build = Callable[[Row, Seat], bytes]


@dataclass(slots=True)
class _Scene:
    """A stretch on its way."""

    stretch: Stretch
    docs: Docs = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    #: By the axis's id the number and the digest of what was handed in.
    known: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: Deliveries that have not been taken yet.
    awaited: set[str] = field(default_factory=set)
    handed_in: bool = False


class Player:
    """Plays what is left of a score. ``build`` makes the packages that the score has not."""

    def __init__(
        self, seats: Mapping[str, Seat], examiner: Examiner, score: Score, build: Build
    ) -> None:
        self._seats = seats
        self._examiner = examiner
        self._score = score
        self._build = build
        self._places = asyncio.Semaphore(AT_ONCE)
        self._doing = Doing(seats, self._places, score)
        self._scene: _Scene | None = None
        self._news = asyncio.Condition()
        #: Whether the stretch may have been begun by a process before this one.
        self._perhaps_begun = True

    async def play(
        self,
        span_us: int | None,
        due: Callable[[int], Coroutine[Any, Any, None]],
        finished: Callable[[], None],
    ) -> None:
        """Play stretches of ``span_us``, each when ``due`` returns; ``finished`` is told of each.

        At last every agency reads what has come back to it.
        """
        await together(seat.client.sign_in() for seat in self._seats.values())
        async with asyncio.TaskGroup() as tasks:
            endless = [tasks.create_task(self._take(code)) for code in self._seats]
            while (stretch := self._score.next(span_us)) is not None:
                await due(stretch.first_us)
                await self._play(stretch)
                self._perhaps_begun = False
                finished()
            for task in endless:
                task.cancel()
        self._score.heard(await self._doing.heard())

    async def _play(self, stretch: Stretch) -> None:
        self._scene = scene = _Scene(stretch)
        scene.docs = self._score.docs(sorted({act.no for act in stretch.acts}))
        await self._hand_in(scene)
        if self._perhaps_begun:
            await self._pick_up(scene)
        async with self._news:
            await self._news.wait_for(lambda: not scene.awaited)
        acts = [act for act in stretch.acts if act.no in scene.docs]
        if self._perhaps_begun:
            acts = await self._doing.left(acts, scene.docs)
        await self._doing.do(acts, scene.docs)
        fresh = {part.no for part in stretch.parts}
        docs = [(no, doc) for no, (doc, _) in scene.docs.items() if no in fresh]
        self._score.finished(stretch, docs, list(scene.refused.items()))
        self._scene = None

    # ---- sending ----------------------------------------------------------------------------

    async def _hand_in(self, scene: _Scene) -> None:
        """Hand all documents in, each sender's in the order of their time."""
        by_sender: dict[str, list[tuple[Part, bytes]]] = defaultdict(list)
        for part in scene.stretch.parts:
            raw = part.package
            if raw is None:
                raw = self._build(part.row, self._seats[part.row.sender])
                # Building is a millisecond each; what comes in meanwhile is taken.
                await asyncio.sleep(0)
            by_sender[part.row.sender].append((part, raw))
        await together(self._hand_in_all(scene, *one) for one in by_sender.items())
        async with self._news:
            scene.handed_in = True
            self._news.notify_all()

    async def _hand_in_all(
        self, scene: _Scene, sender: str, parts: Sequence[tuple[Part, bytes]]
    ) -> None:
        for some in batches(parts, lambda one: len(one[1])):
            left, attempt = some, 0
            while left := await self._posted(scene, sender, left):
                # The axis was busy, or its store away: only these, and in their order.
                attempt += 1
                await asyncio.sleep(BACKOFF.delay_s(attempt, random.random()))

    async def _posted(
        self, scene: _Scene, sender: str, parts: Sequence[tuple[Part, bytes]]
    ) -> list[tuple[Part, bytes]]:
        """Post documents once; those that may be posted again as they are come back."""
        packages = [(raw, part.row.occurred_at) for part, raw in parts]
        async with self._places:
            results = await self._seats[sender].client.post_documents(packages)
        again = []
        for (part, raw), result in zip(parts, results, strict=True):
            if result["status"] in AGAIN:
                again.append((part, raw))
            elif "problem" in result:
                scene.refused[part.no] = told_of(result["problem"])
            else:
                receipt = result["receipt"]
                scene.docs[part.no] = str(receipt["doc"]), sender
                scene.known[receipt["doc"]] = part.no, str(receipt["sha256"])
                scene.awaited.update(receipt["deliveries"])
        async with self._news:
            self._news.notify_all()
        return again

    # ---- taking -----------------------------------------------------------------------------

    async def _take(self, code: str) -> None:
        """Take what is announced to one agency, for ever; what is not confirmed comes once."""
        after = ""
        while True:
            after = await self._page(code, after)

    async def _page(self, code: str, after: str) -> str:
        """Take a page; where the next begins. Whoever waits for that must hold no packages."""
        page, after = await self._seats[code].client.packages(after, WAIT_S, None)
        for package in page:
            await self._taken(code, package)
        return after

    async def _taken(self, code: str, package: Package) -> None:
        told = package.told
        doc = str(told["doc"])
        # A package may be here before its sender knows that it was accepted.
        async with self._news:
            await self._news.wait_for(lambda: self._answered(doc))
        scene = self._scene
        if scene is None or doc not in scene.known:
            return  # It was taken before this process began, and is not confirmed yet.
        no, sha256 = scene.known[doc]
        fault = self._fault(package)
        if not fault and told["sha256"] != sha256:
            fault = f"the digest is {told['sha256']}, not {sha256}"
        if fault:
            self._score.trouble(no, code, fault)
        await self._had(scene, [str(told["id"])])

    def _answered(self, doc: str) -> bool:
        scene = self._scene
        return scene is not None and (scene.handed_in or doc in scene.known)

    def _fault(self, package: Package) -> str:
        told = package.told
        sender, at_us = str(told["sender"]), from_iso(str(told["occurred_at"]))
        return self._examiner.examine(package.raw, str(told["sha256"]), sender, at_us).fault

    async def _had(self, scene: _Scene, deliveries: Iterable[str]) -> None:
        async with self._news:
            scene.awaited.difference_update(deliveries)
            self._news.notify_all()

    async def _pick_up(self, scene: _Scene) -> None:
        """What is not open any more was taken and confirmed before this process began."""
        open_: set[str] = set()
        for code in {recipient_of(delivery) for delivery in scene.awaited}:
            open_ |= await self._seats[code].client.waiting()
        await self._had(scene, scene.awaited - open_)
