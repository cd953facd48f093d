"""How much of what callers send and take is held in memory at once: together, and by each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from axis.core.errors import unavailable


class Pool:
    """Bytes that are held for callers. ``share_max`` bounds what one of them holds, so that nobody
    shuts out the others; whoever holds nothing may go beyond it, and beyond ``bytes_max`` when
    nobody else does: whatever its size, everything is served some time.
    """

    def __init__(self, bytes_max: int, share_max: int) -> None:
        self._bytes_max = bytes_max
        self._share_max = share_max
        self._shares: dict[str, int] = {}
        self.held_bytes = 0

    def check(self, caller: str, size: int) -> None:
        """Raises ``axis.busy`` when too much is held already for ``size`` bytes more."""
        held, share = self.held_bytes, self._shares.get(caller, 0)
        if (held and held + size > self._bytes_max) or (share and share + size > self._share_max):
            raise unavailable("axis.busy")

    def take(self, caller: str, size: int) -> None:
        """Count ``size`` bytes more; raises ``axis.busy``."""
        self.check(caller, size)
        self.held_bytes += size
        self._shares[caller] = self._shares.get(caller, 0) + size

    def give(self, caller: str, size: int) -> None:
        """Count ``size`` bytes less; they were taken."""
        self.held_bytes -= size
        left = self._shares.pop(caller, 0) - size
        if left:
            self._shares[caller] = left

    @contextmanager
    def holding(self, caller: str, size: int) -> Iterator[None]:
        """Hold ``size`` bytes as long as this lasts; raises ``axis.busy``."""
        self.take(caller, size)
        try:
            yield
        finally:
            self.give(caller, size)
