"""Several axes on one PostgreSQL: killed, stopped in the middle, and the books are exact."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from agencies.world import agency_dir, make_world, read_secret
from axis.cli.setup import enrol
from axis.settings import Settings
from benchmarks.packages import Signed, signed
from tests.acceptance.conftest import until

pytestmark = pytest.mark.acceptance

#: Seconds until a sender asks another axis; a group that waits for a stopped one takes three.
ASK_AGAIN_S = 8.0
#: Seconds after which others must have gone on, with all that a busy machine adds.
GO_ON_S = 20.0
PAUSE_S = 0.05
#: Seconds an axis works between two looks at whether it holds the lock.
BREATH_S = 0.004


class Axis:
    """``axis.server`` in a process of its own."""

    def __init__(self, settings: Settings, name: str) -> None:
        assert settings.database is not None
        self._log = settings.var / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "axis.server"],
                env={
                    "PATH": "",
                    "AXIS_VAR": str(settings.var),
                    "AXIS_RUN": settings.run,
                    "AXIS_DATABASE": settings.database.get_secret_value(),
                    "AXIS_PORT": "0",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = until(self._listens, f"{name} to listen, see {self._log}")

    def _listens(self) -> str:
        assert self.process.poll() is None, self._log.read_text("utf-8")
        for line in self._log.read_text("utf-8").splitlines():
            if '"server.listening"' in line:
                return str(json.loads(line)["url"])
        return ""

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        return self.process.wait()


@contextmanager
def running(settings: Settings, name: str) -> Iterator[Axis]:
    axis = Axis(settings, name)
    try:
        yield axis
    finally:
        if axis.process.poll() is None:
            axis.process.kill()
            axis.process.wait()


class Senders:
    """Agencies that send packages to whatever axis answers, until they have a receipt."""

    def __init__(self, http: httpx.AsyncClient, home: Path) -> None:
        self._http = http
        self._home = home
        self._tokens: dict[str, str] = {}
        #: Receipts by package; all of one package must be the same.
        self.receipts: dict[bytes, set[str]] = {}

    async def login(self, axis: Axis, codes: Sequence[str]) -> None:
        for code in codes:
            secret = read_secret(agency_dir(self._home, code))
            asked = {"grant_type": "client_credentials", "client_id": code}
            answer = await self._http.post(
                f"{axis.url}/v1/token", data=asked | {"client_secret": secret}
            )
            self._tokens[code] = answer.json()["access_token"]

    async def post(self, axes: Sequence[Axis], package: Signed) -> None:
        """Post to the first of ``axes``, and to the next ones until one gives a receipt."""
        for axis in cycle(axes):
            try:
                answer = await self.ask(
                    axis, package.sender, "POST", "/v1/documents", content=package.body
                )
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code in (200, 201):
                self.receipts.setdefault(package.body, set()).add(answer.text)
                return
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(PAUSE_S)

    async def ask(
        self, axis: Axis, who: str, method: str, path: str, **rest: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._tokens[who]}"}
        if "content" in rest:
            headers["content-type"] = "application/xml"
        return await self._http.request(method, axis.url + path, headers=headers, **rest)

    async def post_all(self, axes: Sequence[Axis], packages: Sequence[Signed]) -> None:
        """Everything at once, each package beginning with another axis."""
        async with asyncio.TaskGroup() as group:
            for i, package in enumerate(packages):
                first = i % len(axes)
                group.create_task(self.post([*axes[first:], *axes[:first]], package))

    async def keep_writing(self, axis: Axis, who: str) -> None:
        """Have ``axis`` write for ever what no balance counts: lines of the refusal log."""
        while True:
            await self.ask(axis, who, "POST", "/v1/documents", content=b"<none/>")

    async def some(self, count: int) -> None:
        """Wait until so many packages have a receipt."""
        while len(self.receipts) < count:
            await asyncio.sleep(PAUSE_S)


@pytest.fixture
async def settings(
    tmp_path: Path, postgres_url: str, postgres_run: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.setenv("AXIS_DATABASE", postgres_url)
    monkeypatch.setenv("AXIS_VAR", str(tmp_path))
    monkeypatch.setenv("AXIS_RUN", postgres_run)
    made = Settings()
    await enrol(made, make_world(made.home))
    return made


@asynccontextmanager
async def _sending(settings: Settings) -> AsyncIterator[Senders]:
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(timeout=ASK_AGAIN_S, limits=limits, trust_env=False) as http:
        yield Senders(http, settings.home)


async def _stop_in_the_middle(axis: Axis, settings: Settings) -> None:
    """SIGSTOP ``axis`` while it holds the lock of the books."""
    assert settings.database is not None
    database = await asyncpg.connect(settings.database.get_secret_value())
    held = """
        select count(*) from pg_stat_activity a join pg_locks l on l.pid = a.pid
        where a.state = 'idle in transaction' and l.relation = $1::regclass
            and l.mode = 'RowShareLock'"""
    head = f"axis_{settings.run.replace('-', '_')}.head"
    async with asyncio.timeout(60):
        while True:
            axis.send(signal.SIGSTOP)
            if await database.fetchval(held, head):
                break
            axis.send(signal.SIGCONT)
            await asyncio.sleep(BREATH_S)
    await database.close()


def _axis(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "axis", *arguments, "--json"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


async def test_the_books_are_exact_whoever_is_killed_or_stopped(settings: Settings) -> None:
    packages = list(islice(signed(settings.home), 320))
    same, killed, stopped = packages[:60], packages[60:160], packages[160:]
    lanes = Counter(code for package in packages for code in package.recipients)
    with running(settings, "a") as a, running(settings, "b") as b, running(settings, "c") as c:
        async with _sending(settings) as senders:
            await senders.login(a, sorted({p.sender for p in packages} | lanes.keys()))

            # The same packages to two axes at the same moment.
            async with asyncio.TaskGroup() as group:
                group.create_task(senders.post_all([a, b], same))
                group.create_task(senders.post_all([b, a], same))

            # One axis is killed while it works; who waits for its answer asks another.
            async with asyncio.TaskGroup() as group:
                group.create_task(senders.post_all([a, b], killed))
                await senders.some(len(same) + 5)
                assert a.end(signal.SIGKILL) == -signal.SIGKILL

            # One is stopped with the lock in its hand; the other waits no longer than it must.
            async with asyncio.TaskGroup() as group:
                group.create_task(senders.post_all([b, c], stopped[:80]))
                busy = group.create_task(senders.keep_writing(b, packages[0].sender))
                await _stop_in_the_middle(b, settings)
                busy.cancel()
                group.create_task(senders.post_all([b, c], stopped[80:]))
                async with asyncio.timeout(GO_ON_S):
                    await senders.some(min(len(senders.receipts) + 20, len(packages)))
            b.send(signal.SIGCONT)

            # Everything once more, by each of those that live: the same receipts, bit for bit.
            for axis in (b, c):
                await senders.post_all([axis], packages)
            assert senders.receipts.keys() == {package.body for package in packages}
            assert {len(receipts) for receipts in senders.receipts.values()} == {1}

            for i, code in enumerate(sorted(lanes)):
                axis = (b, c)[i % 2]
                for urgency in range(5):
                    done = {"range": {"urgency": urgency, "no": 100_000}, "result": "done"}
                    answer = await senders.ask(axis, code, "POST", "/v1/inbox/confirm", json=done)
                    assert answer.status_code == 200, answer.text
            told = [
                (await senders.ask(axis, packages[0].sender, "GET", "/v1/counts")).json()
                for axis in (b, c)
            ]
        assert told[0] == told[1]
        assert (told[0]["sent"], told[0]["received"]) == (len(packages), lanes.total())
        assert {line["difference"] for line in told[0]["balances"]} == {0}
        assert (b.end(), c.end()) == (0, 0)
    assert _axis("counts")["received"] == lanes.total()
    proof = _axis("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (len(packages), lanes.total())


async def test_a_document_taken_in_by_one_axis_wakes_who_waits_at_another(
    settings: Settings,
) -> None:
    package = next(signed(settings.home))
    with running(settings, "a") as a, running(settings, "b") as b:
        async with _sending(settings) as senders:
            recipient = package.recipients[0]
            await senders.login(a, [package.sender, recipient])
            waiting = asyncio.create_task(
                senders.ask(b, recipient, "GET", "/v1/inbox", params={"wait": 50}, timeout=60)
            )
            await senders.post([a], package)
            (row,) = (await waiting).json()["deliveries"]
            assert row["sender"] == package.sender
            # A page is taken wherever the bytes came in.
            path = f"/v1/deliveries/{row['id']}/package"
            assert (await senders.ask(b, recipient, "GET", path)).content == package.body
