"""A process that is dead as soon as it is there: real ones take real time."""

from __future__ import annotations

import asyncio


class Ended:
    """Stands for an ``asyncio.subprocess.Process`` that ended with ``code``."""

    pid = 0

    def __init__(self, code: int) -> None:
        self.returncode = code
        self.stdout = asyncio.StreamReader()
        self.stdout.feed_eof()
        self.stdin = self

    async def wait(self) -> int:
        await asyncio.sleep(0)
        return self.returncode

    def close(self) -> None:
        """Its standard input."""
