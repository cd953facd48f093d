"""A private PostgreSQL server without Docker, for the demo and the tests on one machine.

It lives in a folder of its own, listens on a socket in it and nowhere else, never runs as root, and
ends with the process that started it, however that ends (Linux). Its data are forgotten with it,
unless a folder is named that keeps them. It stands beside the axis, which speaks to any server and
never imports this.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
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

from axis.cluster_left import PID, clear_left, hold, serves

#: Who runs the server when this process runs as root, whom PostgreSQL refuses.
USERS = ("postgres", "nobody")
_NEEDED = ("initdb", "postgres")
_PREFIX = "axis-postgres-"
#: In a folder that keeps data: the data, and a link to where the last server listened. The name of
#: a socket may have a hundred bytes, so it cannot lie in any folder.
_DATA, _SOCKET = "data", "socket"
#: Where Debian and Ubuntu keep the programs of each version, outside the PATH.
_PACKAGED = Path("/usr/lib/postgresql")
#: Seconds until it answers; it takes one.
START_S_MAX = 60.0
#: Seconds until a server whose parent was killed has written what it holds, and is gone.
LEFT_S_MAX = 30.0
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
    but those who may use it, since whoever comes from there is believed. ``keep`` is a folder whose
    data outlive the server: another goes on with them.
    """

    def __init__(
        self, programs: Path, *, fsync: bool = True, listen: str = "", keep: Path | None = None
    ) -> None:
        self._programs = programs
        self._listen = listen
        self._user = next((u for u in USERS if _known(u)), None) if os.getuid() == 0 else None
        self._keep = None if keep is None else keep.absolute()
        clear_left(_PREFIX)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lives = hold(self.folder)
        self._own(self.folder)
        self._data = (self._keep or self.folder) / _DATA
        self._fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None
        try:
            if self._keep is not None:
                self._take_over(self._keep)
            if not self._data.exists():
                self._make()
        except BaseException:
            self._forget()
            raise

    @property
    def version(self) -> str:
        """Its major version, such as 15."""
        return (self._data / "PG_VERSION").read_text("ascii").strip()

    @property
    def url(self) -> str:
        """The address of the database ``postgres``."""
        return _url(self.folder)

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
                pass_fds=(self._lives,),
                # Ctrl-C reaches this process, which ends it behind those who use it.
                start_new_session=True,
                **self._as_user(),
            )
        deadline = time.monotonic() + START_S_MAX
        while not _answers(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted((self.folder / "log").read_text("utf-8"))
            time.sleep(_LOOK_S)

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT breaks connections off, SIGKILL breaks everything off."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """End the server and forget its data, unless they are to be kept."""
        self.end()
        self._forget()
        if self._keep is not None:
            (self._keep / _SOCKET).unlink()

    def _forget(self) -> None:
        shutil.rmtree(self.folder)
        os.close(self._lives)

    def _take_over(self, keep: Path) -> None:
        """Wait for the end of the last server, should its parent have been killed; clear away what
        it left, and have clients find this one.
        """
        keep.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + LEFT_S_MAX
        while is_held(keep):
            if time.monotonic() > deadline:
                raise NotStarted(f"another PostgreSQL holds {self._data}.")
            time.sleep(_LOOK_S)
        # PostgreSQL itself takes any process of its user's that has the number for its last server.
        (self._data / PID).unlink(missing_ok=True)
        link = keep / _SOCKET
        if link.is_symlink():
            if link.readlink().name.startswith(_PREFIX):
                shutil.rmtree(link.readlink(), ignore_errors=True)
            link.unlink()
        link.symlink_to(self.folder)

    def _make(self) -> None:
        """Make the data, whole or not at all."""
        fresh = self._data.with_name("fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        self._own(fresh)
        # A locale that orders text otherwise than by its bytes, where there is one.
        self._run("initdb", "-D", fresh, "-U", "axis", "-A", "trust", "-E", "UTF8", "-N")
        if self._listen:
            with (fresh / "pg_hba.conf").open("a", encoding="ascii") as access:
                access.write("host all axis all trust\n")
        fresh.replace(self._data)

    def _own(self, folder: Path) -> None:
        if self._user:
            shutil.chown(folder, self._user)

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own
            [self._programs / program, *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            check=False,
            **self._as_user(),
        )
        if done.returncode != 0:
            whose = f" (the user '{self._user}' must reach it)" if self._user else ""
            raise NotStarted(f"{done.stderr.decode().strip()}{whose}")

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


def _url(folder: Path) -> str:
    return f"postgresql://axis@/postgres?host={folder}"


def _answers(url: str) -> bool:
    with suppress(OSError, asyncpg.CannotConnectNowError), ThreadPoolExecutor(1) as thread:
        # A thread, for a loop may be running here.
        thread.submit(asyncio.run, _greet(url)).result()
        return True
    return False


async def _greet(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.close()


def required() -> Path:
    """The folder with the newest server's programs. Raises ``Missing``."""
    programs = binaries()
    if programs is None:
        raise Missing(
            f"PostgreSQL is missing: {' and '.join(_NEEDED)} are neither in the PATH "
            f"nor in {_PACKAGED}."
        )
    return programs


def has_data(keep: Path) -> bool:
    """Whether a folder keeps the data of a server."""
    return (keep / _DATA).exists()


def is_held(keep: Path) -> bool:
    """Whether a server lives that has the data in a folder open."""
    return serves(keep / _DATA)


@contextmanager
def opened(keep: Path) -> Iterator[str]:
    """The address of a server over the data in ``keep``: of one that runs, else of one that is
    there for as long as the block. Who comes meanwhile waits for its end.

    Raises ``Missing`` and ``NotStarted``.
    """
    with (keep / "readers.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        link = keep / _SOCKET
        running = _url(link.readlink()) if link.is_symlink() else ""
        if running and _answers(running):
            yield running
            return
        with kept(keep=keep) as cluster:
            yield cluster.url


@contextmanager
def kept(*, fsync: bool = True, keep: Path | None = None) -> Iterator[Cluster]:
    """A server for as long as the block; its data are forgotten behind it, unless they lie in the
    folder ``keep``.

    Raises ``Missing`` and ``NotStarted``.
    """
    cluster = Cluster(required(), fsync=fsync, keep=keep)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
