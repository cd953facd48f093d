"""One recorded history: what everybody saw and wrote down, and what was there in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agencies import world
from agencies.client import Client
from agencies.crew import BACKOFF
from agencies.journal import RECEIVED_FILE, read_lines
from agencies.line import HttpLine
from schemas.bus import PARTITIONS, Message, decode, inbox_topic
from schemas.codes import agencies
from tests.nemesis.day import Day
from tests.nemesis.ground import Ground
from tests.nemesis.recorder import Door, RecordingLine
from tests.nemesis.tape import Heard, Tape, read
from tests.sim.history import Event, Final, Sent

#: Documents sent once more when all is over, and requests at a time.
AGAIN_MAX, AT_ONCE = 1000, 8
#: Seconds in which the topics must be read to their ends, and the books through the doors: those of
#: ten minutes take one.
TOPICS_S_MAX, LAST_S_MAX = 120.0, 600.0

#: An agency and a partition of its topic, or one of its lanes, which has the same number.
Lane = tuple[str, int]
#: What the topics hold, in order.
Topics = Mapping[Lane, Sequence[Message]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that the checkers look at. ``relayed``: relays see to it that no number of a lane
    is missing from its topic.
    """

    sent: Sequence[Sent]
    heard: Sequence[Heard]
    final: Final
    #: agency: the lines of its journal of what it received.
    memories: Mapping[str, Sequence[Mapping[str, Any]]]
    topics: Topics
    events: Sequence[tuple[float, Event]]
    healed_s: float
    relayed: bool
    complaints: Sequence[str] = field(default_factory=tuple)


async def last_look(ground: Ground, day: Day, seed: int) -> Final:
    """Send a part of everything once more, and read the books through the doors.

    Raises ``TimeoutError``.
    """
    home = ground.settings.home
    dice = random.Random(f"last {seed}")
    tape = ground.folder / "tapes" / "last.jsonl"
    async with asyncio.timeout(LAST_S_MAX), AsyncExitStack() as stack:
        doors = [
            Door(folder.name, await stack.enter_async_context(HttpLine(folder)))
            for folder in sorted(ground.doors.iterdir())
        ]
        line = RecordingLine(doors, Tape(tape), dice)
        reader = _Reader(line, home, dice)
        letters = list(day.letters(home))
        pace = day.pace(0.0)
        again = dice.sample(letters, min(AGAIN_MAX, len(letters)))
        await _each(
            [
                reader.at(sent.sender).post_document(raw, pace.stated(at_us))
                for sent, raw, at_us in again
            ]
        )
        return await reader.read()


class _Reader:
    """Reads the books as every agency, and as an operator."""

    def __init__(self, line: RecordingLine, home: Path, dice: random.Random) -> None:
        self._line, self._home, self._dice = line, home, dice
        self._clients: dict[str, Client] = {}

    def at(self, who: str) -> Client:
        """A client of one's own."""
        if who not in self._clients:
            folder = world.agency_dir(self._home, who)
            if who == world.OPERATOR_ID:
                folder = self._home / who
            secret = world.read_secret(folder)
            self._clients[who] = Client(self._line, who, secret, self._dice.random, BACKOFF)
        return self._clients[who]

    async def read(self) -> Final:
        """All of it."""
        inboxes: dict[str, tuple[Mapping[str, Any], ...]] = {}
        views: dict[str, Mapping[str, Any]] = {}

        async def inbox(code: str) -> None:
            inboxes[code] = await self._inbox(code)

        async def view(doc: str, sender: str) -> None:
            views[doc] = await self.at(sender).get(f"/v1/documents/{doc}")

        await _each([inbox(row.code) for row in agencies()])
        senders = {row["doc"]: row["sender"] for rows in inboxes.values() for row in rows}
        await _each([view(doc, sender) for doc, sender in senders.items()])
        operator = self.at(world.OPERATOR_ID)
        return Final(
            inboxes=inboxes,
            views=views,
            counts=await operator.get("/v1/counts"),
            audit=await operator.get("/v1/operator/audit"),
            refusals=tuple((await operator.get("/v1/operator/refusals?limit=1000"))["refusals"]),
        )

    async def _inbox(self, code: str) -> tuple[Mapping[str, Any], ...]:
        rows: list[Mapping[str, Any]] = []
        after = ""
        while True:
            page = await self.at(code).get(f"/v1/inbox?state=all&limit=200&after={after}")
            if not page["deliveries"]:
                return tuple(rows)
            rows += page["deliveries"]
            after = page["next"]


async def _each(questions: Sequence[Coroutine[Any, Any, object]]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(question: Coroutine[Any, Any, object]) -> None:
        async with places:
            await question

    async with asyncio.TaskGroup() as tasks:
        for question in questions:
            tasks.create_task(one(question))


async def topics(bootstrap: str, prefix: str, reach: Mapping[Lane, int]) -> Topics:
    """Everything that lies on the topics of the agencies, from their beginnings to their ends, once
    these lanes have come to their numbers, which is waited for within a bound.
    """
    found: dict[Lane, list[Message]] = {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = {
            TopicPartition(inbox_topic(prefix, row.code), number): (row.code, number)
            for row in agencies()
            for number in range(PARTITIONS)
        }
        consumer.assign(list(places))
        ends = await consumer.end_offsets(list(places))
        missing = set(reach)
        with suppress(TimeoutError):
            async with asyncio.timeout(TOPICS_S_MAX):
                while missing or await _behind(consumer, ends):
                    for place, records in (await consumer.getmany(timeout_ms=500)).items():
                        lane = places[place]
                        told = [decode(record.headers, record.value) for record in records]
                        found.setdefault(lane, []).extend(told)
                        if any(message.no >= reach.get(lane, 0) for message in told):
                            missing.discard(lane)
    finally:
        await consumer.stop()
    return found


async def _behind(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    """Whether something that lay there at the beginning was not read yet."""
    for place, end in ends.items():
        if end and await consumer.position(place) < end:
            return True
    return False


def reached(final: Final) -> Mapping[Lane, int]:
    """The last number of every lane that has any."""
    last: dict[Lane, int] = {}
    for code, rows in final.inboxes.items():
        for row in rows:
            lane = (code, row["urgency"])
            last[lane] = max(row["no"], last.get(lane, 0))
    return last


def memories(home: Path) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What every agency remembers of what it received."""
    return {
        row.code: read_lines(world.agency_dir(home, row.code) / RECEIVED_FILE) for row in agencies()
    }


def heard(ground: Ground) -> Sequence[Heard]:
    """What all clients recorded, in the order of the answers."""
    return read(ground.tapes)
