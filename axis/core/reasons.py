"""Reasons as people give them: what counts as one, and what does not."""

from __future__ import annotations

from axis.core.errors import rejected
from schemas.shown import shown


def required(text: str, place: str = "why") -> str:
    """The reason of an act that may not be without, as given at ``place`` of a request: a field, or
    ``query.<name>``; without spaces around it. Raises ``reason.missing``.
    """
    found = shown(text)
    if not found:
        raise rejected("reason.missing", place, field=place.rpartition(".")[2])
    return found
