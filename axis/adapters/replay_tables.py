"""The tables of replay jobs: beside the books (``tables``), and written with them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text, text

from axis.adapters.tables import metadata

_RUNNING = text("stage = 'running'")
_HANDED = text("attempt <> 0")

#: Replay jobs (``axis.core.replay.Job``); ``told`` is JSON. Few run at a time.
replay = Table(
    "replay",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("total", "cursor", "rate", "stop_percent")
    ),
    *(Column(name, BigInteger, nullable=False) for name in ("planned_at", "begun_at", "ended_at")),
    Column("owner", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("actor", "why", "ending", "told")),
    Index("replay_by_agency", "agency", "planned_at"),
    Index("replay_running", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    sqlite_with_rowid=False,
)

#: The deliveries of each job. ``attempt`` is which of a delivery's attempts the job began, 0 until
#: it did: by it whatever is heard of that attempt is found. ``word`` is the last thing heard, or
#: what a shadow came to; ``compared`` (JSON) is told with that.
replay_item = Table(
    "replay_item",
    metadata,
    Column("job", Text, primary_key=True),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("doc", BigInteger, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("handed", SmallInteger, nullable=False),
    Column("word", Text, nullable=False),
    Column("skipped", Text, nullable=False),
    Column("compared", Text, nullable=False, server_default=text("''")),
    Index(
        "replay_item_handed",
        "doc",
        "recipient",
        "attempt",
        sqlite_where=_HANDED,
        postgresql_where=_HANDED,
    ),
    sqlite_with_rowid=False,
)
