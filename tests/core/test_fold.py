"""What single events make of a delivery, told apart from who may cause them."""

from __future__ import annotations

import pytest

from axis.core import fold
from axis.core.document import Addressee, Delivery, Document, Event, Place
from axis.core.lifecycle import Again, Request, Transport
from schemas.edxml import NEW, RECALL, REPLACEMENT, UPDATE

DONE = Delivery(
    Place("H02", 0, 1), 1, "doc_1", "H01", 0, Transport.DONE, reason="hỏng", arrived_at=5
)


@pytest.mark.parametrize(
    ("code", "at", "arrived_at"),
    [("01", 3, 3), ("01", 9, 5), ("03", 3, 5), ("02", 3, 5), ("13", 3, 5)],
)
def test_only_01_tells_of_an_earlier_arrival(code: str, at: int, arrived_at: int) -> None:
    assert fold.spoken(DONE, code, at, "").arrived_at == arrived_at


@pytest.mark.parametrize(
    ("code", "reason"), [("01", "hỏng"), ("03", "hỏng"), ("13", "hỏng"), ("02", "x"), ("16", "x")]
)
def test_only_a_refusal_gives_a_delivery_a_reason(code: str, reason: str) -> None:
    assert fold.spoken(DONE, code, 9, "x").reason == reason


@pytest.mark.parametrize("kind", [NEW, RECALL, UPDATE, REPLACEMENT])
def test_only_an_update_asks_its_recipients_to_agree(kind: int) -> None:
    document = Document(
        seq=1,
        id="doc_1",
        sender="H01",
        unit="H01",
        document_id="1/UBND",
        kind=kind,
        urgency=0,
        sha256="0" * 64,
        size=1,
        recipients=(Addressee("H02", (), 1),),
        occurred_at=1,
        recorded_at=1,
        verdict="valid",
    )
    begun = fold.begun(document, document.recipients[0])
    assert begun.request is (Request.OPEN if kind == UPDATE else Request.NONE)


@pytest.mark.parametrize("transport", [t for t in Transport if t is not Transport.DONE])
def test_what_is_not_done_is_not_given_back(transport: Transport) -> None:
    given = Event(2, "given", 1, "H02", "op", 9, 9)
    assert fold.after(DONE, given).again is Again.GIVEN
    with pytest.raises(fold.Illegal):
        fold.after(DONE._replace(transport=transport), given)
