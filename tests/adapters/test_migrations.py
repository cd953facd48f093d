"""The migrations make what ``tables`` says, whole or not at all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger

from axis.adapters import replay_tables, tables
from axis.adapters.revisions import KNOWN
from axis.adapters.sqlite_file import Database, as_sqlalchemy, migrate
from axis.books import UnfitBooks


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(Database(tmp_path / "migrated.sqlite").writer()) as connection:
        migrate(connection)
        yield connection


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    found = connection.execute(
        "select name, sql from sqlite_master where sql is not null and name <> 'alembic_version'"
    )
    # A column that was added later stands on the line of the one before it.
    return {name: " ".join(sql.split()) for name, sql in found}


def _words(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The schema without its order: a column that was added stands behind the constraints."""
    return {name: sorted(re.findall(r"\w+", sql)) for name, sql in _schema(connection).items()}


def test_the_migrations_make_exactly_what_the_tables_say(
    migrated: sqlite3.Connection, tmp_path: Path
):
    with closing(Database(tmp_path / "made.sqlite").writer()) as made:
        with as_sqlalchemy(made) as opened:
            tables.metadata.create_all(opened)
        assert replay_tables.replay.name in _schema(made)
        assert _words(migrated) == _words(made)
    with as_sqlalchemy(migrated) as opened:
        assert compare_metadata(MigrationContext.configure(opened), tables.metadata) == []


def test_new_books_begin_at_nothing(migrated: sqlite3.Connection):
    assert migrated.execute("select * from head").fetchall() == [(1, 0, 1, 0)]


def test_migrating_again_changes_nothing(migrated: sqlite3.Connection):
    before = _schema(migrated)
    migrate(migrated)
    assert _schema(migrated) == before
    assert migrated.execute("select count(*) from head").fetchone() == (1,)


def test_books_of_a_newer_axis_are_left_alone(migrated: sqlite3.Connection):
    before = _schema(migrated)
    migrated.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(UnfitBooks, match=r"migrated.sqlite .* 9999.* up to 0007"):
        migrate(migrated)
    assert _schema(migrated) == before
    migrated.execute("update alembic_version set version_num = '0007'")
    migrate(migrated)


def test_every_step_is_known_by_the_name_of_its_file(migrated: sqlite3.Connection):
    with as_sqlalchemy(migrated) as opened:
        assert MigrationContext.configure(opened).get_current_heads() == (max(KNOWN),)


def test_rows_of_done_deliveries_are_in_no_queue(migrated: sqlite3.Connection):
    schema = _schema(migrated)
    assert schema["delivery_open"].endswith("WHERE transport < 2 or again > 0")
    assert schema["delivery_parked"].endswith("WHERE transport = 3")
    assert "WITHOUT ROWID" in schema["delivery"]


def test_times_and_numbers_have_64_bits():
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_at") or column.name in ("seq", "doc", "no", "n"):
                assert isinstance(column.type, BigInteger), f"{table.name}.{column.name}"
