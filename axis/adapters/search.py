"""What the words of a search are looked for in, the same in every store."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from axis.core.document import Details
from axis.core.questions import Search
from axis.ports import Row


def matches(search: Search, row: Row) -> bool:
    """Whether a delivery is one that a search looks for."""
    delivery, document = row.delivery, row.document
    return (
        search.sender in ("", document.sender)
        and search.recipient in ("", delivery.place.recipient)
        and search.transport in (None, delivery.transport)
        and search.business in (None, delivery.business)
        and (search.since is None or document.occurred_at >= search.since)
        and (search.until is None or document.occurred_at < search.until)
        and (not search.text or mentions(search.text, document.document_id, document.meta))
    )


def mentions(text: str, document_id: str, meta: Details) -> bool:
    """Whether ``text`` stands in a document's id or in its details (subject, code, file names).

    Case does not count, nor does the way in which Vietnamese letters are composed.
    """
    wanted = _plain(text)
    return any(wanted in _plain(found) for found in (document_id, *_texts(meta)))


def _texts(meta: Details) -> Iterator[str]:
    for value in meta.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
