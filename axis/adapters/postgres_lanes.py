"""How far lanes are published, in PostgreSQL (``axis.lanes.Lanes``): the store of many relays.

Everything is found by one descent of an index for each lane, however much waits in it. A cursor
that has moved need not be on the disk at once: what a crash takes back is published again.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from axis.adapters.lane_rows import LEASES, OBSERVED, OBSERVING, PUBLISHED, RECORD, UNOBSERVED
from axis.adapters.postgres_server import Server
from axis.core.record import (
    CHANGES,
    CURSORS,
    EVENTS,
    LANES,
    OBSERVERS,
    STATUSES,
    EventPage,
    Page,
    Record,
    Stretch,
    event_page,
    found,
    page_of,
)
from axis.lanes import Lag, Lease, Pace, Roll, roll_of

# What no cursor has passed, in three parts of one statement, since a page costs its round trips.
# $1 are agencies, $2 and $3 bound the numbers of each cursor and of all lanes; $4 and $5 are the
# lanes of these agencies, in the order in which they are read.
_CHANGED: Final = f"""
    select {CHANGES}, l.published, e.seq, d.no <= p.published, {RECORD}
    from unnest($1::text[]) w(recipient) cross join lane l
    cross join lateral (
        select e.* from event e
        where e.recipient = l.recipient and e.kind in ('parked', 'reset', 'withdrawn', 'given')
            and e.seq > l.published
        order by e.seq limit $2
    ) e
    cross join delivery d cross join lane p cross join document t
    where l.recipient = w.recipient and l.urgency = {CHANGES}
        and d.doc = e.doc and d.recipient = e.recipient
        and p.recipient = d.recipient and p.urgency = d.urgency and t.seq = d.doc"""
_SAID: Final = f"""
    select {STATUSES}, l.published, e.seq, true, l.recipient, {STATUSES}, e.seq,
        {", ".join(map(repr, Record("", 0, 0)[3:]))}
    from unnest($1::text[]) w(recipient) cross join lane l
    cross join lateral (
        select e.seq from event e
        where e.addressee = l.recipient and e.addressee <> '' and e.seq > l.published
        order by e.seq desc limit 1
    ) e
    where l.recipient = w.recipient and l.urgency = {STATUSES}"""
# Lane by lane as asked, and no further than the rows that are wanted.
_WAITING: Final = f"""
    select d.urgency, l.published, d.no, true, {RECORD}
    from unnest($4::text[], $5::bigint[]) w(recipient, urgency)
    cross join lateral (
        select l.published from lane l
        where l.recipient = w.recipient and l.urgency = w.urgency offset 0
    ) l
    cross join lateral (
        select d.* from delivery d
        where d.recipient = w.recipient and d.urgency = w.urgency and d.no > l.published
        order by d.no limit $2
    ) d
    cross join document t
    where t.seq = d.doc
    limit $3"""

#: All plans are under test.
QUERIES: Final = {
    # In this order: a change of a number that its lane still has to tell is passed over.
    "unpublished": f"({_CHANGED}) union all ({_SAID}) union all ({_WAITING})",
    "unobserved": f"""
        select l.published, {OBSERVED}
        from lane l cross join lateral (
            select e.* from event e where e.seq > l.published order by e.seq limit $1
        ) e
        cross join document t
        where l.recipient = '{OBSERVERS}' and l.urgency = {EVENTS} and t.seq = e.doc
        order by e.seq""",
    # Two descents for each lane: its highest number, and how far it is published.
    "lag": f"""
        select a.code, sum(n.no - n.published)::bigint
        from agency a cross join lateral (
            select u.urgency, coalesce((
                select l.published from lane l
                where l.recipient = a.code and l.urgency = u.urgency
            ), 0) as published, (
                select d.no from delivery d
                where d.recipient = a.code and d.urgency = u.urgency order by d.no desc limit 1
            ) as no
            from unnest(array{list(LANES)}::smallint[]) u(urgency) offset 0
        ) n
        where n.no > n.published
        group by a.code order by a.code""",
    "relays": "select count(*) from relay r where r.seen_until > $1",
    "agencies": LEASES,
    "observing": OBSERVING,
    "published": PUBLISHED,
    "events_behind": UNOBSERVED,
}

STEPS: Final = {
    "beat": """
        with forgotten as (delete from relay r where r.seen_until <= $2 and r.owner <> $1),
        renewed as (update lease s set lease_until = $3 where s.owner = $1)
        insert into relay (owner, seen_until) values ($1, $3)
        on conflict (owner) do update set seen_until = excluded.seen_until""",
    "take": f"""
        with taken as (
            insert into lease (recipient, owner, epoch, lease_until)
            select w.recipient, $1, 1, $4 from unnest($2::text[]) w(recipient)
            on conflict (recipient) do update set owner = excluded.owner,
                epoch = lease.epoch + 1, lease_until = excluded.lease_until
                where lease.owner = '' or lease.lease_until <= $3
            returning recipient, epoch
        ),
        made as (
            insert into lane (recipient, urgency, published)
            select taken.recipient, u.urgency, 0
            from taken cross join unnest(array{[*CURSORS, EVENTS]}::smallint[]) u(urgency)
            where (taken.recipient = '{OBSERVERS}') = (u.urgency = {EVENTS})
            on conflict do nothing
        )
        select recipient, epoch from taken""",
    "release": """
        update lease s set owner = '' from unnest($2::text[]) w(recipient)
        where s.recipient = w.recipient and s.owner = $1""",
    "leave": """
        with released as (update lease s set owner = '' where s.owner = $1)
        delete from relay r where r.owner = $1""",
    # The commit that follows does not wait for the disk.
    "advance": """
        update lane l set published = w.after
        from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            w(recipient, urgency, before, after, epoch)
        where l.recipient = w.recipient and l.urgency = w.urgency and l.published = w.before
            and exists (
                select from lease s
                where s.recipient = w.recipient and s.owner = $1 and s.epoch = w.epoch
            )
            and (select set_config('synchronous_commit', 'off', true)) = 'off'
        returning l.recipient, l.urgency, w.before, l.published""",
}


class PostgresLanes:
    """``axis.lanes.Lanes`` on the connections of a ``Server`` that it does not close."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def beat(self, owner: str, now: int, until: int, *, events: bool = False) -> Roll:
        async with self._server.relaying() as driver:
            await driver.fetch(STEPS["beat"], owner, now, until)
            relays = await driver.fetchval(QUERIES["relays"], now)
            rows = await driver.fetch(QUERIES["agencies"])
            seen = await driver.fetch(QUERIES["observing"]) if events else None
        return roll_of(relays, rows, owner, now, seen)

    async def take(
        self, owner: str, recipients: Sequence[str], now: int, until: int
    ) -> list[Lease]:
        # In one order, so that two who take at the same time do not wait for each other.
        async with self._server.relaying() as driver:
            rows = await driver.fetch(STEPS["take"], owner, sorted(recipients), now, until)
        return sorted((Lease(*row) for row in rows), key=lambda lease: lease.recipient)

    async def release(self, owner: str, recipients: Sequence[str]) -> None:
        async with self._server.relaying() as driver:
            await driver.fetch(STEPS["release"], owner, sorted(recipients))

    async def leave(self, owner: str) -> None:
        async with self._server.relaying() as driver:
            await driver.fetch(STEPS["leave"], owner)

    async def unpublished(self, recipients: Sequence[str], each_max: int, all_max: int) -> Page:
        codes = [code for code in recipients for _ in LANES]
        urgencies = list(LANES) * len(recipients)
        async with self._server.relaying() as driver:
            asked = (recipients, each_max, all_max, codes, urgencies)
            rows = await driver.fetch(QUERIES["unpublished"], *asked)
        return page_of(map(found, rows), recipients, each_max, all_max)

    async def unobserved(self, limit: int) -> EventPage:
        async with self._server.relaying() as driver:
            rows = await driver.fetch(QUERIES["unobserved"], limit)
        return event_page(rows[0][0] if rows else 0, [row[1:] for row in rows])

    async def advance(
        self, owner: str, leases: Mapping[str, Lease], stretches: Sequence[Stretch]
    ) -> list[Stretch]:
        if not stretches:
            return []
        columns = zip(*sorted(stretches), strict=True)
        epochs = [leases[one.recipient].epoch for one in sorted(stretches)]
        async with self._server.relaying() as driver:
            rows = await driver.fetch(STEPS["advance"], owner, *columns, epochs)
        return [Stretch(*row) for row in rows]

    async def lag(self) -> list[Lag]:
        async with self._server.relaying() as driver:
            return [Lag(*row) for row in await driver.fetch(QUERIES["lag"])]

    async def pace(self, now: int) -> Pace:
        async with self._server.relaying() as driver:
            relays = await driver.fetchval(QUERIES["relays"], now)
            return Pace(relays, dict(await driver.fetch(QUERIES["published"])))

    async def events_behind(self) -> int:
        async with self._server.relaying() as driver:
            return int(await driver.fetchval(QUERIES["events_behind"]))
