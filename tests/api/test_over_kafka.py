"""An axis whose bus is Kafka, entered through its doors."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from axis.api.running import LAG_S_MAX
from axis.flows import handover
from axis.relaying import prepare_bus
from axis.settings import KafkaSettings
from schemas import bus
from tests.adapters.kafka_reading import reading
from tests.api.world import LANG_SON, OFFICE, World, package, world
from tests.contract.publishers import prepare
from tests.kafka import Kafka


@asynccontextmanager
async def over_kafka(
    kafka: Kafka, inline_bytes_max: int = 4096, **settings: Any
) -> AsyncIterator[World]:
    """An axis over the Kafka of the tests, with topics of its own."""
    run = f"t{secrets.token_hex(6)}"
    prepare(kafka, f"{run}.", (LANG_SON, OFFICE))
    reached = KafkaSettings(bootstrap=kafka.bootstrap, inline_bytes_max=inline_bytes_max)
    async with world(run=run, kafka=reached, **settings) as made:
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
        here.clock.at += int(LAG_S_MAX * 1e6) + 1
        answer = await here.http.get("/v1/ready")
        assert (answer.status_code, answer.json()["bus"]) == (503, False)


async def test_kafka_away_is_said_and_holds_nobody_up(kafka: Kafka):
    nowhere = KafkaSettings(bootstrap="127.0.0.1:1")
    with structlog.testing.capture_logs():
        async with world(kafka=nowhere) as here:
            await here.sent()
            assert len((await here.get(OFFICE, "/v1/inbox")).json()["deliveries"]) == 1
            answer = await here.http.get("/v1/ready")
            assert (answer.status_code, answer.json()["bus"]) == (503, False)
