"""The axis beside NHS England's ``mesh-sandbox``, the nearest public thing that does the same job.

Both are handed the same signed packages of about 20 kB for one recipient over as many connections.
The peer sends, gets and acknowledges each; the axis does so once the same way (POST, the package of
the delivery, ``done``), once with a recipient that takes pages beside the senders, and once with
senders, too, who hand in all they have in one request. A run ends when everything is acknowledged
and the bytes were those sent. Both have 10,000 or 100,000 messages waiting before, whose own bytes
are few: it is mailboxes that grow; how much that matters to the axis is measured of two of them,
asked in turn. The peer keeps a message in memory or in a file that it does not sync, and looks at
no signature.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from statistics import median
from urllib.parse import quote

import orjson

from agencies.load.wire import Connection, Reply, request
from benchmarks import servers
from benchmarks.full_inbox import RECIPIENT, fill
from benchmarks.load import connect, run
from benchmarks.measure import Doors
from benchmarks.packages import Signed, signed
from benchmarks.peer_server import RECIPIENT as PEER_RECIPIENT
from benchmarks.peer_server import SENDER as PEER_SENDER
from benchmarks.scale import Act, Scale, in_turn
from benchmarks.table import Aim, Pair, Row, Run, Side
from schemas.frames import frames

WAITING = (0, 10_000, 100_000)
STORES = ("memory", "file")
#: How the axis is asked.
BULK, PAGES, SINGLY = WAYS = ("in bulk", "in pages", "one by one")
CONNECTIONS = 64
#: Documents of a run. With 100,000 waiting the peer does a dozen a second.
PEER_DOCUMENTS = {0: 400, 10_000: 200, 100_000: 24}
OUR_DOCUMENTS = 1_000
#: Ten times the peer's best at every point.
TIMES = 10.0
#: Pairs of an empty mailbox and a full one, for each of those against the peer: they are quick.
GROWN_PAIRS = 4

Exchange = Callable[[Connection, Signed], Awaitable[None]]


def row(scale: Scale) -> Row:
    """Measure every point against both of the peer's stores."""
    out = Row("sent, taken, acknowledged, against mesh-sandbox")
    least = dict.fromkeys(WAYS, math.inf)
    for waiting in WAITING:
        runs = _point(waiting, scale)
        for store in STORES:
            other = Side.of(f"mesh-sandbox, {store} store", runs[store])
            for way in WAYS:
                pair = Pair(f"{waiting:,} waiting", Side.of(f"the axis, {way}", runs[way]), other)
                out.pairs.append(pair)
                assert pair.ratio is not None
                least[way] = min(least[way], pair.ratio.median)
    full, empty = _grown(scale)
    name = f"the axis, {PAGES}"
    out.pairs.append(
        Pair(f"{WAITING[-1]:,} waiting, and none", Side.of(name, full), Side.of(name, empty))
    )
    out.aims = [
        *(Aim(f"times the peer's best, {way}", least[way], "", TIMES, TIMES) for way in WAYS),
        Aim(
            "CPU of a document with 100,000 waiting, of that with none, in pages",
            median(one.cpu_us / two.cpu_us for one, two in zip(full, empty, strict=True)),
            "",
            1.1,
            1.1,
            at_most=True,
        ),
    ]
    out.remarks.append(
        f"A run against mesh-sandbox has {scale.of(OUR_DOCUMENTS):,} documents of ours and "
        f"{', '.join(f'{scale.of(n, 8)}' for n in PEER_DOCUMENTS.values())} of the peer's; "
        "what is acknowledged there stays in the mailbox, and slows it on."
    )
    return out


def _point(waiting: int, scale: Scale) -> dict[str, list[Run]]:
    """Runs of the axis by way and of the peer by store, each in turn."""
    with ExitStack() as stack:
        axis = stack.enter_context(servers.axis(prepare=lambda home: fill(home, waiting)))
        peers = [stack.enter_context(servers.peer(store, waiting)) for store in STORES]
        packages = signed(axis.home, to=RECIPIENT)
        desk = Desk(axis, f"0:{waiting}" if waiting else "")
        acts: dict[str, Callable[[Sequence[Signed]], Run]] = {
            BULK: desk.in_bulk,
            PAGES: desk.in_pages,
            SINGLY: desk.one_by_one,
            **{name: partial(_at_peer, server) for name, server in zip(STORES, peers, strict=True)},
        }
        theirs, ours = scale.of(PEER_DOCUMENTS[waiting], 8), scale.of(OUR_DOCUMENTS, 8)
        for act in acts.values():
            act(list(islice(packages, 1)))  # To warm up, and not counted.
        runs: dict[str, list[Run]] = {name: [] for name in acts}
        for pair in range(scale.pairs):
            for name in list(acts)[:: -1 if pair % 2 else 1]:
                count = ours if name in WAYS else theirs
                runs[name].append(acts[name](list(islice(packages, count))))
    return runs


def _grown(scale: Scale) -> tuple[list[Run], list[Run]]:
    """An axis with the most waiting, and one with none."""
    most, count = WAITING[-1], scale.of(OUR_DOCUMENTS, 8)
    with (
        servers.axis(prepare=lambda home: fill(home, most)) as full,
        servers.axis() as empty,
    ):
        desks = [
            (Desk(full, f"0:{most}"), signed(full.home, to=RECIPIENT)),
            (Desk(empty, ""), signed(empty.home, to=RECIPIENT)),
        ]

        def pair() -> tuple[Act, Act]:
            one, two = (partial(desk.in_pages, [*islice(some, count)]) for desk, some in desks)
            return one, two

        for act in pair():
            act()  # To warm up, and not counted.
        return in_turn(pair, GROWN_PAIRS * scale.pairs)


