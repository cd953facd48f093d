"""What can be asked of the books, and what they answer.

Commands are imperative, frozen and complete: they carry their own times and ids, so deciding one
needs no clock and no die. ``at`` is when it happened (occurred), ``now`` the axis's clock
(recorded), both microseconds UTC. Every command answers with exactly one outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from axis.core.document import (
    NO_DETAILS,
    Addressee,
    Delivery,
    Details,
    Document,
    Link,
    Place,
)
from axis.core.errors import Fault
from axis.core.job_commands import JobCommand, Ran
from axis.core.lifecycle import Step
from axis.core.member_commands import MemberCommand, Revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Take a verified document package into the books.

    Same bytes again: the same document. A new document (kind 0) with other bytes under the same
    (sender, document_id) for a recipient who has it: ``document.conflict``.
    """

    id: str
    sender: str
    unit: str
    document_id: str
    kind: int
    urgency: int
    sha256: str
    body: bytes = field(repr=False)
    recipients: tuple[Addressee, ...]
    at: int
    now: int
    verdict: str
    links: tuple[Link, ...] = ()
    meta: Details = field(default_factory=lambda: NO_DETAILS)


@dataclass(frozen=True, slots=True)
class ById:
    """The delivery of package ``doc_id`` to ``recipient``."""

    doc_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class ByDocument:
    """The newest package of (sender, document_id) that ``recipient`` has; one that is still on its
    way only when there is no other, since nobody can speak of what was never taken.
    """

    sender: str
    document_id: str
    recipient: str


#: Deliveries that one range or one lock moves at a time: a lane may hold a hundred thousand, and
#: whoever writes them keeps everybody else waiting.
TOGETHER_MAX = 1000


@dataclass(frozen=True, slots=True)
class UpTo:
    """Every delivery in the inbox whose number in its lane is above ``above`` and at most ``no``,
    the first ``TOGETHER_MAX`` of them; the answer says how far that came (``Moves.reached``). One
    that was put or given back counts only when it has been offered again.

    Who has seen a number of a lane has been shown all below it, but for what was put back since:
    its recipient may never have had it, and a range that confirmed it would lose it. What waits
    for the first time is included although the books do not say that it was offered: that line is
    written behind the answer, and a process that dies in between never writes it.
    """

    recipient: str
    urgency: int
    no: int
    above: int = 0


Target = ById | ByDocument | UpTo | Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Who did what to what, and why; ``reads`` of operators are recorded too."""

    actor: str
    act: str
    target: str
    why: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Move deliveries along the transport machine: offer, done, fail or reset.

    ``mine`` restricts the act to deliveries of that recipient; others are not found. ``audit`` is
    written with an operator's act; when the act is refused, the line says so.
    """

    step: Step
    targets: tuple[Target, ...]
    actor: str
    at: int
    now: int
    mine: str = ""
    reason: str = ""
    audit: Audit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Record one status of ``actor`` about one delivery."""

    target: ById | ByDocument
    code: str
    actor: str
    at: int
    now: int
    reason: str = ""
    body: Details = field(default_factory=lambda: NO_DETAILS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Lock an agency out (its open deliveries are parked) or let it in again (they wait again).

    The first ``TOGETHER_MAX`` of them; the answer says how far that came. A further command with
    that as ``above`` (urgency and number) goes on, as long as the agency is still as asked.
    """

    code: str
    locked: bool
    audit: Audit
    above: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Have an agency's lane published again from number ``no``; without an ``urgency`` all of its
    lanes, and how far its statuses reach.
    """

    recipient: str
    urgency: int | None
    no: int
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Write an audit line of its own."""

    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Log an input that was refused; the books proper do not move."""

    caller: str
    code: str
    place: str
    sentence: str
    sha256: str
    size: int
    now: int


Command = Accept | Move | Say | Lock | MemberCommand | Redrive | Note | Refuse | JobCommand


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer to ``Accept``: the document in the books; ``repeated`` if it was there before."""

    document: Document
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What one target of a ``Move`` came to; ``changed`` is False when it was so before."""

    delivery: Delivery | None
    changed: bool
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Moves:
    """Answer to ``Move``: one item per delivery met, faults included.

    ``reached`` is the number that a range came to which has more behind it; else None.
    """

    items: tuple[Moved, ...]
    reached: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Answer to ``Say``: the delivery after it, and the agency that is told of the status.

    ``seq`` numbers the event; None when the status was there before (``repeated``).
    """

    delivery: Delivery
    seq: int | None = None
    addressee: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """Answer to ``Lock``, ``Register``, ``Renew``, ``Certify``, ``Note`` and ``Refuse``.

    ``moved`` are the deliveries that a lock parked or an unlocking put back, as they stand now;
    ``reached`` (urgency and number) says how far it came where there are more.
    """

    moved: tuple[Delivery, ...] = ()
    reached: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Redriven:
    """Answer to ``Redrive``: whose lanes are published again."""

    recipient: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The command breaks a rule; nothing of it was written."""

    fault: Fault


Outcome = Accepted | Moves | Said | Recorded | Revoked | Redriven | Ran | Refused
