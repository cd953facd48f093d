"""Several axes on one PostgreSQL: killed, stopped in the middle, and the books are exact."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import asyncpg
import pytest

from axis.settings import Settings
from benchmarks.packages import signed
from tests.acceptance.senders import Axis, running, sending, set_up, told_by

pytestmark = pytest.mark.acceptance

#: Seconds after which others must have gone on, with all that a busy machine adds.
GO_ON_S = 20.0
#: Seconds an axis works between two looks at whether it holds the lock.
BREATH_S = 0.004


@pytest.fixture
async def settings(
    tmp_path: Path, postgres_url: str, postgres_run: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    return await set_up(tmp_path, postgres_url, postgres_run, monkeypatch)


#: Whether a session waits for a lock. Of sessions a transaction is shown what it saw first.
_WAITING = "select count(*) > 0 from pg_locks where not granted"


@asynccontextmanager
async def _person(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A session of somebody else; what it holds is let go behind the block."""
    assert settings.database is not None
    connection = await asyncpg.connect(settings.database.get_secret_value())
    try:
        yield connection
    finally:
        await connection.close()


def _head(settings: Settings) -> str:
    return f"axis_{settings.run.replace('-', '_')}.head"


async def _stop_in_the_middle(axis: Axis, settings: Settings) -> None:
    """SIGSTOP ``axis`` while it holds the lock of the books."""
    assert settings.database is not None
    database = await asyncpg.connect(settings.database.get_secret_value())
    held = """
        select count(*) from pg_stat_activity a join pg_locks l on l.pid = a.pid
        where a.state = 'idle in transaction' and l.relation = $1::regclass
            and l.mode = 'RowShareLock'"""
    head = _head(settings)
    async with asyncio.timeout(60):
        while True:
            axis.send(signal.SIGSTOP)
            if await database.fetchval(held, head):
                break
            axis.send(signal.SIGCONT)
            await asyncio.sleep(BREATH_S)
    await database.close()


@pytest.mark.long
async def test_the_books_are_exact_whoever_is_killed_or_stopped(settings: Settings) -> None:
    packages = list(islice(signed(settings.home), 320))
    same, killed, stopped = packages[:60], packages[60:160], packages[160:]
    lanes = Counter(code for package in packages for code in package.recipients)
    with running(settings, "a") as a, running(settings, "b") as b, running(settings, "c") as c:
        async with sending(settings) as senders:
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
    assert told_by("counts")["received"] == lanes.total()
    assert sum(row["received"] for row in told_by("statistics")["rows"]) == lanes.total()
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (len(packages), lanes.total())


async def test_a_document_taken_in_by_one_axis_wakes_who_waits_at_another(
    settings: Settings,
) -> None:
    package = next(signed(settings.home))
    with running(settings, "a") as a, running(settings, "b") as b:
        async with sending(settings) as senders:
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


@pytest.mark.long
async def test_who_waits_for_the_store_while_an_axis_stops_is_told_to_ask_again(
    settings: Settings,
) -> None:
    package = next(signed(settings.home))
    with running(settings, "a") as axis:
        async with sending(settings) as senders, _person(settings) as person:
            await senders.login(axis, [package.sender])
            await person.execute(f"begin; select 1 from {_head(settings)} for update")
            posting = asyncio.create_task(
                senders.ask(
                    axis, package.sender, "POST", "/v1/documents", content=package.body, timeout=60
                )
            )
            async with asyncio.timeout(60):
                while not await person.fetchval(_WAITING):
                    await asyncio.sleep(BREATH_S)
            assert await asyncio.to_thread(axis.end) == 0
            answer = await posting
    assert (answer.status_code, answer.json()["code"]) == (503, "axis.stopping")
    assert answer.headers["retry-after"] == "1"
