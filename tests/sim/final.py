"""Read the books through the doors once everything has come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sim.history import Final
from tests.sim.session import Session, read_json

#: Rows of a page: small, so that the cursors have to work.
_PAGE_ROWS = 7


async def collect(operator: Session, agencies: Mapping[str, Session]) -> Final:
    """What every agency and an operator can see at the end."""
    inboxes = {code: await _inbox(session) for code, session in agencies.items()}
    packages = {row["doc"]: row["sender"] for rows in inboxes.values() for row in rows}
    return Final(
        inboxes=inboxes,
        views={
            doc: await _get(agencies[sender], f"/v1/documents/{doc}")
            for doc, sender in packages.items()
        },
        counts=await _get(operator, "/v1/counts"),
        audit=await _get(operator, "/v1/operator/audit"),
        refusals=tuple(
            (await _get(operator, "/v1/operator/refusals", {"limit": 1000}))["refusals"]
        ),
    )


async def _inbox(session: Session) -> tuple[Mapping[str, Any], ...]:
    rows: list[Mapping[str, Any]] = []
    after = ""
    while True:
        query = {"state": "all", "limit": _PAGE_ROWS, "after": after}
        page = await _get(session, "/v1/inbox", query)
        if not page["deliveries"]:
            return tuple(rows)
        rows += page["deliveries"]
        after = page["next"]


async def _get(
    session: Session, path: str, query: Mapping[str, object] | None = None
) -> dict[str, Any]:
    return read_json(await session.insist("GET", path, query=query))
