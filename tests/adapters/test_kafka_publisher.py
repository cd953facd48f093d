"""What goes into the topics of Kafka, beyond the contract (``tests/contract/test_publisher.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.producer.sender import Sender

from axis.adapters import kafka_publisher
from axis.adapters.kafka_publisher import KafkaPublisher, open_kafka_publisher
from axis.adapters.kafka_topics import INDEX_BYTES, KafkaTopics
from axis.broker.properties import free_port
from axis.core.errors import unavailable
from axis.core.lifecycle import Transport
from axis.core.timetable import iso
from axis.ports import BusAway
from axis.settings import KafkaSettings
from schemas import bus as wire
from tests.adapters.kafka_reading import observing, reading
from tests.contract.books import NOON, A, B
from tests.contract.buses import SOON_S
from tests.contract.publishers import (
    bodies,
    event,
    prefix,
    prepare,
    publishing,
    record,
    until_taken,
)
from tests.kafka import Kafka

INLINE = 100


@dataclass(frozen=True, slots=True)
class Road:
    """A publisher and the Kafka beneath it."""

    publisher: KafkaPublisher
    kafka: Kafka
    start: str


@pytest.fixture
async def road(kafka: Kafka) -> AsyncIterator[Road]:
    start = prefix()
    prepare(kafka, start)
    settings = KafkaSettings(bootstrap=kafka.bootstrap, inline_bytes_max=INLINE)
    async with publishing(settings, start) as publisher:
        yield Road(publisher, kafka, start)


async def test_of_several_brokers_any_will_do_to_begin_with(kafka: Kafka):
    start = prefix()
    prepare(kafka, start)
    settings = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()},{kafka.bootstrap}")
    async with publishing(settings, start) as publisher:
        await publisher.publish([record()])
    async with reading(kafka.bootstrap, start, B) as reader:
        assert [message.no for message in (await reader.read(1))[0]] == [record().no]


async def test_a_small_package_travels_and_a_large_one_is_pointed_at(road: Road):
    small, large = b"x" * INLINE, b"x" * (INLINE + 1)
    await road.publisher.publish([record(1, small), record(2, large), record(3)])
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        first, second, third = (await reader.read(3))[0]
    assert (first.package, first.dataref) == (small, "")
    assert (second.package, second.dataref) == (b"", f"/v1/deliveries/doc_2.{B}/package")
    assert third == wire.Message(
        type=wire.WAITING,
        id=f"doc_3.{B}",
        source="/axis/test",
        no=3,
        subject=f"doc_3.{B}",
        time=iso(NOON),
        sender=A,
        document_id="3/QĐ-UBND",
        sha256="ab" * 32,
        size=20_000,
        dataref=f"/v1/deliveries/doc_3.{B}/package",
    )


async def test_what_the_books_cannot_give_is_pointed_at(kafka: Kafka):
    async def away(_: object) -> Mapping[str, bytes]:
        raise unavailable("axis.store_away")

    start = prefix()
    prepare(kafka, start)
    settings = KafkaSettings(bootstrap=kafka.bootstrap)
    async with open_kafka_publisher(settings, start, "/axis/test", away) as publisher:
        await publisher.publish([record(1, b"small")])
    async with reading(kafka.bootstrap, start, B) as reader:
        (found,) = (await reader.read(1))[0]
    assert (found.package, found.dataref) == (b"", f"/v1/deliveries/doc_1.{B}/package")


async def test_parked_and_withdrawn_numbers_are_tombstones(road: Road):
    told = [
        record(4, urgency=2, transport=state, attempt=attempt)
        for attempt in (1, 2)
        for state in (Transport.WAITING, Transport.PARKED, Transport.WITHDRAWN)
    ]
    await road.publisher.publish(told)
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(6))[2]
    assert [m.type for m in found] == [wire.WAITING, wire.PARKED, wire.WITHDRAWN] * 2
    assert [m.attempt for m in found] == [1, 1, 1, 2, 2, 2]
    assert {m.subject for m in found} == {f"doc_4.{B}"}
    assert {m.no for m in found} == {4}
    # Each state is an event of its own, for whoever takes each once.
    assert [m.id for m in found] == [
        f"doc_4.{B}",
        f"doc_4.{B}/parked",
        f"doc_4.{B}/withdrawn",
        f"doc_4.{B}/2",
        f"doc_4.{B}/2/parked",
        f"doc_4.{B}/2/withdrawn",
    ]


async def test_a_lane_keeps_its_order_over_calls_and_batches(road: Road):
    """Batches that fill up, small calls and large ones, with packages and without."""
    package = b"y" * INLINE
    sizes, no = (1, 3, 2000, 1, 400, 7, 8), 0
    for size in sizes:
        numbers = range(no + 1, no + size + 1)
        await road.publisher.publish([record(n, package if n % 2 else b"") for n in numbers])
        no += size
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(no))[0]
    assert [message.no for message in found] == list(range(1, no + 1))


async def test_a_page_of_packages_is_published_in_parts(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    """Memory holds so many bytes, and not as many as a page may name."""
    monkeypatch.setattr(kafka_publisher, "INLINE_BYTES_MAX", 3 * INLINE)
    await road.publisher.publish([record(n, b"%03d" % n * 30) for n in range(1, 21)])
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(20))[0]
    assert [m.package for m in found] == [b"%03d" % n * 30 for n in range(1, 21)]


@pytest.mark.parametrize(
    ("most", "packages", "parts"),
    [
        pytest.param(3 * INLINE, [INLINE] * 7, [3, 3, 1], id="as many as fit"),
        pytest.param(INLINE, [INLINE, 0, INLINE, 0, 0], [2, 3], id="large ones do not travel"),
        pytest.param(1, [INLINE, INLINE, 0], [1, 1, 1], id="one is always taken"),
        pytest.param(1, [], [], id="nothing"),
    ],
)
def test_a_part_holds_as_many_packages_as_memory_may(
    monkeypatch: pytest.MonkeyPatch, most: int, packages: list[int], parts: list[int]
):
    monkeypatch.setattr(kafka_publisher, "INLINE_BYTES_MAX", most)
    settings = KafkaSettings(bootstrap="nowhere:1", inline_bytes_max=INLINE)
    publisher = KafkaPublisher(settings, "", "/axis/test", bodies)
    records = [record(n, b"x" * size) for n, size in enumerate(packages)]
    found = list(publisher._parts(records))
    assert [len(part) for part in found] == parts
    assert [one for part in found for one in part] == records


async def test_what_goes_out_slowly_is_waited_for(road: Road, monkeypatch: pytest.MonkeyPatch):
    """Given up for being long it would be published again and again, and its lane never move."""
    await road.publisher.publish([record(1)])
    send = Sender._send_produce_req

    async def slow(*args: Any) -> None:
        await asyncio.sleep(0.5)
        await send(*args)

    monkeypatch.setattr(Sender, "_send_produce_req", slow)
    monkeypatch.setattr(kafka_publisher, "PUBLISH_S_MAX", 4.0)
    await road.publisher.publish([record(n) for n in range(2, 3001)])
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(3000))[0]
    assert [message.no for message in found] == [*range(1, 3001)]


async def test_what_is_being_acknowledged_answers_for_the_bus(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    """However long it takes: whoever asks does not wait until all of it is there."""
    await road.publisher.publish([record(1)])
    send = Sender._send_produce_req
    begun, held, free = 0, asyncio.Event(), asyncio.Event()

    async def gated(*args: Any) -> None:
        nonlocal begun
        begun += 1
        if begun > 1:
            held.set()
            await free.wait()
        await send(*args)

    monkeypatch.setattr(Sender, "_send_produce_req", gated)
    page = asyncio.create_task(road.publisher.publish([record(n) for n in range(2, 1001)]))
    await held.wait()
    await road.publisher.publish(())
    assert not page.done()
    free.set()
    await page


async def test_nothing_more_is_handed_over_before_what_was_is_answered(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    """Each try would leave its page in memory, for as long as no broker answers."""
    await road.publisher.publish([record(1)])
    send, free = Sender._send_produce_req, asyncio.Event()
    handed: list[object] = []
    hand = AIOKafkaProducer.send

    async def held(*args: Any) -> None:
        await free.wait()
        await send(*args)

    async def watched(*args: Any, **place: Any) -> asyncio.Future[object]:
        handed.append(args)
        future: asyncio.Future[object] = await hand(*args, **place)
        return future

    monkeypatch.setattr(Sender, "_send_produce_req", held)
    monkeypatch.setattr(AIOKafkaProducer, "send", watched)
    with monkeypatch.context() as hasty:
        hasty.setattr(kafka_publisher, "PUBLISH_S_MAX", 0.5)
        for _ in range(3):
            with pytest.raises(BusAway):
                await road.publisher.publish([record(2)])
    assert len(handed) == 1
    free.set()
    await until_taken(road.publisher, [record(3)])
    assert road.publisher._unsettled == set(), "and nothing that was is kept"
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        assert [m.no for m in (await reader.read(3))[0]] == [1, 2, 3]


@pytest.mark.parametrize("count", [1, 20])
async def test_what_a_broker_refuses_is_not_published(road: Road, count: int):
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    code = f"000.00.00.Y{count:02}"
    topic = wire.inbox_topic(road.start, code)
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        narrow = {"max.message.bytes": "100"}
        await admin.create_topics([NewTopic(topic, wire.PARTITIONS, 1, topic_configs=narrow)])
        with pytest.raises(BusAway):
            await road.publisher.publish([record(n, to=code) for n in range(1, count + 1)])
        await road.publisher.publish([record()])
        await admin.delete_topics([topic])
    finally:
        await admin.close()


@pytest.mark.long
async def test_a_topic_that_is_gone_is_made_again(road: Road):
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    code = "000.00.00.X03"
    topic = wire.inbox_topic(road.start, code)
    await road.publisher.publish([record(1, to=code)])
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        await until_taken(road.publisher, [record(2, to=code)])
        await road.publisher.publish([record(1)])
        async with reading(road.kafka.bootstrap, road.start, code) as reader:
            assert [m.no for m in (await reader.read(1))[0]] == [2]
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def test_what_nobody_acknowledges_answers_for_no_bus(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    send, held, free = Sender._send_produce_req, asyncio.Event(), asyncio.Event()

    async def gated(*args: Any) -> None:
        held.set()
        await free.wait()
        await send(*args)

    monkeypatch.setattr(Sender, "_send_produce_req", gated)
    page = asyncio.create_task(road.publisher.publish([record(1)]))
    await held.wait()
    with monkeypatch.context() as hasty:
        hasty.setattr(kafka_publisher, "PUBLISH_S_MAX", 0.1)
        with pytest.raises(BusAway):
            await road.publisher.publish(())
    free.set()
    await page


async def test_observers_are_told_who_did_what_to_which_delivery_and_nothing_else(road: Road):
    await road.publisher.observe([event(1, "accepted", to=""), event(2, "status", code="03")])
    async with observing(road.kafka.bootstrap, road.start) as reader:
        first, second = (await reader.read(2))[0]
    assert first == wire.Message(
        type="axis.event.accepted",
        id="event.1",
        source="/axis/test",
        no=1,
        subject="doc_1",
        time=iso(NOON + 1),
        sender=A,
        document_id="1/QĐ-UBND",
        actor=A,
    )
    assert second == wire.Message(
        type="axis.event.status",
        id="event.2",
        source="/axis/test",
        no=2,
        subject=f"doc_2.{B}",
        time=iso(NOON + 2),
        sender=A,
        document_id="2/QĐ-UBND",
        actor=B,
        recipient=B,
        code="03",
    )


async def test_a_batch_of_events_goes_when_the_one_before_it_is_there(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    """Else a first one might fail, and an observer would drop it when it comes behind the second."""
    sent: list[asyncio.Future[object]] = []
    send_batch = AIOKafkaProducer.send_batch

    async def watched(*args: Any, **place: Any) -> asyncio.Future[object]:
        assert all(future.done() for future in sent)
        sent.append(await send_batch(*args, **place))
        return sent[-1]

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", watched)
    await road.publisher.observe([event(n) for n in range(1, 1501)])
    assert len(sent) > 1
    async with observing(road.kafka.bootstrap, road.start) as reader:
        assert [m.no for m in (await reader.read(1500))[0]] == [*range(1, 1501)]


async def test_the_observers_topic_is_made_beforehand_where_they_are_told(kafka: Kafka):
    if not kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        for told in (False, True):
            start = prefix()
            settings = KafkaSettings(bootstrap=kafka.bootstrap, events=told)
            async with publishing(settings, start) as publisher:
                await publisher.prepare([B])
            topics = {wire.inbox_topic(start, B)} | ({wire.events_topic(start)} if told else set())
            async with asyncio.timeout(SOON_S):
                while topics != {t for t in await admin.list_topics() if t.startswith(start)}:
                    await asyncio.sleep(0.05)
            made_so = await admin.describe_topics(sorted(topics))
            partitions = {one["topic"]: len(one["partitions"]) for one in made_so}
            assert partitions == {topic: wire.partitions_of(start, topic) for topic in topics}
            await admin.delete_topics(sorted(topics))
    finally:
        await admin.close()


async def test_a_topic_that_cannot_be_made_is_told(kafka: Kafka):
    if not kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    settings = KafkaSettings(bootstrap=kafka.bootstrap, replication=9)
    async with publishing(settings, prefix()) as publisher:
        for _ in range(2):
            with pytest.raises(BusAway, match="InvalidReplicationFactor"):
                await publisher.prepare([B])


async def test_a_topic_that_another_process_makes_meanwhile_is_there(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")

    async def none_yet(*_: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr(KafkaTopics, "_there", none_yet)
    await road.publisher.prepare([B])
    async with publishing(KafkaSettings(bootstrap=road.kafka.bootstrap), road.start) as another:
        await another.prepare([B])
        await another.publish([record()])


async def test_an_index_of_a_topic_is_laid_out_no_larger_than_it_needs(road: Road):
    """Ten megabytes by default, twice for each partition."""
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    await road.publisher.prepare([B])
    topic = wire.inbox_topic(road.start, B)
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        asked = ConfigResource(ConfigResourceType.TOPIC, topic, {"segment.index.bytes": ""})
        (answer,) = await admin.describe_configs([asked])
        ((_, _, _, _, (entry,)),) = answer.resources
        assert entry[:2] == ("segment.index.bytes", str(INDEX_BYTES))
    finally:
        await admin.close()


async def test_an_observers_topic_of_several_partitions_is_refused_by_name(road: Road):
    """Events in two partitions have no order."""
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    topic = wire.events_topic(road.start)
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 2, 1)])
        with pytest.raises(BusAway, match=f"{topic} has 2 partitions instead of 1"):
            await road.publisher.observe([event()])
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def test_a_topic_of_somebody_elses_making_is_refused_by_name(road: Road):
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    code = "000.00.00.X01"
    topic = wire.inbox_topic(road.start, code)
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
        with pytest.raises(BusAway, match=f"{topic} has 1 partitions"):
            await road.publisher.publish([record(to=code)])
        await road.publisher.publish([record()])
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def test_a_topic_that_was_made_anew_with_fewer_partitions_is_a_fault_of_the_bus(road: Road):
    """The library asserts that the partition is there, and a relay lives on."""
    if not road.kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    code = "000.00.00.X02"
    topic = wire.inbox_topic(road.start, code)
    await road.publisher.publish([record(to=code)])
    admin = AIOKafkaAdminClient(bootstrap_servers=road.kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        await made(admin, topic)
        await road.publisher.publish([])  # Now it knows the new one.
        for _ in range(3):
            with pytest.raises(BusAway):
                await road.publisher.publish([record(2, to=code, urgency=4)])
        await until_taken(road.publisher, [record()])
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def made(admin: AIOKafkaAdminClient, topic: str) -> None:
    """Make a topic with one partition, once the one before is gone."""
    async with asyncio.timeout(SOON_S):
        while True:
            answer = await admin.create_topics([NewTopic(topic, 1, 1)])
            if not any(code for _, code, *_ in answer.topic_errors):
                return
