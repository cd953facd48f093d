"""An agency as a sender: it repeats every request until it is answered, and often once more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.frames import MEDIA_TYPE, frame
from tests.sim.history import Receipt, Refusal
from tests.sim.letters import Desk, Letter
from tests.sim.network import Silence
from tests.sim.session import Session, read_json
from tests.sim.words import Word, say
from tests.sim.world import ACT_S

#: The world's faults of an agency that is locked: it tries again until it is let in.
_LOCKED = ("agency.locked", "recipient.locked")


#: Virtual seconds in which packages are sent: some only after the heal.
_SEND_S = ACT_S + 4.0


class Sender:
    """Sends what its plan says, at its times."""

    def __init__(self, session: Session, desk: Desk) -> None:
        self._session = session
        self._world = session.world
        self._dice = session.dice
        self._desk = desk
        self._groups = self._plan()
        #: Receipts by the SHA-256 of what was accepted.
        self.accepted: dict[str, Mapping[str, Any]] = {}

    async def run(self) -> None:
        """Return when everything has been answered."""
        async with asyncio.TaskGroup() as group:
            for letters in self._groups:
                group.create_task(self._send(self._dice.uniform(0, _SEND_S), letters))

    def _plan(self) -> list[list[Letter]]:
        """Packages in the groups in which they are sent."""
        letters = [self._desk.new() for _ in range(self._dice.randint(1, 5))]
        for letter in list(letters):
            if self._dice.chance(0.3):
                letters.append(self._desk.same_name(letter))
            if self._dice.chance(0.4):
                letters.append(self._desk.about(letter))
        letters += [self._desk.bad() for _ in range(self._dice.randint(0, 2))]
        self._dice.shuffle(letters)
        for letter in letters:
            self._world.history.add(letter.sent)
        groups = []
        while letters:
            size = self._dice.randint(2, 5) if self._dice.chance(0.3) else 1
            groups.append(letters[:size])
            letters = letters[size:]
        return groups

    async def _send(self, at_s: float, letters: Sequence[Letter]) -> None:
        await asyncio.sleep(at_s)
        if len(letters) > 1:
            await self._bulk(letters)
        else:
            await self._post(letters[0])
        async with asyncio.TaskGroup() as group:
            for letter in letters:
                if letter.sha256 in self.accepted:
                    group.create_task(self._follow(letter))

    async def _post(self, letter: Letter) -> None:
        """Until it is accepted or refused for good."""
        while True:
            began = self._world.now_s
            try:
                answer = await self._session.ask("POST", "/v1/documents", body=letter.raw)
            except Silence:
                await self._world.rest(self._dice, 0.1, 2.0)
                continue
            repeated = answer.headers.get("axis-repeated") == "true"
            if self._settled(letter, answer.status, read_json(answer), began, repeated):
                return
            await self._world.rest(self._dice, 0.5, 2.0)

    async def _bulk(self, letters: Sequence[Letter]) -> None:
        pending = list(letters)
        while pending:
            began = self._world.now_s
            body = b"".join(frame({}, letter.raw) for letter in pending)
            try:
                answer = await self._session.ask(
                    "POST", "/v1/documents/bulk", body=body, kind=MEDIA_TYPE
                )
            except Silence:
                await self._world.rest(self._dice, 0.1, 2.0)
                continue
            left = []
            for letter, result in zip(pending, read_json(answer)["results"], strict=True):
                status = result["status"]
                told = result["receipt"] if status < 300 else result["problem"]
                if not self._settled(letter, status, told, began, status == 200):
                    left.append(letter)
            pending = left
            if pending:
                await self._world.rest(self._dice, 0.5, 2.0)

    def _settled(
        self, letter: Letter, status: int, told: Mapping[str, Any], began: float, header: bool
    ) -> bool:
        """Note an answer; whether it is the last word on this package."""
        ended = self._world.now_s
        if status in (200, 201):
            self.accepted.setdefault(letter.sha256, told)
            self._world.history.add(
                Receipt(
                    sender=self._session.name,
                    sha256=letter.sha256,
                    status=status,
                    header=header,
                    body=told,
                    began=began,
                    ended=ended,
                )
            )
            return True
        if status >= 500:
            return False
        refusal = Refusal(
            sender=self._session.name,
            sha256=letter.sha256,
            status=status,
            code=told["code"],
            detail=json.dumps(told["detail"], ensure_ascii=False),
            began=began,
            ended=ended,
        )
        self._world.history.add(refusal)
        return refusal.code not in _LOCKED

    async def _follow(self, letter: Letter) -> None:
        """Later: send the same bytes again, or ask the document back."""
        receipt = self.accepted[letter.sha256]
        for _ in range(self._dice.choice((0, 0, 1, 2))):
            await self._world.rest(self._dice, 0, 6.0)
            await self._post(letter)
        for recipient in letter.sent.recipients:
            if self._dice.chance(0.2):
                await self._world.rest(self._dice, 0, 6.0)
                wrong = recipient != self._session.name and self._dice.chance(0.1)
                word = Word(
                    doc=receipt["doc"],
                    sender=self._session.name,
                    document_id=letter.sent.document_id,
                    recipient=recipient,
                    # Now and then what only a recipient may say.
                    code="01" if wrong else "13",
                    reason="gửi nhầm" if self._dice.chance(0.5) else "",
                    by_name=self._dice.chance(0.3),
                )
                await say(self._session, word)
