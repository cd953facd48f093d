"""Everything the counters are made of, of the books in memory, and whether all bytes are there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from axis.books import Head, Item, Package

if TYPE_CHECKING:
    from axis.adapters.memory_store import MemoryBooks


def history(books: MemoryBooks) -> Iterator[Item]:
    """The counters and all they are made of, as of the moment of the first."""
    documents, events = list(books.documents.values()), list(books.events)
    deliveries = [books.deliveries[place] for place in sorted(books.deliveries)]
    head = Head(books.seq)
    yield {key: n for key, n in books.tally.items() if n}
    yield head
    yield from documents
    yield from events
    yield from deliveries


def amiss(books: MemoryBooks, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
    """``axis.books.Books.amiss``."""
    found: dict[int, str] = {}
    for doc, sha256, size in packages:
        body = books.packages.get(sha256)
        if body is None:
            found[doc] = f"its bytes are gone: there are none of {sha256}"
        elif len(body) != size:
            found[doc] = f"it says {size} bytes, and {len(body)} are known of"
        elif read and (is_ := hashlib.sha256(body).hexdigest()) != sha256:
            found[doc] = f"its bytes are {is_}"
    return found
