"""The two servers of the large form, which can be killed, stopped and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from axis import cluster
from axis.adapters.postgres_server import schema_of
from axis.broker import jars
from axis.broker.node import NotStarted
from axis.broker.properties import free_port
from axis.cluster import Cluster
from tests.acceptance.conftest import alive
from tests.kafka import Broker
from tests.nemesis.member import family
from tests.nemesis.network import Host
from tests.postgres import required

BROKER_PORT, CONTROLLER_PORT = 19092, 19093
#: Seconds in which sessions of a killed server are gone, and a question is answered.
GONE_S_MAX, ASK_S_MAX = 60.0, 5.0
LOOK_S, BREATH_S = 0.02, 0.004

_SESSIONS = "select pid from pg_stat_activity where application_name = 'axis' order by random()"
_WRITERS = """
    select pid from pg_stat_activity
    where application_name = 'axis' and (state like 'idle in %' or query ~ '^(begin|commit)')
    order by random()"""
_HOLDS = """
    select count(*) > 0 from pg_locks
    where pid = $1 and relation = $2::regclass and mode = 'RowShareLock' and granted"""


class _Server:
    """What both have in common: a start that takes its time."""

    def __init__(self) -> None:
        # It lives as long as the run: the end of who started a server ends PostgreSQL.
        self._thread = ThreadPoolExecutor(1)
        self._starting: Future[None] | None = None

    def start(self) -> None:
        """Start it; it answers on return."""
        raise AssertionError("each has its own")

    def start_aside(self) -> None:
        """Begin to start it: after a crash it looks through all that it has first."""
        self._starting = self._thread.submit(self.start)

    @property
    def starting(self) -> bool:
        """Whether it does not answer yet. Raises what its start raises."""
        if self._starting is None:
            return False
        if not self._starting.done():
            return True
        self.there()
        return False

    def there(self) -> None:
        """Return when it answers. Raises what its start raises."""
        if self._starting is not None:
            starting, self._starting = self._starting, None
            starting.result()


class Postgres(_Server):
    """A PostgreSQL server on a host. This process reaches it by its socket, the axes over TCP where
    they are on other hosts.
    """

    def __init__(self, host: Host, run: str) -> None:
        super().__init__()
        self._host = host
        self._head = f"{schema_of(run)}.head"
        self._cluster = Cluster(required(), listen=host.address if host.apart else "")
        self.url = self._cluster.url
        self.url_elsewhere = (
            f"postgresql://axis@{host.address}/postgres" if host.apart else self.url
        )

    def start(self) -> None:
        """Start it; it answers on return."""
        with self._host.inside():
            self._cluster.start()

    def kill(self) -> None:
        """``kill -9`` of the server and all its sessions; they are gone on return."""
        self.there()
        if self._cluster.process is None:
            return
        pids = family(self._cluster.process.pid)
        for pid in pids:
            _send(pid, signal.SIGKILL)
        self._cluster.end(signal.SIGKILL)
        # Its memory is free for the next one when the last session is gone.
        deadline = time.monotonic() + GONE_S_MAX
        while any(map(alive, pids)):
            if time.monotonic() > deadline:
                raise TimeoutError("sessions of a killed PostgreSQL do not end")
            time.sleep(LOOK_S)

    def stop_session(self, *, writing: bool) -> int:
        """SIGSTOP a session of an axis, with ``writing`` one that holds the lock of the books; its
        process id, 0 when none was found.
        """
        try:
            return asyncio.run(self._stop_session(writing=writing))
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return 0

    async def _stop_session(self, *, writing: bool) -> int:
        connection = await asyncpg.connect(self.url, timeout=ASK_S_MAX)
        try:
            deadline = time.monotonic() + ASK_S_MAX
            while time.monotonic() < deadline:
                for (pid,) in await connection.fetch(_WRITERS if writing else _SESSIONS):
                    _send(pid, signal.SIGSTOP)
                    if not writing or await connection.fetchval(_HOLDS, pid, self._head):
                        return int(pid)
                    _send(pid, signal.SIGCONT)
                # It works for milliseconds and rests for longer: another moment, another chance.
                await asyncio.sleep(BREATH_S)
            return 0
        finally:
            connection.terminate()

    def resume(self, pid: int) -> None:
        """SIGCONT a session; it may have been killed meanwhile."""
        if pid:
            _send(pid, signal.SIGCONT)

    def remove(self) -> None:
        """End it, and forget its data."""
        with contextlib.suppress(cluster.NotStarted):
            self.there()
        self.kill()
        self._cluster.remove()


class Kafka(_Server):
    """A broker on a host."""

    def __init__(self, host: Host, folder: Path) -> None:
        super().__init__()
        self._host = host
        jars.install()
        port = BROKER_PORT if host.apart else free_port()
        overrides = {}
        if host.apart:
            controller = f"127.0.0.1:{CONTROLLER_PORT}"
            overrides = {
                "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://{controller}",
                "advertised.listeners": f"PLAINTEXT://{host.address}:{port},CONTROLLER://{controller}",
                "controller.quorum.bootstrap.servers": controller,
            }
        self._broker = Broker(folder, port, overrides)
        self.bootstrap = f"{host.address}:{port}"

    def start(self) -> None:
        """Start it; it answers on return."""
        with self._host.inside():
            self._broker.start()

    def kill(self) -> None:
        """``kill -9``."""
        self._broker.kill()

    def stop(self) -> None:
        """SIGSTOP."""
        _send(self._broker.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        _send(self._broker.pid, signal.SIGCONT)

    def end(self) -> None:
        """End it gently, if it is there."""
        with contextlib.suppress(NotStarted):
            self.there()
        if self._broker.process is not None and self._broker.process.poll() is None:
            self.resume()
            self._broker.stop()


@contextmanager
def kept(books: Host, bus: Host, folder: Path, run: str) -> Iterator[tuple[Postgres, Kafka]]:
    """Both, started, until the end of the block; whatever happens, nothing is left running.

    Raises ``Missing`` and ``NotStarted`` of ``axis.broker`` and ``axis.cluster``.
    """
    postgres = Postgres(books, run)
    try:
        postgres.start()
        kafka = Kafka(bus, folder)
        try:
            kafka.start()
            yield postgres, kafka
        finally:
            kafka.end()
    finally:
        postgres.remove()


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
