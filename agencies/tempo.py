"""The time of a run that passes at a given speed, or not at all: then everything is due at once."""

from __future__ import annotations

import asyncio

from axis.core.timetable import MICROSECONDS


class Tempo:
    """It begins with the first moment that is waited for.

    ``speed`` is times as fast as it happened, None without any wait. Behind ``until_us``
    (microseconds UTC of the run) nobody waits any more.
    """

    def __init__(self, speed: float | None, until_us: int = 2**62) -> None:
        self._speed = speed
        self._until_us = until_us
        self._begun: tuple[float, int] | None = None

    async def due(self, at_us: int) -> None:
        """Wait until the run's time has come to ``at_us``."""
        if self._speed is None or at_us >= self._until_us:
            return
        now_s = asyncio.get_running_loop().time()
        if self._begun is None:
            self._begun = now_s, at_us
        begun_s, first_us = self._begun
        passed_s = (at_us - first_us) / MICROSECONDS / self._speed
        await asyncio.sleep(max(0.0, begun_s + passed_s - now_s))
