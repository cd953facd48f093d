"""Put an axis together. With ``axis.relaying`` the only module that names adapters.

``async with build(settings) as axis`` is an axis's whole life: what it opens is closed behind it,
and its loops run in a task group around it, so that a loop which dies takes the axis with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from axis.adapters.embedded_bus import EmbeddedBus
from axis.adapters.examiner import InlineExaminer
from axis.adapters.helper_pool import PooledSigner, helper_pool
from axis.adapters.signer import load_signer
from axis.adapters.sqlite_store import open_store
from axis.adapters.system_clock import SystemClock, SystemIds
from axis.adapters.trust_list import TrustList
from axis.api.running import Axis
from axis.core.errors import Unavailable
from axis.flows.commit import Committer
from axis.flows.extracts import Extraction
from axis.flows.handover import Handover
from axis.flows.intake import Intake, Policy
from axis.flows.members import Members
from axis.flows.oversight import Oversight
from axis.flows.planning import Planning
from axis.flows.refusals import Refusals
from axis.flows.replaying import Books, Replaying
from axis.flows.shadowing import Shadowing
from axis.flows.statistics import Statistics
from axis.flows.statuses import Statuses
from axis.flows.telling import Teller
from axis.flows.tracking import Tracking
from axis.lanes import Lanes
from axis.ports import Bus, Clock, Examiner, Ids, Signer, Store, Trust
from axis.relaying import SIGNER_KEY, lease_owner, relay_beside
from axis.replays import Replays
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.adapters.postgres_bus import PostgresBus

log = structlog.get_logger()

TRUST_ROOT = "trust-root.pem"

#: Seconds the last group may take to be written at the end; one takes milliseconds.
DRAIN_S = 5.0

#: What runs as long as an axis does, by name.
Loops = dict[str, Callable[[], Coroutine[object, object, None]]]


class NotSetUp(RuntimeError):
    """The axis's folder lacks what ``axis init`` puts there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Ready-made parts; what is None is made as the settings say.

    A store that is handed in stays open at the end: it belongs to whoever made it. It comes with
    its replays, and its lanes where Kafka is named.
    """

    store: Store | None = None
    replays: Replays | None = None
    lanes: Lanes | None = None
    bus: Bus | None = None
    clock: Clock | None = None
    ids: Ids | None = None
    signer: Signer | None = None
    examiner: Examiner | None = None
    trust: Trust | None = None


@asynccontextmanager
async def build(settings: Settings, parts: Parts = Parts()) -> AsyncIterator[Axis]:
    """Start an axis and stop it: end the polls, write what was accepted, close the store.

    Raises ``NotSetUp`` before anything is opened. An error in the body stops it without the last
    write, as a crash would.
    """
    async with AsyncExitStack() as stack:
        axis, loops = await _assemble(settings, parts, stack)
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(loop(), name=name) for name, loop in loops.items()]
            try:
                yield axis
                axis.polls.close()
                await _drain(axis.committer)
            except Exception as error:
                # Raised again below: inside, the group would wrap it.
                failure = error
            finally:
                for task in running:
                    task.cancel()
        if failure is not None:
            raise failure


async def _assemble(settings: Settings, parts: Parts, stack: AsyncExitStack) -> tuple[Axis, Loops]:
    clock = parts.clock or SystemClock()
    root = None if parts.trust else _trust_root(settings.axis_dir / TRUST_ROOT)
    store, replays, lanes, between = await _books(settings, parts, stack)
    # What wakes: the database where processes share one, else memory.
    bus = parts.bus or between or EmbeddedBus()
    trust = parts.trust
    if trust is None:
        assert root is not None
        trust = TrustList(root, await store.certificates())
    examiner, signer = await _workers(settings, parts, stack)
    teller = Teller(bus)
    committer = Committer(store, teller.announce)
    members = Members(store, committer, trust, clock)
    await members.load()
    replaying = Replaying(Books(store, replays, committer), clock, lease_owner())
    loops: Loops = {
        "committer": committer.run,
        "teller": teller.run,
        "replaying": replaying.run,
        "directory": partial(members.follow, bus),
    }
    if between is not None:
        loops["between"] = between.run
    over_kafka, relaying = bool(settings.kafka.bootstrap), None
    if over_kafka and settings.relay == "here":
        assert lanes is not None
        relaying = await relay_beside(settings, store, lanes, bus, clock, signer, stack)
        loops["relay"] = relaying.relay.run
    policy = Policy(settings.strict_signatures, settings.package_bytes_max)
    ids, refusals = parts.ids or SystemIds(), Refusals(committer, clock)
    planning = Planning(replays, committer, members, clock, ids, replaying.look)
    axis = Axis(
        settings=settings,
        store=store,
        bus=bus,
        lanes=lanes if over_kafka else None,
        publisher=relaying.publisher if relaying else None,
        clock=clock,
        signer=signer,
        committer=committer,
        members=members,
        refusals=refusals,
        intake=Intake(store, committer, members, examiner, trust, clock, ids, policy, refusals),
        handover=Handover(store, committer, bus, clock),
        statuses=Statuses(store, committer, members, trust, bus, clock, refusals),
        tracking=Tracking(store),
        statistics=Statistics(store, clock),
        oversight=Oversight(store, committer, members, clock),
        extraction=Extraction(store, clock, committer.submit),
        planning=planning,
        shadowing=Shadowing(store, planning, clock),
    )
    return axis, loops


async def _books(
    settings: Settings, parts: Parts, stack: AsyncExitStack
) -> tuple[Store, Replays, Lanes | None, PostgresBus | None]:
    """The store with its replays and lanes, and what carries word between the processes that share
    it, if several may.
    """
    if parts.store is not None:
        assert parts.replays is not None
        return parts.store, parts.replays, parts.lanes, None
    if settings.database is None:
        store = open_store(settings.axis_dir)
        stack.push_async_callback(store.close)
        return store, store.replays, store.lanes, None
    # Not above: a laptop's axis starts without the libraries of a server's.
    from axis.adapters import postgres_store
    from axis.adapters.postgres_bus import PostgresBus
    from axis.adapters.postgres_server import Server

    url = settings.database.get_secret_value()
    server = Server(url, settings.run)
    stack.push_async_callback(server.close)
    between = PostgresBus(server, store_tells=True)
    shared = await postgres_store.open_store(url, settings.run, tell=between.tell)
    stack.push_async_callback(shared.close)
    return shared, shared.replays, shared.lanes, between


async def _workers(
    settings: Settings, parts: Parts, stack: AsyncExitStack
) -> tuple[Examiner, Signer]:
    """Who examines packages and who signs: this process, or helpers too."""
    own = None if parts.signer else load_signer(settings.axis_dir / SIGNER_KEY)
    helpers = settings.examiners
    if helpers is None:
        # Several workers use the cores by themselves.
        helpers = _cores() - 1 if settings.workers == 1 else 0
    if own is None or parts.examiner or not helpers:
        signer = parts.signer or own
        assert signer is not None
        return parts.examiner or InlineExaminer(), signer
    pool = await stack.enter_async_context(helper_pool(helpers, own))
    return pool, PooledSigner(own, pool)


def _cores() -> int:
    """The cores this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _trust_root(path: Path) -> bytes:
    """The trust root in DER."""
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        raise NotSetUp(f"{path} is missing; `axis init` sets an axis up") from None
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


async def _drain(committer: Committer) -> None:
    """Wait until all that was posted is written; groups keep order, so an empty one tells.

    Whoever waits for an answer has it by now. What is left are marks that packages were handed
    out, which the books can do without.
    """
    try:
        async with asyncio.timeout(DRAIN_S):
            await committer.submit(())
    except (Unavailable, TimeoutError) as error:
        log.warning("last marks not written", action="axis.drain_failed", exc_info=error)
