"""Whatever is lost or altered in the books is named by an audit, and ends nothing in a traceback."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from axis.adapters.sqlite_store import open_store
from axis.cli import archive
from axis.core.errors import AxisError
from axis.flows.proving import prove
from axis.settings import Settings
from tests.adapters.damage import ID, write
from tests.contract.books import A, B, D, differences

TO_B5: Final = f"delivery {ID}.{B}".format(5)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")

    async def work() -> None:
        store = open_store(folder / "axis")
        await write(store)
        assert await differences(store) == []
        await store.close()

    asyncio.run(work())
    return folder


@pytest.fixture
def settings(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("AXIS_DATABASE", raising=False)
    shutil.copytree(written, tmp_path / "var")
    return Settings(var=tmp_path / "var")


def _execute(settings: Settings, sql: str) -> None:
    connection = sqlite3.connect(settings.axis_dir / archive.FILE)
    try:
        for statement in sql.split(";"):
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


_OF_B5 = f"where recipient = '{B}' and no = 5"
_OF_B1 = f"where recipient = '{B}' and no = 1"

_INSERT_OF_A = f"""
    insert into delivery
        (doc, recipient, urgency, no, transport, business, request, said, reason, attempt)
        values (5, '{A}', 0, 1, 0, 0, 0, 0, '', 1)"""

#: SQL, and what the audit must say.
PLANTS: Final = {
    "a delivery deleted": (f"delete from delivery {_OF_B5}", f"{TO_B5}: missing; its document"),
    "a delivery elsewhere": (
        f"update delivery set no = 77 {_OF_B5}",
        f"{TO_B5}: its place is 0:77, by its document 0:5",
    ),
    "a delivery in another class": (
        f"update delivery set urgency = 4 {_OF_B5}",
        f"{TO_B5}: its place is 4:5, by its document 0:5",
    ),
    "a delivery of nothing": (
        f"update delivery set doc = 100005 {_OF_B5}",
        f"delivery .{B}: no document with the number 100005 names it ({B}/0:5)",
    ),
    "a delivery that nobody accepted": (
        _INSERT_OF_A,
        f"delivery {ID}.{A}: no document".format(5),
    ),
    "a request opened": (f"update delivery set request = 1 {_OF_B1}", "request is open"),
    "statuses forgotten": (f"update delivery set said = 0 {_OF_B1}", "said is 0, by its events 10"),
    "a reason changed": (
        f"update delivery set reason = 'x' where recipient = '{B}' and no = 2",
        f"delivery {ID}.{B}: reason is 'x', by its events 'hỏng'".format(2),
    ),
    "an attempt more": (f"update delivery set attempt = 5 {_OF_B1}", "attempt is 5, by its events"),
    "an arrival changed": (f"update delivery set arrived_at = 1 {_OF_B1}", "arrived_at is 1"),
    "a delivery offered": (f"update delivery set transport = 1 {_OF_B5}", "transport is offered"),
    "a state of no name": (f"update delivery set transport = 9 {_OF_B5}", f"{TO_B5}: its row is n"),
    "no longer given back": (
        f"update delivery set again = 0 {_OF_B1}",
        "again is none, by its eve",
    ),
    "an event deleted": ("delete from event where kind = 'offered'", "event 6: missing"),
    "an acceptance deleted": (
        "delete from event where seq = 1",
        f"document {ID}: no event 1 accepts it".format(1),
    ),
    "a status deleted": ("delete from event where code = '01'", "event 9: missing"),
    "the last event deleted": ("delete from event where kind = 'handed'", "event 14: missing"),
    "an acceptance sooner": (
        "update event set occurred_at = 1 where code = '03'",
        "agency's counters",
    ),
    "a status in nobody's stream": (
        "update event set addressee = '' where code = '02'",
        f"event 12: in the stream of '', and belongs to '{A}'",
    ),
    "a status in another's stream": (
        f"update event set addressee = '{D}' where code = '02'",
        f"event 12: in the stream of '{D}'",
    ),
    "a reason in an event": (
        "update event set body = replace(body, 'sai', 'xxx') where code = '02'",
        "reason is 'sai', by its events 'xxx'",
    ),
    "a speaker": (f"update event set actor = '{D}' where code = '02'", f"event 12: said by '{D}'"),
    "a sender in an event": (
        f"update event set actor = '{D}' where seq = 1",
        "event 1: is not how",
    ),
    "another kind": (
        "update event set kind = 'done' where kind = 'offered'",
        "event 7: done of doc",
    ),
    "a kind of no name": (
        "update event set kind = 'zzz' where kind = 'offered'",
        "event 6: zzz of",
    ),
    "an event of nothing": (
        "update event set doc = 999999 where kind = 'offered'",
        "event 6: there is no document with the number 999999",
    ),
    "a state word of no name": (
        """update event set body = '{"state":"zzz"}' where code = '03'""",
        "event 10: says 'zzz'",
    ),
    "an event that is no JSON": (
        "update event set body = '{' where code = '03'",
        "event 10: its row is no event",
    ),
    "a time that is none": (
        "update event set occurred_at = 'noon' where kind = 'done'",
        "event 7: cannot be understood",
    ),
    "a text that is none": (
        "update event set actor = cast(x'ff' as text) where kind = 'done'",
        "event 1 and on: cannot be read",
    ),
    "a document deleted": (
        "delete from document where seq = 1",
        "event 1: accepts a document with the number 1, and there is none",
    ),
    "another digest": (
        "update document set sha256 = '00' where seq = 1",
        f"package of document {ID}: no row says where the bytes of 00 lie".format(1),
    ),
    "another size": (
        "update document set size = size + 1 where seq = 1",
        f"package of document {ID}: it says 23 bytes, and 22 are known of".format(1),
    ),
    "another sender": (f"update document set sender = '{D}' where seq = 1", "event 1: is not how"),
    "another day": ("update document set occurred_at = 1 where seq = 1", "event 1: is not how"),
    "a recipient fewer": (
        "update document set recipients = json_remove(recipients, '$[2]') where seq = 1",
        f"delivery {ID}.{D}: no document with the number 1 names it".format(1),
    ),
    "another number": (
        "update document set recipients = json_set(recipients, '$[0][2]', 99) where seq = 1",
        f"document {ID}: number 99 in lane {B}/0, where 1 follows".format(1),
    ),
    "recipients that are none": (
        "update document set recipients = '7' where seq = 1",
        f"document {ID}: its row is no document".format(1),
    ),
    "a package unknown": (
        "delete from package where doc = 1",
        f"package of document {ID}: no row says where".format(1),
    ),
    "a package that is nowhere": (
        "update package set segment = 'x' where doc = 1",
        f"package of document {ID}: where its bytes lie cannot be understood".format(1),
    ),
    "a number given twice": (
        "update head set seq = seq - 3",
        "head 11: the last number given is 11",
    ),
    "a number not given": ("update head set seq = seq + 2", "event 15 to 16: missing"),
    "no head": ("delete from head", "head of the books: missing"),
    "an end set back": (
        "update head set segment_end = segment_end - 10",
        f"package of document {ID}: its bytes lie up to 330 of 0001.seg, and the head".format(5),
    ),
}


@pytest.mark.parametrize("name", PLANTS)
def test_a_damage_to_rows_is_named(settings: Settings, name: str) -> None:
    sql, words = PLANTS[name]
    _execute(settings, sql)
    told = archive.audit(settings)
    assert not told["clean"]
    if words == "agency's counters":
        assert told["counters"]
    else:
        assert any(words in line for line in told["lines"]), told["lines"]


def test_sound_books_are_clean(settings: Settings) -> None:
    for read in (False, True):
        told = archive.audit(settings, read_packages=read)
        assert (told["clean"], told["lines"], told["left_out"]) == (True, [], 0)


def _overwrite(segment: Path) -> None:
    with segment.open("r+b") as file:
        file.seek(50)
        file.write(b"XXXX")


def _shift(segment: Path) -> None:
    connection = sqlite3.connect(segment.parent.parent / archive.FILE)
    connection.execute("update package set start = start + 1 where doc = 1")
    connection.commit()
    connection.close()


#: What is done to the segment, what must be said, and whether packages must be read for it.
FILES: Final[dict[str, tuple[Callable[[Path], Any], str, bool]]] = {
    "gone": (Path.unlink, "its bytes are gone: there is no 0001.seg", False),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "5: its bytes are gone", False),
    "overwritten": (_overwrite, f"{ID}: its bytes in 0001.seg are ".format(1), True),
    "elsewhere": (_shift, f"{ID}: no record of it begins at 1 of 0001.seg".format(1), True),
}


@pytest.mark.parametrize("name", FILES)
def test_a_damage_to_packages_is_named(settings: Settings, name: str) -> None:
    harm, words, to_be_read = FILES[name]
    harm(settings.axis_dir / "packages" / "0001.seg")
    assert archive.audit(settings)["clean"] is to_be_read
    told = archive.audit(settings, read_packages=True)
    assert any(words in line for line in told["lines"]), told["lines"]


def test_an_index_that_lost_a_row_is_named(settings: Settings) -> None:
    # The index is made anew as one of other rows, under its old words.
    waiting = "transport < 2 or again > 0"
    schema = "pragma writable_schema = on; update sqlite_schema set sql = replace(sql, '{}', '{}')"
    schema += " where name = 'delivery_open'"
    _execute(settings, schema.format(waiting, "transport < 1 and again > 0"))
    _execute(settings, "reindex delivery_open")
    _execute(settings, schema.format("transport < 1 and again > 0", waiting))
    told = archive.audit(settings)
    assert any("missing from index delivery_open" in line for line in told["lines"]), told["lines"]


def test_pages_that_are_torn_are_told(settings: Settings) -> None:
    path = settings.axis_dir / archive.FILE
    connection = sqlite3.connect(path)
    ((root,),) = connection.execute("select rootpage from sqlite_schema where name = 'event'")
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    told = archive.audit(settings)
    assert any(line.startswith("file books.sqlite: ") for line in told["lines"])
    assert any(line.startswith("event 1 and on: cannot be read") for line in told["lines"])


async def test_a_running_axis_names_them_too(settings: Settings) -> None:
    _execute(settings, f"delete from delivery {_OF_B5}; update event set body = '{{' where seq = 8")
    store = open_store(settings.axis_dir)
    try:
        told = (await prove(store, read_packages=True)).lines
    finally:
        await store.close()
    assert any(line.startswith(f"{TO_B5}: missing") for line in told)
    assert any(line.startswith("event 8: its row is no event") for line in told)


def test_there_is_no_digest_of_what_cannot_be_read(settings: Settings) -> None:
    from axis.cli.session import Session
    from axis.cli.traffic_source import digest

    _execute(settings, "update event set body = '{' where seq = 8")
    with pytest.raises(AxisError, match="The books are damaged: event 8: its row is no event"):
        digest(Session(settings, None))
    with pytest.raises(AxisError, match=r"axis\.books_damaged"):
        archive.breakdown(settings)
