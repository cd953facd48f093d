"""The recipients: each polls its inbox, takes, checks and confirms, as software at an agency does.

A recipient has two connections: over one the next poll waits, over the other goes what was taken;
what gathers while a confirmation is under way goes with the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from agencies.client import CONFIRMED_MAX, PAGE_BYTES
from agencies.examine import Examiner
from agencies.load.record import Known, Record
from agencies.load.spool import Letter
from agencies.load.wire import Gone, Pool, Reply, request
from axis.core.timetable import from_iso
from schemas.frames import frames

#: One poll of an inbox; it is answered as soon as something is there.
WAIT_S = 20
#: After an answer that was none: an axis that is busy says to come again.
AGAIN_S = 0.2

Taken = tuple[Record, Letter, str]


@dataclass
class Recipient:
    """One agency. ``token`` is its bearer header, renewed by whoever holds the object."""

    code: str
    token: str = field(repr=False)
    polling: Pool
    confirming: Pool
    known: Known
    examiner: Examiner
    #: Seconds that a poll waits for something.
    wait_s: int = WAIT_S
    #: The cursor of the next poll; empty: from the start.
    _after: str = ""
    _taken: list[Taken] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _record: Record | None = None

    async def run(self) -> None:
        """Take and confirm for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            tasks.create_task(self._confirm())

    async def _take(self) -> None:
        self._after = ""
        while True:
            after = quote(self._after)
            path = f"/v1/inbox/packages?after={after}&wait={self.wait_s}&max_bytes={PAGE_BYTES}"
            reply = await self._asked(self.polling, "GET", path)
            if reply is None:
                # Whatever was handed out with an answer that never came is open: from the start.
                self._after = ""
                await asyncio.sleep(AGAIN_S)
                continue
            at_s = time.monotonic()
            self._after = reply.header(b"axis-next")
            for told, raw in frames(reply.body):
                self._examine(told, raw, at_s)
            if self._taken:
                self._some.set()

    def _examine(self, told: Mapping[str, Any], raw: bytes, at_s: float) -> None:
        found = self.known.find(str(told["document_id"]))
        if found is None:
            return
        record, letter = self._record, _ = found
        record.arrive(letter, self.code, str(told["id"]), at_s)
        finding = self.examiner.examine(
            raw, letter.sha256, letter.sender, from_iso(str(told["occurred_at"]))
        )
        if finding.fault:
            record.fault(f"{told['id']} was not what was sent: {finding.fault}")
            return
        self._taken.append((record, letter, str(told["id"])))

    async def _confirm(self) -> None:
        while True:
            while self._taken:
                some, self._taken = self._taken[:CONFIRMED_MAX], self._taken[CONFIRMED_MAX:]
                try:
                    confirmed = await self._confirmed(some)
                except asyncio.CancelledError:
                    # Whoever comes back goes on where it was.
                    self._taken = some + self._taken
                    raise
                if not confirmed:
                    self._taken = some + self._taken
                    await asyncio.sleep(AGAIN_S)
            await self._some.wait()
            self._some.clear()

    async def _confirmed(self, some: list[Taken]) -> bool:
        body = orjson.dumps({"deliveries": [one[2] for one in some], "result": "done"})
        reply = await self._asked(self.confirming, "POST", "/v1/inbox/confirm", body)
        if reply is None:
            return False
        at_s = time.monotonic()
        items = orjson.loads(reply.body)["items"]
        for (record, letter, delivery), item in zip(some, items, strict=True):
            if item["state"] == "done":
                record.finish(letter, self.code, at_s)
            else:
                self._unconfirmed(record, delivery, str(item["state"]))
        return True

    def _unconfirmed(self, record: Record, delivery: str, state: str) -> None:
        """The axis does not take a ``done``."""
        record.fault(f"{delivery} was not confirmed: it is {state}")

    async def _asked(self, pool: Pool, method: str, path: str, body: bytes = b"") -> Reply | None:
        """The answer; None where it is none."""
        headers = {"Authorization": self.token}
        if body:
            headers["Content_Type"] = "application/json"
        try:
            reply = await pool.ask(request(method, path, body, **headers))
        except Gone as error:
            why = str(error)
        else:
            if reply.status == 200:
                return reply
            why = reply.told
        if self._record is not None:
            self._record.fault(f"{self.code} was not answered: {why}")
        return None
