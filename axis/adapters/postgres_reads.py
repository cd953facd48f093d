"""The reader's half of the PostgreSQL store: every question of the port as SQL.

Pages walk partial indexes, so rows that are done cost nothing. Conditions of a partial index stand
in the SQL as they stand in the index (``rows.SHOWN``); joins are done as they are written.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from axis.adapters import rows, tables
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.postgres_replays import marked
from axis.adapters.postgres_server import Driver
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT, delivery_from, document_from, event_from
from axis.core.document import Delivery, Document, Event
from axis.core.lifecycle import Transport
from axis.core.questions import Linked
from axis.core.tally import CARRIED, STANDING, Counted, Since, transport_metric
from axis.ports import Queue, Row

_T = Transport

#: Every lane of $1 behind its own number, most urgent first. A lane is left at $4 rows, so a long
#: one costs no more than a short one.
_INBOX: Final = f"""
    select {DELIVERY}
    from (
        select d.*
        from unnest($2::bigint[], $3::bigint[]) w(urgency, after)
        cross join lateral (
            select d.* from delivery d
            where d.recipient = $1 and d.urgency = w.urgency and d.no > w.after and {{states}}
            order by d.no limit $4
        ) d
        order by d.urgency desc, d.no limit $4
    ) d cross join document t where t.seq = d.doc
    order by d.urgency desc, d.no"""

#: How lanes are walked for each set of transport states that is asked for.
LANES: Final[Mapping[frozenset[Transport], str]] = {
    frozenset({_T.WAITING, _T.OFFERED}): _INBOX.format(states=rows.SHOWN),
    frozenset({_T.WAITING}): _INBOX.format(states="d.transport < 2 and d.transport = 0"),
    frozenset({_T.OFFERED}): _INBOX.format(states="d.transport < 2 and d.transport = 1"),
    frozenset({_T.PARKED}): _INBOX.format(states="d.transport = 3"),
    frozenset({_T.DONE}): _INBOX.format(states="d.transport = 2"),
    frozenset({_T.WITHDRAWN}): _INBOX.format(states="d.transport = 4"),
    frozenset(_T): _INBOX.format(states="true"),
}


#: Only what is listed is read; the others are counted in the index.
_LINKED: Final = f"""
    select {DOCUMENT}, listed.relation, listed.n from (
        select l.doc, l.relation, count(*) over () as n from {{links}}
        where l.sender = $1 and l.document_id = $2{{reached}} order by l.doc, l.relation limit $3
    ) listed cross join document t
    where t.seq = listed.doc order by listed.doc, listed.relation"""


def _standing(state: Transport) -> str:
    """What stands in ``state`` for agency ``a``."""
    return f"""(select n from tally where day = {STANDING} and agency = a.code
            and metric = '{transport_metric(state)}')"""


QUERIES: Final = {
    "bodies": "select c.sha256, c.body from content c where c.sha256 = any($1::text[])",
    "documents": f"""
        select {DOCUMENT} from unnest($1::bigint[]) w(seq) cross join document t
        where t.seq = w.seq""",
    "document": f"select {DOCUMENT} from document t where t.id = $1",
    "documents_named": f"""
        select {DOCUMENT} from document t
        where t.sender = $1 and t.document_id = $2 and t.seq > $3 order by t.seq limit $4""",
    # "is true": of all packages of a sender none is looked for by the sender.
    "document_of": f"""
        select {DOCUMENT} from package p cross join document t
        where p.sha256 = $1 and t.seq = p.doc and (t.sender = $2) is true
        order by p.doc limit 1""",
    "linked_to": _LINKED.format(links="link l", reached=""),
    "linked_to_concerning": _LINKED.format(
        links="""link l cross join document s
            left join delivery d on d.doc = s.seq and d.recipient = $4""",
        reached=" and s.seq = l.doc and (s.sender = $4 or d.doc is not null)",
    ),
    "delivery": f"""
        select {DELIVERY} from document t cross join delivery d
        where t.id = $1 and d.doc = t.seq and d.recipient = $2""",
    "deliveries": f"""
        select {DELIVERY} from delivery d cross join document t
        where d.doc = $1 and t.seq = d.doc order by d.recipient""",
    "events": f"select {EVENT} from event e where e.doc = $1 order by e.seq",
    "stream": f"""
        select {EVENT} from event e
        where e.addressee = $1 and e.addressee <> '' and e.seq > $2 order by e.seq limit $3""",
    # From each day that was counted to the next: one descent per day and agency.
    "counts": """
        with recursive counted(day) as (
            select (select t.day from tally t where t.day >= $1 order by t.day limit 1)
            union all
            select (select t.day from tally t where t.day > counted.day order by t.day limit 1)
            from counted where counted.day < $2
        )
        select t.agency, t.day, t.metric, t.n
        from counted cross join unnest($3::text[]) w(agency) cross join lateral (
            select t.* from tally t where t.day = counted.day and t.agency = w.agency offset 0
        ) t
        where t.day <= $2 and t.n <> 0
        order by t.agency, t.day, t.metric""",
    "counts_of_all": """
        select t.agency, t.day, t.metric, t.n from tally t
        where t.day between $1 and $2 and t.n <> 0
        order by t.agency, t.day, t.metric""",
    # Grouped where the rows are: a year of the nation is a few hundred thousand.
    "sums": """
        select w.no, t.agency, t.metric, sum(t.n)::bigint
        from unnest($1::bigint[], $2::bigint[], $3::bigint[]) w(no, first, last)
        cross join tally t where t.day between w.first and w.last and t.metric = any($4::text[])
        group by w.no, t.agency, t.metric""",
    "counted": "select c.family, c.seq, c.day from counted c",
    "counted_days": f"""
        select (select t.day from tally t where t.day > {STANDING} order by t.day limit 1),
            (select t.day from tally t where t.day > {STANDING} order by t.day desc limit 1),
            (select t.day from tally t where t.day > {STANDING} and t.metric in {CARRIED}
                order by t.day desc limit 1)""",
    # What waits is counted already; only the oldest is looked for, one descent per lane.
    "queues": f"""
        select a.code, {_standing(_T.WAITING)}, {_standing(_T.OFFERED)}, {_standing(_T.PARKED)},
            (select t.recorded_at from (
                select min((
                    select d.doc from delivery d
                    where d.recipient = a.code and d.urgency = u.urgency and d.transport < 2
                    order by d.no limit 1
                )) as doc from unnest(array{list(tables.URGENCIES)}::smallint[]) u(urgency)
            ) first cross join document t where t.seq = first.doc)
        from agency a order by a.code""",
    "agencies": f"select {rows.columns(tables.agency, 'a')} from agency a order by a.code",
    "certificates": f"""
        select {rows.columns(tables.certificate, "c")} from certificate c
        order by c.agency, c.fingerprint""",
    "client": f"select {rows.columns(tables.client, 'c')} from client c where c.id = $1",
    "audit_log": f"""
        select {rows.columns(tables.audit, "a")} from audit a order by a.no desc limit $1""",
    "refusals": f"""
        select {rows.columns(tables.refusal, "r")} from refusal r order by r.no desc limit $1""",
}


async def ask(driver: Driver, query: str, *values: object) -> list[Any]:
    """The rows of ``QUERIES[query]``."""
    found: list[Any] = await driver.fetch(QUERIES[query], *values)
    return found


async def linked_to(
    driver: Driver, sender: str, document_id: str, agency: str, limit: int
) -> Linked:
    if agency:
        found = await ask(driver, "linked_to_concerning", sender, document_id, limit, agency)
    else:
        found = await ask(driver, "linked_to", sender, document_id, limit)
    listed = tuple((row[-2], document_from(row)) for row in found)
    return Linked(listed, found[0][-1] if found else 0)


async def _documents(
    driver: Driver, kept: DocumentsKept, seqs: Collection[int]
) -> Mapping[int, Document]:
    """The documents with these numbers, from memory where they were met before."""
    known = dict(kept.get(seqs, lambda _: ()))
    missing = [seq for seq in seqs if seq not in known]
    if missing:
        fresh = [document_from(row) for row in await ask(driver, "documents", missing)]
        kept.keep(fresh)
        known.update((document.seq, document) for document in fresh)
    return known


async def with_documents(
    driver: Driver, kept: DocumentsKept, found: Sequence[Delivery]
) -> list[Row]:
    """Deliveries as rows of a list."""
    documents = await _documents(driver, kept, {d.doc for d in found})
    return [Row(delivery, documents[delivery.doc]) for delivery in found]


async def inbox(
    driver: Driver,
    kept: DocumentsKept,
    recipient: str,
    after: Mapping[int, int],
    limit: int,
    transports: Sequence[int],
) -> list[Row]:
    # In one statement: what moves from one state to another meanwhile is seen once.
    walk = LANES.get(frozenset(map(Transport, transports))) or _INBOX.format(
        states=f"d.transport in ({', '.join(str(int(state)) for state in transports)})"
    )
    behind = [after.get(urgency, 0) for urgency in tables.URGENCIES]
    page = await driver.fetch(walk, recipient, tables.URGENCIES, behind, limit)
    return await marked(driver, await with_documents(driver, kept, list(map(delivery_from, page))))


async def stream(
    driver: Driver, kept: DocumentsKept, addressee: str, after: int, limit: int
) -> list[tuple[Event, Document]]:
    found = [event_from(row) for row in await ask(driver, "stream", addressee, after, limit)]
    documents = await _documents(driver, kept, {e.doc for e in found})
    return [(event, documents[event.doc]) for event in found]


async def counts(
    driver: Driver, agencies: Sequence[str] | None, first_day: int, last_day: int
) -> list[tuple[str, int, str, int]]:
    if (first_day, last_day) != (STANDING, STANDING):
        # A span of days holds flows; what stands now is asked for by itself.
        first_day = max(first_day, STANDING + 1)
    if agencies is None:
        found = await ask(driver, "counts_of_all", first_day, last_day)
    else:
        found = await ask(driver, "counts", first_day, last_day, sorted(set(agencies)))
    return [(agency, day, metric, n) for agency, day, metric, n in found]


async def sums(
    driver: Driver, spans: Sequence[tuple[int, int]], metrics: Collection[str]
) -> list[tuple[int, str, str, int]]:
    firsts = [max(first, STANDING + 1) for first, _ in spans]
    lasts = [last for _, last in spans]
    found = await ask(driver, "sums", range(len(spans)), firsts, lasts, list(metrics))
    return [tuple(row) for row in found]


async def counted(driver: Driver) -> Counted:
    ((first, last, carried),) = await ask(driver, "counted_days")
    since = {family: Since(seq, day) for family, seq, day in await ask(driver, "counted")}
    return Counted(first, last, carried, since)


async def queues(driver: Driver) -> list[Queue]:
    found = [
        Queue(code, waiting or 0, offered or 0, parked or 0, oldest)
        for code, waiting, offered, parked, oldest in await ask(driver, "queues")
    ]
    return [queue for queue in found if queue.waiting or queue.offered or queue.parked]
