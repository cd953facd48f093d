"""How a simulated agency says a status: by any of the doors, until it is answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.sim.history import Spoken
from tests.sim.letters import status_package
from tests.sim.network import Silence
from tests.sim.session import JSON, Session, read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One status about the delivery of ``doc`` to ``recipient``."""

    doc: str
    sender: str
    document_id: str
    recipient: str
    code: str
    reason: str = ""
    #: Named by (sender, DocumentId) as agencies with status packages do, and not by its id.
    by_name: bool = False

    @property
    def delivery(self) -> str:
        return f"{self.doc}.{self.recipient}"

    def as_json(self) -> dict[str, Any]:
        named = {
            "sender": self.sender,
            "document_id": self.document_id,
            "recipient": self.recipient,
        }
        about = named if self.by_name else {"delivery": self.delivery}
        return {**about, "code": self.code, "reason": self.reason}


async def say(session: Session, word: Word) -> Spoken:
    """Say one status and return what came of it."""
    if word.by_name and session.dice.chance(0.5):
        other = word.recipient if session.name == word.sender else word.sender
        staff = session.dice.chance(0.5)
        raw = status_package(session.name, other, word.document_id, word.code, word.reason, staff)
        return await _say(session, word, raw, "application/xml", "package")
    door = "name" if word.by_name else "id"
    return await _say(session, word, json.dumps(word.as_json()).encode(), JSON, door)


async def _say(session: Session, word: Word, body: bytes, kind: str, door: str) -> Spoken:
    while True:
        began = session.world.now_s
        try:
            answer = await session.ask("POST", "/v1/statuses", body=body, kind=kind)
        except Silence:
            await session.world.rest(session.dice, 0.1, 2.0)
            continue
        sha256 = hashlib.sha256(body).hexdigest() if door == "package" else ""
        return _note(session, word, door, answer.status, read_json(answer), began, sha256)


async def say_many(session: Session, words: Sequence[Word]) -> list[Spoken]:
    """Say several in one request."""
    body = json.dumps({"statuses": [word.as_json() for word in words]}).encode()
    while True:
        began = session.world.now_s
        try:
            answer = await session.ask("POST", "/v1/statuses", body=body, kind=JSON)
        except Silence:
            await session.world.rest(session.dice, 0.1, 2.0)
            continue
        results = read_json(answer)["results"]
        return [
            _note(
                session,
                word,
                "name" if word.by_name else "id",
                result["status"],
                result.get("problem", result),
                began,
            )
            for word, result in zip(words, results, strict=True)
        ]


def _note(
    session: Session,
    word: Word,
    door: str,
    status: int,
    told: Mapping[str, Any],
    began: float,
    sha256: str = "",
) -> Spoken:
    taken = status in (200, 201)
    if taken and not word.by_name and told["delivery"] != word.delivery:
        text = f"{word.code} about {word.delivery} was taken for {told['delivery']}"
        session.world.fail("misjudged", text, word.delivery)
    spoken = Spoken(
        agency=session.name,
        delivery=told["delivery"] if taken else word.delivery,
        sender=word.sender,
        document_id=word.document_id,
        recipient=word.recipient,
        code=word.code,
        reason=word.reason,
        door=door,
        sha256=sha256,
        status=status,
        seq=told["seq"] or 0 if taken else 0,
        repeated=bool(taken and told["repeated"]),
        error="" if taken else told["code"],
        began=began,
        ended=session.world.now_s,
    )
    session.world.history.add(spoken)
    return spoken
