"""Agencies that behave otherwise than they should, as senders and as recipients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from agencies.load.personas import (
    AWAY,
    BROKEN_EVERY,
    FLAKY,
    GIVEN_BACK_EVERY,
    SLOW,
    SLOW_S,
    TWICE,
    Personas,
)
from agencies.load.record import Record, receipt
from agencies.load.send import TAKEN, Senders
from agencies.load.spool import Letter
from agencies.load.take import Recipient, Taken
from agencies.load.wire import Gone, Pool, Reply, request

#: Why a flaky recipient gives a delivery back, as its sender is told.
GIVEN_BACK = "the disk was full for a moment"


@dataclass(kw_only=True)
class Slow(Recipient):
    """Says ``done`` some seconds after it took."""

    async def _confirmed(self, some: list[Taken]) -> bool:
        taken_s = max(record.available_s[letter.index, self.code] for record, letter, _ in some)
        await asyncio.sleep(max(0.0, taken_s + SLOW_S - time.monotonic()))
        return await super()._confirmed(some)


@dataclass(kw_only=True)
class Absent(Recipient):
    """Takes nothing from ``from_s`` to ``until_s`` of the test (None: for good)."""

    record: Record
    from_s: float = 0.0
    until_s: float | None = None

    async def run(self) -> None:
        if self.from_s > 0:
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(super().run())
                await self.record.until(self.from_s)
                working.cancel()
        if self.until_s is None:
            return
        await self.record.until(self.until_s)
        await super().run()


@dataclass(kw_only=True)
class Flaky(Recipient):
    """Breaks off every third request at the first byte of its answer, and answers ``fail`` to one
    delivery in ten before it asks for it again and keeps it.
    """

    record: Record
    wait_s: int = 1
    _asking: int = 0
    #: Something lies before the cursor again.
    _anew: bool = False
    _given_back: set[str] = field(default_factory=set)

    async def _asked(self, pool: Pool, method: str, path: str, body: bytes = b"") -> Reply | None:
        if self._anew and pool is self.polling:
            # What was given back has its old number: who asks for what lies behind never sees it.
            self._anew = False
            return None
        self._asking += 1
        if self._asking % BROKEN_EVERY == 0:
            self.record.broken[self.code] += 1
            try:
                await pool.break_off(self._request(method, path, body))
            except Gone as error:
                self.record.fault(f"{self.code} was not answered: {error}")
            return None
        return await super()._asked(pool, method, path, body)

    async def _confirmed(self, some: list[Taken]) -> bool:
        # What is asked for from the start again comes once more while it waits here.
        some[:] = {one[2]: one for one in some}.values()
        back = sorted(
            {
                delivery
                for _, letter, delivery in some
                if letter.index % GIVEN_BACK_EVERY == 0 and delivery not in self._given_back
            }
        )
        if back:
            told = {"deliveries": back, "result": "fail", "reason": GIVEN_BACK}
            if (
                await self._asked(self.confirming, "POST", "/v1/inbox/confirm", orjson.dumps(told))
                is None
            ):
                return False
            for delivery in back:
                # Whoever asks again may find it back in its lane already.
                raw = self._request("POST", f"/v1/deliveries/{delivery}/reset", b"")
                try:
                    await self.confirming.ask(raw)
                except Gone:
                    return False
                self._given_back.add(delivery)
                self.record.broken[self.code] += 1
                self._anew = True
        some[:] = [one for one in some if one[2] not in back]
        return not some or await super()._confirmed(some)

    def _unconfirmed(self, record: Record, delivery: str, state: str) -> None:
        # It was taken once more before it was given back; it comes again.
        if delivery not in self._given_back:
            super()._unconfirmed(record, delivery, state)

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        return request(
            method, path, body, Authorization=self.token, Content_Type="application/json"
        )


def recipient(personas: Personas, record: Record, **made: Any) -> Recipient:
    """The recipient of an agency by its persona."""
    persona = personas.get(made["code"])
    if persona == SLOW:
        return Slow(**made)
    if persona == AWAY:
        return Absent(**made, record=record)
    if persona == FLAKY:
        return Flaky(**made, record=record)
    return Recipient(**made)


@dataclass(kw_only=True)
class FaultySenders(Senders):
    """All agencies as senders, some of them by their persona: those send each package by itself."""

    personas: Personas

    def begin(self, letter: Letter, door: str) -> Coroutine[Any, Any, None] | None:
        persona = self.personas.get(letter.sender)
        if persona == FLAKY:
            return self._broken_off(letter)
        if persona == TWICE:
            return self._twice(letter)
        return self.post(letter) if persona else super().begin(letter, door)

    async def _broken_off(self, letter: Letter) -> None:
        """Break a first request off, in its middle or before its answer is read; then send it."""
        head, body = self.request(letter)
        self.record.broken[letter.sender] += 1
        try:
            if letter.index % 2:
                await self.pool.break_off(head, body)
            else:
                await self.pool.give_up(head, body[: len(body) // 2])
        except Gone as error:
            self.record.fault(f"{letter.document_id}: {error}")
        await self.post(letter)

    async def _twice(self, letter: Letter) -> None:
        await self.post(letter)
        try:
            reply = await self.pool.ask(*self.request(letter))
        except Gone as error:
            self.record.fault(f"{letter.document_id} once more: {error}")
            return
        if reply.status in TAKEN:
            self.record.again[letter.index] = receipt(orjson.loads(reply.body))
        else:
            self.record.fault(f"{letter.document_id} once more: {reply.told}")
