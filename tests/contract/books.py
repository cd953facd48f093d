"""Small books for the tests of stores: four agencies, and commands with their own times and ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from axis.core import tally
from axis.core.commands import (
    Accept,
    Accepted,
    Audit,
    ByDocument,
    ById,
    Lock,
    Move,
    Moved,
    Moves,
    Outcome,
    Refused,
    Said,
    Say,
    Target,
)
from axis.core.directory import Agency
from axis.core.document import Addressee, Document, Link, Place
from axis.core.job_commands import Drive, Plan, Ran, Report, Steer, Take
from axis.core.lifecycle import Step
from axis.core.replay import Act, Item, Job, Kind, Stage, Verdict, Word
from axis.core.timetable import day_number, day_of_number
from axis.flows.proving import prove
from axis.ports import Store

A, B, C, D = (f"000.00.00.H{n:02}" for n in (1, 2, 3, 4))
CODES = (A, B, C, D)
#: Noon of 15 January 2020 in Viet Nam, and its day.
NOON = 1_579_064_400_000_000
TODAY = day_number(NOON)
OPEN, PARKED, DONE = (0, 1), (3,), (2,)


def agency(code: str, *, locked: bool = False) -> Agency:
    return Agency(
        code=code,
        name_vi=f"Đơn vị {code}",
        name_en=f"Agency {code}",
        kind="ministry" if code in (A, C) else "province",
        level="local",
        certainty="made up",
        locked=locked,
    )


class Scribe:
    """Makes commands; numbers and times run on by themselves."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def accept(
        self,
        document_id: str = "1/UBND",
        *,
        sender: str = A,
        to: Iterable[str] = (B,),
        kind: int = 0,
        urgency: int = 0,
        body: bytes = b"",
        links: Sequence[Link] = (),
        subject: str = "V/v báo cáo",
        at: int = NOON,
        verdict: str = "valid",
        signed_on: str | None = None,
    ) -> Accept:
        number = next(self._numbers)
        if signed_on is None:
            signed_on = day_of_number(day_number(at)).isoformat()
        body = body or f"{sender} {document_id} {kind}".encode()
        return Accept(
            id=f"doc_{number:026}",
            sender=sender,
            unit=sender,
            document_id=document_id,
            kind=kind,
            urgency=urgency,
            sha256=hashlib.sha256(body).hexdigest(),
            body=body,
            recipients=tuple(Addressee(code, (code.replace("00.H", "13.H"),)) for code in to),
            at=at,
            now=NOON + number,
            verdict=verdict,
            links=tuple(links),
            meta={
                "subject": subject,
                "attachments": ["tờ trình.pdf"],
                **({"promulgated": signed_on} if signed_on else {}),
            },
        )

    def move(
        self,
        step: Step,
        *targets: Target,
        actor: str = B,
        mine: str = "",
        reason: str = "",
        at: int = NOON,
    ) -> Move:
        now = NOON + next(self._numbers)
        return Move(
            step=step, targets=targets, actor=actor, at=at, now=now, mine=mine, reason=reason
        )

    def say(
        self,
        target: ById | ByDocument,
        code: str,
        *,
        actor: str = "",
        reason: str = "",
        at: int = NOON,
    ) -> Say:
        return Say(
            target=target,
            code=code,
            actor=actor or target.recipient,
            at=at,
            now=NOON + next(self._numbers),
            reason=reason,
        )

    def plan(
        self, *items: tuple[int, str], kind: Kind = Kind.GIVE_BACK, agency: str = "", **rest: Any
    ) -> Plan:
        """A job over (document's number in the books, recipient)."""
        number = next(self._numbers)
        job = Job(
            id=f"rpl_{number:026}",
            agency=agency,
            kind=kind,
            stage=Stage.PLANNED,
            total=len(items),
            rate=rest.pop("rate", 100),
            planned_at=rest.pop("planned_at", NOON),
            actor="op",
            why="restored a backup",
            told={"deliveries": len(items), "recipients": [B]},
            **rest,
        )
        made = tuple(Item(no, *item, NOON + no) for no, item in enumerate(items, 1))
        return Plan(job=job, items=made, audit=self.audit("plan", job.id))

    def steer(self, job: str, act: Act, agency: str = "") -> Steer:
        return Steer(job=job, agency=agency, act=act, audit=self.audit(str(act), job))

    def take(self, job: str, owner: str, now: int = NOON) -> Take:
        return Take(job=job, owner=owner, now=now, until=now + 10)

    def drive(
        self,
        job: Job,
        *places: Place,
        after: int | None = None,
        before: int | None = None,
        skipped: Sequence[tuple[int, str]] = (),
    ) -> Drive:
        """Hand over the next items of a job as it stands, which lie at these places."""
        before = job.cursor if before is None else before
        now = NOON + next(self._numbers)
        return Drive(
            job=job.id,
            epoch=job.epoch,
            before=before,
            after=before + len(places) + len(skipped) if after is None else after,
            items=tuple(enumerate(places, before + 1)),
            skipped=tuple(skipped),
            now=now,
            until=now + 10,
        )

    def report(
        self,
        job: Job,
        *verdicts: tuple[int, Word],
        played: int = 0,
        ending: dict[str, object] | None = None,
    ) -> Report:
        """Say of a shadow as it stands how far it is, and what some of its items came to."""
        now = NOON + next(self._numbers)
        return Report(
            job=job.id,
            epoch=job.epoch,
            played=played,
            verdicts=tuple(Verdict(no, word, {"differences": [word]}) for no, word in verdicts),
            ending=ending,
            now=now,
            until=now + 10,
        )

    def audit(self, act: str, target: str) -> Audit:
        return Audit(
            actor="op", act=act, target=target, why="asked to", now=NOON + next(self._numbers)
        )

    def lock(self, code: str, locked: bool = True) -> Lock:
        act = "lock" if locked else "unlock"
        return Lock(code=code, locked=locked, audit=self.audit(act, code))


def document_of(outcome: Outcome) -> Document:
    assert isinstance(outcome, Accepted), outcome
    return outcome.document


def items_of(outcome: Outcome) -> tuple[Moved, ...]:
    assert isinstance(outcome, Moves), outcome
    return outcome.items


def said(outcome: Outcome) -> Said:
    assert isinstance(outcome, Said), outcome
    return outcome


def ran(outcome: Outcome) -> Job:
    assert isinstance(outcome, Ran), outcome
    return outcome.job


def code_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.fault.code


async def one(store: Store, command: object) -> Outcome:
    (outcome,) = await store.apply([command])  # type: ignore[list-item]
    return outcome


async def numbers(store: Store, recipient: str, transports: Sequence[int] = OPEN) -> list[int]:
    """The lane numbers that an inbox shows, most urgent class first."""
    rows = await store.inbox(recipient, {}, 100, transports)
    return [row.delivery.place.no for row in rows]


async def differences(store: Store) -> list[str]:
    """What is wrong with the books: the proof, and both balance lines of every agency."""
    proof = await prove(store, read_packages=True)
    wrong = [f"{key}: counted {n}, recounted {m}" for key, (n, m) in proof.counters.items()]
    wrong += proof.lines
    standing = await store.counts(None, tally.STANDING, tally.STANDING)
    for code, counts in tally.total((a, metric, n) for a, _, metric, n in standing).items():
        wrong += [f"{code} {b.line}: {b}" for b in tally.balances(counts) if b.difference]
    return wrong
