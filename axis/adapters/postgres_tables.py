"""The tables of the books on PostgreSQL: those of ``tables`` and ``replay_tables``, and one for the
package bytes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text

from axis.adapters import replay_tables, tables

metadata: Final = MetaData()
assert replay_tables.replay.metadata is tables.metadata
for _table in tables.metadata.sorted_tables:
    _table.to_metadata(metadata)

#: Package bytes by their digest. Every process on every machine can read them, and they are as
#: durable as the rows that speak of them: they come in the same transaction. Stored as they are:
#: most of a package is base64 of what is compressed already.
content = Table(
    "content",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
