"""Reasons as people give them: what counts as one, and what does not."""

from __future__ import annotations

import unicodedata

from axis.core.errors import rejected

#: Unicode categories of characters that show nothing: spaces, controls, and what only joins or
#: directs others, such as a space of no width.
_BLANK = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def reason(text: str) -> str:
    """The reason without spaces around it; "" where nothing of it shows."""
    if all(unicodedata.category(character) in _BLANK for character in text):
        return ""
    return text.strip()


def required(text: str, place: str = "why") -> str:
    """The reason of an act that may not be without, as given at ``place`` of a request: a field, or
    ``query.<name>``. Raises ``reason.missing``.
    """
    found = reason(text)
    if not found:
        raise rejected("reason.missing", place, field=place.rpartition(".")[2])
    return found
