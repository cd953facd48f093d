"""What is asked of the books: filters of a search and of a window, and what a window brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from axis.core.document import Delivery, Document, Event

#: Days of one window: what is longer is read in parts.
WINDOW_DAYS_MAX: Final = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Filters of ``Store.find``; None and "" do not filter. Times are microseconds UTC."""

    sender: str = ""
    recipient: str = ""
    transport: int | None = None
    business: int | None = None
    since: int | None = None
    until: int | None = None
    text: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Documents that occurred from ``since`` on and before ``until`` (microseconds UTC).

    ``sender``, ``recipient`` (agencies) and ``type_name`` do not filter when empty.
    """

    since: int
    until: int
    sender: str = ""
    recipient: str = ""
    type_name: str = ""

    def holds(self, document: Document) -> bool:
        """Whether a document belongs to the window."""
        return (
            self.since <= document.occurred_at < self.until
            and self.sender in ("", document.sender)
            and (not self.recipient or document.reaches(self.recipient))
            and (not self.type_name or self._is_type(str(document.meta.get("type", ""))))
        )

    def _is_type(self, name: str) -> bool:
        return name.casefold() == self.type_name.casefold()


class Linked(NamedTuple):
    """(relation, package) of the oldest packages that speak of a document, and how many do."""

    found: tuple[tuple[str, Document], ...]
    total: int


class Extract(NamedTuple):
    """A document with all that the books say of it, as of one moment.

    ``deliveries`` are ordered by recipient, ``events`` as they were committed.
    """

    document: Document
    deliveries: tuple[Delivery, ...]
    events: tuple[Event, ...]


class Extracts(NamedTuple):
    """A page of a window; ``after`` is the number to go on behind, 0 behind the last page."""

    found: tuple[Extract, ...]
    after: int
