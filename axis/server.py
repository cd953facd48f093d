"""Serve one axis over HTTP in this process, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
import uvicorn
import uvloop

from axis.api.app import create_app
from axis.api.running import Polls
from axis.bootstrap import build
from axis.one_write import OneWrite
from axis.settings import Settings

log = structlog.get_logger()

#: Where clients on this machine find the axis: {"url": …, "pid": …}, there while it listens.
ADDRESS_FILE = "address.json"
#: Connections that wait to be taken while the loop is busy; the kernel's own bound is 4096.
BACKLOG = 2048
#: Idle seconds of a connection: longer than a long poll, so that clients keep theirs.
KEEP_ALIVE_S = 75
#: Seconds a request may take once the axis shuts down; polls end at once.
GRACE_S = 5
#: A collection looks at what is new; requests leave few cycles behind.
GC_THRESHOLD = 50_000


def serve(settings: Settings) -> None:
    """Serve until a signal; returns when all that was accepted is written and closed.

    Raises ``axis.bootstrap.NotSetUp``, ``OSError`` for an address in use, and whatever kills a
    loop of the axis.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # While a broker is away the library says so many times a second; relay and ear say it as well.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    with _listening(settings) as listener:
        async with build(settings) as axis:
            config = uvicorn.Config(
                create_app(axis),
                http=OneWrite,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
            host, port = listener.getsockname()[:2]
            address = settings.axis_dir / ADDRESS_FILE
            server = _Server(config, axis.polls, address, f"http://{_bracketed(host)}:{port}")
            try:
                await server.serve(sockets=[listener])
            finally:
                _forget(address)


class _Server(uvicorn.Server):
    """Says where it listens, and ends long polls before it waits for requests."""

    def __init__(self, config: uvicorn.Config, polls: Polls, address: Path, url: str) -> None:
        super().__init__(config)
        self._polls = polls
        self._address = address
        self._url = url

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; uvicorn would raise them again before the store is closed."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _write(self._address, {"url": self._url, "pid": os.getpid()})
        # What has been made until now lives as long as the process: no collection need look at it.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        log.info("listening", action="server.listening", url=self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._polls.close()
        await super().shutdown(sockets)
        log.info("stopped", action="server.stopped")


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """A bound socket, so that the port is known, and an address in use is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        yield listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _write(path: Path, value: object) -> None:
    """Write whole or not at all: readers poll for it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value), encoding="utf-8")
    fresh.replace(path)


def _forget(address: Path) -> None:
    """Take the address away, unless another axis of the same run has left its own meanwhile."""
    with suppress(OSError, ValueError, KeyError):
        if json.loads(address.read_text(encoding="utf-8"))["pid"] == os.getpid():
            address.unlink()


if __name__ == "__main__":
    serve(Settings())
