"""What PostgreSQL needs besides: package bytes as rows, and text ordered by its bytes.

Revision 0002, after 0001. In SQLite nothing changes: its bytes lie in segments, and it orders
text by bytes anyway.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: The text columns of 0001.
_TEXTS = {
    "agency": ("code", "name_vi", "name_en", "kind", "level", "certainty"),
    "certificate": ("fingerprint", "agency"),
    "client": ("id", "secret_sha256", "roles"),
    "package": ("sha256",),
    "document": (
        *("id", "sender", "unit", "document_id", "sha256"),
        *("recipients", "verdict", "links", "meta"),
    ),
    "link": ("sender", "document_id", "relation"),
    "delivery": ("recipient", "reason"),
    "event": ("kind", "recipient", "actor", "code", "addressee", "body"),
    "tally": ("agency", "metric"),
    "audit": ("actor", "act", "target", "why"),
    "refusal": ("caller", "code", "place", "sentence", "sha256"),
}


def upgrade() -> None:
    """Order text by its bytes whatever the database's locale is, and make room for packages."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in _TEXTS.items():
        changes = ", ".join(f'alter column {name} type text collate "C"' for name in columns)
        op.execute(sa.text(f"alter table {table} {changes}"))
    op.create_table(
        "content",
        sa.Column("sha256", sa.Text(collation="C"), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    # Trying to compress what is compressed costs more than writing it.
    op.execute(sa.text("alter table content alter column body set storage external"))


def downgrade() -> None:
    """Forget the package bytes; the order of text may stay."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("content")
