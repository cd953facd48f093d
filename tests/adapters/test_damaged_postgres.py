"""The gravest damages to books in PostgreSQL are named by an audit, as those in SQLite are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest

from axis.adapters import postgres_store
from axis.adapters.postgres_server import schema_of
from axis.flows.proving import prove
from axis.ports import Store
from tests import postgres
from tests.adapters.damage import ID, write
from tests.contract.books import A, B, differences

_FIRST = "(select sha256 from document where seq = 1)"

#: SQL, what must be said, and whether packages must be read for it.
PLANTS: Final = {
    "content gone": (
        f"delete from content where sha256 = {_FIRST}",
        f"package of document {ID}: its bytes are gone: there is no content ".format(1),
        False,
    ),
    "content cut": (
        f"update content set body = substr(body, 2) where sha256 = {_FIRST}",
        f"package of document {ID}: it says 22 bytes, and 21 are known of".format(1),
        False,
    ),
    "content overwritten": (
        f"update content set body = set_byte(body, 3, 1) where sha256 = {_FIRST}",
        f"package of document {ID}: its bytes are ".format(1),
        True,
    ),
    "a package unknown": (
        "delete from package where doc = 1",
        f"package of document {ID}: no row says that the bytes of ".format(1),
        False,
    ),
    "a delivery deleted": (
        f"delete from delivery where recipient = '{B}' and no = 5",
        f"delivery {ID}.{B}: missing; its document says {B}/0:5".format(5),
        False,
    ),
    "a delivery elsewhere": (
        f"update delivery set no = 50 where recipient = '{B}' and no = 5",
        f"delivery {ID}.{B}: its place is 0:50, by its document 0:5".format(5),
        False,
    ),
    "a delivery of nothing": (
        f"update delivery set doc = 99 where recipient = '{B}' and no = 5",
        f"delivery .{B}: no document with the number 99 names it".format(5),
        False,
    ),
    "a state of no name": (
        f"update delivery set transport = 9 where recipient = '{B}' and no = 5",
        f"delivery {ID}.{B}: its row is no delivery".format(5),
        False,
    ),
    "an event deleted": ("delete from event where seq = 6", "event 6: missing", False),
    "a document deleted": (
        "delete from document where seq = 1",
        "event 1: accepts a document with the number 1, and there is none",
        False,
    ),
    "recipients that are none": (
        "update document set recipients = '7' where seq = 1",
        f"document {ID}: its row is no document".format(1),
        False,
    ),
    "another's stream": (
        "update event set addressee = '' where code = '02'",
        f"event 12: in the stream of '', and belongs to '{A}'",
        False,
    ),
    "no head": ("delete from head", "head of the books: missing", False),
    "a number given twice": (
        "update head set seq = seq - 3",
        "head 11: the last number given is 11, and there is an event 14",
        False,
    ),
}


@pytest.fixture
async def store(postgres_url: str, postgres_run: str) -> AsyncIterator[Store]:
    store = await postgres_store.open_store(postgres_url, postgres_run)
    try:
        await write(store)
        assert await differences(store) == []
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("name", PLANTS)
async def test_a_damage_is_named(
    store: Store, postgres_url: str, postgres_run: str, name: str
) -> None:
    sql, words, to_be_read = PLANTS[name]
    # One session each: what is set in it is gone with it.
    await postgres.execute(postgres_url, f"set search_path = {schema_of(postgres_run)}; {sql}")
    assert (await prove(store)).clean is to_be_read
    told = (await prove(store, read_packages=True)).lines
    assert any(words in line for line in told), told
