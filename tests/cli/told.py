"""The books that a part of the history leaves, made from its plan without playing it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from agencies.history.part import Part, documents
from agencies.replies import Reply, replies
from agencies.traffic import Planned
from axis.cli.result.figures import Played, Result
from axis.core.breakdown import Breakdown
from axis.core.directory import Agency
from axis.core.document import Addressee, Document, Event
from axis.core.recount import Recount
from schemas.codes import agencies

#: The clock of the machine on which the history is played.
PLAYED_US = 1_700_000_000_000_000
SEED = 1

DIRECTORY = [
    Agency(
        code=row.code,
        name_vi=row.name_vi,
        name_en=row.name_en,
        kind=row.kind,
        level=row.level,
        certainty=row.source,
    )
    for row in agencies()
]


def result_of(part: Part, *, finished: bool = True, reached: date | None = None) -> Result:
    """The result of a part that was played, all of it unless ``reached`` says how far."""
    recount, found = Recount(), Breakdown()
    plans = [p for _, plan in documents(part, SEED) for p in plan]
    for seq, planned in enumerate(plans, 1):
        document = document_of(seq, planned)
        recount.document(document)
        found.document(document)
    for seq, planned in enumerate(plans, 1):
        for reply in replies(planned, SEED):
            for event in events_of(seq, planned, reply):
                recount.event(event)
                found.event(event)
    recount.close()
    played = Played(part, SEED, "small", reached or part.last, finished, again=3)
    counters = dict(recount.tally)
    return Result("history", "2026-01-01T00:00:00+07:00", DIRECTORY, counters, found, played)


def document_of(seq: int, planned: Planned) -> Document:
    return Document(
        seq=seq,
        id=f"doc_{seq}",
        sender=planned.sender,
        unit=planned.sender,
        document_id=planned.document_id,
        kind=planned.business,
        urgency=planned.urgency,
        sha256="",
        size=20_000,
        recipients=tuple(Addressee(code, (code,)) for code in planned.recipients),
        occurred_at=planned.at_us,
        recorded_at=PLAYED_US,
        verdict="valid",
        meta={"type": planned.type_name},
    )


def events_of(seq: int, planned: Planned, reply: Reply) -> Iterator[Event]:
    code, taken_us = reply.recipient, reply.taken_us
    offered_us = PLAYED_US + 40_000
    yield Event(0, "offered", seq, code, code, offered_us, offered_us)
    yield Event(0, "done", seq, code, code, taken_us, PLAYED_US + 90_000)
    for at, said, state in (
        (taken_us, "01", "arrived"),
        (reply.answered_us, reply.code, "refused" if reply.reason else "accepted"),
    ):
        yield Event(0, "status", seq, code, code, at, at, said, planned.sender, {"state": state})
