"""The head of a response travels with its body, whatever is written and whenever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from axis.one_write import OneWrite, _Holding

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """What a transport was given, call by call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def writelines(self, data: Sequence[bytes]) -> None:
        self.calls.append(b"".join(data))

    def write_eof(self) -> None:
        self.calls.append(b"ended")

    def close(self) -> None:
        self.calls.append(b"closed")

    def is_closing(self) -> bool:
        return self.calls[-1:] == [b"closed"]


class Owner(OneWrite):
    """A protocol of which nothing is asked but whether its client sends on."""

    def __init__(self, lingers: bool = False) -> None:
        self._lingers = lingers

    def lingers(self) -> bool:
        return self._lingers


def holding(wire: Wire, owner: OneWrite | None = None) -> _Holding:
    loop = asyncio.get_running_loop()
    return _Holding(cast("asyncio.Transport", wire), loop, owner or Owner())


async def test_a_head_and_its_body_are_one_call() -> None:
    wire = Wire()
    transport = holding(wire)
    for data in (HEAD, b"body", HEAD, b"other", b"more"):
        transport.write(data)
    assert wire.calls == [HEAD + b"body", HEAD + b"other", b"more"]
    await asyncio.sleep(0)
    assert len(wire.calls) == 3


async def test_a_head_alone_waits_for_no_longer_than_a_turn() -> None:
    wire = Wire()
    transport = holding(wire)
    transport.write(HEAD)
    assert wire.calls == []
    await asyncio.sleep(0)
    assert wire.calls == [HEAD]
    transport.write(b"later")
    assert wire.calls == [HEAD, b"later"]


@pytest.mark.parametrize("body", [b"", b"body"])
async def test_nothing_is_lost_when_it_is_closed(body: bytes) -> None:
    wire = Wire()
    transport = holding(wire)
    transport.write(HEAD)
    if body:
        transport.write(body)
    transport.close()
    assert wire.calls == [HEAD + body, b"closed"]
    assert transport.is_closing()


async def test_only_what_is_written_ends_while_the_client_sends_on() -> None:
    wire = Wire()
    transport = holding(wire, Owner(lingers=True))
    transport.write(HEAD)
    transport.close()
    assert wire.calls == [HEAD, b"ended"]
    assert transport.is_closing()
    transport.close()
    transport.close()
    assert wire.calls == [HEAD, b"ended", b"closed"]
