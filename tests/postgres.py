"""A PostgreSQL for tests: the one that ``AXIS_TEST_POSTGRES`` names, else a private one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from axis.adapters.postgres_server import schema_of
from axis.cluster import Cluster, binaries

_runs = count(1)

T = TypeVar("T")


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
    # No test pulls the plug.
    cluster = Cluster(required(), fsync=False)
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
