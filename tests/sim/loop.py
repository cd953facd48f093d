"""An event loop in virtual time: nobody ever sleeps, the clock jumps to the next timer.

The selector of an asyncio loop is where real time passes. This one never blocks: asked to wait
for so many seconds it moves the clock on by as many. A run is thus as fast as its work, and the
same every time, since neither time nor I/O nor threads come from the machine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, NoReturn, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

#: Turns of the loop without time passing: a whole run has some 100,000, so this is a task that
#: spins and waits for nothing.
TURNS_MAX = 200_000


class Stuck(RuntimeError):
    """Time can never go on: all wait for one another, or somebody spins."""


class _Selector:
    """Has nothing to select: there are no sockets."""

    def __init__(self, advance: Callable[[float | None], None]) -> None:
        self._advance = advance

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        self._advance(timeout)
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Callbacks, timers and tasks as asyncio has them; time is a number."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._turns = 0
        self._thread = threading.get_ident()
        #: What asyncio complains of, such as an exception that nobody looks at.
        self.complaints: list[str] = []
        self.set_exception_handler(lambda _, context: self.complaints.append(repr(context)))
        # Where asyncio.BaseEventLoop looks for it.
        self._selector = _Selector(self._pass)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def _pass(self, timeout: float | None) -> None:
        if timeout is None:
            raise Stuck("nothing is ready and no timer is set")
        if timeout > 0:
            self._now_s += timeout
            self._turns = 0
            return
        self._turns += 1
        if self._turns > TURNS_MAX:
            # The tasks must still be able to end.
            self._turns = 0
            raise Stuck(f"{TURNS_MAX} turns at {self._now_s} s: somebody spins")

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        """Wake the selector: it never sleeps."""

    def call_soon_threadsafe(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Only from the loop's own thread: another one would make runs differ."""
        assert threading.get_ident() == self._thread, "a thread on the simulated path"
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(self, executor: object, func: object, *args: object) -> NoReturn:
        """Forbidden, as above."""
        raise AssertionError(f"{func} would run in a thread")


def run(main: Coroutine[Any, Any, _T]) -> tuple[_T, list[str]]:
    """Run ``main`` in virtual time from 0; its result, and what asyncio complained of."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main), loop.complaints
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
