"""What the processes of a play hold in memory, month by month: it should stay as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from agencies.load.processes import family, memory_mb
from axis.cli import screen

#: Months that are compared: the first with everything warm, and the last.
EARLY, LATE = 2, 11


@dataclass
class Memory:
    """Looks at the end of each day, when what a day needs has been let go of.

    By process and month of 30 days the resident MB seen, of all that came from the process.
    """

    _seen: dict[str, dict[int, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def look(self, month: int, pids: Mapping[str, int | None]) -> None:
        """Take a sample of each process that is there, by name."""
        for name, pid in pids.items():
            # One may end meanwhile; where there is no /proc nothing is told.
            with suppress(OSError, StopIteration):
                members = family(pid) if pid is not None else []
                if members:
                    self._seen[name][month].append(sum(map(memory_mb, members)))

    def by_month(self) -> list[dict[str, Any]]:
        """Of each month the median of its days, MB, by process."""
        months = sorted({month for days in self._seen.values() for month in days})
        return [
            {
                "month": month,
                **{
                    name: round(median(days[month]), 1)
                    for name, days in self._seen.items()
                    if month in days
                },
            }
            for month in months
        ]


def growth(by_month: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """By process the memory of the late month as a multiple of that of the early one, where both
    were played.
    """
    months = {row["month"]: row for row in by_month}
    early, late = months.get(EARLY, {}), months.get(LATE, {})
    both = (name for name in names(by_month) if name in early and name in late)
    return {name: round(late[name] / early[name], 3) for name in both}


def names(by_month: Sequence[Mapping[str, Any]]) -> list[str]:
    """The processes of which something is known."""
    return list(dict.fromkeys(name for row in by_month for name in row if name != "month"))


def show(by_month: Sequence[Mapping[str, Any]]) -> None:
    """Print what is known of several months; of one alone nothing can be compared."""
    if len(by_month) < 2:
        return
    processes = names(by_month)
    screen.table(
        ("month", *(f"{name}, MB" for name in processes)),
        [(row["month"], *(row.get(name, "") for name in processes)) for row in by_month],
    )
    for name, times in growth(by_month).items():
        screen.say(f"In month {LATE} {name} held {times:.2f} times what it held in month {EARLY}.")
