"""The machine's clock and its source of ids."""

from __future__ import annotations

import os
import secrets
import time

from ulid import ULID

from axis.core.timetable import MICROSECONDS, day_number, day_of_number, day_start_us

#: As many numbers of chance go with one time of the day.
_CHANCES = 10_000_000_000


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

    def number(self, now: int) -> int:
        """A number for a document of an office without a book of its numbers.

        The time of the day as a clock in Viet Nam shows it (143205), then ten digits of chance:
        time alone gives two packages of one instant the same name, and the axis refuses the
        second. Sixteen digits at most, where a CodeNumber has room for twenty.
        """
        second = (now - day_start_us(day_of_number(day_number(now)))) // MICROSECONDS
        clock = second // 3600 * 10_000 + second // 60 % 60 * 100 + second % 60
        return clock * _CHANCES + secrets.randbelow(_CHANCES)
