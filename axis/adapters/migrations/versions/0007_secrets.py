"""When an operator gave a client another secret.

Revision 0007, after 0006. Secrets before it came from the folders of the world, and still do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("client", sa.Column("renewed_at", sa.BigInteger))


def downgrade() -> None:
    """Forget it: setting the world up gives clients the secrets of its folders again."""
    op.drop_column("client", "renewed_at")
