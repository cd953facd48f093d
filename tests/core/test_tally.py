"""Counters follow deliveries, balances show what does not add up, and a recount proves both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core import tally
from axis.core.document import Addressee, Delivery, Document, Event, Place
from axis.core.lifecycle import Again, Business, Transport

A, B, C = "000.00.00.H01", "000.00.00.H02", "000.00.00.H03"
DAY_US = 86_400_000_000
NEW = Delivery(place=Place(B, 0, 1), doc=1, doc_id="doc_1", sender=A, kind=0)

_states = st.tuples(st.sampled_from(Transport), st.sampled_from(Business))


@given(st.lists(_states, min_size=1))
def test_standing_counters_are_those_of_the_last_state_whatever_came_before(
    states: list[tuple[Transport, Business]],
):
    counted: Counter[tally.Key] = Counter()
    before = None
    for transport, business in states:
        after = NEW._replace(transport=transport, business=business)
        tally.move(counted, before, after)
        before = after
    left = {key: n for key, n in counted.items() if n}
    assert left == {(B, tally.STANDING, metric): 1 for metric in tally.standing(states[-1])}
    assert not any(line.difference for line in tally.balances({k[2]: n for k, n in left.items()}))


def test_only_deliveries_that_are_done_have_a_business_state():
    assert tally.standing((Transport.PARKED, Business.ARRIVED)) == (
        "deliveries",
        "transport.parked",
    )
    assert tally.standing((Transport.DONE, Business.ARRIVED))[2:] == ("business.arrived",)


def test_a_counter_that_is_off_by_one_shows_as_a_difference():
    counts = {"deliveries": 3, "transport.done": 2, "transport.waiting": 1, "business.none": 2}
    transport, business = tally.balances(counts)
    assert (transport.line, transport.total, transport.difference) == ("transport", 3, 0)
    assert (business.line, business.total, business.difference) == ("business", 2, 0)
    assert tally.balances(counts | {"deliveries": 4})[0].difference == 1
    assert tally.balances(counts | {"business.arrived": 1})[1].difference == -1
    assert set(transport.parts) == {"waiting", "offered", "done", "parked", "withdrawn"}


def test_totals_are_per_agency_and_of_all():
    totals = tally.total([(A, "sent", 2), (B, "sent", 3), (A, "received", 1), (A, "sent", 1)])
    assert totals == {
        "": Counter(sent=6, received=1),
        A: Counter(sent=3, received=1),
        B: Counter(sent=3),
    }


# ---- the recount -------------------------------------------------------------------------------

DOCUMENT = Document(
    seq=1,
    id="doc_1",
    sender=A,
    unit=A,
    document_id="1/UBND",
    kind=0,
    urgency=0,
    sha256="",
    size=0,
    recipients=(Addressee(B, (B,), 1), Addressee(C, (C,), 1)),
    occurred_at=DAY_US,
    recorded_at=DAY_US,
    verdict="valid",
)


def _event(seq: int, kind: str, recipient: str = B, code: str = "", **body: str) -> Event:
    return Event(
        seq=seq,
        kind=kind,
        doc=1,
        recipient=recipient,
        actor=recipient,
        occurred_at=2 * DAY_US,
        recorded_at=2 * DAY_US,
        code=code,
        body=body,
    )


HISTORY = [
    _event(2, "offered"),
    _event(3, "parked", reason="bad zip"),
    _event(4, "reset"),
    _event(5, "done"),
    _event(6, "status", code="03", state="accepted"),
    _event(7, "status", code="15"),
    _event(8, "parked", C),
]


def _recount(events: list[Event]) -> tally.Recount:
    recount = tally.Recount()
    recount.document(DOCUMENT)
    for event in events:
        recount.event(event)
    recount.close()
    return recount


def test_a_recount_folds_the_history_into_counters_and_states():
    recount = _recount(HISTORY)
    assert recount.states == {
        (1, B): (Transport.DONE, Business.ACCEPTED),
        (1, C): (Transport.PARKED, Business.NONE),
    }
    assert {key: n for key, n in recount.tally.items() if n} == {
        (A, 1, "sent"): 1,
        (A, 1, "sending.undated"): 1,
        (B, 2, "received"): 1,
        (B, 2, "acceptance.untimed"): 1,
        (B, 2, "said.03"): 1,
        (B, 2, "said.15"): 1,
        (B, 0, "deliveries"): 1,
        (B, 0, "transport.done"): 1,
        (B, 0, "business.accepted"): 1,
        (C, 0, "deliveries"): 1,
        (C, 0, "transport.parked"): 1,
    }


def test_giving_back_counts_nowhere_and_is_known():
    given = [_event(9, "given", job="rpl_1"), _event(10, "handed")]
    recount = _recount([*HISTORY, *given])
    assert (recount.tally, recount.states) == (_recount(HISTORY).tally, _recount(HISTORY).states)
    assert recount.again == {(1, B): Again.HANDED}
    state = (Transport.DONE, Business.ACCEPTED)
    delivery = Delivery(Place(B, 0, 1), 1, "doc_1", A, 0, *state)
    assert recount.is_fold(delivery._replace(again=Again.HANDED))
    assert not recount.is_fold(delivery)
    for kind in ("kept", "had", "withheld"):
        ended = _recount([*HISTORY, *given, _event(11, kind)])
        assert ended.again == {}
        assert ended.is_fold(delivery)


@pytest.mark.parametrize(
    "plant",
    [
        lambda events: events[1:4],
        lambda events: [*events, events[3]],
        lambda events: [e._replace(recipient=C) if e.kind == "done" else e for e in events],
        lambda events: [e._replace(occurred_at=9 * DAY_US) for e in events],
        lambda events: [e._replace(body={}) for e in events],
    ],
    ids=["lost events", "a doubled event", "the wrong delivery", "the wrong day", "a lost state"],
)
def test_a_history_that_is_not_the_one_that_was_counted_is_noticed(
    plant: Callable[[list[Event]], list[Event]],
):
    honest, planted = _recount(HISTORY), _recount(plant(HISTORY))
    assert (planted.tally, planted.states) != (honest.tally, honest.states)
