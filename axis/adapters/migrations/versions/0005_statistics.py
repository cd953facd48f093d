"""What the statistics count, and since when.

Revision 0005. Nobody counted it before, and the books say so: each family of counters begins behind
the last event, on the day behind the last on which anything was counted. New books need no such
line.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

#: The families that this revision begins (``axis.core.timeliness`` may gain others later).
_FAMILIES = ("signature", "sending", "acceptance")


def upgrade() -> None:
    """Keep when a delivery arrived, and note from where on the families are counted."""
    text = sa.Text()
    if op.get_bind().dialect.name == "postgresql":
        # Ordered by its bytes, as all text since 0002.
        text = sa.Text(collation="C")
    op.add_column("delivery", sa.Column("arrived_at", sa.BigInteger))
    op.create_table(
        "counted",
        sa.Column("family", text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    begun = sa.text(
        "insert into counted (family, seq, day) "
        "select :family, h.seq, (select coalesce(max(t.day), 0) + 1 from tally t) "
        "from head h where h.seq > 0"
    )
    for family in _FAMILIES:
        op.execute(begun.bindparams(family=family))


def downgrade() -> None:
    """Forget since when it is counted; the counters themselves stay."""
    op.drop_table("counted")
    op.drop_column("delivery", "arrived_at")
