"""What the Kafka bus carries, beyond the contract of every bus (``tests/contract/test_bus.py``)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from axis.adapters.kafka_bus import KafkaBus
from axis.core.document import Addressee, Document
from axis.core.lifecycle import Transport
from axis.core.notice import Notice
from axis.core.timetable import iso
from axis.ports import BusAway
from axis.settings import KafkaSettings
from schemas import bus as wire
from tests.adapters.kafka_reading import reading
from tests.contract.books import NOON, A, B
from tests.contract.buses import (
    PACKAGES,
    SOON_S,
    document_notice,
    prefix,
    prepare,
    quiet,
    running,
    status_notice,
)
from tests.kafka import Kafka

INLINE = 100


@dataclass(frozen=True, slots=True)
class Road:
    """A bus and the Kafka beneath it."""

    bus: KafkaBus
    kafka: Kafka
    start: str
    settings: KafkaSettings


@pytest.fixture
async def road(kafka: Kafka) -> AsyncIterator[Road]:
    start = prefix()
    prepare(kafka, start)
    settings = KafkaSettings(bootstrap=kafka.bootstrap, inline_bytes_max=INLINE)
    async with running(settings, start) as bus:
        yield Road(bus, kafka, start, settings)


def notice(no: int, package: bytes = b"", urgency: int = 0) -> Notice:
    sha256 = hashlib.sha256(package).hexdigest() if package else "ab" * 32
    if package:
        PACKAGES[sha256] = package
    document = Document(
        seq=no,
        id=f"doc_{no}",
        sender=A,
        unit=A,
        document_id=f"{no}/QĐ-UBND",
        kind=0,
        urgency=urgency,
        sha256=sha256,
        size=len(package) or 20_000,
        recipients=(Addressee(B, (B,), no),),
        occurred_at=NOON,
        recorded_at=NOON,
        verdict="valid",
    )
    return Notice(B, urgency, no, f"doc_{no}.{B}", document)


async def test_a_small_package_travels_and_a_large_one_is_pointed_at(road: Road):
    small, large = b"x" * INLINE, b"x" * (INLINE + 1)
    await road.bus.publish([notice(1, small), notice(2, large), notice(3)])
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


async def test_every_lane_has_its_partition_and_statuses_the_last(road: Road):
    told = [document_notice(B, 10 + urgency, urgency) for urgency in range(5)]
    await road.bus.publish([*told, status_notice(B, 77)])
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = await reader.read(6)
    assert {n: [m.no for m in messages] for n, messages in found.items()} == {
        0: [10],
        1: [11],
        2: [12],
        3: [13],
        4: [14],
        5: [77],
    }
    assert [found[n][0].type for n in (0, 5)] == [wire.HINT, wire.STATUS]


async def test_parked_and_withdrawn_numbers_are_tombstones(road: Road):
    states = (Transport.WAITING, Transport.PARKED, Transport.WITHDRAWN, Transport.WAITING)
    told = [Notice(B, 2, 4, f"doc_4.{B}", transport=state) for state in states]
    await road.bus.publish(told)
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(4))[2]
    assert [m.type for m in found] == [wire.WAITING, wire.PARKED, wire.WITHDRAWN, wire.WAITING]
    assert {m.subject for m in found} == {f"doc_4.{B}"}
    assert {m.no for m in found} == {4}
    # The same delivery waits again: the same event for whoever takes it once.
    assert [m.id for m in found] == [
        f"doc_4.{B}",
        f"doc_4.{B}/parked",
        f"doc_4.{B}/withdrawn",
        f"doc_4.{B}",
    ]


async def test_a_lane_keeps_its_order_over_calls_and_batches(road: Road):
    """Batches that fill up, small calls and large ones, with packages and without."""
    package = b"y" * INLINE
    sizes, no = (1, 3, 2000, 1, 400, 7, 8), 0
    for size in sizes:
        numbers = range(no + 1, no + size + 1)
        await road.bus.publish([notice(n, package if n % 2 else b"") for n in numbers])
        no += size
    async with reading(road.kafka.bootstrap, road.start, B) as reader:
        found = (await reader.read(no))[0]
    assert [message.no for message in found] == list(range(1, no + 1))


async def test_what_one_process_publishes_wakes_another(road: Road):
    async with running(road.settings, road.start) as other:
        with road.bus.listen(A, statuses=True) as listener:
            await other.publish([status_notice(A)])
            await quiet(listener)
            await other.publish([status_notice(A, 2)])
            assert await listener.wait(SOON_S)


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
            await road.bus.publish([document_notice(code)])
        await road.bus.publish([document_notice(B)])
        await admin.delete_topics([topic])
    finally:
        await admin.close()
