"""How long whoever waits may see nothing move: what is slow ends, what stands still is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Patience:
    """Of all who wait for one thing: what moves for one of them moves for those behind it."""

    def __init__(self) -> None:
        #: How long each may see nothing move. In the order of their coming, as a set has none.
        self._scopes: dict[asyncio.Timeout, float] = {}
        self._moved_s = float("-inf")

    @asynccontextmanager
    async def scope(self, still_s_max: float) -> AsyncIterator[None]:
        """Raises ``TimeoutError`` when nothing has moved for so many seconds."""
        async with asyncio.timeout(still_s_max) as scope:
            self._scopes[scope] = still_s_max
            try:
                yield
            finally:
                del self._scopes[scope]

    def moved(self) -> None:
        """Something moved."""
        self._moved_s = asyncio.get_running_loop().time()
        for scope, still_s_max in self._scopes.items():
            # One that expires in this very turn is past saving.
            if not scope.expired():
                scope.reschedule(self._moved_s + still_s_max)

    def moved_within(self, seconds: float) -> bool:
        """Whether anything moved lately."""
        return asyncio.get_running_loop().time() < self._moved_s + seconds
