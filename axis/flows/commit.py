"""Group commit: gather what requests want written and apply it as one group.

While one group is being made durable the next gathers, so a lone request waits for nobody and a
crowd shares one fsync. The batching lives here and not in a store, so every store and the
simulation run it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from axis.core.commands import TOGETHER_MAX, Accept, Command, Lock, Move, Outcome, UpTo
from axis.core.errors import AxisError, unavailable
from axis.core.job_commands import Drive
from axis.ports import Store

log = structlog.get_logger()

#: Commands in one group: one of 512 costs half of one of 64 for each, since neighbours share
#: counters and pages of the tables, and the writer's pause stays some ten milliseconds.
GROUP_COMMANDS_MAX = 512
#: Deliveries that the commands of a group may speak of together, though a lone command may speak of
#: more: each is read, decided and written, while others wait for the books. Sixty recipients that
#: confirm a thousand each at once were a group of 60,000, which PostgreSQL gave up after seconds.
GROUP_DELIVERIES_MAX = 2_000
#: Package bytes in one group: 200 documents of 20 kB; larger ones go nearly alone.
GROUP_BYTES_MAX = 2 * 1024 * 1024
#: Bytes and commands that may wait for the store. Past it a caller is told to come back: memory
#: is bounded, and a queue this long already means more than a second of waiting.
QUEUE_COMMANDS_MAX = 20_000
QUEUE_BYTES_MAX = 64 * 1024 * 1024

#: Groups begin at least this far apart, unless one is full: a group costs a millisecond of CPU
#: whatever is in it, so a stream of small requests is written in fewer, larger ones. A request
#: that comes after a pause does not wait.
GATHER_S = 0.001
#: What nobody waits for joins the next group, and makes one of its own only after so long.
ASIDE_S = 0.02

Announce = Callable[[Sequence[Outcome]], None]


@dataclass(slots=True)
class _Entry:
    commands: Sequence[Command]
    size: int
    deliveries: int
    future: asyncio.Future[list[Outcome]]


class Committer:
    """The one way into the store for everything that writes."""

    def __init__(self, store: Store, announce: Announce) -> None:
        self._store = store
        self._announce = announce
        self._queue: deque[_Entry] = deque()
        self._commands = 0
        self._bytes = 0
        self._more = asyncio.Event()
        self._aside: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Commands waiting to be written."""
        return self._commands

    def put_aside(self, commands: Sequence[Command]) -> None:
        """Queue commands that nobody waits for; otherwise as ``submit``."""
        self._put(commands)
        if self._commands >= GROUP_COMMANDS_MAX:
            self._more.set()
        elif self._aside is None:
            self._aside = asyncio.get_running_loop().call_later(ASIDE_S, self._more.set)

    def _put(self, commands: Sequence[Command]) -> asyncio.Future[list[Outcome]]:
        """Queue commands, kept together and in order; the future brings their outcomes."""
        size = sum(len(c.body) for c in commands if isinstance(c, Accept))
        full = self._commands + len(commands) > QUEUE_COMMANDS_MAX
        if self._queue and (full or self._bytes + size > QUEUE_BYTES_MAX):
            raise unavailable("axis.busy")
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._queue.append(_Entry(commands, size, sum(map(_deliveries, commands)), future))
        self._commands += len(commands)
        self._bytes += size
        return future

    async def submit(self, commands: Sequence[Command]) -> list[Outcome]:
        """Write commands and wait until they are durable; one outcome each.

        Raises ``Unavailable`` when the outcome is unknown or nothing was done (``axis.busy`` when
        too much is waiting). A caller that is cancelled while waiting takes nothing back.
        """
        future = self._put(commands)
        self._more.set()
        return await future

    async def run(self) -> None:
        """Apply groups for ever; cancelling stops between groups or leaves one to the store."""
        loop = asyncio.get_running_loop()
        begun = loop.time() - GATHER_S
        while True:
            await self._more.wait()
            full = self._commands >= GROUP_COMMANDS_MAX
            # At least one turn of the loop: requests that are ready now join this group.
            await asyncio.sleep(0 if full else max(0.0, begun + GATHER_S - loop.time()))
            begun = loop.time()
            group = self._take()
            commands = [command for entry in group for command in entry.commands]
            try:
                outcomes = await self._store.apply(commands)
            except Exception as error:
                self._fail(group, error)
                continue
            self._answer(group, outcomes)
            self._announce(outcomes)

    def _take(self) -> list[_Entry]:
        group: list[_Entry] = []
        commands = size = deliveries = 0
        while self._queue:
            entry = self._queue[0]
            over = (
                commands + len(entry.commands) > GROUP_COMMANDS_MAX
                or deliveries + entry.deliveries > GROUP_DELIVERIES_MAX
                or size + entry.size > GROUP_BYTES_MAX
            )
            if group and over:
                break
            group.append(self._queue.popleft())
            commands += len(entry.commands)
            deliveries += entry.deliveries
            size += entry.size
        self._commands -= commands
        self._bytes -= size
        if not self._queue:
            self._more.clear()
            if self._aside is not None:
                self._aside.cancel()
                self._aside = None
        return group

    def _answer(self, group: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
        assert len(outcomes) == sum(len(entry.commands) for entry in group)
        start = 0
        for entry in group:
            end = start + len(entry.commands)
            if not entry.future.done():
                entry.future.set_result(list(outcomes[start:end]))
            start = end

    def _fail(self, group: Sequence[_Entry], error: Exception) -> None:
        if not isinstance(error, AxisError):
            log.error("group not written", action="commit.failed", exc_info=error)
        for entry in group:
            if not entry.future.done():
                entry.future.set_exception(error)
                # A posted group need not be awaited; asyncio should not complain of it then.
                entry.future.exception()


def _deliveries(command: Command) -> int:
    """How many deliveries a command may speak of."""
    match command:
        case Accept():
            return len(command.recipients)
        case Move():
            return sum(TOGETHER_MAX if isinstance(t, UpTo) else 1 for t in command.targets)
        case Lock():
            return TOGETHER_MAX
        case Drive():
            return len(command.items)
        case _:
            return 1
