"""A private PostgreSQL server without Docker, for the demo and the tests on one machine.

It lives in a folder of its own, listens on a socket in it and nowhere else, never runs as root, and
ends with the process that started it, however that ends (Linux). It stands beside the axis, which
speaks to any server and never imports this.
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
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

#: Who runs the server when this process runs as root, whom PostgreSQL refuses.
USERS = ("postgres", "nobody")
_NEEDED = ("initdb", "postgres")
#: Where Debian and Ubuntu keep the programs of each version, outside the PATH.
_PACKAGED = Path("/usr/lib/postgresql")
#: Seconds until it answers; it takes one.
START_S_MAX = 60.0
_LOOK_S = 0.05
_PR_SET_PDEATHSIG = 1


class Missing(Exception):
    """There is no PostgreSQL on this machine; the message is one sentence that says so."""


class NotStarted(Exception):
    """The server did not come up; the message quotes its words."""


def binaries() -> Path | None:
    """The folder with the newest server's programs; None when there is none."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    packaged = _PACKAGED.glob("*/bin")
    folders += sorted(packaged, key=lambda folder: int(folder.parent.name), reverse=True)
    return next((f for f in folders if all((f / name).exists() for name in _NEEDED)), None)


class Cluster:
    """One server. Without ``fsync`` it is faster, and survives anything but a power cut.

    ``listen`` is an address at which it is reached over TCP too: one of a network that holds nobody
    but those who may use it, since whoever comes from there is believed.
    """

    def __init__(self, programs: Path, *, fsync: bool = True, listen: str = "") -> None:
        self._programs = programs
        self._listen = listen
        self._user = next((u for u in USERS if _known(u)), None) if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="axis-postgres-"))
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"
        self._fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None
        # A locale that orders text otherwise than by its bytes, where there is one.
        try:
            self._run("initdb", "-D", self._data, "-U", "axis", "-A", "trust", "-E", "UTF8", "-N")
            if listen:
                with (self._data / "pg_hba.conf").open("a", encoding="ascii") as access:
                    access.write("host all axis all trust\n")
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    @property
    def version(self) -> str:
        """Its major version, such as 15."""
        return (self._data / "PG_VERSION").read_text("ascii").strip()

    @property
    def url(self) -> str:
        """The address of the database ``postgres``."""
        return f"postgresql://axis@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start the server; it answers when this returns. Raises ``NotStarted``."""
        durable = "on" if self._fsync else "off"
        settings = {
            "listen_addresses": self._listen,
            "unix_socket_directories": str(self.folder),
            "fsync": durable,
            "full_page_writes": durable,
            "shared_buffers": "128MB",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own
                [self._programs / "postgres", "-D", self._data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call
                **self._as_user(),
            )
        deadline = time.monotonic() + START_S_MAX
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted((self.folder / "log").read_text("utf-8"))
            time.sleep(_LOOK_S)

    def _answers(self) -> bool:
        with suppress(OSError, asyncpg.CannotConnectNowError), ThreadPoolExecutor(1) as thread:
            # A thread, for a loop may be running here.
            thread.submit(asyncio.run, _greet(self.url)).result()
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
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own
            [self._programs / program, *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            check=False,
            **self._as_user(),
        )
        if done.returncode != 0:
            raise NotStarted(done.stderr.decode())

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


async def _greet(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.close()


@contextmanager
def kept(*, fsync: bool = True) -> Iterator[Cluster]:
    """A server for as long as the block; its data are forgotten behind it.

    Raises ``Missing`` and ``NotStarted``.
    """
    programs = binaries()
    if programs is None:
        raise Missing(
            f"PostgreSQL is missing: {' and '.join(_NEEDED)} are neither in the PATH "
            f"nor in {_PACKAGED}."
        )
    cluster = Cluster(programs, fsync=fsync)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
