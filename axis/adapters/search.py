"""What the words of a search are looked for in, the same in every store."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from axis.core.document import Details


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
