"""Text as people give it: what of it shows, and what does not."""

from __future__ import annotations

import unicodedata

#: Unicode categories of characters that show nothing: spaces, controls, and what only joins or
#: directs others, such as a space of no width.
_BLANK = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def shown(text: str) -> str:
    """The text without spaces around it; "" where nothing of it shows."""
    if all(unicodedata.category(character) in _BLANK for character in text):
        return ""
    return text.strip()
