"""Serve one axis over HTTP until a signal asks it to end: here, or in workers of its own."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop

from axis import workers
from axis.address import forget, leave, listening, url_of
from axis.api.app import create_app
from axis.api.running import Polls
from axis.books import UnfitBooks
from axis.bootstrap import NotSetUp, build
from axis.connection import Connection
from axis.core.errors import Unavailable
from axis.ending import asked_to_end
from axis.logs import log_as_json
from axis.settings import Settings

log = structlog.get_logger()

#: Idle seconds of a connection: longer than a long poll, so that clients keep theirs.
KEEP_ALIVE_S = 75
#: Seconds a request may take once the axis shuts down; polls end at once.
GRACE_S = 5
#: A collection looks at what is new: requests leave few cycles behind, and each holds everybody up.
#: After so many objects one takes 5 ms at most; every fourth looks at what the three before left.
GC_THRESHOLD = 10_000, 3, 20


def serve(settings: Settings) -> None:
    """Serve until a signal; returns when all that was accepted is written and closed.

    Raises ``axis.bootstrap.NotSetUp``, ``OSError`` for an address in use, and whatever kills a
    loop of the axis; with several workers what ``axis.workers.keep`` raises.
    """
    log_as_json()
    if settings.workers > 1:
        asyncio.run(workers.keep(settings))
        return
    with listening(settings) as listener:
        url = url_of(settings, listener)

        def there() -> None:
            leave(settings, url)
            log.info("listening", action="server.listening", url=url)

        try:
            _serve(settings, listener, there)
        finally:
            forget(settings)


def _work(settings: Settings, descriptor: int) -> None:
    """Serve as one of several, on the socket of the parent."""
    log_as_json()

    def there() -> None:
        print(json.dumps({"listening": True}), flush=True)

    with socket.socket(fileno=descriptor) as listener:
        _serve(settings, listener, there)


def _serve(settings: Settings, listener: socket.socket, there: Callable[[], None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_on(settings, listener, there))


async def _serve_on(settings: Settings, listener: socket.socket, there: Callable[[], None]) -> None:
    async with build(settings) as axis:
        config = uvicorn.Config(
            create_app(axis),
            http=Connection,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=workers.BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        await _Server(config, axis.polls, there).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Says that it listens, and ends long polls before it waits for requests."""

    def __init__(self, config: uvicorn.Config, polls: Polls, there: Callable[[], None]) -> None:
        super().__init__(config)
        self._polls = polls
        self._there = there

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on what asks to; uvicorn would raise it again before the store is closed."""
        loop = asyncio.get_running_loop()
        signals = asked_to_end()
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
        self._there()
        # What has been made until now lives as long as the process: no collection need look at it.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._polls.close()
        await super().shutdown(sockets)
        log.info("stopped", action="server.stopped")


def main() -> None:
    """Serve as the environment says; ``--socket`` is how a worker is started."""
    parser = argparse.ArgumentParser(prog="python -m axis.server", description=__doc__)
    parser.add_argument(workers.SOCKET, type=int, help=argparse.SUPPRESS)
    descriptor = parser.parse_args().socket
    try:
        if descriptor is None:
            serve(Settings())
        else:
            _work(Settings(), descriptor)
    except (workers.OneProcess, workers.NotStarted) as error:
        sys.exit(str(error))
    except (OSError, sqlite3.Error, Unavailable, NotSetUp, UnfitBooks) as error:
        sys.exit(f"The axis cannot start: {error}")


if __name__ == "__main__":
    main()
