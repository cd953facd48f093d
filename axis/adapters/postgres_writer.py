"""The writer's half of the PostgreSQL store: decide a group and write it as one transaction.

Four short round trips: take the lock of the books (the one row of ``head``), load, write, commit.
Whoever holds the lock is the only one who writes, in all processes, so the order of numbers is the
order of commits. What is remembered between groups says itself whether another process has written
since (``postgres_facts.Known``), and after any failure all of it is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import asyncpg
import structlog

from axis.adapters import postgres_writes
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.postgres_facts import Known, load
from axis.adapters.postgres_server import Driver, Server
from axis.core.commands import Command, Outcome
from axis.core.decide import decide
from axis.core.directory import Agency, Client
from axis.core.errors import unavailable
from axis.core.facts import Changes, wants
from axis.core.trust import Certificate

log = structlog.get_logger()

#: What to tell the other processes of a group: messages for the channel of the run.
Tell = Callable[[Sequence[Outcome], Changes], Sequence[str]]

#: A standby says so too.
_READ_ONLY: Final = "select current_setting('transaction_read_only')::boolean"
_LOCK: Final = "select 1 from head where id = 1 for update"
#: Times the lock is waited for: ``Patience.lock_ms`` each, longer than anybody may hold it.
_TRIES: Final = 3

#: End the sessions that have held the lock of the books for longer than $1 milliseconds. Whoever
#: waits for it has asked for a lock that was not granted; who holds it has not.
_END_HOLDERS: Final = """
    select count(pg_terminate_backend(l.pid))
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.relation = 'head'::regclass and l.mode = 'RowShareLock' and l.pid <> pg_backend_pid()
        and l.database = (select oid from pg_database where datname = current_database())
        and a.xact_start < clock_timestamp() - $1::bigint * interval '1 millisecond'
        and not exists (select from pg_locks w where w.pid = l.pid and not w.granted)"""


def tell_nobody(_outcomes: Sequence[Outcome], _changes: Changes) -> Sequence[str]:
    """Tell nothing: some other bus does."""
    return ()


class Writer:
    """Applies the groups of this process, one after the other."""

    def __init__(self, server: Server, kept: DocumentsKept, tell: Tell) -> None:
        self._server = server
        self._kept = kept
        self._tell = tell
        self._known = Known()
        self._turn = asyncio.Lock()

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide and write a group. Raises ``Unavailable``; the outcome is unknown then."""
        async with self._turn, self._server.writing() as driver:
            known, self._known = self._known, Known()
            outcomes, changes = await self._group(driver, commands, known)
            self._known = known
        self._kept.keep(changes.documents)
        return outcomes

    async def _group(
        self, driver: Driver, commands: Sequence[Command], known: Known
    ) -> tuple[list[Outcome], Changes]:
        wanted = wants(commands)
        await self._begin(driver)
        facts = await load(driver, wanted, known)
        outcomes, changes = decide(facts, commands)
        if changes.empty:
            await driver.execute("rollback")
            return outcomes, changes
        told = self._tell(outcomes, changes)
        await postgres_writes.write(driver, changes, self._server.schema, told)
        await driver.execute("commit")
        known.seq = changes.seq or known.seq
        known.lanes.update(changes.lanes)
        return outcomes, changes

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        """Set up the directory. Raises ``Unavailable``."""
        async with self._turn, self._server.writing() as driver:
            await self._begin(driver)
            await postgres_writes.enrol(driver, agencies, certificates, clients)
            await driver.execute("commit")

    async def ready(self) -> None:
        """Raises ``Unavailable`` where the connection that writes is none or may only read."""
        async with self._turn, self._server.writing() as driver:
            if await driver.fetchval(_READ_ONLY):
                log.warning("books are read only", action="store.read_only")
                # It is given up with the error, since the next one may be led to another server.
                raise unavailable("axis.store_away")

    async def _begin(self, driver: Driver) -> None:
        """Begin a transaction that holds the lock of the books."""
        patience = self._server.patience
        for tries_left in reversed(range(_TRIES)):
            try:
                # Without parameters it is one message, and nothing is prepared for it.
                await driver.execute(f"begin; {_LOCK}")
                return
            except asyncpg.LockNotAvailableError:
                if not tries_left:
                    raise
                await driver.execute("rollback")
                # The server ends by itself who is idle with the lock; this is for whom it does
                # not see: stopped while it was being answered, say, or a person at a prompt.
                ended = 0
                with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
                    ended = await driver.fetchval(_END_HOLDERS, patience.held_ms)
                log.warning("books held", action="store.held", sessions_ended=ended)
