"""One consumer for the topics of several agencies, over the Kafka of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.cluster import ClusterMetadata

from agencies import topics
from agencies.brokers import Brokers
from agencies.lanes import Lanes
from agencies.ways import Told
from axis.adapters.kafka_publisher import KafkaPublisher
from axis.core.record import STATUSES
from axis.settings import KafkaSettings
from schemas.bus import inbox_topic
from tests.agencies.topics_read import reading_topics
from tests.contract.books import A, B
from tests.contract.buses import SOON_S
from tests.contract.publishers import prefix, prepare, publishing, record, until_taken
from tests.kafka import Kafka


async def _reaches(told: Told, last: dict[int, int]) -> None:
    """Wait until lanes have come so far."""
    async with asyncio.timeout(SOON_S):
        while told.lanes.last != last:
            await told._documents.wait()


async def test_each_agency_is_told_what_is_in_its_topic_from_now_on(kafka: Kafka) -> None:
    start = prefix()
    prepare(kafka, start)
    told = {A: Told(Lanes()), B: Told(Lanes())}
    async with publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher:
        await publisher.publish([record(1, to=A), record(1, to=B)])
        async with reading_topics(Brokers(bootstrap=kafka.bootstrap, prefix=start), told):
            # The word that reading has begun: whoever hears it looks for what was there.
            for one in told.values():
                assert await one.statuses.wait(SOON_S)
            await publisher.publish([record(2, to=A), record(7, urgency=3, to=A)])
            await publisher.publish([record(5, to=B), record(9, urgency=STATUSES, to=B)])
            await _reaches(told[A], {0: 2, 3: 7})
            await _reaches(told[B], {0: 5})
            assert await told[B].statuses.wait(SOON_S)
    assert told[A].lanes.source == told[B].lanes.source == "/axis/test"


async def test_topics_that_are_made_later_are_read_then(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kafka.real:
        pytest.skip(f"only a real Kafka makes topics when it is asked to: {kafka.told}")
    monkeypatch.setattr(topics, "LOOK_AGAIN_S", 0.2)
    start = prefix()
    told = {A: Told(Lanes()), B: Told(Lanes())}
    async with (
        publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher,
        reading_topics(Brokers(bootstrap=kafka.bootstrap, prefix=start), told),
    ):
        assert await told[A].statuses.wait(SOON_S)
        for code in (A, B):
            await publisher.publish([record(to=code)])
            # What was written before its topic was read is looked for: reading began anew.
            assert await told[code].statuses.wait(SOON_S)
            await _until_told(publisher, told[code], code)


def _partition_has_no_leader(patch: pytest.MonkeyPatch, bad: str) -> None:
    leader = ClusterMetadata.leader_for_partition
    led = ClusterMetadata.available_partitions_for_topic

    def nobody(cluster: ClusterMetadata, place: TopicPartition) -> object:
        return -1 if place == TopicPartition(bad, 3) else leader(cluster, place)

    def without(cluster: ClusterMetadata, topic: str) -> object:
        found = led(cluster, topic)
        return found - {3} if topic == bad else found

    patch.setattr(ClusterMetadata, "leader_for_partition", nobody)
    patch.setattr(ClusterMetadata, "available_partitions_for_topic", without)


def _end_is_not_found(patch: pytest.MonkeyPatch, bad: str) -> None:
    seek = AIOKafkaConsumer.seek_to_end

    async def unfound(consumer: AIOKafkaConsumer, *places: TopicPartition) -> bool:
        asked = {place.topic for place in places or consumer.assignment()}
        return bad not in asked and await seek(consumer, *places)

    patch.setattr(AIOKafkaConsumer, "seek_to_end", unfound)


@pytest.mark.parametrize("harm", [_partition_has_no_leader, _end_is_not_found])
async def test_a_topic_that_cannot_be_read_holds_up_no_other(
    kafka: Kafka, harm: Callable[[pytest.MonkeyPatch, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "LOOK_AGAIN_S", 0.2)
    start = prefix()
    prepare(kafka, start)
    told = {A: Told(Lanes()), B: Told(Lanes())}
    async with publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher:
        await publisher.publish([record(1, to=A), record(1, to=B)])
        with monkeypatch.context() as patch:
            harm(patch, inbox_topic(start, A))
            async with reading_topics(Brokers(bootstrap=kafka.bootstrap, prefix=start), told):
                # Its agency looks for what was there as the others do.
                for one in told.values():
                    assert await one.statuses.wait(SOON_S)
                await _until_told(publisher, told[B], B)
        # And once it can be read it is.
        async with reading_topics(Brokers(bootstrap=kafka.bootstrap, prefix=start), told):
            await _until_told(publisher, told[A], A)


async def test_a_topic_of_one_partition_is_read_once_it_is_made_anew(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kafka.real:
        pytest.skip(f"only a real Kafka makes topics when it is asked to: {kafka.told}")
    monkeypatch.setattr(topics, "LOOK_AGAIN_S", 0.2)
    start = prefix()
    told = {A: Told(Lanes()), B: Told(Lanes())}
    topic = inbox_topic(start, A)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
        async with (
            publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher,
            reading_topics(Brokers(bootstrap=kafka.bootstrap, prefix=start), told),
        ):
            await _until_told(publisher, told[B], B)
            await admin.delete_topics([topic])
            await until_taken(publisher, [record(to=A)])
            await _until_told(publisher, told[A], A)
    finally:
        await admin.close()


async def _until_told(publisher: KafkaPublisher, told: Told, code: str) -> None:
    """Publish until something is heard."""
    no = 1
    async with asyncio.timeout(SOON_S):
        while not told.lanes.last:
            no += 1
            await publisher.publish([record(no, to=code)])
            await told._documents.wait(0.5)
