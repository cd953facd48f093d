"""How far lanes are published, in SQLite (``axis.lanes.Lanes``): one process writes and relays."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from axis.adapters.lane_rows import LEASES, OBSERVED, OBSERVING, PUBLISHED, RECORD, UNOBSERVED
from axis.core.record import (
    CHANGES,
    EVENTS,
    LANES,
    OBSERVERS,
    STATUSES,
    EventPage,
    Page,
    Stretch,
    cursors_of,
    event_page,
    found,
    page_of,
)
from axis.lanes import Lag, Lease, Pace, Roll, roll_of

#: All plans are under test.
QUERIES: Final = {
    "cursors": """
        select l.published from lane l where l.recipient = ? and l.urgency = ?""",
    "changes": f"""
        select {CHANGES}, ?, e.seq, d.no <= p.published, {RECORD}
        from event e indexed by event_of_change
        cross join delivery d cross join lane p cross join document t
        where e.recipient = ? and e.kind in ('parked', 'reset', 'withdrawn', 'given') and e.seq > ?
            and d.doc = e.doc and d.recipient = e.recipient
            and p.recipient = d.recipient and p.urgency = d.urgency and t.seq = d.doc
        order by e.seq limit ?""",
    "newest": """
        select max(e.seq) from event e
        where e.addressee = ? and e.addressee <> '' and e.seq > ?""",
    "lane": f"""
        select d.urgency, ?, d.no, 1, {RECORD}
        from delivery d indexed by delivery_lane cross join document t
        where d.recipient = ? and d.urgency = ? and d.no > ? and t.seq = d.doc
        order by d.no limit ?""",
    "unobserved": f"""
        select {OBSERVED} from event e cross join document t
        where e.seq > ? and t.seq = e.doc order by e.seq limit ?""",
    # Two descents for each lane: its highest number, and how far it is published.
    "lag": f"""
        select n.code, sum(n.no - n.published)
        from (
            select a.code, u.value as urgency, coalesce((
                select l.published from lane l
                where l.recipient = a.code and l.urgency = u.value
            ), 0) as published, (
                select max(d.no) from delivery d
                where d.recipient = a.code and d.urgency = u.value
            ) as no
            from agency a cross join json_each('{list(LANES)}') u
        ) n
        where n.no > n.published
        group by n.code order by n.code""",
    "relays": "select count(*) from relay r where r.seen_until > ?",
    "agencies": LEASES,
    "observing": OBSERVING,
    "published": PUBLISHED,
    "events_behind": UNOBSERVED,
}

STEPS: Final = {
    "forget": "delete from relay where seen_until <= ? and owner <> ?",
    "live": """
        insert into relay (owner, seen_until) values (?, ?)
        on conflict (owner) do update set seen_until = excluded.seen_until""",
    "renew": "update lease set lease_until = ? where owner = ?",
    "take": """
        insert into lease (recipient, owner, epoch, lease_until) values (?, ?, 1, ?)
        on conflict (recipient) do update set owner = excluded.owner,
            epoch = lease.epoch + 1, lease_until = excluded.lease_until
            where lease.owner = '' or lease.lease_until <= ?
        returning recipient, epoch""",
    "make": "insert into lane values (?, ?, 0) on conflict do nothing",
    "release": "update lease set owner = '' where recipient = ? and owner = ?",
    "release_all": "update lease set owner = '' where owner = ?",
    "leave": "delete from relay where owner = ?",
    "advance": """
        update lane set published = ?
        where recipient = ? and urgency = ? and published = ? and exists (
            select 1 from lease s where s.recipient = ? and s.owner = ? and s.epoch = ?)""",
}

_R = TypeVar("_R")
_Work = Callable[[sqlite3.Connection], _R]


class Run(Protocol):
    """Runs work on a connection of the store: one that reads, or the one that writes."""

    def __call__(self, work: _Work[_R], /) -> Awaitable[_R]: ...


class SqliteLanes:
    """``axis.lanes.Lanes`` beside the store whose connections it borrows."""

    def __init__(self, read: Run, write: Run) -> None:
        """``write`` runs its work within a transaction."""
        self._read = read
        self._write = write

    async def beat(self, owner: str, now: int, until: int, *, events: bool = False) -> Roll:
        def work(connection: sqlite3.Connection) -> Roll:
            connection.execute(STEPS["forget"], (now, owner))
            connection.execute(STEPS["live"], (owner, until))
            connection.execute(STEPS["renew"], (until, owner))
            ((relays,),) = connection.execute(QUERIES["relays"], (now,))
            rows = connection.execute(QUERIES["agencies"]).fetchall()
            seen = connection.execute(QUERIES["observing"]).fetchall() if events else None
            return roll_of(relays, rows, owner, now, seen)

        return await self._write(work)

    async def take(
        self, owner: str, recipients: Sequence[str], now: int, until: int
    ) -> list[Lease]:
        def work(connection: sqlite3.Connection) -> list[Lease]:
            taken: list[Lease] = []
            for code in sorted(recipients):
                row = connection.execute(STEPS["take"], (code, owner, until, now)).fetchall()
                taken += [Lease(*one) for one in row]
            codes = [lease.recipient for lease in taken]
            made = [(code, cursor) for code in codes for cursor in cursors_of(code)]
            connection.executemany(STEPS["make"], made)
            return taken

        return await self._write(work)

    async def release(self, owner: str, recipients: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(STEPS["release"], [(code, owner) for code in recipients])

        await self._write(work)

    async def leave(self, owner: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(STEPS["release_all"], (owner,))
            connection.execute(STEPS["leave"], (owner,))

        await self._write(work)

    async def unpublished(self, recipients: Sequence[str], each_max: int, all_max: int) -> Page:
        def work(connection: sqlite3.Connection) -> Page:
            rows = _rows(connection, recipients, each_max, all_max)
            return page_of(map(found, rows), recipients, each_max, all_max)

        return await self._read(work)

    async def unobserved(self, limit: int) -> EventPage:
        def work(connection: sqlite3.Connection) -> EventPage:
            before = _published(connection, OBSERVERS, EVENTS)
            rows = connection.execute(QUERIES["unobserved"], (before, limit))
            return event_page(before, rows)

        return await self._read(work)

    async def advance(
        self, owner: str, leases: Mapping[str, Lease], stretches: Sequence[Stretch]
    ) -> list[Stretch]:
        def work(connection: sqlite3.Connection) -> list[Stretch]:
            moved = []
            for stretch in stretches:
                code, cursor, before, after = stretch
                values = (after, code, cursor, before, code, owner, leases[code].epoch)
                if connection.execute(STEPS["advance"], values).rowcount:
                    moved.append(stretch)
            return moved

        return await self._write(work) if stretches else []

    async def lag(self) -> list[Lag]:
        return await self._read(
            lambda connection: [Lag(*row) for row in connection.execute(QUERIES["lag"])]
        )

    async def pace(self, now: int) -> Pace:
        def work(connection: sqlite3.Connection) -> Pace:
            ((relays,),) = connection.execute(QUERIES["relays"], (now,))
            return Pace(relays, dict(connection.execute(QUERIES["published"]).fetchall()))

        return await self._read(work)

    async def events_behind(self) -> int:
        def work(connection: sqlite3.Connection) -> int:
            ((behind,),) = connection.execute(QUERIES["events_behind"])
            return int(behind)

        return await self._read(work)


def _published(connection: sqlite3.Connection, code: str, cursor: int) -> int:
    row = connection.execute(QUERIES["cursors"], (code, cursor)).fetchone()
    return int(row[0]) if row else 0


def _rows(
    connection: sqlite3.Connection, recipients: Sequence[str], each_max: int, all_max: int
) -> list[Any]:
    rows: list[Any] = []
    # Before the lanes: a change of a number that its lane still has to tell is passed over.
    for code in recipients:
        before = _published(connection, code, CHANGES)
        rows += connection.execute(QUERIES["changes"], (before, code, before, each_max))
    for code in recipients:
        before = _published(connection, code, STATUSES)
        ((newest,),) = connection.execute(QUERIES["newest"], (code, before))
        if newest is not None:
            rows.append((STATUSES, before, newest, 1, code, STATUSES, newest))
    left = all_max
    for code in recipients:
        for urgency in LANES:
            if left <= 0:
                return rows
            before = _published(connection, code, urgency)
            values = (before, code, urgency, before, min(each_max, left))
            lane = connection.execute(QUERIES["lane"], values).fetchall()
            rows += lane
            left -= len(lane)
    return rows
