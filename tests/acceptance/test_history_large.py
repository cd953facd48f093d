"""``axis replay history --over-kafka`` as people run it: killed, resumed, exact, and all on topics."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agencies.history.expected import Figures
from axis import cluster
from axis.broker.jars import lacking
from schemas import bus
from schemas.codes import agencies
from tests import kafka, postgres
from tests.acceptance.conftest import until
from tests.acceptance.test_history import ARGUMENTS, PART, History, planned

__all__ = ["planned"]

pytestmark = pytest.mark.acceptance

LANES = range(bus.STATUSES_PARTITION)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the user may reach as whom PostgreSQL runs where the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="axis-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def history(folder: Path) -> Iterator[History]:
    made = History(folder)
    yield made
    made.kill()
    if made.home.exists():
        made.must_be_gone()
        until(lambda: not cluster.is_held(made.home / "postgres"), "the end of the database")


async def numbers_told(bootstrap: str) -> Mapping[tuple[str, int], list[int]]:
    """What stands on the lanes of all topics, in order: by agency and urgency, without repeats."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        topics = {bus.inbox_topic("history.", row.code): row.code for row in agencies()}
        lanes = [TopicPartition(topic, lane) for topic in topics for lane in LANES]
        consumer.assign(lanes)
        left = {lane: end for lane, end in (await consumer.end_offsets(lanes)).items() if end}
        while left:
            for lane, records in (await consumer.getmany(timeout_ms=500)).items():
                numbers = found[topics[lane.topic], lane.partition]
                for record in records:
                    no = bus.decode(record.headers, record.value).no
                    if no not in numbers:
                        numbers.append(no)
                    if record.offset + 1 >= left[lane]:
                        del left[lane]
    finally:
        await consumer.stop()
    return found


@pytest.mark.long
def test_one_that_was_killed_goes_on_over_the_servers_that_it_kept(
    history: History, planned: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.required()
    if why := lacking():
        (pytest.fail if kafka.required() else pytest.skip)(why)
    history.start(*ARGUMENTS, "--over-kafka")
    history.until_day(PART.first)
    history.pid_of("axis")
    history.kill()
    history.must_be_gone()
    # Its books are read over a server that is there for as long as that takes.
    so_far = history.run("counts", "--run", "history")
    assert 0 < so_far["sent"] < planned.documents

    # It has books of its own, whatever an axis beside it is told.
    monkeypatch.setenv("AXIS_DATABASE", "postgresql://127.0.0.1:1/nobody")
    history.start("--resume")
    code, said = history.end()
    monkeypatch.delenv("AXIS_DATABASE")
    assert code == 0, said
    assert re.search(r"over +Apache Kafka [\d.]+ at .*, PostgreSQL \d+ in ", said)
    assert "Exact, and both lines balance." in said
    history.must_be_exact(planned)
    assert history.run("replay", "report")["differences"] == []

    with kafka.broker(history.home / "kafka") as broker:
        told = asyncio.run(numbers_told(broker.bootstrap))
    assert sum(map(len, told.values())) == planned.deliveries
    for lane, numbers in told.items():
        assert numbers == [*range(1, len(numbers) + 1)], lane
