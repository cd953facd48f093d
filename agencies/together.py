"""Several things done side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def together(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Return when all are done; the first that fails ends the others."""
    async with asyncio.TaskGroup() as tasks:
        for job in jobs:
            tasks.create_task(job)