def _at_peer(server: servers.Server, packages: Sequence[Signed]) -> Run:
    return run(_timed(server, packages, _peer))


async def _peer(connection: Connection, package: Signed) -> None:
    raw = request(
        "POST",
        f"/messageexchange/{PEER_SENDER}/outbox",
        package.body,
        Mex_To=PEER_RECIPIENT,
        Mex_WorkflowID="BENCHMARK",
        Content_Type="application/octet-stream",
    )
    message = orjson.loads((await _ok(connection, raw)).body)["messageID"]
    place = f"/messageexchange/{PEER_RECIPIENT}/inbox/{message}"
    assert (await _ok(connection, request("GET", place))).body == package.body
    await _ok(connection, request("PUT", f"{place}/status/acknowledged"))


async def _ok(connection: Connection, raw: bytes) -> Reply:
    reply = await connection.ask(raw)
    assert reply.status in (200, 201, 202), reply.told
    return reply


@asynccontextmanager
async def _connections(port: int) -> AsyncIterator[list[Connection]]:
    opened = [await connect(port) for _ in range(CONNECTIONS)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def _timed(server: servers.Server, packages: Sequence[Signed], exchange: Exchange) -> Run:
    """Exchange all packages, each connection one after the other."""
    ready = iter(packages)

    async def work(connection: Connection) -> None:
        for package in ready:
            await exchange(connection, package)

    async with _connections(server.port) as opened:
        before, begun = server.cpu_s(), time.perf_counter()
        await asyncio.gather(*map(work, opened))
        return _run(server, len(packages), before, begun)


def _run(server: servers.Server, count: int, before_s: float, begun_s: float) -> Run:
    took_s = time.perf_counter() - begun_s
    return Run(count / took_s, (server.cpu_s() - before_s) / count * 1e6)


@dataclass
class Desk:
    """The recipient at an axis, and where it is in its inbox (``after``)."""

    server: servers.Server
    after: str
    _doors: Doors = field(init=False)

    def __post_init__(self) -> None:
        self._doors = Doors(self.server)

    def one_by_one(self, packages: Sequence[Signed]) -> Run:
        """Each package is posted, taken and confirmed by itself."""

        async def whole() -> Run:
            await self._sign_in(packages)
            return await _timed(self.server, packages, self._exchange)

        return run(whole())

    def in_pages(self, packages: Sequence[Signed]) -> Run:
        """The recipient polls for packages beside the senders and confirms what each page held."""

        async def whole() -> Run:
            await self._sign_in(packages)
            return await self._paged(packages, [await self._doors.post(one) for one in packages])

        return run(whole())

    def in_bulk(self, packages: Sequence[Signed]) -> Run:
        """The same, and each sender hands in all it has at once."""
        by_sender: dict[str, list[Signed]] = defaultdict(list)
        for package in packages:
            by_sender[package.sender].append(package)

        async def whole() -> Run:
            await self._sign_in(packages)
            posts = [await self._doors.bulk(some) for some in by_sender.values()]
            return await self._paged(packages, posts)

        return run(whole())

    async def _sign_in(self, packages: Sequence[Signed]) -> None:
        for code in {RECIPIENT, *(package.sender for package in packages)}:
            await self._doors.token(code)

    async def _exchange(self, connection: Connection, package: Signed) -> None:
        reply = await _ok(connection, await self._doors.post(package))
        (delivery,) = orjson.loads(reply.body)["deliveries"]
        token = f"Bearer {await self._doors.token(RECIPIENT)}"
        path = f"/v1/deliveries/{quote(delivery)}/package"
        taken = await _ok(connection, request("GET", path, Authorization=token))
        assert taken.body == package.body
        await self._confirm(connection, token, [delivery])

    async def _paged(self, packages: Sequence[Signed], requests: Sequence[bytes]) -> Run:
        token = f"Bearer {await self._doors.token(RECIPIENT)}"
        posts = iter(requests)
        expected = {package.body for package in packages}

        async def post(connection: Connection) -> None:
            for raw in posts:
                reply = await _ok(connection, raw)
                # Of many in a request some may be refused; whoever takes would wait for ever.
                assert b'"problem":' not in reply.body, reply.body

        async def take(connection: Connection) -> None:
            while expected:
                path = f"/v1/inbox/packages?after={quote(self.after)}&wait=20"
                page = await _ok(connection, request("GET", path, Authorization=token))
                self.after = page.header(b"axis-next")
                taken = [(str(told["id"]), raw) for told, raw in frames(page.body)]
                # What was exchanged one by one lies behind the cursor too, but is done.
                expected.difference_update(raw for _, raw in taken)
                await self._confirm(connection, token, [one for one, _ in taken])

        async with _connections(self.server.port) as opened:
            taker = await connect(self.server.port)
            before, begun = self.server.cpu_s(), time.perf_counter()
            await asyncio.gather(take(taker), *map(post, opened))
            taker.close()
            return _run(self.server, len(packages), before, begun)

    async def _confirm(self, connection: Connection, token: str, deliveries: list[str]) -> None:
        if not deliveries:
            return
        body = orjson.dumps({"deliveries": deliveries, "result": "done"})
        raw = request(
            "POST",
            "/v1/inbox/confirm",
            body,
            Authorization=token,
            Content_Type="application/json",
        )
        items = orjson.loads((await _ok(connection, raw)).body)["items"]
        assert all(item["state"] == "done" for item in items), items
