"""One node that is broker and controller in one: formatted, started, waited for, stopped.

It listens on loopback, with a small heap and small internal topics, so that it starts in a second
or two and leaves the machine to others. Its life hangs on this process by the kernel's own means
where there are such (Linux): should this process be killed, the broker gets a SIGTERM.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ctypes
import fcntl
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from axis.broker.jars import HERE, Jars
from axis.broker.properties import LOOPBACK, free_port, write
from axis.ending import end_gently

DATA = "data"
#: Seconds a broker may take to answer; it needs two, and minutes after a crash with much to check.
START_S_MAX = 120.0
#: Seconds it may take to stop; a leash (``axis.leash``) ends its process after fifteen.
STOP_S_MAX = 9.0
#: Seconds a folder may be held by a broker whose keeper has gone.
HELD_S_MAX = 3.0
#: How often it is asked whether it answers.
LOOK_S = 0.05
ASK_S = 2.0
LAST_WORDS = 12

#: A laptop's sizes. Upstream's defaults (1 GB, 50 partitions of offsets) are for a machine of its
#: own; the serial collector costs two cores less than G1. Only the quick compiler, which every
#: method comes by first: the slow one keeps a core busy for the first minutes of a broker, and most
#: of ours live no longer.
HEAP = (
    *("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "-Djava.awt.headless=true",
)


class NotStarted(Exception):
    """The broker did not come up; the message quotes its last words."""


@asynccontextmanager
async def running(
    jars: Jars, folder: Path, port: int = 0, overrides: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Node]:
    """A broker that answers, until the end of the block. Port 0 takes a free one.

    ``overrides`` are broker properties that replace or add to ``PROPERTIES``.
    Raises ``NotStarted``; whatever happens, nothing is left running.
    """
    folder.mkdir(parents=True, exist_ok=True)
    node = Node(jars, folder, port or free_port())
    with (folder / "lock").open("ab") as lock:
        await _alone(lock, folder)
        if _taken(node.port):
            raise NotStarted(f"{node.bootstrap} is in use.")
        write(node.properties, node.port, folder / DATA, overrides)
        try:
            await node.start(lock.fileno())
            yield node
        finally:
            await node.stop()


async def _alone(lock: IO[bytes], folder: Path) -> None:
    """Hold the folder: two brokers would write one log, and Kafka's own lock comes too late.

    One whose keeper was killed is about to end.
    """
    deadline = time.monotonic() + HELD_S_MAX
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise NotStarted(f"another broker holds {folder}.") from None
        await asyncio.sleep(LOOK_S)


@dataclass
class Node:
    """A broker whose books and log lie in ``folder``. Made by ``running``."""

    jars: Jars
    folder: Path
    port: int
    #: Seconds from the start of the process to its first answer.
    started_s: float = 0.0
    _process: asyncio.subprocess.Process | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.folder / "broker.log"

    @property
    def properties(self) -> Path:
        """Its configuration, written anew at each start."""
        return self.folder / "server.properties"

    @property
    def pid(self) -> int:
        """The process id of Java."""
        assert self._process is not None
        return self._process.pid

    async def start(self, lock: int) -> None:
        """Return when it answers a client. Raises ``NotStarted``.

        ``lock`` is the descriptor that holds the folder: the broker keeps it for as long as it
        lives, also beyond its keeper.
        """
        loop = asyncio.get_running_loop()
        if not (self.folder / DATA / "meta.properties").exists():
            await self._format()
        began_s = loop.time()
        program = ("kafka.Kafka", str(self.properties))
        self._process = await self._java(*program, archive=True, keeping=(lock,))
        try:
            async with asyncio.timeout(START_S_MAX):
                await self._answers()
        except TimeoutError:
            raise NotStarted(f"no answer within {START_S_MAX:.0f} s; {self._said()}") from None
        self.started_s = loop.time() - began_s

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """End it, gently first; idempotent."""
        process = self._process
        if process is None:
            return
        await end_gently(process, STOP_S_MAX)
        assert process.returncode is not None
        self._keep_archive(process.returncode)

    # ---- inside -----------------------------------------------------------------------------

    @property
    def _fresh_archive(self) -> Path:
        """A name of this process's own: two first brokers may stop at once."""
        return self.jars.archive.with_suffix(f".{os.getpid()}.new")

    def _keep_archive(self, code: int) -> None:
        """Take over the archive that the broker wrote as it ended, if nobody stopped it in that."""
        with contextlib.suppress(FileNotFoundError):
            if code == -signal.SIGKILL:
                self._fresh_archive.unlink()
            else:
                self._fresh_archive.replace(self.jars.archive)

    async def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        # --ignore-formatted: a format that was cut off may have begun.
        tool = ("kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted")
        process = await self._java(*tool, f"--cluster-id={cluster}", f"--config={self.properties}")
        if await process.wait():
            raise NotStarted(f"the storage could not be formatted; {self._said()}")

    async def _java(
        self, *arguments: str, archive: bool = False, keeping: Sequence[int] = ()
    ) -> asyncio.subprocess.Process:
        """Start a program of Kafka's; ``archive``: let it leave an archive of its classes."""
        known = self.jars.archive
        if known.exists():
            sharing = [f"-XX:SharedArchiveFile={known}"]
        else:
            sharing = [f"-XX:ArchiveClassesAtExit={self._fresh_archive}"] if archive else []
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                self.jars.java,
                *HEAP,
                *sharing,
                "-Xlog:disable",
                f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
                f"--class-path={self.jars.classpath}",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches this process, which then stops the broker, once.
                start_new_session=True,
                pass_fds=keeping,
                preexec_fn=_end_with_parent(),
            )

    async def _answers(self) -> None:
        """Wait until a client finds the broker in its own metadata: then it takes topics too."""
        assert self._process is not None
        while not await _finds_broker(self.bootstrap):
            if self._process.returncode is not None:
                raise NotStarted(f"it ended by itself; {self._said()}")
            await asyncio.sleep(LOOK_S)

    def _said(self) -> str:
        words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_WORDS:]
        return f"{self.log} says:\n" + "\n".join(words)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # As the broker does: a port whose last owner has just gone is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


async def _finds_broker(bootstrap: str) -> bool:
    host, _, port = bootstrap.rpartition(":")
    try:
        # A client logs an error for each vain try; knock first.
        _, knock = await asyncio.open_connection(host, int(port))
        knock.close()
        async with asyncio.timeout(ASK_S), _client(bootstrap) as client:
            return bool((await client.describe_cluster())["brokers"])
    except (OSError, KafkaError, TimeoutError):
        return False


@asynccontextmanager
async def _client(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


def _end_with_parent() -> Callable[[], None] | None:
    """What a child does first so that the kernel ends it with this process; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, set_death_signal = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(set_death_signal, signal.SIGTERM)
