"""What recipients and senders of a record do and say about deliveries that have been taken."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

from agencies.client import CONFIRMED_MAX, STATUSES_MAX, Refused
from agencies.history.seats import Seat
from agencies.replays.acts import FAIL, RESET, SAY, Act
from agencies.replays.score import Score
from agencies.together import together
from axis.core.document import delivery_id

#: By number what the axis calls a document of the score, and who sent it.
Docs = dict[int, tuple[str, str]]


class Doing:
    """Does acts through the doors of the agencies; what is refused is noted in the score."""

    def __init__(self, seats: Mapping[str, Seat], places: asyncio.Semaphore, score: Score) -> None:
        self._seats = seats
        self._places = places
        self._score = score

    async def left(self, acts: Sequence[Act], docs: Docs) -> list[Act]:
        """The acts that a process before this one had not done, as the books tell."""
        done: Counter[tuple[int, str]] = Counter()
        for no in sorted({act.no for act in acts}):
            doc, sender = docs[no]
            view = await self._seats[sender].client.get(f"/v1/documents/{doc}")
            for event in view["history"]:
                if event["kind"] in ("done", "parked", "reset", "status"):
                    done[no, event["recipient"]] += 1
        return [act for act in acts if act.place >= done[act.no, act.recipient]]

    async def do(self, acts: Iterable[Act], docs: Docs) -> None:
        """Do what falls due: deliveries side by side, each one's acts in their order."""
        of: dict[tuple[int, str], deque[Act]] = defaultdict(deque)
        for act in acts:
            of[act.no, act.recipient].append(act)
        while of:
            now = [queue.popleft() for queue in of.values()]
            of = {key: queue for key, queue in of.items() if queue}
            await self._do(now, docs)

    async def _do(self, acts: Sequence[Act], docs: Docs) -> None:
        """Do one act of each delivery."""
        done: dict[str, list[Act]] = defaultdict(list)
        failed: dict[tuple[str, str, str], list[Act]] = defaultdict(list)
        said: dict[str, list[Act]] = defaultdict(list)
        jobs: list[Coroutine[Any, Any, None]] = []
        for act in acts:
            if act.kind == SAY:
                said[act.speaker].append(act)
            elif act.kind == RESET:
                jobs.append(self._reset(act, docs))
            elif act.kind == FAIL:
                failed[act.recipient, act.occurred_at, act.reason].append(act)
            else:
                done[act.recipient].append(act)
        jobs += [self._confirm(code, of, docs) for code, of in done.items()]
        jobs += [self._fail(*key, of, docs) for key, of in failed.items()]
        jobs += [self._say(speaker, of, docs) for speaker, of in said.items()]
        await together(jobs)

    async def _confirm(self, code: str, acts: Sequence[Act], docs: Docs) -> None:
        for some in _cut(acts, CONFIRMED_MAX):
            taken = [(_delivery(act, docs), act.occurred_at) for act in some]
            async with self._places:
                items = await self._seats[code].client.confirm_each(taken)
            self._note(some, items)

    async def _fail(self, code: str, at: str, reason: str, acts: Sequence[Act], docs: Docs) -> None:
        for some in _cut(acts, CONFIRMED_MAX):
            ids = [_delivery(act, docs) for act in some]
            async with self._places:
                items = await self._seats[code].client.confirm(ids, at, reason)
            self._note(some, items)

    async def _say(self, code: str, acts: Sequence[Act], docs: Docs) -> None:
        for some in _cut(acts, STATUSES_MAX):
            statements = [
                {
                    "delivery": _delivery(act, docs),
                    "code": act.code,
                    "occurred_at": act.occurred_at,
                    **({"reason": act.reason} if act.reason else {}),
                }
                for act in some
            ]
            async with self._places:
                results = await self._seats[code].client.say(statements)
            self._note(some, results)

    async def _reset(self, act: Act, docs: Docs) -> None:
        try:
            async with self._places:
                await self._seats[act.recipient].client.reset(_delivery(act, docs))
        except Refused as refused:
            if refused.problem.get("code") == "delivery.not_parked":
                return  # The answer to the first time was lost with the axis.
            self._note([act], [{"problem": refused.problem}])

    def _note(self, acts: Sequence[Act], results: Sequence[Mapping[str, Any]]) -> None:
        for act, result in zip(acts, results, strict=True):
            if "problem" in result:
                what = f"{act.kind} {act.code}".strip()
                told = f"{what}: {told_of(result['problem'])}"
                self._score.trouble(act.no, act.recipient, told)

    async def heard(self) -> int:
        """How many statuses have come back in all: every agency reads its stream to the end."""
        counts: list[int] = []
        await together(self._hear(code, counts) for code in self._seats)
        return sum(counts)

    async def _hear(self, code: str, counts: list[int]) -> None:
        after = 0
        while True:
            async with self._places:
                page, after = await self._seats[code].client.hear(after, 0)
            counts.append(sum(one["kind"] == "status" for one in page))
            if len(page) < STATUSES_MAX:
                return


def told_of(problem: Mapping[str, Any]) -> str:
    """A problem object in one line."""
    return f"{problem.get('code', '')}: {problem.get('detail', '')}"


def _delivery(act: Act, docs: Docs) -> str:
    return delivery_id(docs[act.no][0], act.recipient)


def _cut(acts: Sequence[Act], most: int) -> Iterable[Sequence[Act]]:
    return (acts[at : at + most] for at in range(0, len(acts), most))
