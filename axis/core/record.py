"""What a relay publishes: the numbers of lanes as they stand, and how far each cursor reaches.

Every agency has a cursor for each of its lanes, one for its status stream and one for its changes.
What lies behind a cursor is in the agency's topic. Observers, where there are any, have one cursor,
over all events. Pure: stores find rows, ``page_of`` and ``event_page`` say what they come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

#: The "urgency" of a status stream.
STATUSES: Final = -1
#: The cursor over what was parked, reset, withdrawn or given back: the events of these kinds, by
#: number. What has been published already is published again as it stands; the rest comes with its
#: lane.
CHANGES: Final = -2
CHANGING: Final = ("parked", "reset", "withdrawn", "given")
#: Every cursor of an agency: its lanes (most urgent first), its statuses, its changes.
LANES: Final = (4, 3, 2, 1, 0)
CURSORS: Final = (*LANES, STATUSES, CHANGES)
#: Those that move only with what is published: changes may come to nothing that is to be told.
TOLD: Final = (*LANES, STATUSES)
#: Who is told of every event of the books: a recipient among the agencies whose name no code is.
OBSERVERS: Final = "observers"
#: Their only cursor: over the events, by number.
EVENTS: Final = -3


def cursors_of(recipient: str) -> tuple[int, ...]:
    """The cursors that are made when a recipient is relayed for the first time."""
    return (EVENTS,) if recipient == OBSERVERS else CURSORS


class Record(NamedTuple):
    """Number ``no`` of lane (recipient, urgency) as it stands, with what is told of its document.

    With ``urgency`` -1 the status stream reaches to event ``no``, and the rest is empty. ``size``
    is in bytes, ``occurred_at`` in microseconds UTC.
    """

    recipient: str
    urgency: int
    no: int
    transport: int = 0
    attempt: int = 1
    doc_id: str = ""
    sender: str = ""
    document_id: str = ""
    sha256: str = ""
    size: int = 0
    occurred_at: int = 0


class Observed(NamedTuple):
    """Event ``no`` of the books as observers are told of it: headers and states, never content.

    ``recipient`` names the delivery (empty where it is about the whole document); ``sender`` and
    ``document_id`` are the document's; ``occurred_at`` is in microseconds UTC.
    """

    no: int
    kind: str
    doc_id: str
    sender: str
    document_id: str
    recipient: str
    actor: str
    code: str
    occurred_at: int


class Found(NamedTuple):
    """A row that lies behind no cursor: ``cursor`` would come from ``before`` to ``reaches``.

    ``due`` is False for a change of a number that was not published yet: its lane tells it.
    """

    cursor: int
    before: int
    reaches: int
    due: bool
    record: Record


class Stretch(NamedTuple):
    """A cursor moves from ``before`` to ``after`` once what lies between is out."""

    recipient: str
    cursor: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order in which they are published, and what is published by them.

    ``more`` are the agencies of which more may be there than was asked for.
    """

    records: Sequence[Record]
    stretches: Sequence[Stretch]
    more: frozenset[str]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in the order in which they are published, and what is published by them, if any."""

    events: Sequence[Observed]
    stretches: Sequence[Stretch]


def event_page(before: int, rows: Iterable[Sequence[Any]]) -> EventPage:
    """What the next rows behind the observers' cursor come to: the fields of ``Observed``."""
    events = [Observed(*row) for row in rows]
    reached = [Stretch(OBSERVERS, EVENTS, before, events[-1].no)] if events else []
    return EventPage(events, reached)


def found(row: Sequence[Any]) -> Found:
    """A row of a store: cursor, before, reaches, due, and the fields of ``Record``."""
    return Found(row[0], row[1], row[2], bool(row[3]), Record(*row[4:]))


def page_of(
    rows: Iterable[Found], asked: Sequence[str], each_max: int, all_max: int | None = None
) -> Page:
    """What rows come to that were found for the agencies ``asked``, in that order.

    Of each cursor at most ``each_max`` rows were looked for, of all lanes together ``all_max``.
    """
    records: list[Record] = []
    spans: dict[tuple[str, int], list[int]] = {}
    of_lanes = 0
    last = ""
    for cursor, before, reaches, due, record in rows:
        span = spans.get((record.recipient, cursor))
        if span is None:
            spans[record.recipient, cursor] = [before, reaches, 1]
        else:
            span[1] = reaches
            span[2] += 1
        if due:
            records.append(record)
        if cursor >= 0:
            of_lanes += 1
            last = record.recipient
    more = {recipient for (recipient, _), span in spans.items() if span[2] >= each_max}
    if all_max is not None and of_lanes >= all_max:
        # The last one may have been cut off, and those behind it were not reached.
        more.update(asked[asked.index(last) :])
    stretches = [Stretch(*key, before, after) for key, (before, after, _) in spans.items()]
    return Page(records, stretches, frozenset(more))


def share_of(agencies: int, relays: int) -> int:
    """How many agencies one of several relays holds at most."""
    return -(-agencies // max(relays, 1))
