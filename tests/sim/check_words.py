"""Checks on statuses and states: every step legal, every word heard once and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from tests.sim.history import Spoken, Streamed, Violation
from tests.sim.rules import CODES, WITH_REASON, Standing, begin, follow, may_say, repeats

if TYPE_CHECKING:
    from tests.sim.checkers import Record

Found = Iterator[Violation]

_SHOWN = ("code", "delivery", "actor", "reason")


def steps_are_legal(record: Record) -> Found:
    """The history of every delivery is legal step by step and ends where its row stands."""
    for _, row in record.rows():
        standing = begin(row["kind"])
        for event in record.events[row["id"]]:
            after = follow(standing, event)
            if after is None:
                text = f"{row['id']}: {event['kind']} {event['code']} after {standing}"
                yield Violation("illegal", text, (row["id"],))
                break
            standing = after
        else:
            shown = Standing(
                state=row["state"],
                answer=row["answer"],
                request=row["request"],
                attempt=row["attempt"],
                reason=row["reason"],
                said=standing.said,
            )
            if shown != standing:
                text = f"{row['id']} is shown as {shown}, its history makes it {standing}"
                yield Violation("miscounted", text, (row["id"],))
            if standing.state != "done":
                text = f"{row['id']} ends as {standing.state}"
                yield Violation("lost", text, (row["id"],))


def words_are_answered_rightly(record: Record) -> Found:
    """Each status was taken where the rules allow it and refused where they do not."""
    for spoken in record.history.all(Spoken):
        expected = _formal_fault(spoken)
        if expected or (spoken.error and not spoken.error.startswith("lifecycle.")):
            # Who may speak of a package is asked when it is known which one is meant.
            unclear = spoken.error == "delivery.ambiguous" and expected in ("", "status.not_yours")
            if spoken.error != expected and not (unclear and _was_ambiguous(record, spoken)):
                text = f"{spoken}: expected {expected or 'no such error'}"
                yield Violation("misjudged", text, (spoken.delivery,))
        elif spoken.error:
            about = _may_be_about(record, spoken)
            if not any(_rightly_refused(record, spoken, delivery) for delivery in about):
                text = f"{spoken.code} about {spoken.delivery} was refused: {spoken.error}"
                yield Violation("misjudged", text, (spoken.delivery,))
        else:
            yield from _was_written(record, spoken)


def _formal_fault(spoken: Spoken) -> str:
    """The error that a status must get whatever the state of the delivery is."""
    if spoken.code not in CODES:
        return "status.unknown_code"
    if spoken.code in WITH_REASON and not spoken.reason:
        return "status.reason_missing"
    speaker = spoken.sender if spoken.code == "13" else spoken.recipient
    if spoken.agency == speaker:
        return ""
    return "status.not_yours"


def _may_be_about(record: Record, spoken: Spoken) -> list[str]:
    """The deliveries that a status may mean: those of its name, whatever the books said then."""
    if spoken.door == "id":
        return [spoken.delivery]
    return [
        row["id"]
        for agency, row in record.rows()
        if (row["sender"], row["document_id"]) == (spoken.sender, spoken.document_id)
        and agency == spoken.recipient
    ]


def _was_ambiguous(record: Record, spoken: Spoken) -> bool:
    """Whether there was a moment during the request at which several packages of that name were
    on their way to the recipient and it had none of them: then none is meant.
    """
    if spoken.door == "id":
        return False
    came: list[float] = []
    first_had = inf
    for delivery in _may_be_about(record, spoken):
        view = record.final.views.get(delivery.partition(".")[0])
        if view is None:
            return True  # Lost, and reported as such.
        came.append(record.committed_at(view["seq"]))
        for event in record.events[delivery]:
            if event["kind"] == "done":
                first_had = min(first_had, record.committed_at(event["seq"]))
    if len(came) < 2:
        return False
    second = sorted(came)[1]
    return second <= spoken.ended and max(second, spoken.began) <= first_had


def _rightly_refused(record: Record, spoken: Spoken, delivery: str) -> bool:
    """Whether there was a moment during the request at which the status could not follow."""
    view = record.final.views.get(delivery.partition(".")[0])
    if view is None:
        # Lost, and reported as such: nothing can be said of its statuses.
        return True
    standing: Standing | None = begin(view["kind"])
    for event in (*record.events[delivery], None):
        until = record.committed_at(event["seq"]) if event else inf
        if standing is None or until >= spoken.began:
            if standing is None or not (
                may_say(standing, spoken.code) or repeats(standing, spoken.code, spoken.reason)
            ):
                return True
            if event is None or until > spoken.ended:
                return False
        if event is not None:
            standing = follow(standing, event)
    return False


def _was_written(record: Record, spoken: Spoken) -> Found:
    said = [
        event
        for event in record.events[spoken.delivery]
        if (event["kind"], event["code"], event["actor"]) == ("status", spoken.code, spoken.agency)
    ]
    if spoken.repeated:
        found = any(record.maybe_written_by(event["seq"], spoken.ended) for event in said)
    else:
        found = any(
            event["seq"] == spoken.seq and event["reason"] == spoken.reason for event in said
        )
    if not found or spoken.status != (200 if spoken.repeated else 201):
        text = f"{spoken} is not in the history: {said}"
        yield Violation("lost", text, (spoken.delivery,))


def streams_are_whole(record: Record) -> Found:
    """Behind any cursor follow exactly the events addressed to the agency, in order."""
    addressed = _addressed(record)
    for page in record.history.all(Streamed):
        truth = [event for event in addressed[page.agency] if event["seq"] > page.after]
        expected = truth[: len(page.events)]
        if [event["seq"] for event in page.events] != [event["seq"] for event in expected]:
            text = (
                f"{page.agency} behind {page.after} read {[e['seq'] for e in page.events]}, "
                f"addressed to it are {[e['seq'] for e in truth]}"
            )
            yield Violation("stream", text, (page.agency,))
            continue
        for event, true in zip(page.events, expected, strict=True):
            if any(event[name] != true[name] for name in _SHOWN):
                yield Violation("stream", f"{event} is {true}", (event["delivery"],))
        last = page.events[-1]["seq"] if page.events else page.after
        if page.following != last:
            text = f"{page.agency}: next is {page.following} after {last}"
            yield Violation("stream", text, (page.agency,))


def statuses_come_in_time(record: Record) -> Found:
    """Whoever reads its stream has a new event soon, once the storm is over.

    Who is still reading what came before, an event at a time, is not kept waiting by the axis.
    """
    read: set[tuple[str, int]] = set()
    before: defaultdict[str, float] = defaultdict(float)
    for page in record.history.all(Streamed):
        behind = before[page.agency] + record.prompt_s
        for event in page.events:
            if (page.agency, event["seq"]) not in read:
                read.add((page.agency, event["seq"]))
                due = max(behind, record.due(event["seq"], page.agency))
                if page.ended > due:
                    text = f"{page.agency} read {event} at {page.ended}, due {due}"
                    yield Violation("late", text, (event["delivery"],))
        if page.events:
            before[page.agency] = page.ended


def _addressed(record: Record) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """agency: the events in whose stream they belong, in order."""
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for delivery, events in record.events.items():
        doc, _, recipient = delivery.partition(".")
        view = record.final.views.get(doc)
        if view is None:
            continue  # Nobody sent it; the checks of the packages tell of that.
        for event in events:
            if event["kind"] in ("status", "parked"):
                agency = recipient if event["code"] == "13" else view["sender"]
                found[agency].append({**event, "delivery": delivery})
    for events in found.values():
        events.sort(key=lambda event: int(event["seq"]))
    return found


CHECKS = (
    steps_are_legal,
    words_are_answered_rightly,
    streams_are_whole,
    statuses_come_in_time,
)
