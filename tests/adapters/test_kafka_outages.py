"""Publishing while brokers come and go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from axis.adapters.kafka_publisher import PUBLISH_S_MAX
from axis.broker.jars import lacking
from axis.ports import BusAway
from axis.settings import KafkaSettings
from tests.adapters.kafka_reading import reading
from tests.contract.books import A, B
from tests.contract.buses import SOON_S
from tests.contract.publishers import publishing, record, status, until_taken
from tests.kafka import Broker, broker, required

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(bool(lacking()) and not required(), reason=lacking()),
]


async def test_a_broker_that_is_away_at_start_is_found_when_it_comes(tmp_path: Path):
    own = Broker(tmp_path / "kafka")
    own.start()
    own.stop()
    try:
        async with publishing(KafkaSettings(bootstrap=own.bootstrap), "") as publisher:
            began = time.monotonic()
            with pytest.raises(BusAway, match=own.bootstrap):
                await publisher.publish([record(1, to=A)])
            with pytest.raises(BusAway):
                await publisher.publish([])
            assert time.monotonic() - began < 2 * PUBLISH_S_MAX + 5
            own.start()
            await until_taken(publisher, [record(1, to=A)])
            await publisher.publish([record(2, to=A)])
        async with reading(own.bootstrap, "", A) as reader:
            found = await reader.reach(2, 0)
        assert [message.no for message in found[0]] == [1, 2]
    finally:
        own.stop()


@pytest.mark.long
async def test_a_killed_broker_is_a_delay(tmp_path: Path):
    with broker(tmp_path / "kafka") as own:
        async with publishing(KafkaSettings(bootstrap=own.bootstrap), "") as publisher:
            await publisher.publish([record(1, to=A), status(1, to=A), record(1, to=B)])
            own.kill()
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(BusAway):
                    await publisher.publish([record(2, to=A)])
                assert time.monotonic() - began < PUBLISH_S_MAX + 3
            own.start()
            await until_taken(publisher, [record(2, to=A)])
            await publisher.publish([record(3, to=A), status(4, to=A)])
        # What was given up may have come all the same, in its place.
        async with reading(own.bootstrap, "", A) as reader:
            found = await reader.reach(3, 0)
            await reader.reach(4, 5)
        assert [message.no for message in found[0]] in ([1, 2, 3], [1, 2, 2, 3], [1, 2, 2, 2, 3])
        assert [message.no for message in found[5]] == [1, 4]


@pytest.mark.long
async def test_a_producer_that_is_given_up_leaves_nothing_behind(tmp_path: Path):
    """No task that goes on sending, and none that waits for it."""
    before = asyncio.all_tasks()
    with broker(tmp_path / "kafka") as own:
        async with publishing(KafkaSettings(bootstrap=own.bootstrap), "") as publisher:
            await publisher.publish([record(1, to=A)])
            own.kill()
            with pytest.raises(BusAway):
                await publisher.publish([record(2, to=A)])
    left = asyncio.all_tasks() - before
    if left:
        await asyncio.wait(left, timeout=SOON_S)
    assert [task for task in left if not task.done()] == []
