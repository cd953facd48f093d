"""What every client saw, line by line: the only thing the checkers look at.

A line is one frozen record with the virtual time at which it was written down. ``began`` and
``ended`` of a record bound the request it is about: what the axis did for it happened between.
The digest over all lines names a run: the same seed must give the same one anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer as it came in, for the trace and the digest."""

    who: str
    method: str
    path: str
    status: int
    digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something of the world: a crash, a start, a storm, the heal."""

    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A package that a sender is about to send. ``expected`` is its refusal's code if it is bad."""

    sender: str
    unit: str
    sha256: str
    document_id: str
    kind: int
    urgency: int
    size: int
    subject: str
    #: recipient agency: the units named of it.
    recipients: Mapping[str, tuple[str, ...]]
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A sender was told that its package is accepted."""

    sender: str
    sha256: str
    status: int
    header: bool
    body: Mapping[str, Any]
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A sender was told that its package is refused."""

    sender: str
    sha256: str
    status: int
    code: str
    detail: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of an inbox. ``rows`` are DELIVERY objects; ``got`` the SHA-256 of the bytes that
    came with each ("" when none did). ``missing``: numbers below the highest of their lane that
    neither came nor were ever acted upon by this recipient.
    """

    agency: str
    rows: tuple[Mapping[str, Any], ...]
    got: tuple[str, ...]
    missing: tuple[tuple[int, int], ...]
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A package taken by its delivery's id. ``stated`` are the digests the headers name."""

    agency: str
    delivery: str
    got: str
    stated: tuple[str, str]
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A recipient confirmed deliveries; ``items`` is what it was told of each."""

    agency: str
    result: str
    items: tuple[Mapping[str, Any], ...]
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A status was said and answered. ``seq`` is 0 when it was refused with ``error`` or said before.

    ``door``: by the delivery's id, by name (sender and DocumentId), or as a package (a name too),
    whose digest is ``sha256``.
    """

    agency: str
    delivery: str
    sender: str
    document_id: str
    recipient: str
    code: str
    reason: str
    door: str
    sha256: str
    status: int
    seq: int
    repeated: bool
    error: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A page of a status stream that was read behind ``after``."""

    agency: str
    after: int
    events: tuple[Mapping[str, Any], ...]
    following: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """An operator locked an agency or unlocked it."""

    agency: str
    locked: bool
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An operator's proof or balance lines, at any moment of a run."""

    what: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The books as the doors show them after everything has come to rest."""

    #: agency: every DELIVERY of its inbox, in whatever state.
    inboxes: Mapping[str, tuple[Mapping[str, Any], ...]]
    #: package id: VIEW as its sender sees it, with all recipients.
    views: Mapping[str, Mapping[str, Any]]
    counts: Mapping[str, Any]
    audit: Mapping[str, Any]
    refusals: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept. ``about`` are ids to look for in the trace."""

    kind: str
    text: str
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(slots=True)
class History:
    """The lines of one run."""

    clock: Callable[[], float]
    lines: list[tuple[float, Any]] = field(default_factory=list)
    #: (virtual time, last seq) of every group that was written, for "what was true when"; empty
    #: where real processes wrote.
    commits: list[tuple[float, int]] = field(default_factory=list)

    def add(self, record: object) -> None:
        """Write a record down."""
        self.lines.append((self.clock(), record))

    def all(self, kind: type[_R]) -> Iterator[_R]:
        """The records of one kind, in order."""
        return (record for _, record in self.lines if isinstance(record, kind))

    def digest(self) -> str:
        """The name of this run."""
        sha256 = hashlib.sha256()
        for at, record in self.lines:
            sha256.update(f"{at:.6f} {record!r}\n".encode())
        return sha256.hexdigest()

    def trace(self, about: tuple[str, ...], most: int = 60) -> list[str]:
        """The last lines that speak of one of the ids ``about`` or of the world itself."""
        shown = []
        for at, record in self.lines:
            text = repr(record)
            if isinstance(record, Event) or any(name in text for name in about):
                shown.append(f"{at:9.3f}  {text[:400]}")
        return shown[-most:]
