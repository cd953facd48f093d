"""The line of the real agencies with a recorder in it, to several axes at once.

Whoever gets no answer, or one that says "later", asks at another door. Nervous clients ask twice
at the same moment at two doors; everything that an agency asks is safe to repeat, which is what
these try to disprove.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from agencies.client import AGAIN, ANSWER_S_MAX, JSON
from agencies.line import Answer, Line, Unreachable
from schemas.frames import MEDIA_TYPE, frames
from tests.nemesis.tape import Tape

#: Seconds after which a client gives an answer up, beyond the wait it asked for: shorter than the
#: faults last, so that what was asked may still be done long after its client has asked elsewhere.
PATIENCE_S = 8.0
#: How often a client asks for the same thing twice at once, and how often elsewhere than before.
TWICE, ELSEWHERE = 0.08, 0.1

_TOKEN = "/v1/token"


@dataclass(frozen=True, slots=True)
class Door:
    """One axis, by name, and the way to it."""

    name: str
    line: Line


@dataclass
class RecordingLine:
    """``agencies.line.Line`` over several doors, all on one tape."""

    doors: Sequence[Door]
    tape: Tape
    dice: random.Random
    _at: dict[str, int] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        """Make one request, or two of the same at once; raises ``Unreachable``."""
        who = self._who(path, headers, body)
        at = self._at.setdefault(who, self.dice.randrange(len(self.doors)))
        if self.dice.random() < ELSEWHERE:
            at += 1
        patience_s = timeout_s - ANSWER_S_MAX + PATIENCE_S
        request = (method, path, headers, body, patience_s)
        if method == "POST" and path != _TOKEN and self.dice.random() < TWICE:
            answer = await self._twice(who, at, request)
        else:
            answer = await self._once(who, at, request)
        if answer is None or answer.status in AGAIN:
            self._at[who] = self.dice.randrange(len(self.doors))
        if answer is None:
            raise Unreachable("no answer")
        return answer

    def _who(self, path: str, headers: Mapping[str, str], body: bytes) -> str:
        if path == _TOKEN:
            return parse_qs(body.decode())["client_id"][0]
        return self._owners[headers["Authorization"]]

    async def _twice(
        self, who: str, at: int, request: tuple[str, str, Mapping[str, str], bytes, float]
    ) -> Answer | None:
        async with asyncio.TaskGroup() as both:
            tasks = [both.create_task(self._once(who, at + i, request)) for i in (0, 1)]
        answers = [answer for task in tasks if (answer := task.result()) is not None]
        return min(answers, key=lambda answer: answer.status, default=None)

    async def _once(
        self, who: str, at: int, request: tuple[str, str, Mapping[str, str], bytes, float]
    ) -> Answer | None:
        method, path, headers, body, patience_s = request
        door = self.doors[at % len(self.doors)]
        number = self.tape.asked(who, door.name, method, path, _said(path, headers, body))
        try:
            answer = await door.line.ask(method, path, headers, body, patience_s)
        except Unreachable as error:
            self.tape.lost(number, str(error))
            return None
        if path == _TOKEN:
            self._note_token(who, answer)
            self.tape.answered(number, answer.status, None)
        else:
            self.tape.answered(number, answer.status, _got(answer), **_more(path, answer))
        return answer

    def _note_token(self, who: str, answer: Answer) -> None:
        if answer.status == 200:
            self._owners[f"Bearer {answer.json['access_token']}"] = who


def _said(path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """What is written down of a body. No secret is."""
    if path == _TOKEN or not body:
        return None
    if headers.get("Content-Type") == JSON:
        return orjson.loads(body)
    return hashlib.sha256(body).hexdigest()


def _got(answer: Answer) -> Any:
    """What is written down of an answer's body."""
    if answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
        return [{**row, "got": hashlib.sha256(raw).hexdigest()} for row, raw in frames(answer.body)]
    try:
        return answer.json
    except ValueError:
        return answer.body.decode(errors="replace")


def _more(path: str, answer: Answer) -> dict[str, object]:
    """Of a receipt every byte counts."""
    if path != "/v1/documents" or answer.status not in (200, 201):
        return {}
    return {
        "text": answer.body.decode(),
        "repeated": answer.headers.get("axis-repeated") == "true",
    }
