"""Open loop: every package leaves at its moment, whether or not anybody answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agencies.keys import make_agency, make_authority
from agencies.load.plan import Shape, plan
from agencies.load.record import Record
from agencies.load.send import BULK, SINGLE, Senders
from agencies.load.spool import Keys, Letter, Spool
from agencies.load.wire import Place, Pool
from schemas.codes import agencies
from schemas.frames import frames
from schemas.xmldsig import PrivateKey
from tests.agencies.load.served import served

#: A closed loop would wait for its first answer for ever.
DEADLINE_S = 60.0
STEP = Shape(documents=200, seconds=2, fanout=1).step(0, 100)


def keys() -> Keys:
    """One key for all: what is signed is not what is tested here."""
    row = agencies()[0]
    made = make_agency(make_authority(1), row.code, row.name_vi)
    key = load_pem_private_key(made.key_pem, None)
    assert isinstance(key, PrivateKey)
    return {one.code: (key, made.certificate_der) for one in agencies()}


class Door:
    """Takes packages; answers each request when it is told to, and then at once."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.requests: list[bytes] = []
        self.packages: list[bytes] = []
        self.some = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            bulk = b"/bulk" in head
            raws = [raw for _, raw in frames(body)] if bulk else [body]
            async with self.some:
                self.requests.append(head)
                self.packages += raws
                self.some.notify_all()
            await self.open.wait()
            receipt = {"doc": "d", "sha256": "", "deliveries": []}
            results = [{"status": 201, "receipt": receipt} for _ in raws]
            told = json.dumps({"results": results} if bulk else receipt).encode()
            status = b"200" if bulk else b"201"
            writer.write(
                b"HTTP/1.1 %b X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(told), told)
            )


async def offered(tmp_path: Path, how: str, least: int) -> tuple[Door, Record, list[Letter]]:
    """Send a step at a door that stays shut until so many packages have come."""
    door = Door()
    tokens = {row.code: f"Bearer {row.code}" for row in agencies()}
    async with served(door.serve) as to:
        with Spool(tmp_path / "spool") as spool:
            letters = spool.fill(plan(STEP), keys(), Shape().profile)
            record = Record(letters)
            pool = Pool(to, 256)
            sending = asyncio.create_task(Senders(pool, tokens, spool, record).send(how))
            try:
                async with asyncio.timeout(DEADLINE_S), door.some:
                    await door.some.wait_for(lambda: len(door.packages) >= least)
                assert not record.accepted_s
            finally:
                door.open.set()
                await sending
                pool.close()
    return door, record, letters


async def test_packages_leave_while_none_is_answered(tmp_path: Path) -> None:
    door, record, letters = await offered(tmp_path, SINGLE, least=len(plan(STEP)))
    assert len(door.requests) == len(record.accepted_s) == len(letters)
    assert len(set(door.packages)) == len(letters)
    # None was counted from when it was sent: the first waited for the last.
    first_s = record.accepted_s[0] - record.due_s(0)
    assert first_s >= letters[-1].after_s - letters[0].after_s


async def test_what_gathers_goes_in_one_request(tmp_path: Path) -> None:
    senders = {planned.sender for planned in plan(STEP)}
    door, record, letters = await offered(tmp_path, BULK, least=len(senders))
    assert len(record.accepted_s) == len(letters)
    assert sorted(door.packages) == sorted(set(door.packages))
    assert len(door.packages) == len(letters)
    # One request each, and one more for whoever had more than one document.
    assert len(door.requests) < len(letters)


@pytest.mark.parametrize("how", [SINGLE, BULK])
async def test_what_is_refused_is_written_down_with_why(tmp_path: Path, how: str) -> None:
    with Spool(tmp_path / "spool") as spool:
        letters = spool.fill(plan(STEP)[:3], keys(), Shape().profile)
        record = Record(letters)
        nobody = Pool(Place("127.0.0.1", 1), 4)
        tokens = {row.code: "" for row in agencies()}
        await Senders(nobody, tokens, spool, record).send(how)
    assert record.failed == {0, 1, 2}
    assert record.whole
    assert "nobody listens" in record.faults[0]
