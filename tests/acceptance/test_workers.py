"""Several workers behind one port: killed, ended, and the books are exact."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import pytest

from axis import leash, workers
from axis.cli import children
from axis.settings import Settings
from benchmarks.packages import signed
from tests.acceptance.conftest import alive, until
from tests.acceptance.senders import Axis, Senders, running, sending, set_up, told_by

pytestmark = pytest.mark.acceptance


@pytest.fixture
async def settings(
    tmp_path: Path, postgres_url: str, postgres_run: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    return await set_up(tmp_path, postgres_url, postgres_run, monkeypatch)


async def _counted(senders: Senders, axis: Axis, who: str) -> dict[str, float]:
    """What the metrics say of packages, new and repeated."""
    text = (await senders.ask(axis, who, "GET", "/metrics")).text
    found = re.findall(r'axis_documents_accepted_total\{repeated="(\w+)"\} (\S+)', text)
    return {repeated: float(count) for repeated, count in found}


@pytest.mark.long
async def test_the_books_are_exact_though_a_worker_is_killed(settings: Settings) -> None:
    packages = list(islice(signed(settings.home), 240))
    first, killed = packages[:80], packages[80:]
    lanes = Counter(code for package in packages for code in package.recipients)
    with running(settings, "axis", workers=2) as axis:
        async with sending(settings) as senders:
            await senders.login(axis, sorted({p.sender for p in packages} | lanes.keys()))

            # The same packages twice at the same moment, to whoever takes the connection.
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(senders.post_all([axis], first))
            # Whichever worker is asked tells what both have counted.
            for _ in range(4):
                assert await _counted(senders, axis, packages[0].sender) == {
                    "false": 80,
                    "true": 80,
                }

            # Each is killed while it works; whoever waits for its answer asks again.
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(senders.post_all([axis], killed))
                # Then the other: of two, one may just have had nothing to do.
                for number, worker in enumerate(list(axis.workers), 1):
                    await senders.some(len(first) + 10 * number)
                    os.kill(worker, signal.SIGKILL)
            assert senders.cut_off > 0
            until(lambda: len(axis.workers) == 4, "workers in their places")

            # Everything once more: the same receipts, bit for bit.
            await senders.post_all([axis], packages)
            assert senders.receipts.keys() == {package.body for package in packages}
            assert {len(receipts) for receipts in senders.receipts.values()} == {1}

            for code in sorted(lanes):
                for urgency in range(5):
                    done = {"range": {"urgency": urgency, "no": 100_000}, "result": "done"}
                    answer = await senders.ask(axis, code, "POST", "/v1/inbox/confirm", json=done)
                    assert answer.status_code == 200, answer.text
            told = (await senders.ask(axis, packages[0].sender, "GET", "/v1/counts")).json()
        assert (told["sent"], told["received"]) == (len(packages), lanes.total())
        assert {line["difference"] for line in told["balances"]} == {0}
        assert axis.end() == 0
        assert not any(map(alive, axis.workers))
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (len(packages), lanes.total())


@pytest.mark.long
async def test_all_end_together_and_what_they_accepted_is_written(settings: Settings) -> None:
    packages = list(islice(signed(settings.home), 120))
    with running(settings, "axis", workers=2) as axis:
        async with sending(settings) as senders:
            await senders.login(axis, sorted({package.sender for package in packages}))
            posting = asyncio.create_task(senders.post_all([axis], packages))
            # Somebody waits for what does not come: a poll holds nobody up.
            poll = senders.ask(
                axis, packages[0].sender, "GET", "/v1/statuses", params={"wait": 50}, timeout=60
            )
            waiting = asyncio.create_task(poll)
            await senders.some(20)
            assert await asyncio.to_thread(axis.end) == 0
            posting.cancel()
            await asyncio.wait([posting])
            assert (await waiting).json()["statuses"] == []
        assert not any(map(alive, axis.workers))
        assert not (settings.axis_dir / "address.json").exists()
        given = [next(iter(receipts)) for receipts in senders.receipts.values()]
    proof = told_by("audit")
    assert proof["clean"]
    assert len(given) <= proof["documents"] <= len(packages)

    with running(settings, "again") as axis:
        async with sending(settings) as senders:
            await senders.login(axis, sorted({package.sender for package in packages}))
            await senders.post_all([axis], packages)
        assert set(given) <= {next(iter(receipts)) for receipts in senders.receipts.values()}
        assert axis.end() == 0


async def test_workers_end_with_a_parent_that_is_killed(settings: Settings) -> None:
    with running(settings, "axis", workers=2) as axis:
        assert axis.end(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: not any(map(alive, axis.workers)), "the end of the workers")


def test_whoever_ends_a_parent_waits_until_it_has_ended_its_workers() -> None:
    assert workers.END_S_MAX < leash.GRACE_S <= children.STOP_S_MAX


def _fails(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "AXIS_PORT": "0", **environment},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("arguments", [("axis.server",), ("axis", "serve", "--port", "0")])
def test_with_sqlite_several_are_refused_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    environment = {"AXIS_VAR": str(tmp_path), "AXIS_DATABASE": "", "AXIS_WORKERS": "2"}
    told = _fails(environment, *arguments)
    assert told == "2 workers need PostgreSQL (AXIS_DATABASE): with SQLite one process writes.\n"
    assert list(tmp_path.iterdir()) == []


async def test_workers_that_cannot_start_end_the_parent(settings: Settings) -> None:
    (settings.axis_dir / "trust-root.pem").unlink()
    told = await asyncio.to_thread(_fails, {"AXIS_WORKERS": "2"}, "axis.server")
    assert "`axis init` sets an axis up" in told
    assert re.search(r"worker [12] ended before it listened \(exit 1\)\n$", told)
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("database", "why"),
    [
        (None, "trust-root.pem is missing; `axis init` sets an axis up"),
        ("postgresql://axis@127.0.0.1:1/axis", "axis.store_away"),
    ],
)
async def test_one_that_cannot_start_says_why_in_a_sentence(
    settings: Settings, database: str | None, why: str
) -> None:
    environment = {} if database is None else {"AXIS_DATABASE": database}
    if database is None:
        (settings.axis_dir / "trust-root.pem").unlink()
    told = await asyncio.to_thread(_fails, environment, "axis.server")
    assert told.splitlines()[-1].startswith("The axis cannot start: ")
    assert why in told
    assert "Traceback" not in told


async def test_axis_serve_starts_workers(settings: Settings) -> None:
    output = settings.var / "output.txt"
    with output.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "axis", "serve", "--no-agencies", "--port=0", "--workers=2"],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: "A first look" in output.read_text("utf-8"), f"the axis, see {output}")
        log = (settings.home / "run" / "axis.log").read_text("utf-8")
        assert '"workers": 2' in log
        process.terminate()
        assert await asyncio.to_thread(process.wait) == 0
    finally:
        process.kill()
        process.wait()
    workers = [int(pid) for pid in re.findall(r'"worker\.listening".*?"pid": (\d+)', log)]
    assert len(workers) == 2
    assert not any(map(alive, workers))
