"""A PostgreSQL for tests: the one that ``AXIS_TEST_POSTGRES`` names, else a private one.

The private one lives in a folder of its own, listens on a socket in it and nowhere else, never runs
as root, and ends with the process that started it, however that ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from axis.adapters.postgres_server import schema_of
from tests.acceptance.conftest import until

#: Who runs the server when the tests run as root, whom PostgreSQL refuses.
USERS = ("postgres", "nobody")
_NEEDED = ("initdb", "postgres")
_PR_SET_PDEATHSIG = 1
_runs = count(1)

T = TypeVar("T")


def binaries() -> Path | None:
    """The folder with the newest server's programs; None when there is none."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(packaged, key=lambda folder: int(folder.parent.name), reverse=True)
    return next((f for f in folders if all((f / name).exists() for name in _NEEDED)), None)


class Cluster:
    """One private server. ``fsync`` is off unless asked for: no test pulls the plug."""

    def __init__(self, programs: Path, *, fsync: bool = False) -> None:
        self._programs = programs
        self._user = next((u for u in USERS if _known(u)), None) if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="axis-postgres-"))
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"
        self._fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None
        # A locale that orders text otherwise than by its bytes, where there is one.
        self._run("initdb", "-D", self._data, "-U", "axis", "-A", "trust", "-E", "UTF8", "-N")

    @property
    def url(self) -> str:
        """The address of the database ``postgres``."""
        return f"postgresql://axis@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start the server; it answers when this returns."""
        durable = "on" if self._fsync else "off"
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": durable,
            "full_page_writes": durable,
            "shared_buffers": "128MB",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call
                **self._as_user(),
            )
        until(self._answers, f"PostgreSQL, see {self.folder}/log")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text("utf-8")
        with suppress(OSError, asyncpg.CannotConnectNowError):
            apart(execute(self.url, "select 1"))
            return True
        return False

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT breaks connections off, SIGKILL breaks everything off."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """End the server and forget its data."""
        self.end()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._programs / program, *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            check=False,
            **self._as_user(),
        )
        assert done.returncode == 0, done.stderr.decode()

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}


def _known(user: str) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def _end_with_parent() -> None:
    """Have the system end this process when its parent does (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def required() -> Path:
    """The programs of a server, or the end of the test: CI may not do without."""
    found = binaries()
    if found is not None:
        return found
    reason = "no PostgreSQL: initdb and postgres are neither in PATH nor in /usr/lib/postgresql"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; .ci/run installs it")
    pytest.skip(f"{reason}, and AXIS_TEST_POSTGRES names none")


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that is there while the block runs."""
    given = os.environ.get("AXIS_TEST_POSTGRES")
    if given:
        yield given
        return
    cluster = Cluster(required())
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.remove()


@contextmanager
def fresh_run(url: str) -> Iterator[str]:
    """The name of a run that has no books yet; they are gone afterwards."""
    run = f"test-{os.getpid()}-{next(_runs)}"
    try:
        yield run
    finally:
        apart(execute(url, f"drop schema if exists {schema_of(run)} cascade"))


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own, whether or not one runs here already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def execute(url: str, sql: str) -> None:
    """Run some SQL on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
