"""The machine's clock and its source of ids."""

from __future__ import annotations

import os
import time

from ulid import ULID


class SystemClock:
    """Wall time that never goes back within a process."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Microseconds UTC."""
        self._last = max(self._last, time.time_ns() // 1000)
        return self._last


class SystemIds:
    """ULIDs: their first part is the time, so a span of time is a span of ids."""

    def document(self, now: int) -> str:
        """``doc_<ULID>``."""
        milliseconds = (now // 1000).to_bytes(6, "big")
        return f"doc_{ULID(milliseconds + os.urandom(10))}"
