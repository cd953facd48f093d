"""An axis whose bus is Kafka, entered through its doors."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from axis.adapters.memory_store import MemoryStore
from axis.adapters.sqlite_store import SqliteStore, open_store
from axis.api.standstill import STILL_S_MAX
from axis.core.document import Document, Event, delivery_id
from axis.core.timetable import iso
from axis.flows import handover
from axis.relaying import prepare_bus
from axis.settings import KafkaSettings
from schemas import bus
from tests.adapters.kafka_reading import observing, reading
from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, package, world
from tests.contract.buses import SOON_S
from tests.contract.publishers import prepare
from tests.contract.recipes import Replayed
from tests.kafka import Kafka


def fresh_run(kafka: Kafka) -> str:
    """A run with topics of its own."""
    run = f"t{secrets.token_hex(6)}"
    prepare(kafka, f"{run}.", (LANG_SON, OFFICE))
    return run


@asynccontextmanager
async def over_kafka(
    kafka: Kafka,
    inline_bytes_max: int = 4096,
    *,
    events: bool = False,
    run: str = "",
    store: Replayed | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """An axis over the Kafka of the tests, with the topics of a run, by default a fresh one."""
    run = run or fresh_run(kafka)
    reached = KafkaSettings(
        bootstrap=kafka.bootstrap, inline_bytes_max=inline_bytes_max, events=events
    )
    async with world(store, run=run, kafka=reached, **settings) as made:
        if kafka.real:
            # As ``axis init`` does.
            await prepare_bus(made.axis.settings, (LANG_SON, OFFICE))
        yield made


@pytest.fixture
async def here(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    # Only the bus can end a poll in time.
    monkeypatch.setattr(handover, "LOOK_AGAIN_S", 1000.0)
    async with over_kafka(kafka) as made:
        yield made


async def test_polls_are_woken_over_kafka(here: World):
    assert (await here.http.get("/v1/ready")).json()["bus"]
    inbox = asyncio.create_task(here.get(OFFICE, "/v1/inbox", wait=40))
    statuses = asyncio.create_task(here.get(LANG_SON, "/v1/statuses", wait=40))
    receipt = await here.sent()
    (delivery,) = (await inbox).json()["deliveries"]
    assert delivery["id"] == receipt["deliveries"][0]
    answer = await here.json(
        OFFICE, "/v1/statuses", {"statuses": [{"delivery": delivery["id"], "code": "01"}]}
    )
    assert answer.status_code < 300, answer.text
    assert len((await statuses).json()["statuses"]) == 1


async def _told(here: World, kafka: Kafka, raw: bytes) -> bus.Message:
    """What the topic of the recipient says of a package that was sent."""
    receipt = (await here.send(raw)).json()
    settings = here.axis.settings
    async with reading(kafka.bootstrap, settings.topic_prefix, OFFICE) as reader:
        (message,) = (await reader.read(1))[3]
    assert (message.type, message.no) == (bus.WAITING, 1)
    assert (message.subject, message.sha256) == (receipt["deliveries"][0], receipt["sha256"])
    assert message.source.startswith(f"/axis/{settings.run}/")
    return message


async def test_a_recipient_may_read_its_topic_and_take_what_it_points_at(kafka: Kafka):
    raw = package(urgency=3)
    async with over_kafka(kafka, inline_bytes_max=len(raw) - 1) as here:
        message = await _told(here, kafka, raw)
        assert message.package == b""
        answer = await here.get(OFFICE, message.dataref)
        assert answer.content == raw


async def test_a_small_package_lies_in_the_topic_and_may_be_confirmed(here: World, kafka: Kafka):
    raw = package(urgency=3)
    message = await _told(here, kafka, raw)
    assert (message.package, message.dataref) == (raw, "")
    done = {"deliveries": [message.subject], "result": "done"}
    answer = await here.json(OFFICE, "/v1/inbox/confirm", done)
    assert answer.status_code == 200, answer.text
    assert (await here.get(OFFICE, "/v1/inbox")).json()["deliveries"] == []


async def test_where_relays_are_apart_readiness_goes_by_what_waits(kafka: Kafka):
    async with over_kafka(kafka, relay="apart") as here:
        assert (await here.http.get("/v1/ready")).json()["bus"]
        await here.sent()
        lines = (await here.http.get("/metrics")).text.splitlines()
        assert f'axis_unpublished{{agency="{OFFICE}"}} 1.0' in lines
        assert (await here.http.get("/v1/ready")).json()["bus"]
        here.clock.at += int(STILL_S_MAX * 1e6) + 1
        answer = await here.http.get("/v1/ready")
        assert (answer.status_code, answer.json()["bus"]) == (503, False)


async def test_neither_a_bad_topic_nor_a_redrive_makes_an_axis_unready(kafka: Kafka):
    """Relays are apart: what one agency waits for, and how old it is, says nothing of the bus."""
    store = MemoryStore()
    lanes = store.lanes
    async with over_kafka(kafka, relay="apart", store=store) as here:

        async def ready() -> bool:
            return bool((await here.http.get("/v1/ready")).json()["bus"])

        await here.sent()
        # A relay that lives for long, and publishes once.
        far = here.clock.at + 10**12
        await lanes.beat("relay", here.clock.at, far)
        (lease,) = await lanes.take("relay", [OFFICE], here.clock.at, far)
        page = await lanes.unpublished([OFFICE], 9, 9)
        assert await lanes.advance("relay", {OFFICE: lease}, page.stretches)
        assert await ready()
        here.clock.at += 3600 * 10**6
        again = {"no": 1, "why": "lost"}
        answer = await here.json(OPERATOR, f"/v1/operator/agencies/{OFFICE}/redrive", again)
        assert answer.status_code < 300, answer.text
        assert [lag.numbers for lag in await lanes.lag()] == [1]
        for _ in range(3):
            assert await ready()
            here.clock.at += int(STILL_S_MAX * 1e6) + 1
        assert await ready()


async def test_kafka_away_is_said_and_holds_nobody_up(kafka: Kafka):
    nowhere = KafkaSettings(bootstrap="127.0.0.1:1")
    with structlog.testing.capture_logs():
        async with world(kafka=nowhere) as here:
            await here.sent()
            assert len((await here.get(OFFICE, "/v1/inbox")).json()["deliveries"]) == 1
            answer = await here.http.get("/v1/ready")
            assert (answer.status_code, answer.json()["bus"]) == (503, False)


async def _say(here: World, delivery: str, code: str) -> None:
    told = {"statuses": [{"delivery": delivery, "code": code}]}
    answer = await here.json(OFFICE, "/v1/statuses", told)
    assert answer.status_code < 300, answer.text


async def _eight_events(here: World) -> str:
    """Two documents: one fails and waits again, one is taken and answered, whose delivery it is."""
    for said in ({"result": "fail", "reason": "đĩa đầy"}, {"result": "done"}):
        receipt = await here.sent(number=len(said))
        (delivery,) = receipt["deliveries"]
        await here.get(OFFICE, f"/v1/deliveries/{delivery}/package")
        await here.json(OFFICE, "/v1/inbox/confirm", {"deliveries": [delivery], **said})
        if said["result"] == "fail":
            await here.json(OFFICE, f"/v1/deliveries/{delivery}/reset", {})
    await _say(here, delivery, "01")
    return str(delivery)


async def _of_the_books(store: Replayed, source: str) -> list[bus.Message]:
    """What observers must have been told, as the history has it."""
    documents: dict[int, Document] = {}
    told: dict[int, bus.Message] = {}
    async for item in store.history():
        match item:
            case Document():
                documents[item.seq] = item
            case Event(seq, kind, doc, recipient, actor, occurred_at):
                document = documents[doc]
                told[seq] = bus.Message(
                    type=f"axis.event.{kind}",
                    id=f"event.{seq}",
                    source=source,
                    no=seq,
                    subject=delivery_id(document.id, recipient) if recipient else document.id,
                    time=iso(occurred_at),
                    sender=document.sender,
                    document_id=document.document_id,
                    actor=actor,
                    recipient=recipient,
                    code=item.code,
                )
    return [told[seq] for seq in sorted(told)]


async def _observed(here: World, kafka: Kafka, store: SqliteStore, count: int) -> None:
    """So many events and no others are in the topic, as the history has them."""
    async with observing(kafka.bootstrap, here.axis.settings.topic_prefix) as reader:
        found = (await reader.read(count))[0]
        async with asyncio.timeout(SOON_S):
            while await store.lanes.events_behind():
                await asyncio.sleep(0.01)
        await reader.quiet()
    source = found[0].source
    assert source.startswith(f"/axis/{here.axis.settings.run}/")
    assert found == await _of_the_books(store, source)
    assert len(found) == count


async def _unpublished(here: World) -> set[str]:
    """The series of the metrics that tell what is not published, without their values."""
    lines = (await here.http.get("/metrics")).text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if line.startswith("axis_unpublished")}


async def test_observers_read_exactly_the_events_of_the_books(kafka: Kafka, tmp_path: Path):
    run = fresh_run(kafka)
    store = open_store(tmp_path / "axis")
    try:
        async with over_kafka(kafka, run=run, store=store) as here:
            delivery = await _eight_events(here)
            of_agencies = await _unpublished(here)
        # What happened before anybody was to observe is told as well.
        async with over_kafka(kafka, events=True, run=run, store=store) as here:
            await _say(here, delivery, "03")
            await _observed(here, kafka, store, 9)
            assert await _unpublished(here) == of_agencies | {"axis_unpublished_events"}
        # And another life goes on where this one ended.
        async with over_kafka(kafka, events=True, run=run, store=store) as here:
            await _say(here, delivery, "06")
            await _observed(here, kafka, store, 10)
    finally:
        await store.close()
