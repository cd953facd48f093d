"""Documents and events broken down: each counted once, where and when it happened."""

from __future__ import annotations

from datetime import date

import pytest

from axis.core.breakdown import OTHER_TYPES, TYPES_MAX, Breakdown, Count
from axis.core.document import Addressee, Document, Event
from axis.core.timetable import day_start_us, number_of_day

A, B, C = "000.00.00.H01", "000.00.00.H02", "000.00.00.H03"
#: A Wednesday.
DAY = date(2020, 1, 15)
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
NINE = day_start_us(DAY) + 9 * HOUR_US
#: The axis's clock, in a run that plays another time.
RECORDED = 10**15


def document(seq: int, to: tuple[str, ...] = (B, C), **changes: object) -> Document:
    plain = Document(
        seq=seq,
        id=f"doc_{seq}",
        sender=A,
        unit=A,
        document_id=f"{seq}/UBND",
        kind=0,
        urgency=0,
        sha256="",
        size=20_000,
        recipients=tuple(Addressee(code, (code,)) for code in to),
        occurred_at=NINE,
        recorded_at=RECORDED,
        verdict="valid",
        meta={"type": "Công văn"},
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


def event(kind: str, doc: int, recipient: str, at: int, recorded: int, code: str = "") -> Event:
    return Event(0, kind, doc, recipient, recipient, NINE + at, RECORDED + recorded, code)


@pytest.fixture
def found() -> Breakdown:
    """Two documents: a letter taken by both within five minutes and answered, an urgent recall
    that only B takes, on the next morning.
    """
    made = Breakdown()
    made.document(document(1))
    made.document(document(8, kind=1, urgency=3, meta={"type": "Thông báo"}))
    for code, minutes in ((B, 1), (C, 5)):
        at = minutes * 60 * SECOND_US
        made.event(event("offered", 1, code, 0, 10_000))
        made.event(event("done", 1, code, at, 20_000))
        made.event(event("status", 1, code, at, 30_000, "01"))
    made.event(event("status", 1, B, HOUR_US, 40_000, "03"))
    made.event(event("status", 1, C, 2 * HOUR_US, 40_000, "02"))
    made.event(event("done", 8, B, 23 * HOUR_US, 50_000))
    return made


def test_documents_and_deliveries_are_counted_once(found: Breakdown):
    assert (found.documents, found.addressed, found.received) == (2, 4, 3)
    assert found.bytes == 40_000
    assert found.senders == {A: 2}
    assert found.lists == {2: 2}
    assert found.pairs == {(A, B, 2020): 2, (A, C, 2020): 1}
    assert found.said == {(B, "01"): 1, (C, "01"): 1, (B, "03"): 1, (C, "02"): 1}


def test_each_counts_on_the_viet_nam_day_and_hour_on_which_it_happened(found: Breakdown):
    day = number_of_day(DAY)
    assert found.by_day() == {day: Count(2, 2), day + 1: Count(0, 1)}
    assert list(found.by_day()) == sorted(found.by_day())
    assert found.by_hour() == {(2, 9): Count(2, 2), (3, 8): Count(0, 1)}


def test_kinds_urgencies_and_types_have_what_was_sent_and_received_of_them(found: Breakdown):
    assert found.by_kind() == {0: Count(1, 2), 1: Count(1, 1)}
    assert found.by_urgency() == {0: Count(1, 2), 3: Count(1, 1)}
    assert found.by_type() == {"Công văn": Count(1, 2), "Thông báo": Count(1, 1)}


def test_two_clocks_are_kept_apart(found: Breakdown):
    waits = found.waits
    assert (waits.available.count, waits.available.longest) == (2, 10_000)
    assert (waits.confirmed.count, waits.confirmed.longest) == (3, 50_000)
    assert (waits.taken.count, waits.taken.longest) == (3, 23 * HOUR_US)
    assert (waits.answered.count, waits.answered.longest) == (2, 2 * HOUR_US)


def test_the_hours_of_midnight_belong_to_their_own_days():
    made = Breakdown()
    midnight = day_start_us(DAY)
    made.document(document(1, occurred_at=midnight - 1))
    made.document(document(2, occurred_at=midnight))
    assert made.by_hour() == {(1, 23): Count(1, 0), (2, 0): Count(1, 0)}
    assert [day - number_of_day(DAY) for day in made.by_day()] == [-1, 0]


def test_names_of_types_without_end_are_counted_together():
    made = Breakdown()
    for n in range(TYPES_MAX + 7):
        made.document(document(n + 1, meta={"type": f"Loại {n}"}))
    made.document(document(1000, meta={}))
    types = made.by_type()
    assert len(types) == TYPES_MAX + 1
    assert types[OTHER_TYPES] == Count(8, 0)
    assert types["Loại 0"] == Count(1, 0)


def test_an_event_of_a_document_that_was_never_accepted_is_a_bug_of_ours(found: Breakdown):
    with pytest.raises((AssertionError, IndexError)):
        found.event(event("done", 5, B, 0, 0))
    with pytest.raises((AssertionError, IndexError)):
        found.event(event("done", 9, B, 0, 0))


def test_empty_books_are_broken_down_to_nothing():
    made = Breakdown()
    assert (made.documents, made.received, made.by_day(), made.by_kind()) == (0, 0, {}, {})
