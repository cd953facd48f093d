"""The migrations on PostgreSQL, and from the previous schema with data in it on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from axis.adapters import postgres_tables
from axis.adapters.postgres_migrate import migrate
from axis.adapters.postgres_server import Server, schema_of
from axis.adapters.postgres_store import OldBooks, open_store
from axis.adapters.sqlite_file import Database
from axis.adapters.sqlite_file import migrate as migrate_sqlite
from axis.adapters.sqlite_store import open_store as open_sqlite
from axis.books import UnfitBooks
from axis.core.directory import Client
from axis.core.errors import Unavailable
from axis.core.member_commands import Renew
from tests import postgres
from tests.adapters.previous import (
    JOB_SCRIPT,
    SCRIPT,
    must_be_relayed,
    must_be_replayed,
    must_be_whole,
    wrong,
)
from tests.contract.books import A, B, C, Scribe, agency, document_of, one

#: The schemas that may be met, the newest last; 0005 has nothing but jobs to bring up.
PREVIOUS = ("0001", "0002", "0003", "0004")


@pytest.fixture
async def server(postgres_url: str, postgres_run: str) -> AsyncIterator[Server]:
    made = Server(postgres_url, postgres_run)
    yield made
    await made.close()


async def test_the_migrations_make_exactly_what_the_tables_say(server: Server):
    def differences(connection: Connection) -> list[object]:
        found = MigrationContext.configure(connection)
        return list(compare_metadata(found, postgres_tables.metadata))

    await migrate(server)
    async with server.migrating() as connection:
        assert await connection.run_sync(differences) == []


async def test_text_is_ordered_by_its_bytes_whatever_the_locale(server: Server, postgres_url: str):
    await migrate(server)
    connection = await asyncpg.connect(postgres_url)
    otherwise = await connection.fetch(
        """
        select table_name, column_name from information_schema.columns
        where table_schema = $1 and data_type = 'text' and collation_name is distinct from 'C'
        """,
        server.schema,
    )
    await connection.close()
    assert otherwise == []


async def test_packages_are_kept_as_they_are(server: Server, postgres_url: str):
    await migrate(server)
    connection = await asyncpg.connect(postgres_url)
    storage = await connection.fetchval(
        "select attstorage from pg_attribute where attname = 'body' and attrelid = $1::regclass",
        f"{server.schema}.content",
    )
    await connection.close()
    assert storage == b"e"


async def test_migrating_again_changes_nothing(server: Server):
    await migrate(server)
    await migrate(server)
    async with server.writing() as driver:
        assert [tuple(row) for row in await driver.fetch("select * from head")] == [(1, 0, 1, 0)]


async def test_a_migration_that_fails_leaves_the_tables_as_they_were(server: Server):
    await migrate(server, "0001")
    async with server.writing() as driver:
        await driver.execute("create table content (other text)")
    with pytest.raises(Exception, match="content"):
        await migrate(server)
    async with server.writing() as driver:
        assert await driver.fetchval("select version_num from alembic_version") == "0001"
        await driver.execute("drop table content")
    await migrate(server)


async def test_books_of_an_older_axis_are_not_worked_with_before_they_are_brought_up(
    server: Server, postgres_url: str, postgres_run: str
):
    await migrate(server, "0003")
    with pytest.raises(OldBooks, match="of an older axis"):
        await open_store(postgres_url, postgres_run, upgrade=False)
    await (await open_store(postgres_url, postgres_run)).close()
    await (await open_store(postgres_url, postgres_run, upgrade=False)).close()


@pytest.mark.parametrize("upgrade", [True, False])
async def test_books_of_a_newer_axis_are_left_alone(
    server: Server, postgres_url: str, postgres_run: str, upgrade: bool
):
    await migrate(server)
    async with server.writing() as driver:
        await driver.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(UnfitBooks, match=f"schema {server.schema} .* 9999"):
        await open_store(postgres_url, postgres_run, upgrade=upgrade)


async def test_a_server_that_may_not_be_written_is_told_as_one_that_is_away(
    postgres_url: str, postgres_run: str
):
    sign = "&" if "?" in postgres_url else "?"
    server = Server(f"{postgres_url}{sign}default_transaction_read_only=on", postgres_run)
    with pytest.raises(Unavailable, match=r"axis\.store_away"):
        await migrate(server)


async def test_a_database_that_cannot_hold_vietnamese_is_refused(
    postgres_url: str, postgres_run: str
):
    name = schema_of(postgres_run)
    made = "encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'"
    await postgres.execute(postgres_url, f"create database {name} {made}")
    try:
        url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        with pytest.raises(UnfitBooks, match=f"{name} keeps text as LATIN1"):
            await open_store(url, postgres_run)
    finally:
        await postgres.execute(postgres_url, f"drop database {name}")


@pytest.mark.parametrize("previous", PREVIOUS)
async def test_books_of_a_previous_schema_are_brought_up_to_date(
    server: Server, postgres_url: str, postgres_run: str, scribe: Scribe, previous: str
):
    await migrate(server, previous)
    async with server.writing() as driver:
        await driver.execute(SCRIPT)
    await server.close()
    store = await open_store(postgres_url, postgres_run)
    await must_be_whole(store)
    await must_be_relayed(store.lanes)
    await store.enrol([agency(C)], [], [])
    command = scribe.accept("2/UBND", to=[B, C], verdict="absent", signed_on="")
    document = document_of(await one(store, command))
    assert (document.seq, [r.no for r in document.recipients]) == (2, [2, 1])
    assert await wrong(store) == []
    await store.close()


@pytest.mark.parametrize("previous", PREVIOUS)
async def test_sqlite_books_of_a_previous_schema_are_brought_up_to_date(
    tmp_path: Path, scribe: Scribe, previous: str
):
    with closing(Database(tmp_path / "books.sqlite").writer()) as connection:
        migrate_sqlite(connection, previous)
        connection.executescript(SCRIPT)
    store = open_sqlite(tmp_path)
    await must_be_whole(store)
    await must_be_relayed(store.lanes)
    await store.enrol([agency(C)], [], [])
    command = scribe.accept("2/UBND", to=[B, C], verdict="absent", signed_on="")
    document = document_of(await one(store, command))
    assert (document.seq, [r.no for r in document.recipients]) == (2, [2, 1])
    assert await wrong(store) == []
    await store.close()


async def test_replay_jobs_of_the_schema_before_shadows_are_brought_up_to_date(
    server: Server, postgres_url: str, postgres_run: str, tmp_path: Path
):
    await migrate(server, "0005")
    async with server.writing() as driver:
        await driver.execute(SCRIPT)
        await driver.execute(JOB_SCRIPT)
    await server.close()
    with closing(Database(tmp_path / "books.sqlite").writer()) as connection:
        migrate_sqlite(connection, "0005")
        connection.executescript(SCRIPT)
        connection.executescript(JOB_SCRIPT)
    for store in (await open_store(postgres_url, postgres_run), open_sqlite(tmp_path)):
        await must_be_replayed(store)
        await store.close()


async def test_secrets_of_the_schema_before_are_those_of_the_set_up_and_can_be_renewed(
    server: Server, postgres_url: str, postgres_run: str, tmp_path: Path, scribe: Scribe
):
    await migrate(server, "0006")
    async with server.writing() as driver:
        await driver.execute(SCRIPT)
    await server.close()
    with closing(Database(tmp_path / "books.sqlite").writer()) as connection:
        migrate_sqlite(connection, "0006")
        connection.executescript(SCRIPT)
    for store in (await open_store(postgres_url, postgres_run), open_sqlite(tmp_path)):
        assert await store.client(A) == Client(id=A, secret_sha256="11", roles=("agency",))
        audit = scribe.audit("secret", A)
        await store.apply([Renew(agency=A, secret_sha256="22", audit=audit)])
        renewed = Client(id=A, secret_sha256="22", roles=("agency",), renewed_at=audit.now)
        assert await store.client(A) == renewed
        await store.close()


_MIGRATE = """
import asyncio, json, sys
from axis.adapters.postgres_store import open_store

async def main():
    url, run = json.loads(input())
    store = await open_store(url, run)
    print(len(await store.agencies()))
    await store.close()

asyncio.run(main())
"""


def test_processes_that_start_together_migrate_once(postgres_url: str, postgres_run: str):
    with ThreadPoolExecutor(3) as threads:
        together = [threads.submit(_open, postgres_url, postgres_run) for _ in range(3)]
    for opened in together:
        done = opened.result()
        assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
    heads = f"select count(*) from {schema_of(postgres_run)}.head"
    assert postgres.apart(_value(postgres_url, heads)) == 1


def _open(url: str, run: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _MIGRATE],
        input=json.dumps([url, run]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()
