"""What reading a window of the books has in common in every store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from axis.core.document import Delivery, Document, Event
from axis.core.questions import Extract, Extracts, Window

#: Documents whose time one page looks at: no index leads to it, and a nation's day has 1,900.
LOOKED_AT_MAX: Final = 20_000


def page(documents: Sequence[Document], window: Window, limit: int, reached: int) -> Extracts:
    """The page of ``documents`` that occurred in a window, without what is said of them yet.

    They are the first ``limit`` at most, behind which lie none up to number ``reached``.
    """
    found = tuple(Extract(d, (), ()) for d in documents if window.holds(d))
    return Extracts(found, documents[-1].seq if len(documents) == limit else reached)


def filled(extracts: Extracts, deliveries: Iterable[Delivery], events: Iterable[Event]) -> Extracts:
    """The page with the deliveries and the events of its documents, in the order they come."""
    of: defaultdict[int, tuple[list[Delivery], list[Event]]] = defaultdict(lambda: ([], []))
    for delivery in deliveries:
        of[delivery.doc][0].append(delivery)
    for event in events:
        of[event.doc][1].append(event)
    found = []
    for document, _, _ in extracts.found:
        its_deliveries, its_events = of[document.seq]
        found.append(Extract(document, tuple(its_deliveries), tuple(its_events)))
    return extracts._replace(found=tuple(found))
