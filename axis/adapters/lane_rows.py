"""What the stores of lanes read, in SQL that SQLite and PostgreSQL share."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from typing import Final

from axis.core.record import EVENTS, OBSERVERS, TOLD

#: What ``record.Record`` has, of ``delivery d`` and its ``document t``.
RECORD: Final = (
    "d.recipient, d.urgency, d.no, d.transport, d.attempt, "
    "t.id, t.sender, t.document_id, t.sha256, t.size, t.occurred_at"
)
#: What ``record.Observed`` has, of ``event e`` and its ``document t``.
OBSERVED: Final = (
    "e.seq, e.kind, t.id, t.sender, t.document_id, e.recipient, e.actor, e.code, e.occurred_at"
)
#: What ``lanes.roll_of`` reads: every agency, and who relays for it.
LEASES: Final = (
    "select a.code, s.owner, s.epoch, s.lease_until "
    "from agency a left join lease s on s.recipient = a.code order by a.code"
)
#: The same of the observers; no row where they were never told anything.
OBSERVING: Final = (
    "select s.recipient, s.owner, s.epoch, s.lease_until "
    f"from lease s where s.recipient = '{OBSERVERS}'"
)
#: What ``lanes.Pace`` has of each agency.
PUBLISHED: Final = (
    "select l.recipient, cast(sum(l.published) as bigint) "
    f"from lane l where l.urgency in {TOLD} group by l.recipient"
)
#: Numbers of events are dense: two descents.
UNOBSERVED: Final = f"""
    select coalesce((select e.seq from event e order by e.seq desc limit 1), 0) - coalesce((
        select l.published from lane l
        where l.recipient = '{OBSERVERS}' and l.urgency = {EVENTS}
    ), 0)"""
