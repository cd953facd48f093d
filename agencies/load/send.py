"""The senders of a step: open loop, each package at its intended moment, whatever the axis does.

``single`` is a request for each package. ``bulk`` is how an agency's own software hands in what has
gathered: whatever is due of one sender goes in one request, and while that is under way the next
gathers.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from agencies.client import POSTED_MAX
from agencies.history.requests import POSTED_BYTES_MAX
from agencies.load.record import Record
from agencies.load.spool import Letter, Spool
from agencies.load.wire import Gone, Pool, request_head
from schemas.frames import MEDIA_TYPE

#: Between the order and the first intended moment: tasks and sockets are awake by then.
LEAD_S = 0.1
#: How long a sender sleeps at a stretch: what is still to come may be given other moments.
NAP_S = 0.1
#: Requests under way at once. A hundred times what an axis that keeps up has; beyond it packages
#: wait here, and their latency counts all the same.
REQUESTS_MAX = 256

SINGLE, BULK = "single", "bulk"
DOORS = (SINGLE, BULK)

#: Accepted before, or accepted now.
TAKEN_BEFORE = 200
TAKEN = (TAKEN_BEFORE, 201)


@dataclass
class Senders:
    """All agencies as senders, over one pool of connections. ``tokens`` are bearer headers."""

    pool: Pool
    tokens: Mapping[str, str] = field(repr=False)
    spool: Spool
    record: Record
    _due: dict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    _busy: set[str] = field(default_factory=set)

    async def send(self, door: str) -> None:
        """Send every letter of the record at its moment; returns when the last is answered.

        The record's beginning is set here.
        """
        record = self.record
        record.begin(time.monotonic() + LEAD_S)
        async with asyncio.TaskGroup() as tasks:
            while len(record.late_s) < len(record.letters):
                letter = record.letters[len(record.late_s)]
                left_s = record.due_s(letter.index) - time.monotonic()
                # Sleeping also when late lets answers be read in between.
                await asyncio.sleep(min(NAP_S, max(0.0, left_s)))
                if left_s > NAP_S:
                    continue
                record.late_s.append(time.monotonic() - record.due_s(letter.index))
                begun = self.begin(letter, door)
                if begun is not None:
                    tasks.create_task(begun)

    def begin(self, letter: Letter, door: str) -> Coroutine[Any, Any, None] | None:
        """What sends a letter; None where something under way takes it along."""
        return self.post(letter) if door == SINGLE else self._gathered(letter)

    async def post(self, letter: Letter) -> None:
        """Send one letter by itself, and write down the answer."""
        try:
            reply = await self.pool.ask(*self.request(letter))
        except Gone as error:
            self.record.refuse(letter, str(error))
            return
        if reply.status in TAKEN:
            self._answered(letter, reply.status, orjson.loads(reply.body), {})
        else:
            self._answered(letter, reply.status, {}, reply.problem)

    def request(self, letter: Letter) -> tuple[bytes, bytes]:
        """Head and body of the request that sends one letter."""
        head = request_head(
            "POST",
            "/v1/documents",
            letter.size,
            Authorization=self.tokens[letter.sender],
            Content_Type="application/octet-stream",
        )
        return head, self.spool.raw(letter)

    def _gathered(self, letter: Letter) -> Coroutine[Any, Any, None] | None:
        self._due[letter.sender].append(letter)
        if letter.sender in self._busy:
            return None
        self._busy.add(letter.sender)
        return self._hand_in(letter.sender)

    async def _hand_in(self, sender: str) -> None:
        """Hand in what is due, and what became due meanwhile."""
        while letters := self._some(sender):
            await self._post_all(sender, letters)
        self._busy.remove(sender)

    def _some(self, sender: str) -> list[Letter]:
        due = self._due[sender]
        count, size = 0, 0
        for letter in due[:POSTED_MAX]:
            size += letter.size
            if count and size > POSTED_BYTES_MAX:
                break
            count += 1
        self._due[sender] = due[count:]
        return due[:count]

    async def _post_all(self, sender: str, letters: list[Letter]) -> None:
        pieces = []
        for letter in letters:
            pieces += [b'{"size":%d}\n' % letter.size, self.spool.raw(letter), b"\n"]
        head = request_head(
            "POST",
            "/v1/documents/bulk",
            sum(map(len, pieces)),
            Authorization=self.tokens[sender],
            Content_Type=MEDIA_TYPE,
        )
        try:
            reply = await self.pool.ask(head, *pieces)
        except Gone as error:
            why = str(error)
        else:
            why = "" if reply.status == 200 else reply.told
        if why:
            for letter in letters:
                self.record.refuse(letter, why)
            return
        for letter, result in zip(letters, orjson.loads(reply.body)["results"], strict=True):
            told, problem = result.get("receipt") or {}, result.get("problem") or {}
            self._answered(letter, result["status"], told, problem)

    def _answered(
        self, letter: Letter, status: int, told: Mapping[str, Any], problem: Mapping[str, Any]
    ) -> None:
        if status not in TAKEN:
            code = str(problem.get("code", ""))
            self.record.refuse(letter, f"{status} {code}: {problem.get('detail', '')}", code)
            return
        if status == TAKEN_BEFORE:
            self.record.repeated.add(letter.index)
        self.record.accept(letter, time.monotonic(), told)
