"""An agency told by its topic: what comes over Kafka, and what over REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agencies.client import Package
from agencies.topic import TopicInbox, Topics
from axis.adapters.kafka_bus import KafkaBus
from axis.settings import KafkaSettings
from tests.adapters.test_kafka_bus import notice
from tests.agencies.seats import Seats
from tests.agencies.test_endpoint import at_work
from tests.api.test_over_kafka import over_kafka
from tests.api.world import OFFICE
from tests.contract.books import B
from tests.contract.buses import SOON_S, prefix, prepare, running
from tests.kafka import Kafka

WAIT_S = 60.0


@dataclass
class Inbox:
    """What REST shows; it counts how often it is asked."""

    waiting: list[int] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)

    async def packages(
        self, after: str, wait_s: float, occurred_at: str | None
    ) -> tuple[list[Package], str]:
        self.asked.append(wait_s)
        page = [Package({"id": f"doc_{n}.{B}", "urgency": 0, "no": n}, b"") for n in self.waiting]
        self.waiting.clear()
        return page, ""


@dataclass
class Desk:
    """An agency at its topic."""

    bus: KafkaBus
    rest: Inbox
    kafka: Kafka
    start: str
    topic: TopicInbox = field(init=False)

    def __post_init__(self) -> None:
        self.topic = self.sit_down()

    def sit_down(self) -> TopicInbox:
        return TopicInbox(B, self.rest, Topics(self.kafka.bootstrap, self.start))

    async def next(self) -> list[str]:
        """The ids of the next page that is not empty."""
        async with asyncio.timeout(SOON_S):
            while True:
                page, _ = await self.topic.packages("", WAIT_S, None)
                if page:
                    return [package.told["id"].split(".")[0] for package in page]

    async def at_its_topic(self) -> None:
        """Read the inbox to its end, so that the topic is what is waited for."""
        assert (await self.topic.packages("", WAIT_S, None)) == ([], "")


@pytest.fixture
async def desk(kafka: Kafka) -> AsyncIterator[Desk]:
    start, rest = prefix(), Inbox()
    prepare(kafka, start)
    async with running(KafkaSettings(bootstrap=kafka.bootstrap), start) as bus:
        if kafka.real:
            await bus.prepare([B])
        desk = Desk(bus, rest, kafka, start)
        yield desk
        await desk.topic.close()


async def test_small_packages_come_by_the_topic_and_others_by_the_inbox(desk: Desk):
    desk.rest.waiting = [1, 2]
    assert await desk.next() == ["doc_1", "doc_2"]
    await desk.at_its_topic()
    await desk.bus.publish([notice(3, b"three"), notice(4, b"four")])
    asked = len(desk.rest.asked)
    assert await desk.next() == ["doc_3", "doc_4"]
    assert len(desk.rest.asked) == asked
    desk.rest.waiting = [5, 6]
    await desk.bus.publish([notice(5), notice(6, b"six")])
    assert await desk.next() == ["doc_5", "doc_6"]


async def test_what_was_lost_between_is_found_in_the_inbox(desk: Desk):
    desk.rest.waiting = [1]
    assert await desk.next() == ["doc_1"]
    await desk.at_its_topic()
    desk.rest.waiting = [2, 3, 4]
    await desk.bus.publish([notice(4, b"four")])
    assert await desk.next() == ["doc_2", "doc_3", "doc_4"]
    await desk.at_its_topic()
    await desk.bus.publish([notice(4, b"four"), notice(5, b"five")])
    assert await desk.next() == ["doc_5"]


async def test_a_process_goes_on_behind_what_was_dealt_with(desk: Desk):
    await desk.at_its_topic()
    desk.rest.waiting = [1]
    await desk.bus.publish([notice(1)])
    assert await desk.next() == ["doc_1"]
    await desk.at_its_topic()
    await desk.bus.publish([notice(2, b"two")])
    assert await desk.next() == ["doc_2"]
    # It dies before it asks for more: nobody knows whether it has dealt with the second.
    await desk.topic.close()
    desk.topic = desk.sit_down()
    desk.rest.waiting = [2]
    assert await desk.next() == ["doc_2"]
    await desk.at_its_topic()
    await desk.bus.publish([notice(3, b"three")])
    assert await desk.next() == ["doc_3"]


async def test_without_a_broker_it_polls():
    rest = Inbox([1])
    topic = TopicInbox(B, rest, Topics("127.0.0.1:1", ""))
    page, _ = await topic.packages("", 7.0, None)
    assert [package.told["no"] for package in page] == [1]
    assert rest.asked == [7.0]
    await topic.close()


async def test_an_endpoint_takes_confirms_and_answers_over_its_topic(kafka: Kafka, tmp_path: Path):
    async with over_kafka(kafka, history=True) as here:
        seats = Seats(here, tmp_path)
        endpoint = seats.endpoint(OFFICE)
        topics = Topics(kafka.bootstrap, here.axis.settings.topic_prefix)
        source = TopicInbox(OFFICE, endpoint.client, topics)
        endpoint.source = source
        try:
            async with asyncio.timeout(SOON_S), at_work(endpoint):
                receipt = await here.sent()
                await seats.until("01")
        finally:
            await source.close()
        (taken,) = endpoint.journal.taken.values()
        assert (taken.sha256, taken.done) == (receipt["sha256"], True)
