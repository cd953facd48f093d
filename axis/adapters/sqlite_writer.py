"""The writer's half of the SQLite store: decide a group and write it as one transaction.

Used by one thread at a time, on one connection, and nobody else writes: what it remembers between
groups (the last number, the agencies, the lanes) is what the tables say. After any failure it
forgets all of it and reads the tables again, because a COMMIT that failed may have happened.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from axis.adapters import rows, sqlite_replays, tables
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.segments import Mark, Segments, Spot
from axis.adapters.sqlite_facts import ask, load
from axis.core.commands import Command, Outcome
from axis.core.decide import decide
from axis.core.directory import Agency, Client
from axis.core.document import Lane
from axis.core.facts import Changes, Facts, wants
from axis.core.trust import Certificate
from axis.ports import REFUSALS_KEPT_MAX

_INSERT_PACKAGE: Final = rows.insert(tables.package)
_INSERT_DOCUMENT: Final = rows.insert(tables.document)
#: A package may name a document twice; that links it once.
_INSERT_LINK: Final = rows.insert(tables.link) + " on conflict do nothing"
_INSERT_DELIVERY: Final = rows.insert(tables.delivery)
_INSERT_EVENT: Final = rows.insert(tables.event)
_INSERT_AUDIT: Final = rows.insert(tables.audit, without=["no"])
_INSERT_REFUSAL: Final = rows.insert(tables.refusal, without=["no"])
_INSERT_CERTIFICATE: Final = rows.insert(tables.certificate) + " on conflict do nothing"
_INSERT_AGENCY: Final = rows.insert(tables.agency)
_ADD_AGENCY: Final = _INSERT_AGENCY + " on conflict do nothing"
_CHANGE_AGENCY: Final = (
    "update agency set name_vi = ?, name_en = ?, kind = ?, level = ?, certainty = ?, locked = ? "
    "where code = ?"
)
_CHANGE_CERTIFICATE: Final = (
    rows.insert(tables.certificate)
    + " on conflict (fingerprint) do update set revoked_at = excluded.revoked_at"
)
_RENEW_CLIENT: Final = (
    rows.insert(tables.client)
    + " on conflict (id) do update"
    + " set secret_sha256 = excluded.secret_sha256, renewed_at = excluded.renewed_at"
)
_SET_CLIENT: Final = f"{_RENEW_CLIENT} where renewed_at is null"
_COUNT: Final = (
    rows.insert(tables.tally)
    + " on conflict (day, agency, metric) do update set n = n + excluded.n"
)
_REWIND: Final = (
    "update lane set published = ? where recipient = ? and urgency = ? and published > ?"
)
_SET_HEAD: Final = "update head set seq = ?, segment = ?, segment_end = ?"
_FORGET_REFUSALS: Final = "delete from refusal where no <= (select max(no) from refusal) - ?"


@dataclass(slots=True)
class _Books:
    """What the tables say, as far as the writer has met it."""

    seq: int
    end: Mark
    agencies: dict[str, Agency]
    lanes: dict[Lane, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that were decided and written, and wait to be made durable.

    ``books`` are what they are behind it, ``seq`` and ``end`` what they were before it. ``synced``
    ends when its package bytes are durable; None where nothing was begun about that.
    """

    outcomes: list[Outcome]
    changes: Changes
    books: _Books
    seq: int
    end: Mark
    synced: Future[None] | None


#: Begins a call in another thread; calls are made in the order they are begun.
Aside = Callable[[Callable[[], None]], Future[None]]


