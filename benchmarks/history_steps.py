"""What each step of the history takes by itself: CPU microseconds of a document.

Building, signing and reading are measured over documents of the plan that was played, the store and
the bus over as many made-up ones in groups as busy days make them. What is left of a process when
its steps are taken off is HTTP, JSON, waiting lists and the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from agencies import drive
from agencies.compose import compose
from agencies.examine import Examiner
from agencies.history.part import Part, documents
from agencies.sizes import SMALL
from agencies.traffic import Planned
from agencies.world import read_certificates, read_key
from axis.adapters.embedded_bus import EmbeddedBus
from axis.adapters.listeners import Listener
from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accepted, Outcome
from axis.core.lifecycle import Step
from axis.flows.telling import topics_of
from benchmarks import checks, store
from benchmarks.parts import cpu_us
from schemas.edxml_write import write
from schemas.examine import examine
from schemas.signing import sign

AXIS, AGENCIES = "axis", "agencies"
#: Documents that steps are measured with, and commands of a group as busy days make them.
MEASURED, GROUP = 2_000, 256
#: Times the bus is told of one group.
TOLD = 20


class Measured(NamedTuple):
    """CPU microseconds of a document by step, and all but building and signing as so many times
    what verifying it once takes (its form, its digests and its signature).
    """

    steps: Mapping[str, float]
    beside: float


def measured(home: Path, told: Mapping[str, Any], spent: Mapping[str, float]) -> Measured:
    """Where a play went that came to ``told`` in ``home``; ``spent`` is what each of its processes
    took of a document.
    """
    deliveries = told["received"] / told["sent"]
    return attributed(_packages(home, told), *_stored(deliveries), deliveries, spent)


def attributed(
    each: Mapping[str, float],
    stored: Mapping[str, float],
    bus: float,
    deliveries: float,
    spent: Mapping[str, float],
) -> Measured:
    """Whose time each step is, and what is left of each process. Pure."""
    check, xml = each["check"], each["examine"] - each["check"]
    steps = {
        (AGENCIES, "build"): each["build"],
        (AGENCIES, "sign"): each["sign"],
        (AXIS, "XML: form, files, digests"): xml,
        (AXIS, "verify: the signature"): check,
        **{(AXIS, name): us for name, us in stored.items()},
        (AXIS, "bus: whoever waits is told"): bus,
        (AGENCIES, "recipient: XML, each document once"): xml,
        (AGENCIES, "recipient: verify, each document once"): check,
        (AGENCIES, "recipient: the digest of every copy"): each["copy"] * deliveries,
    }
    rest = {
        (process, "HTTP, JSON, pages, the rest"): us
        - sum(us for (name, _), us in steps.items() if name == process)
        for process, us in spent.items()
    }
    beside = (sum(spent.values()) - each["build"] - each["sign"]) / each["examine"]
    return Measured({": ".join(name): us for name, us in (steps | rest).items()}, beside)


def _packages(home: Path, told: Mapping[str, Any]) -> dict[str, float]:
    part, seed = told["part"], told["seed"]
    asked = Part(
        first=date.fromisoformat(part["from"]),
        last=date.fromisoformat(part["to"]),
        only=part["only"],
    )
    plan = list(islice((p for _, day in documents(asked, seed) for p in day), MEASURED))
    keys = {p.sender: read_key(home, p.sender) for p in plan}
    examiner = Examiner(read_certificates(home))

    def built(planned: Planned) -> bytes:
        return write(compose(planned))

    def check(raw: bytes) -> None:
        assert examine(raw).seal.genuine

    def take(one: tuple[Planned, bytes, str]) -> None:
        planned, raw, sha256 = one
        assert not examiner.examine(raw, sha256, planned.sender, planned.at_us).fault

    unsigned = [(planned, built(planned)) for planned in plan]
    signed = [drive.package(p, *keys[p.sender], SMALL) for p in plan]
    digests = [hashlib.sha256(raw).hexdigest() for raw in signed]
    copies = list(zip(plan, signed, digests, strict=True))
    for first in copies:
        take(first)
    verify = checks.alone(keys[plan[0].sender][0])
    return {
        "build": cpu_us(built, plan),
        "sign": cpu_us(lambda pair: sign(pair[1], *keys[pair[0].sender]), unsigned),
        "examine": cpu_us(check, signed),
        "check": cpu_us(lambda _: verify(), signed),
        "copy": cpu_us(take, copies),
    }


def _stored(deliveries: float) -> tuple[dict[str, float], float]:
    """What the store takes of a document, by kind of command, and the bus."""
    with tempfile.TemporaryDirectory() as folder:
        spent = asyncio.run(store.measure(Path(folder) / "store", GROUP))
        accepted_us, said_us = asyncio.run(_told(Path(folder) / "bus"))
    each = {name: median(values) for name, values in spent.items()}
    return {
        "store: accept": each["accept a document"],
        "store: hand out": each["offer one delivery"] * deliveries,
        "store: done": each["confirm one delivery"] * deliveries,
        "status: store 01": each["say 01, delivery done"] * deliveries,
        "status: store 03": each["say 03"] * deliveries,
    }, accepted_us + 2 * deliveries * said_us


async def _told(folder: Path) -> tuple[float, float]:
    """What telling of an accepted document takes, and of a status; somebody waits for each."""
    books = open_store(folder)
    try:
        await books.enrol([store.agency(code) for code in store.CODES], [], [])
        accepted = await books.apply(store.accepts(0, GROUP))
        news = [one.document for one in accepted if isinstance(one, Accepted)]
        await books.apply(store.moves(news, Step.DONE))
        said = await books.apply(store.says(news, "01"))
    finally:
        await books.close()
    return await _publish(accepted), await _publish(said)


async def _publish(outcomes: Sequence[Outcome]) -> float:
    bus = EmbeddedBus()

    async def hear(listener: Listener) -> None:
        while True:
            await listener.wait(60.0)

    async with asyncio.TaskGroup() as tasks:
        with ExitStack() as listening:
            hearing = [
                tasks.create_task(hear(listening.enter_context(bus.listeners.listen(topic))))
                for topic in topics_of(outcomes)
            ]
            await asyncio.sleep(0)
            begun = time.process_time()
            for _ in range(TOLD):
                await bus.publish(topics_of(outcomes))
                # Those that were told are woken in the next turn, and wait anew.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            spent = time.process_time() - begun
            for task in hearing:
                task.cancel()
    return spent / TOLD / len(outcomes) * 1e6
