"""What a digest of the books says of their past, and what it does not hang on."""

from __future__ import annotations

from types import MappingProxyType

from axis.core.digest import BooksDigest, Digester
from axis.core.document import Event


def event(seq: int, **body: str) -> Event:
    return Event(seq, "status", 1, "B", "B", 1, 1, "01", "A", MappingProxyType(body))


def digest(*events: Event, upto: int | None = None) -> BooksDigest:
    digester = Digester(upto)
    for one in events:
        digester.add("events", one)
    return digester.told


def test_the_past_ends_with_the_number_that_is_asked_for() -> None:
    before = digest(event(1), event(2))
    assert (before.seq, before.upto) == (2, 2)
    after = digest(event(1), event(2), event(3), upto=2)
    assert (after.seq, after.upto, after.past) == (3, 2, before.past)
    assert after.sha256 != before.sha256
    assert digest(event(1), event(2, reason="x"), event(3), upto=2).past != before.past
    assert digest(event(1), upto=2).past != before.past


def test_the_order_in_which_a_store_keeps_names_is_nobodys_matter() -> None:
    one, other = event(1, a="1", b="2"), event(1, b="2", a="1")
    assert digest(one) == digest(other)