class Writer:
    """Applies groups, one after the other: each ``begin`` is followed by one ``commit``."""

    def __init__(
        self, connection: sqlite3.Connection, segments: Segments, kept: DocumentsKept
    ) -> None:
        """Raises ``segments.Damaged`` when package bytes that a row names are missing."""
        self._connection = connection
        self._segments = segments
        self._kept = kept
        known = self._read()
        self._end = segments.recover(known.end)
        self._books: _Books | None = known

    @property
    def seq(self) -> int:
        """The number of the last event in the books."""
        return (self._books or self._read()).seq

    def begin(self, commands: Sequence[Command], aside: Aside | None = None) -> Group:
        """Decide a group and write it; nothing of it is durable before ``commit``.

        With ``aside`` its package bytes are made durable while its rows are written. Takes tens of
        microseconds for each command, all of it computing: neither the disk nor (unless the
        connection is ``patient``) a lock is waited for. Raises what SQLite and the disk raise;
        nothing is written then.
        """
        if self._books is None:
            self._books = self._read()
        self._connection.execute("begin immediate")
        books, self._books = self._books, None
        before, end, synced = books.seq, self._end, None
        try:
            outcomes, changes = self._decide(books, commands)
            if not changes.empty:
                spots = self._place(changes.bodies)
                if aside is not None and self._end != end:
                    synced = aside(self._segments.sync)
                self._write(books, changes, spots)
        except BaseException:
            self._undo(before, end)
            raise
        return Group(outcomes, changes, books, before, end, synced)

    def commit(self, group: Group) -> None:
        """Make a group durable: the bytes before the rows that name them.

        Raises what SQLite and the disk raise; whether the group was written is unknown then.
        """
        try:
            if group.synced is not None:
                group.synced.result()
            elif self._end != group.end:
                self._segments.sync()
        except BaseException:
            self._undo(group.seq, group.end)
            raise
        try:
            self._connection.execute("rollback" if group.changes.empty else "commit")
        except BaseException as error:
            if _was_cut_short(error):
                self._undo(group.seq, group.end)
            else:
                # It may stand in the log although SQLite does not show it: a crash brings it back,
                # and its rows name these bytes.
                self._rollback()
            raise
        self._kept.keep(group.changes.documents)
        self._books = group.books

    def _decide(self, books: _Books, commands: Sequence[Command]) -> tuple[list[Outcome], Changes]:
        facts = Facts(seq=books.seq, agencies=dict(books.agencies))
        load(self._connection, wants(commands), facts, books.lanes)
        return decide(facts, commands)

    def _write(self, books: _Books, changes: Changes, spots: Mapping[str, Spot]) -> None:
        """Write every row. ``books`` become what they are after it."""
        documents = changes.documents
        self._insert(_INSERT_PACKAGE, ((d.sha256, d.seq, *spots[d.sha256][1:]) for d in documents))
        self._insert(_INSERT_DOCUMENT, map(rows.document_values, documents))
        self._insert(_INSERT_LINK, (row for d in documents for row in rows.link_values(d)))
        self._insert(_INSERT_DELIVERY, map(rows.delivery_values, changes.created.values()))
        self._insert(rows.UPDATE_DELIVERY, map(rows.delivery_update, changes.updated.values()))
        self._insert(_INSERT_EVENT, map(rows.event_values, changes.events))
        counted = changes.tally.items()
        self._insert(
            _COUNT, ((day, agency, metric, n) for (agency, day, metric), n in counted if n)
        )
        for agency in changes.agencies.values():
            known = agency.code in books.agencies
            code, *rest = rows.agency_values(agency)
            self._insert(
                _CHANGE_AGENCY if known else _INSERT_AGENCY,
                [(*rest, code) if known else (code, *rest)],
            )
        certificates = changes.certificates.values()
        self._insert(_CHANGE_CERTIFICATE, map(rows.certificate_values, certificates))
        self._insert(_RENEW_CLIENT, map(rows.client_values, changes.clients))
        self._insert(_INSERT_AUDIT, map(rows.audit_values, changes.audits))
        self._insert(_INSERT_REFUSAL, map(rows.refusal_values, changes.refusals))
        rewound = changes.rewound.items()
        self._insert(_REWIND, ((reach, *lane, reach) for lane, reach in rewound))
        if changes.jobs or changes.heard:
            sqlite_replays.write(self._connection, changes)
        if changes.refusals:
            self._insert(_FORGET_REFUSALS, [(REFUSALS_KEPT_MAX,)])
        if changes.events:
            self._insert(_SET_HEAD, [(changes.seq, *self._end)])
            books.seq, books.end = changes.seq, self._end
        books.lanes.update(changes.lanes)
        books.agencies.update(changes.agencies)

    def _place(self, bodies: Mapping[str, bytes]) -> dict[str, Spot]:
        """Where the bytes of each digest lie; those not stored yet are written."""
        spots = {row[0]: Spot(*row) for row in ask(self._connection, "stored", bodies)}
        fresh = {sha256: body for sha256, body in bodies.items() if sha256 not in spots}
        if fresh:
            written, self._end = self._segments.append(fresh, self._end)
            spots.update((spot.sha256, spot) for spot in written)
        return spots

    def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        """Set up the directory. Raises what SQLite raises."""
        self._books = None
        self._connection.execute("begin immediate")
        try:
            self._insert(_ADD_AGENCY, map(rows.agency_values, agencies))
            self._insert(_INSERT_CERTIFICATE, map(rows.certificate_values, certificates))
            self._insert(_SET_CLIENT, map(rows.client_values, clients))
            self._connection.execute("commit")
        except BaseException:
            self._rollback()
            raise

    def _insert(self, sql: str, values: Iterable[rows.Values]) -> None:
        """Run ``sql`` once for each tuple."""
        if many := list(values):
            self._connection.executemany(sql, many)

    def _read(self) -> _Books:
        """Everything remembered, as the tables have it now; lanes are met again one by one."""
        connection = self._connection
        ((seq, *end),) = connection.execute("select seq, segment, segment_end from head")
        agencies = map(
            rows.agency_from,
            connection.execute(f"select {rows.columns(tables.agency, 'a')} from agency a"),
        )
        return _Books(seq, Mark(*end), {agency.code: agency for agency in agencies})

    def _undo(self, seq: int, end: Mark) -> None:
        """Go back to the books before a group; what cannot be undone now stays as an orphan."""
        self._rollback()
        with contextlib.suppress(Exception):
            # Bytes are taken back only when the tables say that the group is not in them.
            if self._end != end and self._read().seq == seq:
                self._segments.cut(end)
                self._end = end

    def _rollback(self) -> None:
        # SQLite has rolled back by itself after some failures, and says so with an error.
        with contextlib.suppress(Exception):
            self._connection.execute("rollback")


def _was_cut_short(error: BaseException) -> bool:
    """Whether a COMMIT failed before the log had all of it: the disk had no room for the rest."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
