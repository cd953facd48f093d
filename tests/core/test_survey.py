"""What a plan comes to: every candidate is chosen or left out for one reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.document import Delivery, Place
from axis.core.lifecycle import Again, Business, Request, Transport
from axis.core.replay import Candidate, Kind
from axis.core.survey import EXAMPLES_MAX, left_out, survey

B, C = "000.00.00.H02", "000.00.00.H03"
_T, _B = Transport, Business


def candidate(
    no: int = 1,
    *,
    recipient: str = B,
    transport: Transport = _T.DONE,
    recalled: bool = False,
    replaced: bool = False,
    **rest: Any,
) -> Candidate:
    place = Place(recipient, 0, no)
    delivery = Delivery(place, no, f"doc_{no}", f"sender {no % 2}", 0, transport)
    changed = delivery._replace(**rest)
    return Candidate(changed, "ff", 100 * no, 1, 2, recalled, replaced)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (candidate(), None),
        (candidate(business=_B.REFUSED), None),
        (candidate(transport=_T.WAITING), "delivery.not_done"),
        (candidate(transport=_T.PARKED), "delivery.not_done"),
        (candidate(again=Again.GIVEN), "delivery.given_back"),
        (candidate(again=Again.HANDED), "delivery.given_back"),
        (candidate(recalled=True), "document.recalled"),
        (candidate(business=_B.RECALLED), "document.recalled"),
        (candidate(replaced=True), "document.replaced"),
        (candidate(business=_B.REPLACED), "document.replaced"),
        (candidate(said=1 << 13, request=Request.OPEN), "document.taken_back"),
        (candidate(said=1 << 13, request=Request.AGREED), "document.taken_back"),
        (candidate(business=_B.TAKEN_BACK), "document.taken_back"),
        # Refused to give it back: it is the recipient's for good. An update asks for something else.
        (candidate(said=1 << 13 | 1 << 16, request=Request.REFUSED), None),
        (candidate(request=Request.OPEN), None),
    ],
)
def test_what_is_given_back_and_what_is_not(one: Candidate, code: str | None):
    fault = left_out(Kind.GIVE_BACK, one, named=False)
    assert (fault.code if fault else None) == code
    named = left_out(Kind.GIVE_BACK, one, named=True)
    still = code if code and not code.startswith("document.") else None
    assert (named.code if named else None) == still


@pytest.mark.parametrize("transport", Transport)
def test_only_what_is_parked_is_put_back(transport: Transport):
    fault = left_out(Kind.REDRIVE, candidate(transport=transport, recalled=True), named=False)
    assert (fault is None) == (transport is _T.PARKED)


@pytest.mark.parametrize("kind", Kind)
def test_a_locked_recipient_gets_nothing(kind: Kind):
    one = candidate(transport=_T.PARKED if kind is Kind.REDRIVE else _T.DONE)
    fault = left_out(kind, one, named=True, locked=True)
    assert fault is not None
    assert fault.code == "delivery.locked"


_candidates = st.lists(
    st.builds(
        candidate,
        st.integers(1, 9),
        recipient=st.sampled_from((B, C)),
        transport=st.sampled_from(Transport),
        recalled=st.booleans(),
        replaced=st.booleans(),
        again=st.sampled_from(Again),
    ),
    max_size=20,
)


@given(st.sampled_from(Kind), _candidates, st.booleans(), st.sets(st.sampled_from((B, C))))
def test_nothing_is_lost_between_the_chosen_and_the_left_out(
    kind: Kind, candidates: Sequence[Candidate], named: bool, locked: set[str]
):
    found = survey(kind, candidates, named=named, locked=sorted(locked))
    outs = found.left_out.values()
    assert len(found.chosen) + sum(out.deliveries for out in outs) == len(candidates)
    assert [one for one in candidates if one in found.chosen] == found.chosen
    assert sum(share.deliveries for share in found.shares.values()) == len(found.chosen)
    assert sum(share.size for share in found.shares.values()) == found.size
    assert locked.isdisjoint(found.shares)
    for out in outs:
        assert len(out.examples) == min(out.deliveries, EXAMPLES_MAX)
        assert "?" not in out.fault.sentence()


def test_each_recipient_has_its_share_and_each_reason_its_first_examples():
    to_b = [candidate(no) for no in (1, 2)]
    waiting = [candidate(no, transport=_T.WAITING) for no in range(3, 10)]
    parked = candidate(10, transport=_T.PARKED)
    to_c = candidate(1, recipient=C)
    found = survey(Kind.GIVE_BACK, [*to_b, *waiting, parked, to_c], named=False, locked=())
    assert (found.documents, found.size) == (2, 400)
    shares = [(s.recipient, s.deliveries, s.documents, s.size) for s in found.shares.values()]
    assert shares == [(B, 2, {1, 2}, 300), (C, 1, {1}, 100)]
    assert found.shares[B].senders == {"sender 0", "sender 1"}
    not_done = found.left_out["delivery.not_done", "waiting"]
    assert not_done.deliveries == 7
    assert not_done.examples == [one.delivery.id for one in waiting[:EXAMPLES_MAX]]
    assert found.left_out["delivery.not_done", "parked"].examples == [parked.delivery.id]
