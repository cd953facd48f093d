"""What is played, and how far it is: one SQLite file in the folder of the run.

It is written before anything is played, and read in stretches of time, so memory does not grow with
it. While it is played it keeps what the axis called each document, what was refused, and up to
which moment all is done. A stretch that was cut off is played again: every request may be repeated.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from agencies.replays.acts import DONE, SAY, Act, acts_of
from axis.core.timetable import from_iso
from schemas.traffic import Row

SCORE_FILE: Final = "score.sqlite"

#: Documents, their bytes, and acts of one stretch: what a process holds at a time.
DOCUMENTS_MAX: Final = 500
BYTES_MAX: Final = 32 * 1024 * 1024
ACTS_MAX: Final = 5000

_TABLES: Final = """
    create table document (
        no integer primary key, at_us integer not null, size integer not null,
        doc text not null, refused text not null, row text not null
    );
    create index document_by_time on document (at_us, no);
    create index document_by_doc on document (doc) where doc <> '';
    create table package (no integer primary key, body blob not null);
    create table act (
        at_us integer, no integer, recipient text, place integer, kind text, occurred_at text,
        speaker text, code text, reason text,
        primary key (at_us, no, recipient, place)
    ) without rowid;
    create table trouble (no integer, recipient text, told text);
    create index trouble_by_document on trouble (no);
    create table state (
        upto_us integer, until_us integer,
        documents integer, deliveries integer, bytes integer,
        sent integer, received integer, said integer, heard integer
    );
    insert into state values (0, 0, 0, 0, 0, 0, 0, 0, 0);
