"""The deliveries of a replay job, page by page through its door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from axis.cli.door import Door
from axis.core.replay import DELIVERIES_MAX

#: Deliveries of one page.
PAGE_ROWS: Final = 1000


def items_of(door: Door, path: str) -> list[Mapping[str, Any]]:
    """All of them, in the job's order; ``path`` is that of the job."""
    found: list[Mapping[str, Any]] = []
    after = 0
    while len(found) < DELIVERIES_MAX:
        page = door.get(f"{path}/deliveries", after=after, limit=PAGE_ROWS).json
        found += page["deliveries"]
        if len(page["deliveries"]) < PAGE_ROWS:
            break
        after = page["next"]
    return found
