"""The head of a response travels with its body, whatever is written and whenever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from axis.one_write import _Holding

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """What a transport was given, call by call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def writelines(self, data: Sequence[bytes]) -> None:
        self.calls.append(b"".join(data))

    def close(self) -> None:
        self.calls.append(b"closed")

    def is_closing(self) -> bool:
        return self.calls[-1:] == [b"closed"]


def holding(wire: Wire) -> _Holding:
    return _Holding(cast("asyncio.Transport", wire), asyncio.get_running_loop(), lambda: None)


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
