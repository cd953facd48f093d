"""One PostgreSQL database: how connections are set up, how long they may wait, what errors mean.

PostgreSQL 14 or newer, reached directly or through a pooler that keeps sessions: statements are
prepared, and notices come to the session that listens.

The engine (SQLAlchemy) owns the connections; questions are put to the driver's own connection,
which costs a third of the time. ``Patience`` says how long a process that is stopped may hold
what it has locked, and how long a server that says nothing is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from axis.books import UnfitBooks
from axis.core.errors import Unavailable, unavailable
from axis.settings import LIVE

log = structlog.get_logger()

#: A connection of the driver (``asyncpg.Connection``).
Driver = Any

#: Seconds until a connection stands; on one network it takes milliseconds.
CONNECT_S: Final = 5.0
#: Milliseconds in which a client (over TCP) must take what it is sent. One that is stopped for ever
#: would keep the messages of everybody else from being forgotten.
DEAF_MS: Final = 60_000
#: Connections that read pages; they stay, since making one costs as much as a hundred pages. While
#: all are busy a reader waits ``CONNECT_S`` for one.
READERS: Final = 8
#: Connections of the relay, made when it first needs them.
RELAYING: Final = 4

#: Classes (and single ones) of SQLSTATE that are the world's fault and not ours: connections,
#: logins, a standby or a database that is gone, deadlocks, a right that was not granted, no room,
#: stopped by somebody, broken.
_WORLD: Final = ("08", "25006", "25P03", "28", "3D", "40", "42501", "53", "55P03", "57", "58", "XX")
_DISK_FULL: Final = "53100"
#: What a new connection is told on a full disk, for which the server has no code: it cannot leave
#: the cache that connections begin with. Such words are not translated.
_NO_ROOM: Final = "could not write init file"

#: Plans follow the order in which a query is written, by the indexes it was written for. Otherwise
#: new books would be read by the plans of empty tables until somebody analyses them, and a plan
#: that changes in the middle of a day is an outage.
_PLANS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_memoize": "off",
    "jit": "off",
}

#: A migration is planned as the server thinks best, and waits for whoever uses the books.
_MIGRATING: Final = {name: "on" for name in _PLANS if name.startswith("enable_")} | {
    "plan_cache_mode": "auto",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "60000",
}
#: Seconds; rewriting the largest table of a nation's books takes minutes.
MIGRATION_S_MAX: Final = 3600.0

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may last. Milliseconds; kept by the server, ``answer_s`` by this process."""

    #: One statement: a search through years may take seconds, a group takes milliseconds.
    statement_ms: int = 20_000
    #: A wait for the lock of the books: longer than ``idle_ms``, so that a holder who is stopped
    #: is gone before anybody gives up.
    lock_ms: int = 6_000
    #: A transaction in which nothing is said: its process is stopped, or far away and gone. One
    #: that is alive says something every few milliseconds.
    idle_ms: int = 3_000
    #: A transaction that has the lock of the books, whatever it is doing.
    held_ms: int = 15_000
    #: A recount reads in pages and holds no lock; between two of them its process may be busy.
    idle_history_ms: int = 60_000
    #: A server that says nothing at all: its machine or the network is gone.
    answer_s: float = 25.0


PATIENCE: Final = Patience()


