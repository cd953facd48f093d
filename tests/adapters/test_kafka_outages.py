"""The Kafka bus while brokers come and go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from axis.adapters.kafka_bus import PUBLISH_S_MAX
from axis.broker.jars import lacking
from axis.ports import BusAway
from axis.settings import KafkaSettings
from tests.adapters.kafka_reading import reading
from tests.contract.books import A, B
from tests.contract.buses import SOON_S, document_notice, quiet, running, status_notice
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
        async with running(KafkaSettings(bootstrap=own.bootstrap), "") as bus:
            with bus.listen(A, statuses=False) as listener:
                began = time.monotonic()
                with pytest.raises(BusAway, match=own.bootstrap):
                    await bus.publish([document_notice(A)])
                with pytest.raises(BusAway):
                    await bus.publish([])
                assert time.monotonic() - began < 2 * PUBLISH_S_MAX + 5
                # Who waits in the same process is woken all the same.
                assert await listener.wait(0)
                own.start()
                await _until_taken(bus.publish, [document_notice(A, 2)])
                await quiet(listener)
                await bus.publish([document_notice(A, 3)])
                assert await listener.wait(SOON_S)
    finally:
        own.stop()


async def test_a_killed_broker_is_a_delay(tmp_path: Path):
    with broker(tmp_path / "kafka") as own:
        async with running(KafkaSettings(bootstrap=own.bootstrap), "") as bus:
            with bus.listen(A, statuses=False) as inbox, bus.listen(A, statuses=True) as statuses:
                await bus.publish([document_notice(A, 1), status_notice(A, 1), document_notice(B)])
                await quiet(inbox, statuses)
                own.kill()
                for no in (2, 3):
                    began = time.monotonic()
                    with pytest.raises(BusAway):
                        await bus.publish([document_notice(A, no)])
                    assert time.monotonic() - began < PUBLISH_S_MAX + 3
                own.start()
                await _until_taken(bus.publish, [])
                await bus.publish([document_notice(A, 4), status_notice(A, 4)])
                assert await inbox.wait(SOON_S)
                assert await statuses.wait(SOON_S)
        # What was given up may have come all the same, in its place.
        async with reading(own.bootstrap, "", A) as reader:
            found = await reader.reach(4, 0, 5)
        assert [message.no for message in found[0]] in ([1, 4], [1, 2, 4])
        assert [message.no for message in found[5]] == [1, 4]


async def _until_taken(publish, notices) -> None:
    """Publish until the bus takes it, as a relay does."""
    async with asyncio.timeout(SOON_S):
        while True:
            try:
                await publish(notices)
                return
            except BusAway:
                continue
