"""A private PostgreSQL whose data are kept: they outlive the server, whoever ends it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from axis import cluster
from axis.cluster_left import serves
from tests import postgres
from tests.acceptance.conftest import until

pytestmark = pytest.mark.acceptance

#: Keeps a server (with its data, where a folder is named), writes a row, says so, and waits for ever.
KEEPING = """
import asyncio, sys, time
from pathlib import Path
from axis import cluster
from tests.postgres import execute
with cluster.kept(keep=Path(sys.argv[1]) if sys.argv[1:] else None) as server:
    asyncio.run(execute(server.url, "create table found as select 5 as n"))
    print(server.folder, flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def keep() -> Iterator[Path]:
    """A folder that the user may reach as whom PostgreSQL runs where the tests run as root."""
    postgres.required()
    made = Path(tempfile.mkdtemp(prefix="axis-test-"))
    made.chmod(0o755)
    yield made / "kept"
    assert not cluster.is_held(made / "kept")
    shutil.rmtree(made)


def found(url: str) -> int:
    async def ask() -> int:
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval("select n from found"))
        finally:
            await connection.close()

    return postgres.apart(ask())


def test_data_outlive_a_server_that_was_ended(keep: Path) -> None:
    assert not cluster.has_data(keep)
    with cluster.kept(keep=keep) as first:
        postgres.apart(postgres.execute(first.url, "create table found as select 7 as n"))
        # Whoever reads meanwhile reads over the server that runs, and leaves it alone.
        with cluster.opened(keep) as url:
            assert url == first.url
            assert found(url) == 7
        assert found(first.url) == 7
    assert not first.folder.exists()
    assert cluster.has_data(keep)
    with cluster.opened(keep) as url:
        assert url != first.url
        assert found(url) == 7


def postgres_user() -> str:
    """As whom a server runs where the tests run as root."""
    return next(user for user in cluster.USERS if user in {one.pw_name for one in pwd.getpwall()})


def killed(*arguments: object) -> Path:
    """Where a server was whose parent was killed."""
    parent = subprocess.Popen(
        [sys.executable, "-c", KEEPING, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        left = Path(parent.stdout.readline().strip())
        assert left.exists()
        parent.kill()
    return left


def test_a_server_whose_parent_was_killed_makes_way_for_the_next(keep: Path) -> None:
    left = killed(keep)
    with cluster.kept(keep=keep) as server:
        assert found(server.url) == 5
    assert not left.exists()


def test_what_one_without_kept_data_leaves_is_cleared_away_by_a_later_one() -> None:
    postgres.required()
    left = killed()
    until(lambda: not serves(left / "data"), "the end of the server")
    with cluster.kept() as server, cluster.kept():
        # The first one lives, and so does its folder.
        assert server.folder.exists()
        assert not left.exists()


def test_a_number_that_is_another_process_by_now_is_no_server(keep: Path) -> None:
    with cluster.kept(keep=keep) as first:
        postgres.apart(postgres.execute(first.url, "create table found as select 7 as n"))
    user = None if os.getuid() else postgres_user()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=user) as other:
        stale = keep / "data" / "postmaster.pid"
        stale.write_text(f"{other.pid}\n{keep / 'data'}\n", "ascii")
        assert not cluster.is_held(keep)
        with cluster.opened(keep) as url:
            assert cluster.is_held(keep)
            assert found(url) == 7
        assert other.poll() is None


def test_data_that_were_made_half_are_made_again(keep: Path) -> None:
    (keep / "fresh").mkdir(parents=True)
    (keep / "fresh" / "PG_VERSION").write_text("15\n", "ascii")
    with cluster.kept(keep=keep) as server:
        assert server.version
    assert not (keep / "fresh").exists()