class Server:
    """Connections to the books of one run: a schema of one database."""

    def __init__(self, url: str, run: str = LIVE, patience: Patience = PATIENCE) -> None:
        """Nothing is opened yet. ``url`` is what libpq takes (``postgresql://...``)."""
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self.schema = schema_of(run)
        self.patience = patience
        self._writing = self._engine(pool_size=1)
        self._reading = self._engine(pool_size=READERS)
        self._relaying = self._engine(pool_size=RELAYING)
        self._recounting = self._engine(pool_size=1, max_overflow=-1)

    async def connect(
        self, settings: Mapping[str, str] = _NOTHING, *, answer_s: float | None = None
    ) -> Driver:
        """A connection of one's own, not watched by anybody; raises what the driver raises, and
        ``UnfitBooks`` where the address says what driver or server do not understand.
        """
        patience = self.patience
        try:
            return await asyncpg.connect(
                self._url,
                timeout=CONNECT_S,
                command_timeout=answer_s or patience.answer_s,
                server_settings={
                    "application_name": "axis",
                    "search_path": self.schema,
                    # Promise 1, whatever the server's own default is.
                    "synchronous_commit": "on",
                    # Each statement must see what was committed while the lock was waited for.
                    "default_transaction_isolation": "read committed",
                    "statement_timeout": str(patience.statement_ms),
                    "lock_timeout": str(patience.lock_ms),
                    "idle_in_transaction_session_timeout": str(patience.idle_ms),
                    "tcp_user_timeout": str(DEAF_MS),
                    **_PLANS,
                    **settings,
                },
            )
        except ValueError as error:
            raise _unfit(error) from error
        except asyncpg.PostgresError as error:
            if (error.sqlstate or "").startswith(_WORLD):
                raise
            raise _unfit(error) from error

    def _engine(self, **pool: Any) -> AsyncEngine:
        async def connect(*_: object, **__: object) -> Driver:
            # The address goes to the driver alone, so no log or message can show its password.
            # What a server says that comes up, is full or stops, SQLAlchemy would make its own.
            with failures_told():
                return await self.connect()

        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            pool_timeout=CONNECT_S,
            **({"max_overflow": 0} | pool),
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Driver]:
        """The one connection that writes; ask for it once at a time."""
        async with _held(self._writing) as driver:
            yield driver

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Driver]:
        """A connection for questions, each a transaction of its own."""
        async with _held(self._reading) as driver:
            yield driver

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[Driver]:
        """A connection of the relay's: its pages are large, and no poll waits behind one."""
        async with _held(self._relaying) as driver:
            yield driver

    @asynccontextmanager
    async def recounting(self) -> AsyncIterator[Driver]:
        """A connection for what takes minutes; nobody else waits for it."""
        async with _held(self._recounting) as driver:
            yield driver

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may wait and last as long as it takes."""

        async def connect(*_: object, **__: object) -> Driver:
            with failures_told():
                return await self.connect(_MIGRATING, answer_s=MIGRATION_S_MAX)

        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=connect, poolclass=NullPool
        )
        try:
            with failures_told(), _drivers_own():
                async with engine.begin() as connection:
                    yield connection
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Close every connection that nobody uses; idempotent."""
        for engine in (self._writing, self._reading, self._relaying, self._recounting):
            # A server that is gone says no goodbye; the end of this process is one as well.
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await engine.dispose()


def schema_of(run: str) -> str:
    """The schema that holds the books of a run: each run is a world of its own."""
    return "axis" if run == LIVE else f"axis_{run.replace('-', '_')}"


@asynccontextmanager
async def _held(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """A connection of the engine's; one on which anything failed is not used again."""
    with failures_told():
        async with engine.connect() as held:
            driver: Driver = (await held.get_raw_connection()).driver_connection
            if driver.is_closed():
                # It was lost while nobody used it: the next one may well stand.
                await held.invalidate()
                driver = (await held.get_raw_connection()).driver_connection
            try:
                yield driver
            except BaseException:
                # Whatever it was in the middle of, the server ends when it notices.
                driver.terminate()
                await held.invalidate()
                raise


@contextmanager
def _drivers_own() -> Iterator[None]:
    """Raise what the driver raised, and not what SQLAlchemy makes of it."""
    try:
        yield
    except DBAPIError as error:
        raise (error.orig and error.orig.__cause__) or error from error


@contextmanager
def failures_told() -> Iterator[None]:
    """Raise ``Unavailable`` where the server or the way to it fails; our own bugs pass as they are.

    A connection that breaks in the middle of a call is one of asyncpg's own errors, of the
    system's, or of uvloop's, which raises ``RuntimeError`` for a socket that has just closed.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        if not (error.sqlstate or "").startswith(_WORLD):
            raise
        full = error.sqlstate == _DISK_FULL or _NO_ROOM in str(error)
        raise _away(error, full=full) from error
    except (asyncpg.InterfaceError, RuntimeError) as error:
        if "closed" not in str(error):
            raise
        raise _away(error) from error
    except (OSError, PoolTimeoutError, asyncpg.InternalClientError) as error:
        raise _away(error) from error


def _unfit(error: Exception) -> UnfitBooks:
    return UnfitBooks(f"The database cannot be reached as AXIS_DATABASE says: {error}.")


def _away(error: Exception, *, full: bool = False) -> Unavailable:
    log.warning("store away", action="store.failed", error=f"{type(error).__name__}: {error}")
    return unavailable("axis.disk_full" if full else "axis.store_away")
