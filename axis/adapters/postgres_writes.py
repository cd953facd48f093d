"""Write what a group changes, all of it in one statement.

Every table that changes is one step of it, fed by one array for each column. Steps see the books
as they were before the statement, and none of them needs to see another: a delivery that is
created and moved in one group is written once, as it stands at the end.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, SmallInteger, Table, Text

from axis.adapters import postgres_tables, replay_rows, replay_tables, rows, tables
from axis.adapters.postgres_server import Driver
from axis.core.directory import Agency, Client
from axis.core.facts import Changes
from axis.core.trust import Certificate
from axis.ports import REFUSALS_KEPT_MAX

#: The types of arrays that the driver knows without asking the server.
_SQL_TYPES: Final = {
    BigInteger: "bigint",
    Boolean: "boolean",
    Integer: "integer",
    LargeBinary: "bytea",
    SmallInteger: "integer",
    Text: "text",
}


def _given(table: Table, names: Sequence[str]) -> str:
    """The arrays of some columns, as rows; %s stands where the number of a parameter belongs."""
    types = [_SQL_TYPES[type(table.columns[name].type)] for name in names]
    return f"unnest({', '.join(f'%s::{one}[]' for one in types)})"


def _insert(table: Table, end: str = "", without: Iterable[str] = ()) -> str:
    """Insert rows in the order given; ``without`` names columns the database fills itself."""
    names = [column.name for column in table.columns if column.name not in without]
    return (
        f"insert into {table.name} ({', '.join(names)}) select * from {_given(table, names)} {end}"
    )


_KEEP: Final = "on conflict do nothing"
_RENEW: Final = """on conflict (id) do update
    set secret_sha256 = excluded.secret_sha256, renewed_at = excluded.renewed_at"""
_DELIVERY_KEY: Final = ("doc", "recipient")
_DELIVERY_STATE: Final = (
    *("transport", "business", "request", "said", "reason", "attempt"),
    *("again", "arrived_at"),
)
_REWOUND: Final = ("recipient", "urgency", "published")
_HANDED: Final = ("attempt", "handed", "word", "job", "no")
_SKIPPED: Final = ("skipped", "job", "no")
_VERDICT: Final = ("word", "compared", "job", "no")
_HEARD: Final = ("handed", "word", "doc", "recipient", "attempt")
_AGENCY: Final = tuple(column.name for column in tables.agency.columns)

#: What a group may do, in the order in which it is done. All plans are under test.
STEPS: Final = {
    # The same bytes may have come under another name.
    "content": _insert(postgres_tables.content, _KEEP),
    "package": _insert(tables.package),
    "document": _insert(tables.document),
    # A package may name a document twice; that links it once.
    "link": _insert(tables.link, _KEEP),
    "created": _insert(tables.delivery),
    "updated": f"""
        update delivery d set {", ".join(f"{name} = w.{name}" for name in _DELIVERY_STATE)}
        from {_given(tables.delivery, _DELIVERY_STATE + _DELIVERY_KEY)}
            w({", ".join(_DELIVERY_STATE + _DELIVERY_KEY)})
        where d.doc = w.doc and d.recipient = w.recipient""",
    "event": _insert(tables.event),
    "tally": _insert(
        tables.tally,
        "on conflict (day, agency, metric) do update set n = tally.n + excluded.n",
    ),
    "agency": _insert(
        tables.agency,
        "on conflict (code) do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in _AGENCY[1:]),
    ),
    "enrol_agency": _insert(tables.agency, _KEEP),
    "certificate": _insert(
        tables.certificate,
        "on conflict (fingerprint) do update set revoked_at = excluded.revoked_at",
    ),
    "enrol_certificate": _insert(tables.certificate, _KEEP),
    "client": _insert(tables.client, _RENEW),
    "enrol_client": _insert(tables.client, f"{_RENEW} where client.renewed_at is null"),
    "rewound": f"""
        update lane l set published = least(l.published, w.published)
        from {_given(tables.lane, _REWOUND)} w({", ".join(_REWOUND)})
        where l.recipient = w.recipient and l.urgency = w.urgency""",
    "job": _insert(
        replay_tables.replay,
        "on conflict (id) do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in replay_rows.JOB_NAMES[1:]),
    ),
    "item": _insert(replay_tables.replay_item),
    "handed": f"""
        update replay_item i set attempt = w.attempt, handed = w.handed, word = w.word
        from {_given(replay_tables.replay_item, _HANDED)} w({", ".join(_HANDED)})
        where i.job = w.job and i.no = w.no""",
    "skipped": f"""
        update replay_item i set skipped = w.skipped
        from {_given(replay_tables.replay_item, _SKIPPED)} w({", ".join(_SKIPPED)})
        where i.job = w.job and i.no = w.no""",
    "heard": f"""
        update replay_item i set handed = greatest(i.handed, w.handed),
            word = case when w.word = '' then i.word else w.word end
        from {_given(replay_tables.replay_item, _HEARD)} w({", ".join(_HEARD)})
        where i.doc = w.doc and i.recipient = w.recipient and i.attempt = w.attempt
            and i.attempt <> 0""",
    "verdict": f"""
        update replay_item i set word = w.word, compared = w.compared
        from {_given(replay_tables.replay_item, _VERDICT)} w({", ".join(_VERDICT)})
        where i.job = w.job and i.no = w.no""",
    "forget_items": """
        delete from replay_item i using replay r
        where r.stage = 'planned' and r.planned_at < %s::bigint and i.job = r.id""",
    "forget_jobs": """
        delete from replay r where r.stage = 'planned' and r.planned_at < %s::bigint""",
    "audit": _insert(tables.audit, without=["no"]),
    "refusal": _insert(tables.refusal, without=["no"]),
    # Counted on from before this statement, whose own lines it does not see.
    "forget": f"""
        delete from refusal where no <= (
            select r.no from refusal r order by r.no desc limit 1
        ) + %s::bigint - {REFUSALS_KEPT_MAX}""",
    "head": "update head set seq = %s::bigint where id = 1",
}

#: Told to whoever listens, once and only when the group is committed.
_TELL: Final = "select pg_notify(%s::text, payload) from unnest(%s::text[]) payload"

#: The values of a step: a tuple for each row, or the parameters of a step that has none.
Rows = Iterable[rows.Values]


@cache
def statement(done: tuple[str, ...], *, told: bool) -> str:
    """The SQL that does the steps named, all at once, and tells of them."""
    steps = ", ".join(f"{name}_step as ({STEPS[name]})" for name in done)
    sql, number = f"with {steps} {_TELL if told else 'select 1'}", 0
    while "%s" in sql:
        number += 1
        sql = sql.replace("%s", f"${number}", 1)
    return sql


async def write(
    driver: Driver, changes: Changes, channel: str = "", told: Sequence[str] = ()
) -> None:
    """Write ``changes`` (not empty), and tell ``channel`` the messages once they are committed."""
    documents = changes.documents
    await _run(
        driver,
        {
            "content": list(changes.bodies.items()),
            # Bytes lie in a row of their own here, and not in a segment.
            "package": [(d.sha256, d.seq, d.size, 0, 0) for d in documents],
            "document": list(map(rows.document_values, documents)),
            "link": [row for d in documents for row in rows.link_values(d)],
            "created": list(map(rows.delivery_values, changes.created.values())),
            "updated": list(map(rows.delivery_update, changes.updated.values())),
            "event": list(map(rows.event_values, changes.events)),
            "tally": [(day, a, metric, n) for (a, day, metric), n in changes.tally.items() if n],
            "agency": list(map(rows.agency_values, changes.agencies.values())),
            "certificate": list(map(rows.certificate_values, changes.certificates.values())),
            "client": list(map(rows.client_values, changes.clients)),
            # As relays advance them: in another order each may hold what the other waits for.
            "rewound": sorted((*lane, reach) for lane, reach in changes.rewound.items()),
            "job": list(map(replay_rows.job_values, changes.jobs.values())),
            "item": replay_rows.item_values(changes),
            "handed": replay_rows.handed_values(changes),
            "skipped": [(code, job, no) for job, no, code in changes.skipped],
            "heard": replay_rows.heard_values(changes),
            "verdict": replay_rows.verdict_values(changes),
            "audit": list(map(rows.audit_values, changes.audits)),
            "refusal": list(map(rows.refusal_values, changes.refusals)),
        },
        {
            "forget": len(changes.refusals),
            "forget_items": replay_rows.forgotten_before(changes),
            "forget_jobs": replay_rows.forgotten_before(changes),
            "head": changes.seq if changes.events else 0,
        },
        channel,
        told,
    )


async def enrol(
    driver: Driver,
    agencies: Iterable[Agency],
    certificates: Iterable[Certificate],
    clients: Iterable[Client],
) -> None:
    """Set up the directory: what is there stays, but for secrets that no operator renewed."""
    # One statement may not touch a row twice.
    newest = {client.id: client for client in clients}
    await _run(
        driver,
        {
            "enrol_agency": list(map(rows.agency_values, agencies)),
            "enrol_certificate": list(map(rows.certificate_values, certificates)),
            "enrol_client": list(map(rows.client_values, newest.values())),
        },
    )


async def _run(
    driver: Driver,
    tables_of: Mapping[str, Sequence[rows.Values]],
    numbers: Mapping[str, int] = MappingProxyType({}),
    channel: str = "",
    told: Sequence[str] = (),
) -> None:
    """Do every step for which there are values."""
    arrays = {name: zip(*many, strict=True) for name, many in tables_of.items() if many}
    single = {name: number for name, number in numbers.items() if number}
    done = (*arrays, *single)
    if not done:
        return
    values: list[object] = [column for columns in arrays.values() for column in columns]
    values += single.values()
    if told:
        values += [channel, told]
    await driver.fetch(statement(done, told=bool(told)), *values)
