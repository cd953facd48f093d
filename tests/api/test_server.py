"""A real process: where it listens, how it stops."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import socket
from pathlib import Path

import httpx
import pytest

from axis.adapters.sqlite_store import open_store
from axis.bootstrap import TRUST_ROOT
from axis.core.directory import Client
from axis.relaying import SIGNER_KEY
from tests.acceptance.axis_process import address, running_axis
from tests.acceptance.conftest import DEADLINE_S
from tests.api.world import (
    LANG_SON,
    OFFICE,
    XML,
    authority,
    credentials,
    package,
    rows,
    secret,
)

pytestmark = pytest.mark.acceptance

#: A stop with polls under way takes a tenth of a second; fifty would be a poll that was waited for.
STOP_S_MAX = 40


async def set_up(var: Path) -> None:
    folder = var / "axis"
    folder.mkdir(parents=True)
    (folder / TRUST_ROOT).write_bytes(authority().certificate_pem)
    digests = {who: hashlib.sha256(secret(who).encode()).hexdigest() for who in (LANG_SON, OFFICE)}
    clients = [Client(id=w, secret_sha256=d, roles=("agency",)) for w, d in digests.items()]
    store = open_store(folder)
    await store.enrol(rows(), [], clients)
    await store.close()


async def signed_in(http: httpx.AsyncClient, who: str) -> dict[str, str]:
    token = (await http.post("/v1/token", data=credentials(who))).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


async def in_inbox(http: httpx.AsyncClient, headers: dict[str, str]) -> int:
    page = await http.get("/v1/inbox", headers=headers)
    return len(page.json()["deliveries"])


async def polling(http: httpx.AsyncClient, count: int) -> None:
    """Return when so many long polls wait at the axis."""
    async with asyncio.timeout(DEADLINE_S):
        while f"axis_waiting_polls {count}.0" not in (await http.get("/metrics")).text:
            pass


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)]
)
async def test_an_axis_listens_polls_and_stops_when_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    await set_up(tmp_path)
    with running_axis(tmp_path) as process:
        file = tmp_path / "axis" / "address.json"
        assert json.loads(file.read_text()) == {
            "url": address(tmp_path),
            "pid": process.pid,
            "host": socket.gethostname(),
        }
        assert (tmp_path / "axis" / SIGNER_KEY).exists()
        async with httpx.AsyncClient(base_url=address(tmp_path), timeout=60) as http:
            assert (await http.get("/v1/ready")).json()["ready"] is True
            office, sender = await signed_in(http, OFFICE), await signed_in(http, LANG_SON)
            packages = "/v1/inbox/packages?wait=50"
            # The first poll ends by a document, the second by the stop.
            first = asyncio.create_task(http.get(packages, headers=office))
            raw = package(signed=False)
            answer = await http.post("/v1/documents", content=raw, headers=sender | XML)
            assert answer.status_code == 201
            assert raw in (await first).content
            polls = [
                asyncio.create_task(http.get(path, headers=office))
                for path in (f"{packages}&after=0:1", "/v1/statuses?wait=50")
            ]
            # A poll that has not arrived when the axis stops is cut off with its connection.
            await polling(http, len(polls))
            process.send_signal(number)
            async with asyncio.timeout(STOP_S_MAX):
                found = [await poll for poll in polls]
            assert [(poll.status_code, len(poll.content) < 50) for poll in found] == [
                (200, True)
            ] * 2
        process.wait(STOP_S_MAX)
        assert process.returncode == 0
        assert not file.exists()
    with running_axis(tmp_path):
        async with httpx.AsyncClient(base_url=address(tmp_path)) as http:
            assert await in_inbox(http, await signed_in(http, OFFICE)) == 1


async def test_a_body_beyond_the_limit_is_answered_before_it_is_sent(tmp_path: Path) -> None:
    await set_up(tmp_path)
    with running_axis(tmp_path):
        host, _, port = address(tmp_path).removeprefix("http://").partition(":")
        async with httpx.AsyncClient(base_url=address(tmp_path)) as http:
            token = (await signed_in(http, LANG_SON))["authorization"]
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /v1/documents HTTP/1.1\r\nhost: a\r\nauthorization: {token}\r\n"
        writer.write(f"{head}content-length: 99999999999\r\n\r\n".encode() + b"x" * 1000)
        await writer.drain()
        assert b" 413 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_a_poll_ends_when_its_client_has_gone(tmp_path: Path) -> None:
    await set_up(tmp_path)
    with running_axis(tmp_path):
        async with httpx.AsyncClient(base_url=address(tmp_path), timeout=60) as http:
            async with httpx.AsyncClient(base_url=address(tmp_path), timeout=60) as other:
                headers = await signed_in(other, OFFICE)
                path = "/v1/inbox/packages?wait=50"
                poll = asyncio.create_task(other.get(path, headers=headers))
                await polling(http, 1)
                poll.cancel()
                await asyncio.wait([poll])
            # Its wait would end by itself only later.
            async with asyncio.timeout(STOP_S_MAX):
                await polling(http, 0)
