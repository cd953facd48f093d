"""What the deliveries of a shadow came to, beside each other's times.

Revision 0006, after 0005. No job before it was a shadow, so nothing is told of any item.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    text = sa.Text()
    if op.get_bind().dialect.name == "postgresql":
        # Ordered by its bytes, as all text since 0002.
        text = sa.Text(collation="C")
    column = sa.Column("compared", text, nullable=False, server_default=sa.text("''"))
    op.add_column("replay_item", column)


def downgrade() -> None:
    """Forget the shadows, which an older axis does not know."""
    op.execute("delete from replay_item where job in (select id from replay where kind = 'shadow')")
    op.execute("delete from replay where kind = 'shadow'")
    op.drop_column("replay_item", "compared")
