"""Replay jobs, and deliveries that are given back.

Revision 0004, after 0003. Nothing is being given back yet. What is given back is in the inbox with
what is open and is published like what is put back, so two partial indexes are made anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OPEN = ("transport < 2", "transport < 2 or again > 0")
_CHANGING = (
    "kind in ('parked', 'reset', 'withdrawn')",
    "kind in ('parked', 'reset', 'withdrawn', 'given')",
)


def upgrade() -> None:
    """Add the column, the tables and their indexes."""
    text = sa.Text()
    if op.get_bind().dialect.name == "postgresql":
        # Ordered by its bytes, as all text since 0002.
        text = sa.Text(collation="C")
    op.add_column(
        "delivery",
        sa.Column("again", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    )
    _index("delivery_open", "delivery", ["recipient", "urgency", "no"], _OPEN[1], anew=True)
    _index("event_of_change", "event", ["recipient", "seq"], _CHANGING[1], anew=True)
    numbers = ("total", "cursor", "rate", "stop_percent", "planned_at", "begun_at", "ended_at")
    op.create_table(
        "replay",
        sa.Column("id", text, primary_key=True),
        *(sa.Column(name, text, nullable=False) for name in ("agency", "kind", "stage")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in numbers),
        sa.Column("owner", text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("epoch", "lease_until")),
        *(sa.Column(name, text, nullable=False) for name in ("actor", "why", "ending", "told")),
        sqlite_with_rowid=False,
    )
    op.create_index("replay_by_agency", "replay", ["agency", "planned_at"])
    _index("replay_running", "replay", ["id"], "stage = 'running'")
    op.create_table(
        "replay_item",
        sa.Column("job", text, primary_key=True),
        sa.Column("no", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("doc", sa.BigInteger, nullable=False),
        sa.Column("recipient", text, nullable=False),
        sa.Column("done_at", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("handed", sa.SmallInteger, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("word", "skipped")),
        sqlite_with_rowid=False,
    )
    _index("replay_item_handed", "replay_item", ["doc", "recipient", "attempt"], "attempt <> 0")


def _index(name: str, table: str, columns: list[str], where: str, *, anew: bool = False) -> None:
    if anew:
        op.drop_index(name, table)
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Forget the jobs; what was being given back is done, as it was before."""
    op.drop_table("replay_item")
    op.drop_table("replay")
    _index("event_of_change", "event", ["recipient", "seq"], _CHANGING[0], anew=True)
    _index("delivery_open", "delivery", ["recipient", "urgency", "no"], _OPEN[0], anew=True)
    op.drop_column("delivery", "again")
