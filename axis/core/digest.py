"""One number for all that the books say, by which two moments of them can be compared.

Rows are hashed section after section in a stated order: agencies by code, certificates by agency
and fingerprint, counters by agency, day and metric, documents and events by number, deliveries by
recipient, urgency and number. Each row is one line of JSON (keys sorted). What is no part of the
books is left out: secrets of clients, how far lanes are published, and the logs of acts and of
refusals. Package bytes are told by the digests of their documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from axis.core.document import Document, Event

SECTIONS: Final = ("agencies", "certificates", "counters", "documents", "events", "deliveries")


class Section(NamedTuple):
    """Rows of one kind, and the SHA-256 over their lines (hex)."""

    rows: int
    sha256: str


class BooksDigest(NamedTuple):
    """The books at one moment. ``seq`` is the last number given, ``sha256`` says all of it.

    ``past`` is the digest of documents and events up to number ``upto``, which never change: of
    books that have gone on meanwhile it says that what was there is still there.
    """

    seq: int
    sha256: str
    upto: int
    past: str
    sections: Mapping[str, Section]


class _Hashed:
    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._rows = 0

    def add(self, line: bytes) -> None:
        self._rows += 1
        self._sha256.update(line)

    @property
    def section(self) -> Section:
        return Section(self._rows, self._sha256.hexdigest())


class Digester:
    """Takes rows in the stated order. ``upto`` is where the past ends; None: with all there is."""

    def __init__(self, upto: int | None = None) -> None:
        self._upto = upto
        self._sections = {name: _Hashed() for name in SECTIONS}
        self._past = {"documents": _Hashed(), "events": _Hashed()}
        self._seq = 0

    def add(self, section: str, row: object) -> None:
        """Take one row of a section."""
        line = orjson.dumps(row, default=_plain, option=orjson.OPT_SORT_KEYS) + b"\n"
        self._sections[section].add(line)
        if isinstance(row, Document | Event):
            self._seq = max(self._seq, row.seq)
            if self._upto is None or row.seq <= self._upto:
                self._past[section].add(line)

    @property
    def told(self) -> BooksDigest:
        """The digest of what was taken."""
        sections = {name: hashed.section for name, hashed in self._sections.items()}
        past = {name: hashed.section for name, hashed in self._past.items()}
        upto = self._seq if self._upto is None else self._upto
        return BooksDigest(self._seq, _over(sections), upto, _over(past), sections)


def _over(sections: Mapping[str, Section]) -> str:
    lines = (f"{name} {rows} {sha256}\n" for name, (rows, sha256) in sections.items())
    return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON does not know: named tuples, views of mappings, bytes."""
    if isinstance(value, tuple):
        return tuple(value)
    if isinstance(value, Mapping):
        return dict(value)
    assert isinstance(value, bytes)
    return value.hex()
