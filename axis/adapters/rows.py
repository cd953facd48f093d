"""Values of the core to rows of the tables and back; column orders are those of the tables."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Table

from axis.adapters import tables
from axis.core.commands import Audit, Refuse
from axis.core.directory import Agency, Client
from axis.core.document import (
    NO_DETAILS,
    Addressee,
    Delivery,
    Details,
    Document,
    Event,
    Link,
    Place,
)
from axis.core.lifecycle import Again, Business, Request, Transport
from axis.core.trust import Certificate

#: One row, as a driver takes it. Drivers are slow with subclasses of int, so enumerations are
#: handed over as plain numbers.
Values = tuple[object, ...]

_TRANSPORT = tuple(Transport)
_BUSINESS = tuple(Business)
_REQUEST = tuple(Request)
_AGAIN = tuple(Again)


def encode(value: object) -> str:
    """The JSON text of a column, or of what a query asks for."""
    return orjson.dumps(value, default=tuple).decode()  # named tuples are tuples


def columns(table: Table, alias: str) -> str:
    """All columns of ``table`` under an alias, for a select."""
    return ", ".join(f"{alias}.{column.name}" for column in table.columns)


def insert(table: Table, without: Iterable[str] = ()) -> str:
    """The SQL that inserts one row; ``without`` names the columns the database fills itself."""
    names = [column.name for column in table.columns if column.name not in without]
    marks = ", ".join("?" * len(names))
    return f"insert into {table.name} ({', '.join(names)}) values ({marks})"


#: What ``document_from`` reads, of ``document t``.
DOCUMENT: Final = columns(tables.document, "t")
#: What ``delivery_from`` reads, of ``delivery d`` and its ``document t``.
DELIVERY: Final = (
    "d.recipient, d.urgency, d.no, d.doc, t.id, t.sender, t.kind, "
    "d.transport, d.business, d.request, d.said, d.reason, d.attempt, d.again, d.arrived_at"
)
#: What is in an inbox, of ``delivery d``: open, or given back. The index stands in these words.
SHOWN: Final = "(d.transport < 2 or d.again > 0)"
#: What ``event_from`` reads, of ``event e``.
EVENT: Final = columns(tables.event, "e")


def _details(details: Details) -> str:
    return encode(dict(details)) if details else ""


def document_values(document: Document) -> Values:
    return (
        document.seq,
        document.id,
        document.sender,
        document.unit,
        document.document_id,
        document.kind,
        document.urgency,
        document.sha256,
        document.size,
        encode([(r.agency, r.units, r.no) for r in document.recipients]),
        document.occurred_at,
        document.recorded_at,
        document.verdict,
        encode([(k.relation, k.sender, k.document_id) for k in document.links])
        if document.links
        else "",
        _details(document.meta),
    )


def document_from(row: Sequence[Any]) -> Document:
    recipients, links, meta = row[9], row[13], row[14]
    return Document(
        seq=row[0],
        id=row[1],
        sender=row[2],
        unit=row[3],
        document_id=row[4],
        kind=row[5],
        urgency=row[6],
        sha256=row[7],
        size=row[8],
        recipients=tuple(
            Addressee(agency, tuple(units), no) for agency, units, no in orjson.loads(recipients)
        ),
        occurred_at=row[10],
        recorded_at=row[11],
        verdict=row[12],
        links=tuple(Link(*link) for link in orjson.loads(links)) if links else (),
        meta=orjson.loads(meta) if meta else NO_DETAILS,
    )


def link_values(document: Document) -> list[Values]:
    return [(link.sender, link.document_id, document.seq, link.relation) for link in document.links]


def delivery_values(delivery: Delivery) -> Values:
    return (delivery.doc, *delivery.place, *_state(delivery))


def delivery_update(delivery: Delivery) -> Values:
    """Values for ``UPDATE_DELIVERY``."""
    return (*_state(delivery), delivery.doc, delivery.place.recipient)


def _state(delivery: Delivery) -> Values:
    return (
        int(delivery.transport),
        int(delivery.business),
        int(delivery.request),
        delivery.said,
        delivery.reason,
        delivery.attempt,
        int(delivery.again),
        delivery.arrived_at,
    )


UPDATE_DELIVERY: Final = (
    "update delivery set transport = ?, business = ?, request = ?, said = ?, reason = ?, "
    "attempt = ?, again = ?, arrived_at = ? where doc = ? and recipient = ?"
)


def delivery_from(row: Sequence[Any]) -> Delivery:
    return Delivery(
        place=Place(row[0], row[1], row[2]),
        doc=row[3],
        doc_id=row[4],
        sender=row[5],
        kind=row[6],
        transport=_TRANSPORT[row[7]],
        business=_BUSINESS[row[8]],
        request=_REQUEST[row[9]],
        said=row[10],
        reason=row[11],
        attempt=row[12],
        again=_AGAIN[row[13]],
        arrived_at=row[14],
    )


def event_values(event: Event) -> Values:
    return (
        event.seq,
        event.kind,
        event.doc,
        event.recipient,
        event.actor,
        event.occurred_at,
        event.recorded_at,
        event.code,
        event.addressee,
        _details(event.body),
    )


def event_from(row: Sequence[Any]) -> Event:
    return Event(
        seq=row[0],
        kind=row[1],
        doc=row[2],
        recipient=row[3],
        actor=row[4],
        occurred_at=row[5],
        recorded_at=row[6],
        code=row[7],
        addressee=row[8],
        body=orjson.loads(row[9]) if row[9] else NO_DETAILS,
    )


def agency_values(agency: Agency) -> Values:
    return (
        agency.code,
        agency.name_vi,
        agency.name_en,
        agency.kind,
        agency.level,
        agency.certainty,
        agency.locked,
    )


def agency_from(row: Sequence[Any]) -> Agency:
    code, name_vi, name_en, kind, level, certainty, locked = row
    return Agency(
        code=code,
        name_vi=name_vi,
        name_en=name_en,
        kind=kind,
        level=level,
        certainty=certainty,
        locked=bool(locked),
    )


def certificate_values(certificate: Certificate) -> Values:
    return (
        certificate.fingerprint,
        certificate.agency,
        certificate.not_before,
        certificate.not_after,
        certificate.revoked_at,
        certificate.der,
    )


def certificate_from(row: Sequence[Any]) -> Certificate:
    fingerprint, agency, not_before, not_after, revoked_at, der = row
    return Certificate(
        agency=agency,
        fingerprint=fingerprint,
        not_before=not_before,
        not_after=not_after,
        revoked_at=revoked_at,
        der=der,
    )


def client_values(client: Client) -> Values:
    return (client.id, client.secret_sha256, encode(client.roles), client.renewed_at)


def client_from(row: Sequence[Any]) -> Client:
    name, secret_sha256, roles, renewed_at = row
    return Client(
        id=name,
        secret_sha256=secret_sha256,
        roles=tuple(orjson.loads(roles)),
        renewed_at=renewed_at,
    )


def audit_values(audit: Audit) -> Values:
    return (audit.actor, audit.act, audit.target, audit.why, audit.now)


def audit_from(row: Sequence[Any]) -> Audit:
    _, actor, act, target, why, now = row
    return Audit(actor=actor, act=act, target=target, why=why, now=now)


def refusal_values(refuse: Refuse) -> Values:
    return (
        refuse.caller,
        refuse.code,
        refuse.place,
        refuse.sentence,
        refuse.sha256,
        refuse.size,
        refuse.now,
    )


def refusal_from(row: Sequence[Any]) -> Refuse:
    _, caller, code, place, sentence, sha256, size, now = row
    return Refuse(
        caller=caller,
        code=code,
        place=place,
        sentence=sentence,
        sha256=sha256,
        size=size,
        now=now,
    )
