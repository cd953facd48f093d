"""Load what a group of commands needs to know, all of it in one round trip.

What is asked for travels as arrays; each kind of want is one array of rows in the answer. The lock
of the books is held by then, so what is read here stays true until the group is written.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from axis.adapters import rows, tables
from axis.adapters.postgres_server import Driver
from axis.adapters.replay_rows import JOB, job_from
from axis.adapters.rows import DELIVERY, DOCUMENT, delivery_from, document_from
from axis.core.commands import TOGETHER_MAX, ByDocument, ById
from axis.core.directory import Agency
from axis.core.document import Delivery, Lane
from axis.core.facts import Facts, Wants

# Joined freely, the server may read all deliveries of a document and leave out those to others.
_ONE_OF_IT: Final = """cross join lateral (
            select d.* from delivery d where d.doc = t.seq and d.recipient = w.recipient offset 0
        ) d"""

#: The SQL of each want: what is wanted comes as ``w``, and the joins are done as they are written.
#: Rows are values, so that one answer holds those of several queries. All plans are under test.
QUERIES: Final = {
    "names": f"""
        select row({DOCUMENT})
        from unnest(%s::text[], %s::text[], %s::text[]) w(sender, document_id, sha256)
        cross join document t
        where t.sender = w.sender and t.document_id = w.document_id
            and (t.kind = 0 or t.sha256 = w.sha256)
        order by t.seq""",
    "places": f"""
        select row({DELIVERY})
        from unnest(%s::text[], %s::bigint[], %s::bigint[]) w(recipient, urgency, no)
        cross join delivery d cross join document t
        where d.recipient = w.recipient and d.urgency = w.urgency and d.no = w.no
            and t.seq = d.doc""",
    "up_to": f"""
        select row({DELIVERY})
        from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
            w(recipient, urgency, above, no)
        cross join lateral (
            select d.* from delivery d
            where d.recipient = w.recipient and d.urgency = w.urgency
                and d.no > w.above and d.no <= w.no and {rows.SHOWN}
            order by d.no limit {TOGETHER_MAX}
        ) d cross join lateral (select t.* from document t where t.seq = d.doc offset 0) t""",
    "by_id": f"""
        select row({DELIVERY})
        from unnest(%s::text[], %s::text[]) w(id, recipient)
        cross join document t {_ONE_OF_IT} where t.id = w.id""",
    "by_document": f"""
        select row({DELIVERY}, t.document_id)
        from unnest(%s::text[], %s::text[], %s::text[]) w(sender, document_id, recipient)
        cross join document t {_ONE_OF_IT}
        where t.sender = w.sender and t.document_id = w.document_id
        order by t.seq""",
    # The order is that of the index: what is open may be all there is, and is still found by it.
    "whole_open": f"""
        select row({DELIVERY})
        from unnest(%s::text[], %s::bigint[], %s::bigint[]) w(recipient, urgency, no)
        cross join lateral (
            select d.* from delivery d
            where d.recipient = w.recipient and (d.urgency, d.no) > (w.urgency, w.no)
                and {rows.SHOWN}
            order by d.urgency, d.no limit {TOGETHER_MAX}
        ) d cross join lateral (select t.* from document t where t.seq = d.doc offset 0) t""",
    "whole_parked": f"""
        select row({DELIVERY})
        from unnest(%s::text[], %s::bigint[], %s::bigint[]) w(recipient, urgency, no)
        cross join lateral (
            select d.* from delivery d
            where d.recipient = w.recipient and (d.urgency, d.no) > (w.urgency, w.no)
                and d.transport = 3
            order by d.urgency, d.no limit {TOGETHER_MAX}
        ) d cross join document t
        where t.seq = d.doc""",
    # The highest numbers of lanes; of those known only when another process has written since.
    "lanes": """
        select row(w.recipient, w.urgency, (
            select d.no from delivery d
            where d.recipient = w.recipient and d.urgency = w.urgency order by d.no desc limit 1
        ))
        from unnest(%s::text[], %s::bigint[], %s::boolean[]) w(recipient, urgency, known)
        where not w.known or h.seq <> $1""",
    "jobs": f"""
        select row({JOB}) from unnest(%s::text[]) w(id) cross join replay r where r.id = w.id""",
    # The whole trust list: a small table.
    "certificates": f"""
        select row({rows.columns(tables.certificate, "c")}) from certificate c
        order by c.agency, c.fingerprint""",
}

#: Changes whenever a row of the directory does, whoever writes it: no transaction's number comes
#: twice among the rows.
_MARK: Final = "select count(*) || ':' || sum(a.xmin::text::bigint) as mark from agency a"
_AGENCIES: Final = f"select row({rows.columns(tables.agency, 'a')}) from agency a"

#: Every row asked for, by query; ``names`` and the like are in the order of the books.
Found = dict[str, list[Any]]


@dataclass(slots=True)
class Known:
    """What the books said when this process wrote last: true as long as nobody else has written."""

    seq: int = -1
    lanes: dict[Lane, int] = field(default_factory=dict)
    #: The directory, true as long as the mark is; any process may change it.
    mark: str = ""
    agencies: dict[str, Agency] = field(default_factory=dict)


@cache
def statement(asked: tuple[str, ...]) -> str:
    """The SQL that answers the queries ``asked``: the number of the books, the directory, arrays.

    $1 is the number that the caller knows, $2 the mark of the directory it knows.
    """
    number, parts = 2, [""]
    for name in asked:
        query = QUERIES[name]
        while "%s" in query:
            number += 1
            query = query.replace("%s", f"${number}", 1)
        parts.append(f"array({query})")
    return f"""
        with directory as materialized ({_MARK})
        select h.seq, m.mark, case when m.mark <> $2::text then array({_AGENCIES}) end
            {", ".join(parts)}
        from head h cross join directory m where $1::bigint is not null"""


async def load(driver: Driver, wants: Wants, known: Known) -> Facts:
    """Return what is wanted, and bring ``known`` up to date. The lock must be held."""
    values: dict[str, list[tuple[Any, ...]]] = {
        "names": list(wants.names),
        "places": list(wants.places),
        "up_to": [(w.recipient, w.urgency, w.above, w.no) for w in wants.up_to],
        "by_id": [(want.doc_id, want.recipient) for want in wants.by_id],
        "by_document": [(w.sender, w.document_id, w.recipient) for w in wants.by_document],
        "whole_open": list(wants.whole),
        "whole_parked": list(wants.whole),
        "lanes": [(*lane, lane in known.lanes) for lane in wants.lanes],
        "jobs": [(job,) for job in wants.jobs],
        "certificates": [()] if wants.certificates else [],
    }
    asked = tuple(name for name, wanted in values.items() if wanted)
    arrays = [column for name in asked for column in zip(*values[name], strict=True)]
    found = await driver.fetchrow(statement(asked), known.seq, known.mark, *arrays)
    seq, mark, agencies, *answers = found
    _learn(known, seq, mark, agencies)
    facts = Facts(seq=seq, agencies=dict(known.agencies))
    _fill(facts, dict(zip(asked, answers, strict=True)), known)
    facts.lanes.update((lane, known.lanes[lane]) for lane in wants.lanes)
    return facts


def _learn(known: Known, seq: int, mark: str, agencies: list[Any] | None) -> None:
    if seq != known.seq:
        known.seq = seq
        known.lanes.clear()
    if agencies is not None:
        known.mark = mark
        known.agencies = {agency.code: agency for agency in map(rows.agency_from, agencies)}


def _fill(facts: Facts, found: Found, known: Known) -> None:
    for row in found.get("names", ()):
        document = document_from(row)
        facts.documents.setdefault((document.sender, document.document_id), []).append(document)
    for recipient, urgency, no in found.get("lanes", ()):
        known.lanes[Lane(recipient, urgency)] = no or 0
    for certificate in map(rows.certificate_from, found.get("certificates", ())):
        facts.certificates[certificate.fingerprint] = certificate
    for job in map(job_from, found.get("jobs", ())):
        facts.jobs[job.id] = job
    for query in ("places", "up_to", "whole_open", "whole_parked"):
        for row in found.get(query, ()):
            _put(facts, delivery_from(row))
    for row in found.get("by_id", ()):
        delivery = _put(facts, delivery_from(row))
        facts.found[ById(delivery.doc_id, delivery.place.recipient)] = delivery.place
    for row in found.get("by_document", ()):
        delivery = _put(facts, delivery_from(row))
        target = ByDocument(delivery.sender, row[-1], delivery.place.recipient)
        facts.named.setdefault(target, []).append(delivery.place)


def _put(facts: Facts, delivery: Delivery) -> Delivery:
    facts.deliveries[delivery.place] = delivery
    return delivery
