"""The books as the first release keeps them.

Revision 0001, after nothing. It spells out every table: what ``axis.adapters.tables`` says may
change later, what this step made may not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables, empty: the last number given is 0, the first package goes to segment 1."""
    _directory()
    _documents()
    _deliveries()
    _events()
    _logs()
    op.execute(sa.text("insert into head (id, seq, segment, segment_end) values (1, 0, 1, 0)"))


def downgrade() -> None:
    """Drop all tables."""
    for name in (
        *("refusal", "audit", "tally", "event", "delivery", "link", "document", "package"),
        *("client", "certificate", "agency", "head"),
    ):
        op.drop_table(name)


def _directory() -> None:
    op.create_table(
        "agency",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name_vi", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("certainty", sa.Text, nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "certificate",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("not_after", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("der", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
    )


def _documents() -> None:
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("segment_end", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "package",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("doc", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "document",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("urgency", sa.SmallInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("recipients", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("links", sa.Text, nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
    )
    op.create_index("document_by_id", "document", ["id"], unique=True)
    name = ["sender", "document_id", "kind", "sha256"]
    op.create_index("document_by_name", "document", name, unique=True)
    op.create_table(
        "link",
        sa.Column("sender", sa.Text, primary_key=True),
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("doc", sa.BigInteger, primary_key=True),
        sa.Column("relation", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("doc", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("urgency", sa.SmallInteger, nullable=False),
        sa.Column("no", sa.BigInteger, nullable=False),
        sa.Column("transport", sa.SmallInteger, nullable=False),
        sa.Column("business", sa.SmallInteger, nullable=False),
        sa.Column("request", sa.SmallInteger, nullable=False),
        sa.Column("said", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.CheckConstraint("urgency between 0 and 4", name="delivery_urgency"),
        sqlite_with_rowid=False,
    )
    lane = ["recipient", "urgency", "no"]
    op.create_index("delivery_lane", "delivery", lane, unique=True)
    for name, where in (("delivery_open", "transport < 2"), ("delivery_parked", "transport = 3")):
        op.create_index(
            name, "delivery", lane, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("doc", sa.BigInteger, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("addressee", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("event_by_doc", "event", ["doc"])
    addressed = sa.text("addressee <> ''")
    op.create_index(
        "event_by_addressee",
        "event",
        ["addressee", "seq"],
        sqlite_where=addressed,
        postgresql_where=addressed,
    )
    op.create_table(
        "tally",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("metric", sa.Text, primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def _logs() -> None:
    op.create_table(
        "audit",
        sa.Column("no", _NUMBER, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "refusal",
        sa.Column("no", _NUMBER, primary_key=True),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
