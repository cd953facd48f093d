"""``axis relay`` as real processes over PostgreSQL and Kafka: killed, stopped, and nothing is lost,
neither for recipients nor for observers.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from axis.adapters.postgres_store import PostgresStore, open_store
from axis.adapters.signer import load_signer
from axis.adapters.system_clock import SystemClock
from axis.broker.jars import lacking
from axis.core.record import LANES
from axis.relaying import SIGNER_KEY, prepare_bus
from axis.settings import KafkaSettings, Settings
from schemas import bus
from tests.acceptance.conftest import until
from tests.adapters.kafka_reading import observing, reading
from tests.contract.books import Scribe, agency
from tests.kafka import Broker, broker, required

pytestmark = [
    pytest.mark.long,
    pytest.mark.acceptance,
    pytest.mark.skipif(bool(lacking()) and not required(), reason=lacking()),
]

CODES = [f"000.00.00.H{n:02}" for n in range(1, 13)]
#: Documents of one group, and of them those that go to an express lane.
GROUP, EXPRESS = 40, 10


@dataclass(slots=True)
class Place:
    """The books of one run, what was written into them, and where they are relayed to."""

    settings: Settings
    store: PostgresStore
    scribe: Scribe
    sent: int = 0

    async def send(self, groups: int) -> None:
        """Commit documents, each to all agencies but its sender."""
        for _ in range(groups):
            numbers = range(self.sent, self.sent + GROUP)
            self.sent += GROUP
            await self.store.apply(
                [
                    self.scribe.accept(
                        f"{n}/UBND",
                        sender=CODES[0],
                        to=CODES[1:],
                        urgency=4 if n % GROUP < EXPRESS else 0,
                    )
                    for n in numbers
                ]
            )

    async def unpublished(self) -> int:
        of_lanes = sum(lag.numbers for lag in await self.store.lanes.lag())
        return of_lanes + await self.store.lanes.events_behind()

    async def all_published(self) -> None:
        async with asyncio.timeout(120):
            while await self.unpublished():
                await asyncio.sleep(0.05)

    async def must_be_whole(self) -> int:
        """Every number of every lane is in its topic, in order but for repeats; how many are."""
        groups, found = self.sent // GROUP, 0
        ends = {4: groups * EXPRESS, 0: groups * (GROUP - EXPRESS)}
        prefix = self.settings.topic_prefix
        for code in CODES[1:]:
            async with reading(self.settings.kafka.bootstrap, prefix, code) as reader:
                for urgency, end in ends.items():
                    await reader.reach(end, urgency)
                await reader.quiet()
            for urgency in LANES:
                numbers = [message.no for message in reader.found[bus.partition(urgency)]]
                assert in_order(numbers) == [*range(1, ends.get(urgency, 0) + 1)], (code, urgency)
                found += len(numbers)
        async with observing(self.settings.kafka.bootstrap, prefix) as reader:
            await reader.reach(self.sent, bus.EVENTS_PARTITION)
            await reader.quiet()
        (events,) = reader.found.values()
        assert in_order([message.no for message in events]) == [*range(1, self.sent + 1)]
        assert {message.type for message in events} == {"axis.event.accepted"}
        return found


def in_order(numbers: Sequence[int]) -> list[int]:
    """What is left when a reader drops what is not higher than what it has."""
    applied: list[int] = []
    for no in numbers:
        if no > len(applied):
            applied.append(no)
    return applied


@pytest.fixture
async def place(tmp_path: Path, postgres_url: str, postgres_run: str) -> AsyncIterator[Place]:
    store = await open_store(postgres_url, postgres_run)
    await store.enrol([agency(code) for code in CODES], [], [])
    settings = Settings(var=tmp_path, run=postgres_run, database=postgres_url)
    load_signer(settings.axis_dir / SIGNER_KEY)
    yield Place(settings, store, Scribe())
    await store.close()


class Process:
    """``axis relay`` in a process of its own."""

    def __init__(self, settings: Settings, name: str, *arguments: str) -> None:
        assert settings.database is not None
        self._log = settings.var / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "axis", "relay", *arguments],
                env={
                    "PATH": "",
                    "AXIS_VAR": str(settings.var),
                    "AXIS_RUN": settings.run,
                    "AXIS_DATABASE": settings.database.get_secret_value(),
                    "AXIS_KAFKA_BOOTSTRAP": settings.kafka.bootstrap,
                    "AXIS_KAFKA_EVENTS": "true",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.said("relay.leases"), f"{name}, see {self._log}")

    def said(self, action: str) -> list[dict[str, Any]]:
        """The lines of its log that tell of an action."""
        text = self._log.read_text("utf-8")
        assert self.process.poll() is None, text
        return [json.loads(line) for line in text.splitlines() if f'"{action}"' in line]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def relays(settings: Settings, count: int, *arguments: str) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        started: list[Process] = []
        for number in range(count):
            one = Process(settings, f"relay-{number}", *arguments)
            stack.callback(one.kill)
            started.append(one)
        yield started


def over(place: Place, own: Broker) -> Settings:
    kafka = KafkaSettings(bootstrap=own.bootstrap, events=True)
    place.settings = place.settings.model_copy(update={"kafka": kafka})
    return place.settings


async def test_a_relay_that_is_killed_is_replaced_and_no_number_is_lost(
    place: Place, tmp_path: Path
) -> None:
    with broker(tmp_path / "kafka") as own:
        await prepare_bus(over(place, own), CODES)
        with relays(place.settings, 2) as (first, second):
            until(lambda: first.said("relay.leases")[-1]["held"] == 6, "a fair share")
            until(lambda: second.said("relay.leases")[-1]["held"] == 6, "a fair share")
            writing = asyncio.create_task(place.send(60))
            while place.sent < 20 * GROUP:
                await asyncio.sleep(0)
            # In the middle of its pages, for all it knows; it was first, so it has the observers.
            assert first.said("relay.observers")[-1]["held"]
            os.kill(first.process.pid, signal.SIGKILL)
            await writing
            assert await place.unpublished() > 0
            await place.all_published()
            assert second.said("relay.leases")[-1]["held"] == 12
            assert second.said("relay.observers")[-1]["held"]
        assert await place.must_be_whole() >= 60 * GROUP * 11


async def test_a_broker_that_is_away_at_start_and_killed_later_is_a_delay(
    place: Place, tmp_path: Path
) -> None:
    own = Broker(tmp_path / "kafka")
    own.start()
    own.stop()
    await place.send(5)
    try:
        with relays(over(place, own), 1) as (relay,):
            until(lambda: relay.said("relay.failed"), "a failure")
            own.start()
            await place.all_published()
            own.kill()
            await place.send(5)
            until(lambda: len(relay.said("relay.failed")) > 1, "another failure")
            own.start()
            await place.all_published()
            await place.send(1)
            await place.all_published()
        await place.must_be_whole()
    finally:
        own.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_stopped_relay_gives_up_its_leases_and_shows_what_it_did(
    place: Place, tmp_path: Path, number: signal.Signals
) -> None:
    with (
        broker(tmp_path / "kafka") as own,
        relays(over(place, own), 1, "--metrics-port", "0") as (relay,),
    ):
        await place.send(2)
        await place.all_published()
        (started,) = relay.said("relay.started")

        def shown() -> bool:
            where = f"http://127.0.0.1:{started['metrics_port']}/metrics"
            text = urllib.request.urlopen(where).read().decode()
            told = dict(re.findall(r"^(axis_\S+) (\S+)$", text, re.MULTILINE))
            assert told["axis_relay_agencies"] == "12.0"
            assert told["axis_unpublished_events"].endswith(".0")
            return float(told["axis_relay_records_total"]) == 2 * GROUP * 11

        until(shown, "its metrics")
        relay.process.send_signal(number)
        assert await asyncio.to_thread(relay.process.wait) == 0
        now = SystemClock().now()
        roll = await place.store.lanes.beat("heir", now, now + 1)
        assert (roll.relays, len(roll.free)) == (1, 12)
        roll = await place.store.lanes.beat("heir", now, now + 1, events=True)
        assert len(roll.free) == 13


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"AXIS_KAFKA_BOOTSTRAP": "127.0.0.1:1"},
            (
                "axis relay needs PostgreSQL (AXIS_DATABASE): with SQLite the process that writes "
                "relays too.\n"
            ),
        ),
        (
            {"AXIS_DATABASE": "postgresql://127.0.0.1:1/axis"},
            "axis relay needs Kafka (AXIS_KAFKA_BOOTSTRAP) to publish to.\n",
        ),
    ],
)
def test_where_it_could_do_nothing_it_says_so(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "axis", "relay"],
        env={"PATH": "", "AXIS_VAR": str(tmp_path), **given},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, told)
