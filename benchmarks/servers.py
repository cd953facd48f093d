"""Start what is measured as processes of their own, and read what they cost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agencies.load.processes import family, memory_mb

HOST = "127.0.0.1"
#: An axis or a peer over a mailbox of 100,000 messages reads them, or lays them there, first.
READY_S_MAX = 180.0
#: Processes of what is measured: one for each core, which it shares with the generator.
PROCESSES = os.cpu_count() or 1
#: The peer needs other versions than the axis, so it has an environment of its own (make bench).
PEER_PYTHON = Path(__file__).parent.parent / ".venv-peer" / "bin" / "python"
PEER_SERVER = Path(__file__).parent / "peer_server.py"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on loopback, with all its processes."""

    port: int
    pid: int
    home: Path

    def cpu_s(self) -> float:
        """CPU seconds so far, all processes and threads, user and system."""
        return sum(map(_cpu_s, family(self.pid)))

    def memory_mb(self) -> float:
        """Resident memory of all processes, in MB."""
        return sum(map(memory_mb, family(self.pid)))


def _cpu_s(pid: int) -> float:
    """CPU seconds of the threads of a process by the scheduler's account: a run of a bare route is
    over within a few of the ticks that the kernel counts otherwise.
    """
    spent = 0.0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            spent += int(thread.read_text("ascii").split()[0]) / 1e9
    return spent


def leave_nothing() -> None:
    """Have SIGTERM end this process as Ctrl-C does: with what it started, and its folders."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def free_port() -> int:
    """A port that nobody holds now."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], ready: str) -> None:
    """Until somebody listens and, where ``ready`` is a path, answers 200 there."""
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"server ended with {process.returncode}")
        try:
            if ready:
                urllib.request.urlopen(f"http://{HOST}:{port}{ready}", timeout=5).close()
            else:
                socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("server did not come up")


@contextmanager
def _process(
    command: list[str], port: int, home: Path, ready: str = "", **env: str
) -> Iterator[Server]:
    process = subprocess.Popen(
        command, env={**os.environ, **env}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port, process, ready)
        yield Server(port, process.pid, home)
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def bare(processes: int) -> Iterator[Server]:
    """The bare Starlette route."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare", str(port), str(processes)]
    with _process(command, port, Path()) as server:
        yield server


@contextmanager
def waiting() -> Iterator[Server]:
    """The route whose time is known."""
    port = free_port()
    with _process([sys.executable, "-m", "benchmarks.waiting", str(port)], port, Path()) as server:
        yield server


@contextmanager
def peer(store: str, waiting: int) -> Iterator[Server]:
    """NHS England's mesh-sandbox with messages waiting (``benchmarks.peer_server``); raises
    ``FileNotFoundError`` where its environment is not there.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="axis-bench-peer-") as folder:
        arguments = [str(port), store, str(waiting), folder]
        command = [str(PEER_PYTHON), "-W", "ignore", str(PEER_SERVER), *arguments]
        with _process(command, port, Path(folder)) as server:
            yield server


@contextmanager
def world(settings: Mapping[str, str]) -> Iterator[Path]:
    """A world with its 95 agencies enrolled and empty books, and no axis running."""
    home = Path(tempfile.mkdtemp(prefix="axis-bench-"))
    try:
        subprocess.run(
            [sys.executable, "-m", "axis", "init"],
            env={**os.environ, **_environment(settings), "AXIS_VAR": str(home)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield home
    finally:
        shutil.rmtree(home)


@contextmanager
def axis(
    processes: int = PROCESSES,
    prepare: Callable[[Path], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """An axis over a fresh world: the one that writes, and helpers that examine. ``prepare`` may
    write into its books before it starts; ``settings`` say where they are and what its bus is.
    """
    with world(settings or {}) as var:
        home = var / (settings or {}).get("RUN", "")
        if prepare is not None:
            prepare(home)
        port = free_port()
        env = {"VAR": str(var), "PORT": str(port), "EXAMINERS": str(processes - 1)}
        # It ends with its parent, however that ends.
        command = [sys.executable, "-m", "axis.leash", "axis.server"]
        environment = _environment({**env, **(settings or {})})
        with _process(command, port, home, "/v1/ready", **environment) as server:
            yield server


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"AXIS_{name}": value for name, value in settings.items()}


def secret(server: Server, code: str) -> str:
    """An agency's client secret."""
    return (server.home / "agencies" / code / "secret").read_text(encoding="ascii").strip()


def as_json(body: bytes) -> dict[str, object]:
    """A JSON answer."""
    parsed: dict[str, object] = json.loads(body)
    return parsed
