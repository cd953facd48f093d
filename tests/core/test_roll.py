"""A roll keeps apart what belongs to each document."""

from __future__ import annotations

import pytest

from axis.core.document import Addressee, Document
from axis.core.roll import Known, Roll


def _document(seq: int, id_: str, *recipients: str) -> Document:
    return Document(
        seq=seq,
        id=id_,
        sender=f"from {id_}",
        unit="",
        document_id="1/UBND",
        kind=0,
        urgency=seq % 3,
        sha256="",
        size=0,
        recipients=tuple(Addressee(code, (), seq * 10 + n) for n, code in enumerate(recipients)),
        occurred_at=seq,
        recorded_at=seq + 1,
        verdict="valid",
    )


@pytest.fixture
def roll() -> Roll:
    roll = Roll()
    for document in (
        _document(1, "doc_1", "B", "C"),
        _document(4, "doc_22", "C"),
        _document(5, "doc_333", "D", "B", "C"),
    ):
        roll.add(document, 7)
    return roll


def test_documents_are_found_by_their_numbers(roll: Roll) -> None:
    assert [roll.document(seq) for seq in (0, 1, 2, 4, 5, 6)] == [None, 0, None, 1, 2, None]
    assert [roll.id(n) for n in range(3)] == ["doc_1", "doc_22", "doc_333"]
    assert [roll.seq(n) for n in range(3)] == [1, 4, 5]
    assert [roll.urgency(n) for n in range(3)] == [1, 1, 2]
    assert [roll.known(n) for n in range(3)] == [
        Known("from doc_1", 1, 2),
        Known("from doc_22", 4, 5),
        Known("from doc_333", 5, 6),
    ]


def test_deliveries_are_found_within_their_document(roll: Roll) -> None:
    found = [[roll.delivery(n, code) for code in ("B", "C", "D", "X")] for n in range(3)]
    assert found == [[0, 1, None, None], [None, 2, None, None], [4, 5, 3, None]]
    assert list(roll.numbers) == [10, 11, 40, 50, 51, 52]
    assert roll.delivery_id(2, 4) == "doc_333.B"


def test_what_is_not_ticked_off_is_told(roll: Roll) -> None:
    assert list(roll.missing()) == [(0, 0), (0, 1), (1, 2), (2, 3), (2, 4), (2, 5)]
    assert list(roll.unaccepted()) == [0, 1, 2]
    roll.met[1] = roll.met[4] = roll.accepted[1] = 1
    assert list(roll.missing()) == [(0, 0), (1, 2), (2, 3), (2, 5)]
    assert list(roll.unaccepted()) == [0, 2]


@pytest.mark.parametrize("seq", [4, 5])
def test_a_number_that_does_not_follow_is_not_entered(roll: Roll, seq: int) -> None:
    with pytest.raises(ValueError, match="does not follow"):
        roll.add(_document(seq, "doc_4", "B"), 7)
    assert len(list(roll.missing())) == 6
    assert len(list(roll.unaccepted())) == 3
