"""How far a play of the history is: by month, with the rate and the time left."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Any, Self

from agencies.history.expected import Figures
from axis.cli import screen
from axis.cli.progress import Watch
from axis.core.timetable import month30

GOALS = ("sent", "received")


class HistoryWatch:
    """A context manager that shows days that are finished, and months.

    ``figures`` says how much there is of everything.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._goals = {"sent": figures.documents, "received": figures.deliveries}
        self._watch = Watch(self._goals, time.monotonic)
        self._begun: tuple[float, int] | None = None
        self._month = 0

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._close_month()
        self._watch.__exit__(kind, error, trace)

    def show(self, day: date, told: Mapping[str, Any]) -> None:
        """``day`` has been played, and ``told`` is what was done so far."""
        now_s, sent = time.monotonic(), int(told["sent"])
        if self._begun is None:
            self._begun = now_s, sent
        begun_s, before = self._begun
        passed_s = now_s - begun_s
        rate = (sent - before) / passed_s if passed_s else 0.0
        left = f", {(self._goals['sent'] - sent) / rate:.0f} s left" if rate else ""
        self._watch.show({name: int(told[name]) for name in GOALS}, f"{day}  {rate:.0f}/s{left}")
        month = month30(day)
        # Behind the last day clerks still answer.
        if month != self._month and self._figures.sent_by_month[month]:
            self._close_month()
            self._month = month

    def _close_month(self) -> None:
        if self._month:
            sent = self._figures.sent_by_month[self._month]
            received = self._figures.received_by_month[self._month]
            self._watch.say(
                f"month {self._month:>2}  {screen.number(sent):>7} sent, "
                f"{screen.number(received):>8} received"
            )
