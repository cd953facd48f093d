"""Seats of simulated agencies at an axis in memory, in virtual time, over lines that may be bad."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import httpx

from agencies.clerk import Clerk
from agencies.client import Client
from agencies.crew import hours
from agencies.drive import Office
from agencies.endpoint import Endpoint, Habits
from agencies.examine import Examiner
from agencies.journal import ReceivedJournal, SentJournal
from agencies.line import Answer, Line, Unreachable
from agencies.pace import Pace
from agencies.switch import Switch
from agencies.traffic import Planned, plan_day
from agencies.ways import Polled, Way
from agencies.world import certificate
from axis.core.timetable import day_number, day_of_number
from schemas.edxml import DocumentPackage, Organization
from schemas.edxml_write import write
from schemas.signing import sign
from tests.api.world import HA_NOI, LANG_SON, OFFICE, START, World, key_of, secret

DAY = hours(day_of_number(day_number(START)))
CERTIFICATES = {
    one.fingerprint: one
    for one in (
        certificate(code, key_of(code).certificate_der) for code in (LANG_SON, OFFICE, HA_NOI)
    )
}
#: A minute of the run passes in a second.
SPEED = 60.0
#: Virtual seconds: the rest of the day, in which every clerk has answered.
TOLD_S_MAX = 1200.0


class AppLine:
    """Straight into the ASGI app."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        answer = await self._http.request(method, path, headers=headers, content=body or None)
        return Answer(answer.status_code, dict(answer.headers), answer.content)


@dataclass
class BadLine:
    """Loses requests on their way, and answers on theirs; ``dice`` says which."""

    line: Line
    dice: random.Random
    share: float
    lost: int = 0

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if self.dice.random() < self.share:
            self.lost += 1
            raise Unreachable("lost on the way there")
        answer = await self.line.ask(method, path, headers, body, timeout_s)
        if self.dice.random() < self.share:
            self.lost += 1
            raise Unreachable("lost on the way back")
        return answer


@dataclass
class Seats:
    """Whoever sits at the axis of ``world``; journals lie in ``folder``."""

    world: World
    folder: Path
    line: Line = field(init=False)
    refusals: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line = AppLine(self.world.http)
        now = asyncio.get_running_loop().time
        start = DAY.opens_us
        self.pace = Pace(now, start, now(), SPEED, DAY.last_us, played=True)

    def client(self, code: str) -> Client:
        return Client(self.line, code, secret(code), random.Random(code).random)

    def endpoint(self, code: str, way: Way = Polled(20.0)) -> Endpoint:  # noqa: B008 - frozen
        folder = self.folder / code
        habits = Habits(Examiner(CERTIFICATES), self.pace, self.refusals)
        clerk = Clerk(code, 1, self.pace, DAY.leaves_us, DAY.last_us)
        journal = ReceivedJournal(folder)
        return Endpoint(code, self.client(code), clerk, journal, habits, Switch(folder), way)

    def office(self, code: str) -> Office:
        key = key_of(code)
        journal = SentJournal(self.folder / code)
        return Office(self.client(code), key.private_key, key.certificate_der, journal)

    async def until(self, text: str, *, of: str = OFFICE, by: str = LANG_SON) -> None:
        """Wait until ``by`` is told that a delivery to ``of`` has the status or state ``text``."""
        client = self.client(by)
        after = 0
        async with asyncio.timeout(TOLD_S_MAX):
            while True:
                page, after = await client.hear(after, 20.0)
                if any(text in (s["code"], s["kind"]) and s["recipient"] == of for s in page):
                    return


def letter(content: str, number: int = 7) -> bytes:
    """A signed letter of Lạng Sơn to the Government Office with this Content."""
    key = key_of(LANG_SON)
    raw = write(
        DocumentPackage(
            sender=Organization(organ_id=LANG_SON),
            recipients=(Organization(organ_id=OFFICE),),
            document_id=f"{LANG_SON},2020/01/15,{number}/UBND",
            code_number=str(number),
            code_notation="UBND",
            place="Lạng Sơn",
            promulgated=date(2020, 1, 15),
            type_name="Công văn",
            subject="V/v báo cáo",
            content=content,
        )
    )
    return sign(raw, key.private_key, key.certificate_der)


def planned(count: int, gap_s: float = 60.0) -> tuple[Planned, ...]:
    """Documents of Lạng Sơn to the two others, one a minute of the day from its opening on."""
    plan = plan_day(day_of_number(day_number(START)), 1)
    return tuple(
        replace(
            one,
            sender=LANG_SON,
            recipients=(OFFICE, HA_NOI),
            at_us=DAY.opens_us + int(n * gap_s * 1e6),
            number=n + 1,
            refused_by=(),
        )
        for n, one in enumerate(plan[:count])
    )
