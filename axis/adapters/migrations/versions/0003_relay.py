"""How far each lane is published, and by whom.

Revision 0003, after 0002. Nothing counts as published: what was told before went out behind the
commits, and nobody can say what of it was lost. The relay tells all of it once more, and readers
drop what they have.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LEASES = ("lane", "lease", "relay")


def upgrade() -> None:
    """Make the tables of the relay, empty, and an index over what changes published numbers."""
    text = sa.Text()
    if op.get_bind().dialect.name == "postgresql":
        # Ordered by its bytes, as all text since 0002.
        text = sa.Text(collation="C")
    op.create_table(
        "lane",
        sa.Column("recipient", text, primary_key=True),
        sa.Column("urgency", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lease",
        sa.Column("recipient", text, primary_key=True),
        sa.Column("owner", text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "relay",
        sa.Column("owner", text, primary_key=True),
        sa.Column("seen_until", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    changing = sa.text("kind in ('parked', 'reset', 'withdrawn')")
    op.create_index(
        "event_of_change",
        "event",
        ["recipient", "seq"],
        sqlite_where=changing,
        postgresql_where=changing,
    )


def downgrade() -> None:
    """Forget what is published."""
    op.drop_index("event_of_change", "event")
    for name in _LEASES:
        op.drop_table(name)
