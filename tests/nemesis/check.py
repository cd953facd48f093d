"""Judge a run by what its clients saw. The simulation's checkers go over the tapes (whatever they
know: lost, duplicated, phantom, altered, reordered, unbalanced, miscounted, illegal, stream); these
look at what only real processes have:

unstable     another receipt for the same bytes, be it by one bit
duplicated   a recipient remembers one delivery twice, or another than the books have for it
reordered    numbers of a lane that a recipient saw first in another order
unheard      a status that was taken and that never reached whom it is addressed to
topic        a record that speaks of what is not in the books, or a number that none speaks of
unfinished   a planned document that got no receipt
failed       an answer that no weather explains, or a process that ended by itself
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.bus import STATUS, STATUSES_PARTITION, WAITING, Message
from tests.nemesis.hearing import history_of
from tests.nemesis.run import Lane, Run, reached
from tests.sim import checkers
from tests.sim.history import Streamed, Violation

Found = Iterator[Violation]

#: What an axis may answer whose servers are away; 401 when a token's end was misjudged.
WEATHER = frozenset({401, 502, 503, 504, 507})


def check(run: Run) -> list[Violation]:
    """Everything that is wrong with a run."""
    own = [violation for one in CHECKS for violation in one(run)]
    return [*own, *checkers.check(history_of(run))]


def receipts_are_the_same_bit_for_bit(run: Run) -> Found:
    """Whoever asks again, whenever, at whatever axis, gets the same text."""
    texts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in run.heard:
        if one.text:
            texts[one.who, one.said].add(one.text)
    for (sender, sha256), told in texts.items():
        if len(told) > 1:
            text = f"{sender} has {len(told)} receipts for {sha256}: {sorted(told)}"
            yield Violation("unstable", text, (sha256,))


def everything_got_its_receipt(run: Run) -> Found:
    """What was planned was accepted in the end."""
    done = {(one.who, one.said) for one in run.heard if one.text}
    for sent in run.sent:
        if (sent.sender, sent.sha256) not in done:
            text = f"{sent.document_id} of {sent.sender} ({sent.sha256}) got no receipt"
            yield Violation("unfinished", text, (sent.sha256,))


def recipients_remember_everything_once(run: Run) -> Found:
    """An agency's own journal has each of its deliveries once, with the digest of the books."""
    for agency, rows in run.final.inboxes.items():
        books = {row["id"]: row["sha256"] for row in rows}
        took = [line for line in run.memories.get(agency, ()) if "took" in line]
        for delivery, times in Counter(line["took"] for line in took).items():
            if times > 1:
                yield Violation(
                    "duplicated", f"{agency} took {delivery} {times} times", (delivery,)
                )
        have = {line["took"]: line["sha256"] for line in took}
        for delivery in books.keys() ^ have.keys():
            kind = "lost" if delivery in books else "phantom"
            text = f"{delivery} is not both in the books and in the journal of {agency}"
            yield Violation(kind, text, (delivery,))
        for delivery in books.keys() & have.keys():
            if books[delivery] != have[delivery]:
                text = f"{agency} has {delivery} as {have[delivery]}, not {books[delivery]}"
                yield Violation("altered", text, (delivery,))


def lanes_are_seen_in_order(run: Run) -> Found:
    """What a recipient sees of a lane for the first time is behind all that it saw before."""
    last: defaultdict[tuple[str, int], int] = defaultdict(int)
    seen: set[str] = set()
    for one in run.heard:
        if one.status != 200 or "/inbox/packages" not in one.path:
            continue
        for row in one.got:
            lane = (one.who, row["urgency"])
            if row["id"] not in seen and row["no"] < last[lane]:
                text = f"{one.who} first saw number {row['no']} behind {last[lane]}: {row['id']}"
                yield Violation("reordered", text, (row["id"],))
            seen.add(row["id"])
            last[lane] = max(last[lane], row["no"])


def statuses_reach_whom_they_are_for(run: Run) -> Found:
    """Every status that was taken was read by the sender of its document (13: by its recipient)."""
    read: defaultdict[str, set[int]] = defaultdict(set)
    for page in history_of(run).all(Streamed):
        read[page.agency].update(event["seq"] for event in page.events)
    for doc, view in run.final.views.items():
        for event in view["history"]:
            if event["kind"] != "status":
                continue
            whose = event["recipient"] if event["code"] == "13" else view["sender"]
            if event["seq"] not in read[whose]:
                text = f"{event['code']} about {doc}.{event['recipient']} never reached {whose}"
                yield Violation("unheard", text, (doc,))


def topics_speak_of_the_books(run: Run) -> Found:
    """Records stand where they belong and say what the books say; with relays, nothing is missing.

    Whoever reads a lane drops what is lower than what it has: what is left must be dense.
    """
    for (agency, partition), messages in run.topics.items():
        rows = {row["id"]: row for row in run.final.inboxes[agency]}
        for message in messages:
            if partition == STATUSES_PARTITION:
                strange = "" if message.type == STATUS else "is no status"
            else:
                strange = _strange(message, rows.get(message.subject), partition)
            if strange:
                text = f"{agency}, partition {partition}: {message} {strange}"
                yield Violation("topic", text, (message.subject,))
    if run.relayed:
        for lane, last in reached(run.final).items():
            yield from _dense(lane, last, run.topics.get(lane, ()))


def _strange(message: Message, row: Mapping[str, Any] | None, partition: int) -> str:
    if message.type != WAITING:
        return "is of a type that nobody caused"
    if row is None:
        return "speaks of no delivery in the books"
    if (row["no"], row["urgency"]) != (message.no, partition):
        return f"is number {row['no']} of lane {row['urgency']} in the books"
    if message.sha256 and message.sha256 != row["sha256"]:
        return f"is {row['sha256']} in the books"
    return ""


def _dense(lane: Lane, last: int, messages: Sequence[Message]) -> Found:
    at = 0
    for message in messages:
        if message.no > at + 1:
            yield Violation("topic", f"{lane}: {message.no} follows {at}", (message.subject,))
        at = max(at, message.no)
    if at < last:
        yield Violation("topic", f"{lane} ends at {at}, not {last}", (lane[0],))


def nothing_failed(run: Run) -> Found:
    """No process ended by itself, and no answer was an error of the axis itself."""
    for complaint in run.complaints:
        yield Violation("failed", complaint)
    for one in run.heard:
        if one.status >= 400 and one.status not in WEATHER:
            text = f"{one.who} at {one.door}: {one.method} {one.path}: {one.status} {one.got}"
            yield Violation("failed", text)


CHECKS = (
    receipts_are_the_same_bit_for_bit,
    everything_got_its_receipt,
    recipients_remember_everything_once,
    lanes_are_seen_in_order,
    statuses_reach_whom_they_are_for,
    topics_speak_of_the_books,
    nothing_failed,
)
