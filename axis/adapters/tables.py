"""The tables of the books, the same for SQLite and PostgreSQL.

Times are int64 microseconds UTC. ``seq`` is the one internal key: events are numbered in commit
order, and a document bears the number of the event that accepted it. Details are JSON text, empty
where there are none. Append-only: package, document, link, event, audit; the rest moves. Names
are never pruned: the unique index on a document's name is what makes a repeated send safe for ever.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

#: The urgency classes, most urgent first: 4 express at an appointed hour, 0 normal.
URGENCIES: Final = (4, 3, 2, 1, 0)

#: Only a column of exactly this type is SQLite's own row number.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

#: One row: the last number given, and where the last package known to a row ends. Numbering
#: reads and writes it within the transaction, so the order of numbers is the order of commits.
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("segment", Integer, nullable=False),
    Column("segment_end", BigInteger, nullable=False),
)

agency = Table(
    "agency",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_vi", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("certainty", Text, nullable=False),
    Column("locked", Boolean, nullable=False),
)

certificate = Table(
    "certificate",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("der", LargeBinary, nullable=False),
)

client = Table(
    "client",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_sha256", Text, nullable=False),
    Column("roles", Text, nullable=False),
    # When an operator gave it another secret; null where the secret is that of the set-up.
    Column("renewed_at", BigInteger),
)

#: Where the bytes of a document lie: ``start`` is the first byte of their record in the segment.
package = Table(
    "package",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("doc", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("segment", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: ``recipients`` is JSON [[agency, [unit, ...], number in its lane], ...] in the package's order,
#: ``links`` is JSON [[relation, sender, document id], ...].
document = Table(
    "document",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("document_id", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("urgency", SmallInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("meta", Text, nullable=False),
    Index("document_by_id", "id", unique=True),
    Index("document_by_name", "sender", "document_id", "kind", "sha256", unique=True),
)

#: ``document.links`` the other way round: which packages (``doc``) speak of a document.
link = Table(
    "link",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("document_id", Text, primary_key=True),
    Column("doc", BigInteger, primary_key=True),
    Column("relation", Text, primary_key=True),
    sqlite_with_rowid=False,
)

_OPEN = text("transport < 2 or again > 0")
_PARKED = text("transport = 3")

#: Rows lie in the order of documents and not of lanes: what is confirmed and answered in one group
#: was mostly accepted shortly before, so its rows share pages, and half as much log is written. The
#: partial indexes keep rows that are done out of every queue that is read all day; what is given
#: back is in the inbox with what is open. A class outside the known ones would be a delivery no
#: page shows. ``arrived_at`` is empty before it arrived, and of what arrived before that was kept.
delivery = Table(
    "delivery",
    metadata,
    Column("doc", BigInteger, primary_key=True, autoincrement=False),
    Column("recipient", Text, primary_key=True),
    Column("urgency", SmallInteger, nullable=False),
    Column("no", BigInteger, nullable=False),
    Column("transport", SmallInteger, nullable=False),
    Column("business", SmallInteger, nullable=False),
    Column("request", SmallInteger, nullable=False),
    Column("said", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("again", SmallInteger, nullable=False, server_default=text("0")),
    Column("arrived_at", BigInteger),
    CheckConstraint("urgency between 0 and 4", name="delivery_urgency"),
    Index("delivery_lane", "recipient", "urgency", "no", unique=True),
    Index(
        "delivery_open",
        "recipient",
        "urgency",
        "no",
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    Index(
        "delivery_parked",
        "recipient",
        "urgency",
        "no",
        sqlite_where=_PARKED,
        postgresql_where=_PARKED,
    ),
    sqlite_with_rowid=False,
)

_ADDRESSED = text("addressee <> ''")
_CHANGING = text("kind in ('parked', 'reset', 'withdrawn', 'given')")

event = Table(
    "event",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("doc", BigInteger, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("addressee", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("event_by_doc", "doc"),
    Index(
        "event_by_addressee",
        "addressee",
        "seq",
        sqlite_where=_ADDRESSED,
        postgresql_where=_ADDRESSED,
    ),
    Index(
        "event_of_change",
        "recipient",
        "seq",
        sqlite_where=_CHANGING,
        postgresql_where=_CHANGING,
    ),
)

#: How far the lanes of an agency are published: ``urgency`` is a class, -1 for its status stream or
#: -2 for its changes (then ``published`` is the number of an event). Observers have one row, with
#: -3 for all events. Rows are made when a recipient is relayed for the first time; before, nothing
#: is published.
lane = Table(
    "lane",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("urgency", SmallInteger, primary_key=True, autoincrement=False),
    Column("published", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Who publishes an agency's lanes. The row stays when the lease is given up (owner ""), since its
#: epoch must never come again.
lease = Table(
    "lease",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: The relays that live, also those without a lease: each holds its share.
relay = Table(
    "relay",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("seen_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: The day leads: what one group counts, today's flows and what stands, lies on a few pages.
tally = Table(
    "tally",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("agency", Text, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: The families of counters that are not counted from the first event on: those behind ``seq`` are,
#: and ``day`` is the first that is counted whole.
counted = Table(
    "counted",
    metadata,
    Column("family", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("no", _NUMBER, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

#: Bounded, the newest are kept: it says what went wrong lately and is no part of the books.
refusal = Table(
    "refusal",
    metadata,
    Column("no", _NUMBER, primary_key=True),
    Column("caller", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)
