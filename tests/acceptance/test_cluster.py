"""A private PostgreSQL whose data are kept: they outlive the server, whoever ends it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from axis import cluster
from tests import postgres

pytestmark = pytest.mark.acceptance

#: Keeps a server, writes a row, says so, and waits for ever.
KEEPING = """
import asyncio, sys, time
from pathlib import Path
from axis import cluster
from tests.postgres import execute
with cluster.kept(keep=Path(sys.argv[1])) as server:
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


def test_a_server_whose_parent_was_killed_makes_way_for_the_next(keep: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KEEPING, keep], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        left = Path(parent.stdout.readline().strip())
        assert left.exists()
        parent.kill()
    with cluster.kept(keep=keep) as server:
        assert found(server.url) == 5
    assert not left.exists()


def test_data_that_were_made_half_are_made_again(keep: Path) -> None:
    (keep / "fresh").mkdir(parents=True)
    (keep / "fresh" / "PG_VERSION").write_text("15\n", "ascii")
    with cluster.kept(keep=keep) as server:
        assert server.version
    assert not (keep / "fresh").exists()
