"""What a play of the history remembers between two days, and nothing within one.

One file, replaced whole when a day is finished: the last day, how far every agency has read its
statuses, and the words that are said on a later day.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

import orjson

PROGRESS_FILE = "progress.json"


class Word(NamedTuple):
    """A status to say at ``at_us`` (microseconds UTC, run time) about a delivery (its id)."""

    at_us: int
    delivery: str
    code: str
    reason: str = ""
    staff: str = ""


@dataclass(slots=True)
class Progress:
    """How far a play is. ``day`` is the last one finished; the counts are what the agencies did:
    documents handed in, deliveries confirmed, statuses said and statuses that came back.
    """

    day: date | None = None
    sent: int = 0
    received: int = 0
    said: int = 0
    heard: int = 0
    again: int = 0
    #: Package bytes handed in.
    size: int = 0
    #: By agency the number behind which it reads the statuses addressed to it.
    read: dict[str, int] = field(default_factory=dict)
    #: What is still to be said: a heap by time.
    owed: list[Word] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What was remembered; nothing yet where no day was finished."""
        try:
            told = orjson.loads((folder / PROGRESS_FILE).read_bytes())
        except FileNotFoundError:
            return cls()
        day, owed = date.fromisoformat(told.pop("day")), told.pop("owed")
        return cls(day=day, owed=[Word(*word) for word in owed], **told)

    def save(self, folder: Path) -> None:
        """Remember it, whole or not at all, on the disk."""
        fresh = folder / f"{PROGRESS_FILE}.new"
        with fresh.open("wb") as file:
            file.write(orjson.dumps({name: _plain(getattr(self, name)) for name in self.__slots__}))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / PROGRESS_FILE)


def _plain(value: object) -> object:
    # Named tuples are no lists to orjson.
    return [tuple(word) for word in value] if isinstance(value, list) else value
