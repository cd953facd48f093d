"""Every accepted document against its receipt, its deliveries and what recipients took.

The driver's own record says what was sent, what the axis signed for and what recipients hold; the
axis's counts say what its books have. Where any two disagree, ids are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agencies.history.requests import recipient_of
from agencies.load.record import Record
from agencies.load.spool import Letter

#: Ids named in a report.
NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One step or all of them. Ids are deliveries', or documents' for ``strange``.

    ``lost``: accepted, and no recipient's confirmation in the end. ``strange``: a receipt that does
    not say what was sent, or a delivery taken that no receipt names. ``waiting``: for a recipient
    that takes nothing, as it must be. ``unsure`` documents, with ``unsure_deliveries``, had no
    answer that says whether they were accepted.
    """

    accepted: int
    deliveries: int
    everywhere: int
    lost: tuple[str, ...]
    strange: tuple[str, ...]
    waiting: int = 0
    unsure: int = 0
    unsure_deliveries: int = 0

    @property
    def exact(self) -> bool:
        """Nothing is lost and nothing is strange."""
        return not self.lost and not self.strange


def reconcile(record: Record) -> Reconciled:
    """Reconcile the record of a step that is as whole as it will be."""
    lost: list[str] = []
    strange: list[str] = []
    deliveries = everywhere = waiting = unanswered = unanswered_deliveries = 0
    for letter in record.letters:
        receipt = record.receipts.get(letter.index)
        if receipt is None:
            # What has no receipt was promised to nobody. It may have been accepted all the same.
            if unsure(record, letter):
                unanswered += 1
                unanswered_deliveries += len(letter.recipients)
            continue
        expected = {f"{receipt.doc}.{code}" for code in letter.recipients}
        deliveries += len(expected)
        if receipt.sha256 != letter.sha256 or set(receipt.deliveries) != expected:
            strange.append(receipt.doc)
        away = {one for one in expected if recipient_of(one) in record.absent}
        waiting += len(away)
        missing = [one for one in expected - away if not _done(record, letter, one)]
        lost += missing
        everywhere += not missing
        strange += _beside(record, letter, expected)
    return Reconciled(
        accepted=len(record.receipts),
        deliveries=deliveries,
        everywhere=everywhere,
        lost=tuple(sorted(lost)),
        strange=tuple(sorted(strange)),
        waiting=waiting,
        unsure=unanswered,
        unsure_deliveries=unanswered_deliveries,
    )


def total(parts: list[Reconciled]) -> Reconciled:
    """All steps of a run together."""
    return Reconciled(
        accepted=sum(part.accepted for part in parts),
        deliveries=sum(part.deliveries for part in parts),
        everywhere=sum(part.everywhere for part in parts),
        lost=tuple(one for part in parts for one in part.lost),
        strange=tuple(one for part in parts for one in part.strange),
        waiting=sum(part.waiting for part in parts),
        unsure=sum(part.unsure for part in parts),
        unsure_deliveries=sum(part.unsure_deliveries for part in parts),
    )


def against_books(found: Reconciled, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """What the axis's own counts (``sent``, ``received``) say otherwise; empty when they agree.

    Requests without an answer may have been accepted, so the books may have as many more, and never
    less: what is beyond that was booked twice, or by somebody else.
    """
    sent = after["sent"] - before["sent"]
    received = after["received"] - before["received"]
    if sent < found.accepted:
        return f"the books have {sent} documents of {found.accepted} accepted"
    done = found.deliveries - found.waiting - len(found.lost)
    if received < done:
        return f"the books have {received} deliveries of {done} confirmed"
    if sent > found.accepted + found.unsure:
        return f"the books have {sent} documents, {_more(found.accepted, found.unsure)}"
    most = found.deliveries - found.waiting
    if received > most + found.unsure_deliveries:
        return f"the books have {received} deliveries, {_more(most, found.unsure_deliveries)}"
    return ""


def unsure(record: Record, letter: Letter) -> bool:
    """Whether no answer says that a letter without a receipt was refused; an axis that ends may
    have booked it.
    """
    code = record.codes.get(letter.index, "")
    return not code or code.startswith("axis.")


def _more(accepted: int, unsure: int) -> str:
    return f"more than {accepted} accepted and {unsure} without an answer"


def _done(record: Record, letter: Letter, delivery: str) -> bool:
    key = letter.index, recipient_of(delivery)
    return key in record.done_s and record.taken.get(key) == delivery


def _beside(record: Record, letter: Letter, expected: set[str]) -> list[str]:
    """What recipients took of a letter that its receipt does not name."""
    taken = (record.taken.get((letter.index, code)) for code in letter.recipients)
    return [one for one in taken if one is not None and one not in expected]
