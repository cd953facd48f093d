"""Counters follow deliveries, and balances show what does not add up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from axis.core import tally
from axis.core.document import Delivery, Place
from axis.core.lifecycle import Business, Transport

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
