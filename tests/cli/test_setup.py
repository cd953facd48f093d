"""What ``axis init`` prepares beyond keys and books."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from agencies.world import make_world
from axis.cli.setup import enrol
from axis.settings import KafkaSettings, Settings
from schemas.bus import EVENTS_PARTITIONS, PARTITIONS, events_topic, inbox_topic
from tests.cli.conftest import Axis
from tests.contract.publishers import prefix
from tests.kafka import Kafka

#: For a broker on a busy machine; it takes milliseconds.
TOLD_S_MAX = 30.0


async def _partitions(admin: AIOKafkaAdminClient, topics: list[str]) -> set[int]:
    return {len(topic["partitions"]) for topic in await admin.describe_topics(topics)}


async def test_every_agency_gets_its_topic_and_observers_theirs(kafka: Kafka, tmp_path: Path):
    if not kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    run = prefix().removesuffix(".")
    reached = KafkaSettings(bootstrap=kafka.bootstrap, events=True)
    settings = Settings(var=tmp_path, run=run, kafka=reached)
    world = make_world(settings.home)
    await enrol(settings, world)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        topics = [inbox_topic(settings.topic_prefix, agency.code) for agency in world.agencies]
        assert len(topics) == 95
        observers = [events_topic(settings.topic_prefix)]
        # A broker tells of a topic as soon as it has heard from the controller that made it.
        async with asyncio.timeout(TOLD_S_MAX):
            while await _partitions(admin, topics) != {PARTITIONS}:
                pass
            while await _partitions(admin, observers) != {EVENTS_PARTITIONS}:
                pass
        await enrol(settings, world)
        await admin.delete_topics([*topics, *observers])
    finally:
        await admin.close()


def test_no_run_has_the_name_of_a_folder_of_the_live_one(axis: Axis, var: Path, tmp_path: Path):
    make_world(var)
    made = {path.name for path in var.iterdir()}
    assert made >= {"agencies", "axis", "operator", "run"}
    # ``axis replay report`` makes one more.
    for name in (*made, "report"):
        with pytest.raises(ValueError, match=f"the run 'live' has a folder '{name}'"):
            Settings(var=var, run=name)
    result = axis("replay", "import", tmp_path / "x", "--run", "axis")
    assert (result.exit_code, "take another name" in result.stderr) == (2, True)


async def test_a_bus_that_is_away_is_no_reason_to_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = Settings(var=tmp_path, kafka=KafkaSettings(bootstrap="127.0.0.1:1"))
    await enrol(settings, make_world(settings.home))
    assert "The bus is not there yet" in capsys.readouterr().err
