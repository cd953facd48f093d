"""``python -m axis.broker``: keep a Kafka broker on loopback until SIGTERM, SIGINT or its end.

Exit codes: 0 stopped by a signal; 1 it did not start or ended by itself; 3 Java or Maven is not
there. A parent that wants the broker to end with it starts it through ``axis.leash``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from axis.broker.jars import Jars, Missing, install, kafka_version
from axis.broker.keeper import EXIT_MISSING
from axis.broker.node import Node, NotStarted, running

PORT = 19092
EXIT_FAILED = 1

_USE = """\
Apache Kafka {version} answers on {bootstrap} after {started_s:.1f} s (books and log: {folder})
  the axis over it:  AXIS_KAFKA_BOOTSTRAP={bootstrap} axis serve
  the tests on it:   AXIS_TEST_KAFKA={bootstrap} make test
  a look inside:     kcat -b {bootstrap} -L
Ctrl-C stops it; what it holds is there again when it starts anew."""


def main() -> int:
    """Run a broker; returns the exit code."""
    arguments = _arguments()
    try:
        jars = install(arguments.cache)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return EXIT_MISSING
    try:
        node = asyncio.run(_keep(jars, arguments))
    except asyncio.CancelledError:
        return 0
    except NotStarted as failure:
        print(f"Kafka did not start: {failure}", file=sys.stderr)
    else:
        print(f"Kafka ended by itself; {node.log} says why", file=sys.stderr)
    return EXIT_FAILED


async def _keep(jars: Jars, arguments: argparse.Namespace) -> Node:
    """Keep a broker until it ends by itself; a signal cancels this."""
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        # A second signal must not cut off the stopping of the broker.
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    overrides = dict(pair.split("=", 1) for pair in arguments.override)
    async with running(jars, arguments.folder, arguments.port, overrides) as node:
        _tell(node, as_json=arguments.json)
        await node.ended()
    return node


def _tell(node: Node, *, as_json: bool) -> None:
    if as_json:
        told = {
            "bootstrap": node.bootstrap,
            "version": kafka_version(),
            "pid": node.pid,
            "keeper": os.getpid(),
            "started_s": round(node.started_s, 3),
        }
        print(json.dumps(told), flush=True)
        return
    use = _USE.format(
        version=kafka_version(),
        bootstrap=node.bootstrap,
        started_s=node.started_s,
        folder=node.folder,
    )
    print(use, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m axis.broker", description=main.__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, default=Path("var/kafka"), help="books and log")
    parser.add_argument("--cache", type=Path, help="where the jars are kept; else the user's cache")
    parser.add_argument("--json", action="store_true", help="one JSON line when it answers")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a broker property of your own; repeatable",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
