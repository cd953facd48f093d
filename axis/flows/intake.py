"""Take a document package in: read it, judge its signature, apply the rules, write it.

Nothing is written of a package that breaks a rule but one line of the refusal log.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from axis.core import admission, trust
from axis.core.caller import Caller
from axis.core.commands import Accept, Accepted, Outcome, Refused
from axis.core.directory import Agency
from axis.core.document import Addressee
from axis.core.errors import Fault, Rejected, Unavailable, rejected
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.flows.refusals import Refusals
from axis.ports import Clock, Examiner, Ids, Store, Trust
from schemas import edxml
from schemas.examined import Examined, Flaw, Letter

#: Packages of a request examined and written together: five milliseconds of one core.
TOGETHER: Final = 32
TOGETHER_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """What an axis refuses beyond the rules of the format."""

    #: Refuse packages whose signature is absent or SHA-1; by default they pass, because real
    #: packages are like that.
    strict_signatures: bool = False
    package_bytes_max: int = edxml.PACKAGE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class _Judged:
    """A package that breaks no rule."""

    letter: Letter
    sha256: str
    sender: Agency
    recipients: tuple[Addressee, ...]
    verdict: str
    warnings: tuple[Fault, ...]


class Intake:
    """``POST /v1/documents``, one package or many."""

    def __init__(
        self,
        store: Store,
        committer: Committer,
        members: Members,
        examiner: Examiner,
        trust_list: Trust,
        clock: Clock,
        ids: Ids,
        policy: Policy,
        refusals: Refusals,
    ) -> None:
        self._store = store
        self._committer = committer
        self._members = members
        self._examiner = examiner
        self._trust = trust_list
        self._clock = clock
        self._ids = ids
        self._refusals = refusals
        self.policy = policy

    async def receive(self, raw: bytes, caller: Caller, occurred_at: int | None = None) -> Accepted:
        """Accept ``raw`` as a package of ``caller``; durable when this returns.

        ``occurred_at`` is set only in a run that plays another time. Raises ``Rejected`` with
        every fault found, or ``Unavailable``: the outcome is unknown then, and repeating is safe.
        """
        now = self._clock.now()
        examined = await self._examined(raw, alone=True)
        (taken,) = await self._taken([(raw, occurred_at)], [examined], caller, now)
        if isinstance(taken, Exception):
            raise taken
        return taken

    async def receive_all(
        self, packages: Sequence[tuple[bytes, int | None]], caller: Caller
    ) -> list[Accepted | Exception]:
        """Do as ``receive`` with many (bytes, ``occurred_at``), each by itself.

        They are examined side by side and accepted in their order. What ``receive`` would raise
        stands in the place of its package.
        """
        now = self._clock.now()
        taking: list[asyncio.Task[list[Accepted | Exception]]] = []
        async with asyncio.TaskGroup() as tasks:
            for some in _together(packages):
                # While these are written, the next are examined.
                examined = await asyncio.gather(
                    *[self._examined(raw, alone=False) for raw, _ in some]
                )
                taking.append(tasks.create_task(self._taken(some, examined, caller, now)))
        return [taken for task in taking for taken in task.result()]

    async def _examined(self, raw: bytes, *, alone: bool) -> Examined | Exception:
        try:
            self._check_size(raw)
            return await self._examiner.examine(raw, alone=alone)
        except Exception as error:
            return error

    async def _taken(
        self,
        packages: Sequence[tuple[bytes, int | None]],
        examined: Sequence[Examined | Exception],
        caller: Caller,
        now: int,
    ) -> list[Accepted | Exception]:
        """Judge packages and write those that break no rule, all with one wait."""
        judged = [
            self._decided(raw, found, caller, now if at is None else at, now)
            for (raw, at), found in zip(packages, examined, strict=True)
        ]
        accepts = [one for one in judged if isinstance(one, Accept)]
        outcomes: Iterator[Outcome | Exception]
        try:
            outcomes = iter(await self._committer.submit(accepts) if accepts else ())
        except Exception as error:
            outcomes = repeat(error)
        taken: list[Accepted | Exception] = []
        for (raw, _), one in zip(packages, judged, strict=True):
            outcome = next(outcomes) if isinstance(one, Accept) else one
            if isinstance(outcome, Refused):
                outcome = Rejected([outcome.fault])
            if isinstance(outcome, Rejected):
                outcome = await self._refused(outcome, raw, caller)
            assert isinstance(outcome, Accepted | Exception)
            taken.append(outcome)
        return taken

    def _decided(
        self, raw: bytes, examined: Examined | Exception, caller: Caller, at: int, now: int
    ) -> Accept | Exception:
        """The command that accepts a package, or why it cannot be accepted."""
        if isinstance(examined, Exception):
            return examined
        try:
            return self._command(self._judge(examined, caller, at), raw, at, now)
        except Rejected as error:
            return error

    async def _refused(
        self, error: Rejected, raw: bytes, caller: Caller
    ) -> Accepted | Rejected | Unavailable:
        sha256 = hashlib.sha256(raw).hexdigest()
        try:
            # What was accepted once stays accepted, whatever has been locked or has expired
            # since: a repeated POST is safe for ever (promise 6).
            known = await self._store.document_of(caller.agency, sha256)
        except Unavailable as away:
            return away
        if known is not None:
            return Accepted(known, repeated=True)
        await self._refusals.write_down(error, caller, sha256, len(raw))
        return error

    def _check_size(self, raw: bytes) -> None:
        if not raw:
            raise rejected("package.empty")
        limit = self.policy.package_bytes_max
        if len(raw) > limit:
            raise rejected("package.too_large", size=len(raw), limit=limit)

    def _judge(self, examined: Examined, caller: Caller, at: int) -> _Judged:
        directory = self._members.directory
        letter = _letter(examined)
        faults = [Fault("document.secret", edxml.MARK_PLACE)] if letter.secret else []
        sender = admission.sender(letter, caller, directory)
        recipients, bad = admission.recipients(letter, directory)
        faults += bad
        if faults:
            raise Rejected(faults)
        verdict, reason = self._trust.judge(examined.seal, sender.code, at)
        code = trust.refusal(verdict, strict_signatures=self.policy.strict_signatures)
        if code is not None:
            raise rejected(code, "edXMLHeader/Signature", reason=reason)
        warnings = tuple(map(_fault, examined.flaws)) + admission.future(letter, at)
        return _Judged(letter, examined.sha256, sender, recipients, verdict, warnings)

    def _command(self, judged: _Judged, raw: bytes, at: int, now: int) -> Accept:
        letter = judged.letter
        return Accept(
            id=self._ids.document(now),
            sender=judged.sender.code,
            unit=letter.sender,
            document_id=letter.document_id,
            kind=letter.doc_type,
            urgency=letter.priority,
            sha256=judged.sha256,
            body=raw,
            recipients=judged.recipients,
            at=at,
            now=now,
            verdict=judged.verdict,
            links=admission.links(letter, judged.sender.code, self._members.directory),
            meta=admission.meta(letter, judged.warnings),
        )


def _together(
    packages: Sequence[tuple[bytes, int | None]],
) -> Iterator[list[tuple[bytes, int | None]]]:
    """Packages in their order, some at a time."""
    some: list[tuple[bytes, int | None]] = []
    size = 0
    for package in packages:
        if len(some) == TOGETHER or (some and size + len(package[0]) > TOGETHER_BYTES):
            yield some
            some, size = [], 0
        some.append(package)
        size += len(package[0])
    if some:
        yield some


def _letter(examined: Examined) -> Letter:
    """What the document package says. Raises ``Rejected`` with every error of its form."""
    errors = [_fault(flaw) for flaw in examined.flaws if flaw.error]
    if errors:
        raise Rejected(errors)
    if examined.letter is None:
        raise rejected("package.kind", "edXMLHeader", expected="document", found=examined.kind)
    return examined.letter


def _fault(flaw: Flaw) -> Fault:
    return Fault(flaw.code, flaw.place, flaw.detail)
