"""How far a played day is: a bar at a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from axis.cli import screen

#: Seconds between two lines where there is no terminal.
LINE_EVERY_S = 5.0


class Watch:
    """A context manager that shows how far things are; ``goals`` says how far they will get."""

    def __init__(self, goals: Mapping[str, int], monotonic: Callable[[], float]) -> None:
        self._goals = goals
        self._monotonic = monotonic
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._next_line_s = monotonic() + LINE_EVERY_S

    def __enter__(self) -> Self:
        console = screen.console()
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description:<9}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[time]}"),
                console=console,
            )
            for name, goal in self._goals.items():
                self._tasks[name] = self._bars.add_task(name, total=goal, time="")
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show(self, done: Mapping[str, int], time: str) -> None:
        """``time`` is the hour of the day that is played."""
        if self._bars is not None:
            for name, task in self._tasks.items():
                self._bars.update(task, completed=done[name], time=time)
        elif self._monotonic() >= self._next_line_s:
            self._next_line_s = self._monotonic() + LINE_EVERY_S
            parts = [
                f"{name} {screen.number(done[name])}/{screen.number(goal)}"
                for name, goal in self._goals.items()
            ]
            self.say(f"{time}  {', '.join(parts)}")

    def say(self, text: str) -> None:
        """A line beside the bars."""
        if self._bars is not None:
            self._bars.console.print(screen.line(text), markup=False, highlight=False)
        else:
            screen.say(text)
