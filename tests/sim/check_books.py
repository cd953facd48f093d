"""Checks on the books: counters against a count of our own, and the axis's proof of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.sim.history import Event, Refusal, Seen, Spoken, Violation

if TYPE_CHECKING:
    from tests.sim.checkers import Record

Found = Iterator[Violation]

_UNREAD = "package.too_large"


def proofs_are_clean(record: Record) -> Found:
    """The recount agrees and the lines balance, at the end and whenever somebody looked."""
    proofs = [seen.body for seen in record.history.all(Seen) if seen.what == "audit"]
    for proof in (*proofs, record.final.audit):
        if not proof["clean"]:
            yield Violation("miscounted", f"the recount differs: {proof}")
    counts = [seen.body for seen in record.history.all(Seen) if seen.what == "counts"]
    for seen in (*counts, record.final.counts):
        for line in seen["balances"]:
            if line["difference"]:
                yield Violation("unbalanced", f"{line}")


def counters_are_true(record: Record) -> Found:
    """Sent, received, each status and each state, counted again from what was seen."""
    counts = record.final.counts
    statuses: Counter[str] = Counter()
    received = 0
    for events in record.events.values():
        received += any(event["kind"] == "done" for event in events)
        statuses.update(event["code"] for event in events if event["kind"] == "status")
    standing: Counter[str] = Counter()
    for _, row in record.rows():
        standing["deliveries"] += 1
        standing[f"transport.{row['state']}"] += 1
        if row["state"] == "done":
            standing[f"business.{row['answer']}"] += 1
    pairs = (
        ("sent", counts["sent"], len(record.final.views)),
        ("received", counts["received"], received),
        ("statuses", counts["statuses"], dict(statuses)),
        ("standing", counts["standing"], dict(standing)),
    )
    for name, books, counted in pairs:
        if books != counted:
            yield Violation("miscounted", f"{name}: {books} in the books, {counted} counted")


def refusals_are_logged(record: Record) -> Found:
    """Every refusal has its line, unless the store or the axis failed; no line stands alone."""
    lines = {(line["caller"], line["sha256"]) for line in record.final.refusals}
    # What is too large is refused before it has been read whole: its line has no digest.
    packages = [one for one in record.history.all(Spoken) if one.sha256]
    known = record.sent.keys() | {(one.agency, one.sha256) for one in packages}
    for caller, sha256 in lines:
        if sha256 and (caller, sha256) not in known:
            yield Violation("phantom", f"{caller} never sent the refused {sha256}")
    if {"store fails", "crash"} & {event.what for event in record.history.all(Event)}:
        return
    for refusal in record.history.all(Refusal):
        # One of many in a request was read, and has its digest though it is too large.
        digests = {refusal.sha256} | ({""} if refusal.code == _UNREAD else set())
        if not lines & {(refusal.sender, digest) for digest in digests}:
            yield Violation("lost", f"the refusal of {refusal.sha256} has no line in the log")
    for one in packages:
        if one.error and (one.agency, one.sha256) not in lines:
            yield Violation("lost", f"the refusal of {one.sha256} has no line in the log")


CHECKS = (proofs_are_clean, counters_are_true, refusals_are_logged)
