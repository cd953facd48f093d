"""Checks on packages: what was sent against what was accepted, refused and received."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.sim.history import Confirmed, Fetched, History, Page, Refusal, Sent, Violation

if TYPE_CHECKING:
    from tests.sim.checkers import Record

Found = Iterator[Violation]

_LOCKED = ("agency.locked", "recipient.locked")


def receipts_are_stable(record: Record) -> Found:
    """The same bytes get the same receipt for ever, and are new only once."""
    for (sender, sha256), receipts in record.receipts.items():
        first = receipts[0]
        doc = str(first.body["doc"])
        for other in receipts[1:]:
            if other.body["doc"] != doc:
                yield Violation("duplicated", f"{sha256} is {doc} and {other.body['doc']}", (doc,))
            elif other.body != first.body:
                yield Violation("unstable", f"{doc}: {other.body} after {first.body}", (doc,))
        if sum(receipt.status == 201 for receipt in receipts) > 1:
            yield Violation("duplicated", f"{doc} was created more than once", (doc, sha256))
        for receipt in receipts:
            if receipt.header != (receipt.status == 200):
                yield Violation("unstable", f"{doc}: {receipt.status}, repeated: {receipt.header}")
        yield from _receipt_is_true(record, record.sent[sender, sha256], first.body)


def _receipt_is_true(record: Record, sent: Sent, body: Mapping[str, Any]) -> Found:
    doc = str(body["doc"])
    expected = {
        "sender": sent.sender,
        "document_id": sent.document_id,
        "sha256": sent.sha256,
        "deliveries": [f"{doc}.{recipient}" for recipient in sent.recipients],
    }
    for name, value in expected.items():
        if body[name] != value:
            yield Violation(
                "altered", f"receipt of {doc}: {name} {body[name]}, not {value}", (doc,)
            )
    payload = body["receipt"].split(".")[1]
    signed = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if {**signed, "warnings": body["warnings"], "receipt": body["receipt"]} != dict(body):
        yield Violation("unstable", f"{doc}: the receipt signs {signed}", (doc,))
    view = record.final.views.get(doc)
    if view is not None and view["receipt"] != body["receipt"]:
        yield Violation("unstable", f"{doc}: its view shows another receipt", (doc,))


def accepted_packages_arrive(record: Record) -> Found:
    """Every recipient of every accepted package has taken its bytes, and in time."""
    taken = first_taken(record.history)
    for (sender, sha256), receipts in record.receipts.items():
        doc = str(receipts[0].body["doc"])
        if doc not in record.final.views:
            yield Violation("lost", f"{doc} is not in the books", (doc,))
            continue
        for recipient in record.sent[sender, sha256].recipients:
            at = taken.get((recipient, f"{doc}.{recipient}"))
            if at is None:
                yield Violation("lost", f"{doc} never reached {recipient}", (doc,))
                continue
            due = record.due(receipts[0].body["seq"], recipient)
            if at > due:
                yield Violation("late", f"{doc} reached {recipient} at {at}, due {due}", (doc,))


def first_taken(history: History) -> dict[tuple[str, str], float]:
    """(agency, delivery): when its bytes were there for the first time."""
    there = [
        (page.ended, page.agency, str(row["id"]))
        for page in history.all(Page)
        for row, got in zip(page.rows, page.got, strict=True)
        if got
    ]
    there += [(one.ended, one.agency, one.delivery) for one in history.all(Fetched)]
    # The latest first, so that what stands in the end is the earliest, by page or by itself.
    return {(agency, delivery): at for at, agency, delivery in sorted(there, reverse=True)}


def received_packages_were_sent(record: Record) -> Found:
    """What is in an inbox was sent to it, once, and is what was sent."""
    seen: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    rows = [(page.agency, row) for page in record.history.all(Page) for row in page.rows]
    for agency, row in (*rows, *record.rows()):
        sent = record.sent.get((row["sender"], row["sha256"]))
        delivery = str(row["id"])
        if sent is None or agency not in sent.recipients or not delivery.endswith(agency):
            text = f"{agency} was given {delivery}, which nobody sent to it"
            yield Violation("phantom", text, (delivery,))
            continue
        if sent.expected:
            text = f"{delivery} should have been refused: {sent.expected}"
            yield Violation("misjudged", text, (delivery,))
        seen[agency, sent.sender, sent.sha256].add(delivery)
        yield from _row_is_true(agency, sent, row)
    for (agency, _, sha256), deliveries in seen.items():
        if len(deliveries) > 1:
            text = f"{agency} was given {sha256} as {sorted(deliveries)}"
            yield Violation("duplicated", text, tuple(sorted(deliveries)))


def _row_is_true(agency: str, sent: Sent, row: Mapping[str, Any]) -> Found:
    expected = {
        "document_id": sent.document_id,
        "unit": sent.unit,
        "units": list(sent.recipients[agency]),
        "kind": sent.kind,
        "urgency": sent.urgency,
        "size": sent.size,
        "subject": sent.subject,
    }
    for name, value in expected.items():
        if row[name] != value:
            text = f"{row['id']}: {name} is {row[name]!r}, not {value!r}"
            yield Violation("altered", text, (row["id"],))


def bytes_are_what_was_sent(record: Record) -> Found:
    """Bytes in, bytes out; every digest that travels with them is theirs."""
    digests = {row["id"]: row["sha256"] for _, row in record.rows()}
    for page in record.history.all(Page):
        for row, got in zip(page.rows, page.got, strict=True):
            if got and got != row["sha256"]:
                text = f"{row['id']} came as {got}, not {row['sha256']}"
                yield Violation("altered", text, (row["id"],))
    for fetched in record.history.all(Fetched):
        sha256 = digests.get(fetched.delivery, "")
        digest = base64.b64encode(bytes.fromhex(fetched.got)).decode()
        stated = (f'"{fetched.got}"', f"sha-256=:{digest}:")
        if fetched.got != sha256 or fetched.stated != stated:
            text = f"{fetched.delivery} came as {fetched.got}, said {fetched.stated}"
            yield Violation("altered", text, (fetched.delivery,))


def lanes_are_in_order(record: Record) -> Found:
    """Numbers are dense and in the order of acceptance; the urgent come first, no one is passed."""
    for agency, rows in record.final.inboxes.items():
        lanes: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for row in rows:
            lanes[row["urgency"]].append((row["no"], record.final.views[row["doc"]]["seq"]))
        for urgency, places in lanes.items():
            places.sort()
            if [no for no, _ in places] != list(range(1, len(places) + 1)):
                text = f"lane {urgency} of {agency}: {[no for no, _ in places]}"
                yield Violation("reordered", text, (agency,))
            if [seq for _, seq in places] != sorted(seq for _, seq in places):
                text = f"lane {urgency} of {agency} is not in the order of acceptance: {places}"
                yield Violation("reordered", text, (agency,))
    for page in record.history.all(Page):
        keys = [(-row["urgency"], row["no"]) for row in page.rows]
        if keys != sorted(set(keys)):
            yield Violation("reordered", f"a page of {page.agency}: {keys}", (page.agency,))
        if page.missing and not record.maybe_locked(page.agency, page.began, page.ended):
            text = f"{page.agency} was given {keys}, passing over {page.missing}"
            yield Violation("reordered", text, (page.agency,))


def what_is_done_is_not_offered_again(record: Record) -> Found:
    """A recipient who was told that a delivery is done never sees it in its open inbox again,
    unless it is given back, and marked so.
    """
    done: dict[str, float] = {}
    for confirmed in record.history.all(Confirmed):
        for item in confirmed.items:
            if item["state"] == "done":
                done.setdefault(item["delivery"], confirmed.ended)
    for page in record.history.all(Page):
        for row in page.rows:
            if "redelivery" in row:
                jobs = {event.get("job") for event in record.events[row["id"]]}
                if row["redelivery"]["job"] not in jobs:
                    text = f"{row['id']} came again, and nobody gave it back"
                    yield Violation("phantom", text, (row["id"],))
            elif page.began > done.get(row["id"], page.began):
                text = f"{row['id']} was done at {done[row['id']]} and offered at {page.began}"
                yield Violation("duplicated", text, (row["id"],))


def refusals_are_just(record: Record) -> Found:
    """A good package is refused for a conflict or a lock alone, a bad one for what is bad."""
    for refusal in record.history.all(Refusal):
        sent = record.sent[refusal.sender, refusal.sha256]
        if refusal.code in _LOCKED:
            agencies = [sent.sender, *sent.recipients]
            just = any(record.maybe_locked(a, refusal.began, refusal.ended) for a in agencies)
        elif refusal.code == "document.conflict" and not sent.expected:
            if not _conflicts(record, sent, refusal.ended):
                text = f"{sent.document_id} of {sent.sender}: {refusal.detail}"
                yield Violation("conflict", text, (sent.sha256,))
            continue
        else:
            just = refusal.code == sent.expected
        if not just:
            text = f"{sent.sha256} was refused for {refusal.code}, expected {sent.expected!r}"
            yield Violation("misjudged", text, (sent.sha256,))
    for key, receipts in record.receipts.items():
        if (code := record.sent[key].expected) != "":
            doc = str(receipts[0].body["doc"])
            yield Violation("misjudged", f"{doc} was accepted, expected {code}", (doc,))


def _conflicts(record: Record, sent: Sent, ended: float) -> bool:
    """Whether a recipient had another new document of that name by then."""
    for view in record.final.views.values():
        same = (view["sender"], view["document_id"]) == (sent.sender, sent.document_id)
        if not same or view["kind"] != 0 or view["sha256"] == sent.sha256:
            continue
        have = {delivery["recipient"] for delivery in view["deliveries"]}
        if have & set(sent.recipients) and record.committed_at(view["seq"]) <= ended:
            return sent.kind == 0
    return False


def names_are_given_once(record: Record) -> Found:
    """A recipient has one new document under a name, and whoever is locked gets and sends none."""
    seen: dict[tuple[str, str, str], str] = {}
    for doc, view in record.final.views.items():
        at = record.committed_at(view["seq"])
        recipients = [delivery["recipient"] for delivery in view["deliveries"]]
        for agency in (view["sender"], *recipients):
            if any(since < at < until for since, until in record.surely_locked[agency]):
                yield Violation("locked", f"{doc} was accepted while {agency} was locked", (doc,))
        if view["kind"] != 0:
            continue
        for recipient in recipients:
            key = (view["sender"], view["document_id"], recipient)
            if key in seen:
                text = f"{recipient} has {view['document_id']} as {seen[key]} and {doc}"
                yield Violation("conflict", text, (doc, seen[key]))
            seen[key] = doc


CHECKS = (
    receipts_are_stable,
    accepted_packages_arrive,
    received_packages_were_sent,
    bytes_are_what_was_sent,
    lanes_are_in_order,
    what_is_done_is_not_offered_again,
    refusals_are_just,
    names_are_given_once,
)
