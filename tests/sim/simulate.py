"""One run: storm, heal, convergence, and the checks over what everybody saw."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from axis.adapters.memory_store import MemoryBooks
from axis.adapters.signer import AxisSigner
from axis.bootstrap import Parts
from axis.settings import Settings
from tests.sim.checkers import check
from tests.sim.clients import Cast, enrol
from tests.sim.final import collect
from tests.sim.history import History, Violation
from tests.sim.letters import PACKAGE_BYTES_MAX
from tests.sim.loop import run
from tests.sim.network import Network
from tests.sim.planted import NOTHING, Plant
from tests.sim.process import Process
from tests.sim.signing import Signing
from tests.sim.world import ACT_S, World

#: Virtual seconds after the heal within which everything must have come to rest: the longest
#: chain of acts, with a look-again of five seconds before each answer to somebody else's.
CONVERGE_S = 60.0
#: Real signatures in one of so many runs: they cost a third of its time.
_SIGNED_RUNS = 20

_SIGNER = AxisSigner(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"simulated").digest()))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a seed."""

    seed: int
    violations: tuple[Violation, ...]
    history: History


def simulate(seed: int, plant: Plant = NOTHING) -> Result:
    """Run one seed. The same seed and plant give the same history in any process."""
    with _planted(plant), capture_logs() as logs:
        result, complaints = run(_simulate(seed, plant, logs))
    # Not part of the history: when they come depends on the collection of garbage.
    heard = tuple(Violation("internal", complaint) for complaint in complaints)
    return replace(result, violations=(*result.violations, *heard))


@contextmanager
def _planted(plant: Plant) -> Iterator[None]:
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in plant.patches]
    for owner, name, value in plant.patches:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in reversed(kept):
            setattr(owner, name, value)


async def _simulate(seed: int, plant: Plant, logs: Sequence[MutableMapping[str, Any]]) -> Result:
    world = World(seed)
    dice = world.dice("cast")
    codes = [f"000.00.00.H{number}" for number in dice.sample(range(10, 60), dice.randint(2, 5))]
    signing = Signing(codes if seed % _SIGNED_RUNS == 0 else ())
    books = await enrol(codes)
    settings = Settings(package_bytes_max=PACKAGE_BYTES_MAX, token_seconds=dice.choice((30, 900)))
    parts = Parts(signer=_SIGNER, trust=signing.trust)
    process = Process(world, books, settings, parts, plant)
    network = Network(world, process)
    cast = Cast(world, network, codes, signing)
    await process.start()
    acting = asyncio.create_task(cast.act())
    await _storm(world, process)
    world.heal()
    await _come_to_rest(world, cast, books, acting)
    await _end(world, acting)
    final = await collect(cast.operators[0].session, cast.sessions)
    world.history.add(final)
    await process.stop()
    for line in logs:
        if line["log_level"] == "error":
            world.fail("internal", f"{line['event']}: {line.get('exc_info')!r}")
    return Result(seed, (*world.violations, *check(world.history)), world.history)


async def _storm(world: World, process: Process) -> None:
    """Crashes, restarts and clocks that jump, for as long as the clients act."""
    dice, weather = world.dice("storm"), world.weather
    while world.now_s < ACT_S:
        await asyncio.sleep(dice.uniform(0.5, 3.0))
        if dice.chance(0.3):
            world.skew_us = int(dice.uniform(-weather.skew_s, weather.skew_s) * 1_000_000)
        crashes = weather.crash_s and dice.chance(2.0 / weather.crash_s)
        restarts = weather.restart_s and dice.chance(2.0 / weather.restart_s)
        if crashes or restarts:
            await (process.crash() if crashes else process.stop())
            await world.pause(dice, weather.down_s)
            await process.start()


async def _come_to_rest(
    world: World, cast: Cast, books: MemoryBooks, acting: asyncio.Task[None]
) -> None:
    deadline = world.now_s + CONVERGE_S
    while not acting.done():
        unfinished = cast.unfinished(books)
        if not unfinished:
            return
        if world.now_s > deadline:
            for what in unfinished:
                world.fail("late", f"{CONVERGE_S:.0f} s after the heal {what}", what.split()[0])
            return
        await asyncio.sleep(0.5)


async def _end(world: World, acting: asyncio.Task[None]) -> None:
    acting.cancel()
    await asyncio.wait([acting])
    if not acting.cancelled() and (error := acting.exception()) is not None:
        # A client asserts what every answer must look like.
        world.fail("internal", f"a client broke: {_innermost(error)!r}")


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
