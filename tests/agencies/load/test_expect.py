"""What must come of each persona is known, and whatever comes otherwise is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from agencies.load import expect
from agencies.load.doors import Books
from agencies.load.impossible import Impossible
from agencies.load.personas import (
    AHEAD_WARNING,
    AWAY,
    FLAKY,
    MALFORMED,
    MUST,
    REFUSED_WITH,
    SKEWED,
    SLOW,
    SLOW_S,
    TWICE,
    WRONG,
    parse,
    refusal,
)
from agencies.load.record import Record
from tests.agencies.load.steps import TO, letters, record

SENDER, TAKER = "000.00.00.G22", TO[0]


def refused(persona: str) -> Record:
    """Every package refused as the persona's must be."""
    made = Record(letters(4, 0.1), begin_s=100.0, refusing=frozenset({SENDER}))
    for letter in made.letters:
        made.refuse(letter, "422", refusal(persona, letter.index))
    return made


def played(persona: str) -> Record:
    """A record of four documents from SENDER to TAKER and another, as it must be with a persona: of
    the sender where it sends, else of the taker.
    """
    if persona in REFUSED_WITH:
        return refused(persona)
    made = record([0.1] * 4, every_s=0.1)
    if persona == SLOW:
        for key in made.done_s:
            made.done_s[key] += SLOW_S
    if persona == AWAY:
        made.absent = frozenset({TAKER})
        for letter in made.letters:
            del made.done_s[letter.index, TAKER], made.taken[letter.index, TAKER]
            del made.available_s[letter.index, TAKER]
    if persona == FLAKY:
        made.broken[TAKER] = 2
    if persona == TWICE:
        made.again = dict(made.receipts)
    if persona == SKEWED:
        for index, receipt in made.receipts.items():
            made.receipts[index] = replace(receipt, warnings=(AHEAD_WARNING,))
    return made


def _whose(persona: str) -> str:
    return SENDER if persona in (TWICE, WRONG, MALFORMED, SKEWED) else TAKER


@pytest.mark.parametrize("persona", list(MUST))
def test_what_came_as_it_must_has_no_differences(persona: str) -> None:
    came = expect.came(played(persona), _whose(persona), persona)
    assert came.differences == ()


def _taken(made: Record) -> None:
    made.taken[2, TAKER] = f"doc_2.{TAKER}"


def _not_done(made: Record) -> None:
    del made.done_s[2, TAKER]


def _soon(made: Record) -> None:
    made.done_s[2, TAKER] -= 1


def _unbroken(made: Record) -> None:
    made.broken.clear()


def _another_receipt(made: Record) -> None:
    made.again[2] = replace(made.again[2], doc="doc_9")


def _accepted(made: Record) -> None:
    made.receipts[2] = record([0.1] * 3).receipts[2]


def _another_code(made: Record) -> None:
    made.codes[2] = "document.conflict"


def _no_warning(made: Record) -> None:
    made.receipts[2] = replace(made.receipts[2], warnings=())


@pytest.mark.parametrize(
    ("persona", "plant", "said"),
    [
        (SLOW, _not_done, "id 2 is not done"),
        (SLOW, _soon, "id 2 was confirmed sooner than 2 s"),
        (AWAY, _taken, f"doc_2.{TAKER} was taken by an agency that is away"),
        (FLAKY, _not_done, "id 2 is not done"),
        (FLAKY, _unbroken, "it broke nothing off"),
        (TWICE, _another_receipt, "id 2 sent twice has no second receipt that is the first"),
        (WRONG, _accepted, "id 2 was accepted as doc_2, it must be signature.untrusted"),
        (WRONG, _another_code, "id 2 was refused with document.conflict"),
        (MALFORMED, _accepted, "id 2 was accepted as doc_2, it must be edxml.not_xml"),
        (SKEWED, _no_warning, f"id 2 lies a hundred years ahead and has no {AHEAD_WARNING}"),
    ],
)
def test_what_came_otherwise_is_told(
    persona: str, plant: Callable[[Record], None], said: str
) -> None:
    made = played(persona)
    plant(made)
    (found,) = expect.came(made, _whose(persona), persona).differences
    assert found.startswith(said)


@pytest.mark.parametrize("persona", list(MUST))
def test_what_was_not_shown_is_told(persona: str) -> None:
    (found,) = expect.came(Record([]), SENDER, persona).differences
    assert "a longer test, or another agency, would show it" in found


def test_books_that_have_more_or_less_than_the_record_are_told() -> None:
    made = played(AWAY)
    none = {code: Books() for code in (SENDER, *TO)}
    right = {SENDER: Books(sent=4), TAKER: Books(open=4), TO[1]: Books(received=4)}
    assert expect.books(made, none, right) == []
    assert expect.books(made, none, right | {SENDER: Books(sent=5)}) == [
        f"{SENDER}: the books have 5 sent, it must be 4"
    ]
    assert expect.books(made, none, right | {TAKER: Books(open=3)}) == [
        f"{TAKER}: the books have 3 waiting, it must be 4"
    ]
    assert expect.books(made, none, right | {TO[1]: Books(received=3)}) == [
        f"{TO[1]}: the books have 3 received, it must be 4"
    ]


@pytest.mark.parametrize(
    ("code", "may_be"),
    [("", True), ("axis.stopping", True), ("axis.store_away", True), ("edxml.sender", False)],
)
def test_a_request_that_nobody_refused_may_be_in_the_books_and_need_not(
    code: str, may_be: bool
) -> None:
    made = record([0.1] * 4)
    letter = made.letters[2]
    del made.receipts[2]
    for to in TO:
        del made.done_s[2, to]
    made.refuse(letter, "no receipt", code)
    none = {SENDER: Books()}
    assert expect.books(made, none, {SENDER: Books(sent=3)}) == []
    assert (expect.books(made, none, {SENDER: Books(sent=4)}) == []) is may_be
    assert expect.books(made, none, {SENDER: Books(sent=5)}) != []


def test_the_others_are_those_between_whom_nobody_misbehaves() -> None:
    made = record([0.1] * 4)
    assert expect.others(made, [])[0] == 8
    assert expect.others(made, [TAKER])[0] == 4
    assert expect.others(made, [SENDER])[0] == 0


@pytest.mark.parametrize(
    "texts",
    [["H37"], ["H37=lazy"], ["H99=slow"], ["H37=slow", "000.00.00.H37=away"], ["=slow"]],
)
def test_a_persona_that_is_none_is_refused(texts: list[str]) -> None:
    with pytest.raises(Impossible, match=r"H37|slow"):
        parse(texts)
