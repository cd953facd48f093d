"""Every planted difference between what was sent, signed for, taken and booked is found."""

from __future__ import annotations

from agencies.load.reconcile import against_books, reconcile, total
from agencies.load.record import Receipt, Record
from tests.agencies.load.steps import TO, letters, record


def test_a_whole_step_is_exact() -> None:
    made = record([0.1] * 5)
    found = reconcile(made)
    assert made.whole
    assert found.exact
    assert (found.accepted, found.deliveries, found.everywhere) == (5, 10, 5)
    assert against_books(found, {"sent": 7, "received": 7}, {"sent": 12, "received": 17}) == ""


def test_a_delivery_that_nobody_took_is_lost() -> None:
    made = record([0.1] * 5)
    del made.done_s[3, TO[1]]
    found = reconcile(made)
    assert found.lost == (f"doc_3.{TO[1]}",)
    assert found.everywhere == 4
    assert not total([found, reconcile(record([0.1]))]).exact


def test_a_receipt_for_other_bytes_or_to_others_is_strange() -> None:
    made = record([0.1] * 3)
    whole = made.receipts[0]
    made.receipts[0] = Receipt(whole.doc, "0" * 63 + "9", whole.deliveries)
    made.receipts[1] = Receipt("doc_1", made.letters[1].sha256, (f"doc_1.{TO[0]}",))
    assert reconcile(made).strange == ("doc_0", "doc_1")


def test_a_delivery_under_another_package_is_lost_and_strange() -> None:
    made = record([0.1] * 3)
    made.taken[2, TO[0]] = f"doc_9.{TO[0]}"
    found = reconcile(made)
    assert found.lost == (f"doc_2.{TO[0]}",)
    assert found.strange == (f"doc_9.{TO[0]}",)


def test_books_that_have_less_than_was_signed_for_are_told() -> None:
    found = reconcile(record([0.1] * 5))
    none = {"sent": 0, "received": 0}
    assert against_books(found, none, {"sent": 4, "received": 10}) == (
        "the books have 4 documents of 5 accepted"
    )
    assert against_books(found, none, {"sent": 5, "received": 9}) == (
        "the books have 9 deliveries of 10 confirmed"
    )


def test_books_that_have_more_than_was_asked_for_are_told() -> None:
    found = reconcile(record([0.1] * 5))
    none = {"sent": 0, "received": 0}
    assert against_books(found, none, {"sent": 6, "received": 10}) == (
        "the books have 6 documents, more than 5 accepted and 0 without an answer"
    )
    assert against_books(found, none, {"sent": 5, "received": 11}) == (
        "the books have 11 deliveries, more than 10 accepted and 0 without an answer"
    )


def test_only_what_had_no_answer_may_stand_in_the_books_without_a_receipt() -> None:
    made = Record(letters(4, 0.1))
    first, second, third, fourth = made.letters
    deliveries = [f"doc_0.{code}" for code in TO]
    made.accept(first, 1.0, {"doc": "doc_0", "sha256": first.sha256, "deliveries": deliveries})
    for code in TO:
        made.arrive(first, code, f"doc_0.{code}", 1.0)
        made.finish(first, code, 1.0)
    made.refuse(second, "the connection was closed")
    made.refuse(third, "503 axis.stopping", "axis.stopping")
    made.refuse(fourth, "422 edxml.not_xml", "edxml.not_xml")
    found = total([reconcile(made)])
    assert (found.accepted, found.unsure, found.unsure_deliveries) == (1, 2, 4)
    none = {"sent": 0, "received": 0}
    for sent, received in ((1, 2), (3, 2), (3, 6)):
        assert against_books(found, none, {"sent": sent, "received": received}) == ""
    assert "4 documents" in against_books(found, none, {"sent": 4, "received": 2})
    assert "7 deliveries" in against_books(found, none, {"sent": 3, "received": 7})


def test_what_was_never_signed_for_is_not_lost() -> None:
    made = Record(letters(2, 0.1))
    for letter in made.letters:
        made.refuse(letter, "503")
    assert made.whole
    assert reconcile(made).exact
    assert reconcile(made).accepted == 0


def test_a_record_is_whole_whichever_comes_first() -> None:
    made = Record(letters(1, 0.1))
    (letter,) = made.letters
    for code in TO:
        made.arrive(letter, code, f"doc_0.{code}", 1.0)
        made.finish(letter, code, 1.0)
        made.finish(letter, code, 2.0)
    assert not made.whole
    deliveries = [f"doc_0.{code}" for code in TO]
    made.accept(letter, 3.0, {"doc": "doc_0", "sha256": letter.sha256, "deliveries": deliveries})
    assert made.whole
