"""What an operator does: find, put back, look inside. Every act says who and why."""

from __future__ import annotations

from axis.core import reasons
from axis.core.caller import OPERATOR, Caller
from axis.core.commands import (
    Audit,
    ById,
    Move,
    Moved,
    Moves,
    Note,
    Outcome,
    Redrive,
    Refused,
)
from axis.core.directory import Agency
from axis.core.document import Document
from axis.core.errors import Rejected, rejected
from axis.core.lifecycle import Step
from axis.core.member_commands import Revoked
from axis.core.questions import Search
from axis.core.trust import Certificate
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.ports import Clock, Queue, Row, Store


class Oversight:
    """The operator's acts; reads are open to auditors, acts to operators only."""

    def __init__(self, store: Store, committer: Committer, members: Members, clock: Clock) -> None:
        self._store = store
        self._committer = committer
        self._members = members
        self._clock = clock

    async def waiting(self, caller: Caller) -> list[Queue]:
        """What waits, per agency."""
        caller.needs_sight()
        return await self._store.queues()

    async def find(self, caller: Caller, search: Search) -> list[Row]:
        """Headers and states of deliveries that match, newest first."""
        caller.needs_sight()
        return await self._store.find(search)

    async def lock(self, caller: Caller, code: str, locked: bool, why: str) -> int:
        """Lock an agency out or let it in; how many deliveries moved."""
        caller.needs(OPERATOR)
        return await self._members.lock(code, locked, caller.id, why)

    async def register(self, caller: Caller, agency: Agency, why: str) -> None:
        """Add an agency to the directory."""
        caller.needs(OPERATOR)
        await self._members.register(agency, caller.id, why)

    async def renew_secret(self, caller: Caller, code: str, why: str) -> tuple[str, str]:
        """Give an agency's client another secret; its id and the secret."""
        caller.needs(OPERATOR)
        return await self._members.renew_secret(code, caller.id, why)

    async def certificates(self, caller: Caller, code: str) -> list[Certificate]:
        """The trust list, or what of it is one agency's."""
        caller.needs_sight()
        return await self._members.certificates(code)

    async def certify(self, caller: Caller, code: str, pem: str, why: str) -> Certificate:
        """Trust a certificate of an agency from now on."""
        caller.needs(OPERATOR)
        return await self._members.certify(code, pem, caller.id, why)

    async def revoke(self, caller: Caller, named: str, why: str) -> Revoked:
        """Distrust a certificate (its fingerprint), or all of an agency, from now on."""
        caller.needs(OPERATOR)
        return await self._members.revoke(named, caller.id, why)

    async def reset(self, caller: Caller, doc_id: str, recipient: str, why: str) -> Moved:
        """Put a parked delivery back into its lane."""
        caller.needs(OPERATOR)
        now = self._clock.now()
        move = Move(
            step=Step.RESET,
            targets=(ById(doc_id, recipient),),
            actor=caller.id,
            at=now,
            now=now,
            audit=self._audit(caller, "reset", f"{doc_id}.{recipient}", why, now),
        )
        (outcome,) = await self._committer.submit([move])
        assert isinstance(outcome, Moves)
        (item,) = outcome.items
        if item.fault is not None:
            raise Rejected([item.fault])
        return item

    async def redrive(
        self, caller: Caller, code: str, urgency: int | None, no: int, why: str
    ) -> None:
        """Have a lane of an agency, or all, published again from a number on."""
        caller.needs(OPERATOR)
        lane = code if urgency is None else f"{code} lane {urgency}"
        audit = self._audit(caller, "redrive", f"{lane} from {no}", why, self._clock.now())
        command = Redrive(recipient=code, urgency=urgency, no=no, audit=audit)
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        if isinstance(outcome, Refused):
            raise Rejected([outcome.fault])

    async def package(self, caller: Caller, doc_id: str, why: str) -> tuple[Document, bytes]:
        """The bytes of a package: an operator sees them only with a recorded reason."""
        caller.needs(OPERATOR)
        document = await self._store.document(doc_id)
        if document is None:
            raise rejected("document.not_found")
        now = self._clock.now()
        await self._committer.submit(
            [Note(audit=self._audit(caller, "read package", doc_id, why, now, "query.why"))]
        )
        body = await self._store.body(document.sha256)
        if body is None:
            raise rejected("axis.package_damaged", sha256=document.sha256)
        return document, body

    def _audit(
        self, caller: Caller, act: str, target: str, why: str, now: int, place: str = "why"
    ) -> Audit:
        given = reasons.required(why, place)
        return Audit(actor=caller.id, act=act, target=target, why=given, now=now)
