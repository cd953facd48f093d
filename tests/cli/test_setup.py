"""What ``axis init`` prepares beyond keys and books."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from agencies.world import make_world
from axis.cli.setup import enrol
from axis.settings import KafkaSettings, Settings
from schemas.bus import PARTITIONS, inbox_topic
from tests.contract.publishers import prefix
from tests.kafka import Kafka


async def test_every_agency_gets_its_topic(kafka: Kafka, tmp_path: Path):
    if not kafka.real:
        pytest.skip("the mock cluster knows no CreateTopics")
    run = prefix().removesuffix(".")
    settings = Settings(var=tmp_path, run=run, kafka=KafkaSettings(bootstrap=kafka.bootstrap))
    world = make_world(settings.home)
    await enrol(settings, world)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        topics = [inbox_topic(settings.topic_prefix, agency.code) for agency in world.agencies]
        assert len(topics) == 95
        told = await admin.describe_topics(topics)
        assert {len(topic["partitions"]) for topic in told} == {PARTITIONS}
        await enrol(settings, world)
        await admin.delete_topics(topics)
    finally:
        await admin.close()


async def test_a_bus_that_is_away_is_no_reason_to_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = Settings(var=tmp_path, kafka=KafkaSettings(bootstrap="127.0.0.1:1"))
    await enrol(settings, make_world(settings.home))
    assert "The bus is not there yet" in capsys.readouterr().err