"""


class Part(NamedTuple):
    """One document to hand in: ``package`` is None where it is built anew."""

    no: int
    at_us: int
    row: Row
    package: bytes | None


class Stretch(NamedTuple):
    """What is sent and done in a stretch of time, both in the order of time."""

    first_us: int
    last_us: int
    parts: Sequence[Part]
    acts: Sequence[Act]


class State(NamedTuple):
    """How much there is (``documents``, ``deliveries``, package ``bytes``), and how far it is.

    ``upto_us`` is the moment up to which all is done, ``until_us`` the end of the window.
    """

    upto_us: int
    until_us: int
    documents: int
    deliveries: int
    bytes: int
    sent: int
    received: int
    said: int
    heard: int


class Played(NamedTuple):
    """A document as it was played: ``doc`` is the axis's id of it, empty where it was refused;
    ``troubles`` are (recipient, what went wrong).
    """

    no: int
    row: Row
    doc: str
    refused: str
    troubles: Sequence[tuple[str, str]]


class Score:
    """A context manager over the file in ``home``. One process writes at a time."""

    def __init__(self, home: Path) -> None:
        self._connection = sqlite3.connect(home / SCORE_FILE, isolation_level=None)
        try:
            self._connection.execute("pragma journal_mode = wal")
            # What a crash of the machine takes back is played again.
            self._connection.execute("pragma synchronous = normal")
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    # ---- written before anything is played ----------------------------------------------------

    @classmethod
    def begin(cls, home: Path) -> Self:
        """A new one, in which nothing is: one transaction until ``complete``.

        It may hold packages, so nobody else may read it.
        """
        (home / SCORE_FILE).touch(0o600, exist_ok=False)
        score = cls(home)
        score._connection.executescript(_TABLES)
        score._connection.execute("begin")
        return score

    def add(self, row: Row, package: bytes | None) -> None:
        """Add a document."""
        execute = self._connection.execute
        values = (from_iso(row.occurred_at), row.size, row.model_dump_json(exclude_defaults=True))
        no = execute("insert into document values (null, ?, ?, '', '', ?)", values).lastrowid
        assert no is not None
        if package is not None:
            execute("insert into package values (?, ?)", (no, package))
        self._connection.executemany(
            "insert into act values (?, ?, ?, ?, ?, ?, ?, ?, ?)", acts_of(no, row)
        )
        execute(
            "update state set documents = documents + 1, deliveries = deliveries + ?, "
            "bytes = bytes + ?",
            (len(row.deliveries), row.size),
        )

    def complete(self, until_us: int) -> None:
        """It is whole: all was added, and the window ends at ``until_us``."""
        self._connection.execute("update state set until_us = ?", (until_us,))
        self._connection.execute("commit")

    # ---- while it is played -------------------------------------------------------------------

    @property
    def state(self) -> State:
        """How much there is, and how far it is."""
        return State(*self._connection.execute("select * from state").fetchone())

    def next(self, span_us: int | None) -> Stretch | None:
        """The next stretch in which something is to be done, of ``span_us`` at the most."""
        upto = self.state.upto_us
        first = self._first(upto)
        if first is None:
            return None
        last = self._last(first, span_us)
        return Stretch(first, last, self._parts(upto, last), self._acts(upto, last))

    def _first(self, upto: int) -> int | None:
        found = [
            self._connection.execute(
                f"select min(at_us) from {table} where at_us > ?",  # noqa: S608 - our own names
                (upto,),
            ).fetchone()[0]
            for table in ("document", "act")
        ]
        return min((at for at in found if at is not None), default=None)

    def _last(self, first: int, span_us: int | None) -> int:
        """Where a stretch from ``first`` on ends; what is of one moment stays together."""
        ends = "select max(at_us) from (select at_us from act union all select at_us from document)"
        last: int = self._connection.execute(ends).fetchone()[0]
        if span_us is not None:
            last = min(last, first + span_us - 1)
        sql = "select at_us from act where at_us >= ? order by at_us limit 1 offset ?"
        over = self._connection.execute(sql, (first, ACTS_MAX)).fetchone()
        if over is not None:
            last = min(last, over[0] - 1)
        size = 0
        sql = "select at_us, size from document where at_us >= ? order by at_us, no limit ?"
        found = self._connection.execute(sql, (first, DOCUMENTS_MAX + 1))
        for count, (at_us, one) in enumerate(found, start=1):
            size += one
            if count > DOCUMENTS_MAX or (count > 1 and size > BYTES_MAX):
                last = min(last, at_us - 1)
                break
        return max(first, last)

    def _parts(self, upto: int, last: int) -> list[Part]:
        sql = """
            select d.no, d.at_us, d.row, p.body from document d left join package p on p.no = d.no
            where d.at_us > ? and d.at_us <= ? order by d.at_us, d.no"""
        return [
            Part(no, at_us, Row.model_validate_json(row), body)
            for no, at_us, row, body in self._connection.execute(sql, (upto, last))
        ]

    def _acts(self, upto: int, last: int) -> list[Act]:
        sql = """
            select * from act where at_us > ? and at_us <= ?
            order by at_us, no, recipient, place"""
        return [Act(*values) for values in self._connection.execute(sql, (upto, last))]

    def docs(self, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
        """What the axis calls documents that it took, and who sent them."""
        found: dict[int, tuple[str, str]] = {}
        for no in numbers:
            sql = "select doc, row ->> 'sender' from document where no = ? and doc <> ''"
            known = self._connection.execute(sql, (no,)).fetchone()
            if known is not None:
                found[no] = known
        return found

    def finished(
        self, stretch: Stretch, docs: Sequence[tuple[int, str]], refused: Sequence[tuple[int, str]]
    ) -> None:
        """All of a stretch is done: what the axis calls its documents, or why it refused them."""
        kinds = [act.kind for act in stretch.acts]
        execute = self._connection.execute
        execute("begin")
        for no, doc in docs:
            execute("update document set doc = ? where no = ?", (doc, no))
        for no, told in refused:
            execute("update document set refused = ? where no = ?", (told, no))
        execute(
            "update state set upto_us = ?, sent = sent + ?, received = received + ?, "
            "said = said + ?",
            (stretch.last_us, len(docs), kinds.count(DONE), kinds.count(SAY)),
        )
        execute("commit")

    def trouble(self, no: int, recipient: str, told: str) -> None:
        """Note what went otherwise with one delivery."""
        self._connection.execute("insert into trouble values (?, ?, ?)", (no, recipient, told))

    def heard(self, count: int) -> None:
        """Note how many statuses came back in all."""
        self._connection.execute("update state set heard = ?", (count,))

    # ---- when it has been played --------------------------------------------------------------

    def of(self, doc: str) -> Played | None:
        """The document that the axis calls ``doc``."""
        return next(self._played("d.doc = ? and d.doc <> ''", (doc,)), None)

    def played(self) -> Iterator[Played]:
        """Every document as it was played, in the order of time."""
        return self._played("true", ())

    def _played(self, which: str, values: tuple[object, ...]) -> Iterator[Played]:
        sql = f"""
            select d.no, d.row, d.doc, d.refused from document d
            where {which} order by d.at_us, d.no"""  # noqa: S608 - conditions of our own
        for no, row, doc, refused in self._connection.execute(sql, values):
            troubles: list[Any] = self._connection.execute(
                "select distinct recipient, told from trouble where no = ?", (no,)
            ).fetchall()
            yield Played(no, Row.model_validate_json(row), doc, refused, troubles)
