"""Wake-ups between the processes that share one database: NOTIFY and LISTEN.

A message names recipients and nothing else: the store is the truth. It is told within the
transaction of its group (``PostgresBus.tell``, handed to the store), so it is heard when the group
is committed, and only then, whatever becomes of the process that wrote it; or by ``publish``, for
a bus whose store tells nothing. One's own listeners are woken in memory.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Final

import structlog

from axis.adapters.listeners import Listeners
from axis.adapters.postgres_server import Driver, Server, failures_told
from axis.core.commands import Outcome
from axis.core.errors import Unavailable
from axis.core.facts import Changes
from axis.core.retry import Backoff
from axis.core.topic import Topic
from axis.flows.members import DIRECTORY
from axis.flows.telling import topics_of
from axis.ports import BusAway, Listener, Watch

log = structlog.get_logger()

#: PostgreSQL takes messages shorter than this.
MESSAGE_BYTES_MAX: Final = 8000
#: Topics of one message: some 20 bytes each.
MESSAGE_TOPICS_MAX: Final = 250
#: A connection that says nothing may be gone without a sign; it is asked this often.
HEARTBEAT_S: Final = 10.0

_TELL: Final = "select pg_notify($1::text, m) from unnest($2::text[]) m"


class PostgresBus:
    """``axis.ports.Bus`` on one channel: that of the run. ``run`` must be running.

    Without it a process hears of its own groups only, and looks again now and then.
    """

    def __init__(self, server: Server, *, store_tells: bool = False) -> None:
        """``store_tells``: the store was handed ``tell``, so ``publish`` need not."""
        self._server = server
        self._store_tells = store_tells
        self._local = Listeners()
        self._listening: Driver | None = None
        self._heard: list[str] = []
        self._news = asyncio.Event()

    # ---- telling ------------------------------------------------------------------------------

    def tell(self, outcomes: Sequence[Outcome], changes: Changes) -> list[str]:
        """The messages of a group: who has something to look for after it."""
        return self._messages({*topics_of(outcomes), *_directory(changes)})

    async def publish(self, topics: Sequence[Topic]) -> None:
        """Wake the listeners here, and tell the other processes unless the store has done it.

        No topic at all asks whether the bus is there. Raises ``BusAway``.
        """
        self._wake(topics)
        if not topics:
            if self._listening is None:
                raise BusAway("no connection listens to the database")
        elif not self._store_tells:
            try:
                async with self._server.reading() as driver:
                    await driver.fetch(_TELL, self._server.schema, self._messages(topics))
            except Unavailable as error:
                raise BusAway("the database does not answer") from error

    def _messages(self, topics: Iterable[Topic]) -> list[str]:
        ordered = sorted(topics)
        messages = []
        for start in range(0, len(ordered), MESSAGE_TOPICS_MAX):
            part = ordered[start : start + MESSAGE_TOPICS_MAX]
            inboxes = [code for code, statuses in part if not statuses]
            message = json.dumps([self._origin, inboxes, [c for c, statuses in part if statuses]])
            assert len(message) < MESSAGE_BYTES_MAX
            messages.append(message)
        return messages

    @property
    def _origin(self) -> int:
        """What names this process among those that listen; 0 when it does not."""
        return 0 if self._listening is None else int(self._listening.get_server_pid())

    # ---- listening ----------------------------------------------------------------------------

    def listen(self, recipient: str, *, statuses: bool) -> AbstractContextManager[Listener]:
        """Subscribe to one topic."""
        return self._local.listen(Topic(recipient, statuses))

    def watch(self) -> AbstractContextManager[Watch]:
        """Subscribe to every topic."""
        return self._local.watch()

    async def run(self) -> None:
        """Hear what other processes tell, for ever; a connection that is lost is made again."""
        backoff, attempt = Backoff(first_s=0.1, most_s=5.0), 0
        while True:
            try:
                async with self._connected() as driver:
                    attempt = 0
                    # What was told while nobody listened is lost.
                    self._local.tell_all()
                    while not driver.is_closed():
                        await self._hear(driver)
            except Unavailable:
                log.warning("bus away", action="bus.away")
            attempt += 1
            await asyncio.sleep(backoff.delay_s(attempt, random.random()))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Driver]:
        def heard(_driver: Driver, _pid: int, _channel: str, message: str) -> None:
            self._heard.append(message)
            self._news.set()

        def ended(_driver: Driver) -> None:
            self._news.set()

        with failures_told():
            driver = await self._server.connect()
            try:
                driver.add_termination_listener(ended)
                await driver.add_listener(self._server.schema, heard)
                self._listening = driver
                yield driver
            finally:
                self._listening = None
                driver.terminate()

    async def _hear(self, driver: Driver) -> None:
        """Wait for messages, or for the end of the connection, and wake whom they name."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._news.wait()
        except TimeoutError:
            await driver.execute("select 1")
        self._news.clear()
        messages, self._heard = self._heard, []
        for message in messages:
            named = _named(message)
            if named is None:
                # Whoever may use the database may say something here, another axis too.
                log.warning("strange message", action="bus.strange", message=message[:200])
                self._local.tell_all()
            elif named[0] != self._origin:
                self._wake(named[1])

    def _wake(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            self._local.tell(topic)


def _named(message: str) -> tuple[object, set[Topic]] | None:
    """Who tells, and of which topics; None where it is no message of ours."""
    try:
        origin, inboxes, statuses = json.loads(message)
        topics = {Topic(code, statuses=False) for code in inboxes}
        return origin, topics | {Topic(code, statuses=True) for code in statuses}
    except (ValueError, TypeError, RecursionError):
        return None


def _directory(changes: Changes) -> set[Topic]:
    changed = changes.agencies or changes.certificates
    return {Topic(DIRECTORY, statuses=False)} if changed else set()
