"""What SQLite books promise beyond the contract: one writer, full disks, readers at all times."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from axis.adapters import segments, sqlite_checkpoints, sqlite_reads, sqlite_turns
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.segments import Damaged
from axis.adapters.sqlite_checkpoints import Checkpoints
from axis.adapters.sqlite_file import Database, InUse, copy_log, failures_told
from axis.adapters.sqlite_store import SqliteStore, open_store
from axis.core.document import Document
from axis.core.errors import Unavailable
from tests.contract.books import (
    CODES,
    B,
    Scribe,
    agency,
    differences,
    document_of,
    numbers,
    one,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "axis"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqliteStore]:
    store = open_store(folder)
    await store.enrol([agency(code) for code in CODES], [], [])
    yield store
    await store.close()


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


# ---- one writer --------------------------------------------------------------------------------


async def test_books_that_are_open_are_not_opened_again(store: SqliteStore, folder: Path):
    with pytest.raises(InUse, match=f"open in process {os.getpid()}"):
        open_store(folder)
    await store.close()
    again = open_store(folder)
    await again.close()


async def test_another_process_is_told_who_has_the_books(store: SqliteStore, folder: Path):
    code = (
        "import sys, pathlib; from axis.adapters.sqlite_store import open_store; "
        "open_store(pathlib.Path(sys.argv[1]))"
    )
    refused = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert f"are open in process {os.getpid()}; stop that axis first" in refused.stderr


async def test_books_that_cannot_be_opened_are_let_go(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    await store.apply([scribe.accept()])
    await store.close()
    segment = folder / "packages" / "0001.seg"
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-1])
    for _ in range(2):
        with pytest.raises(Damaged):
            open_store(folder)
    segment.write_bytes(whole)
    again = open_store(folder)
    assert await numbers(again, B) == [1]
    await again.close()


# ---- the disk ----------------------------------------------------------------------------------


async def _refused_with(code: str, store: SqliteStore, command: object) -> None:
    with pytest.raises(Unavailable) as caught:
        await one(store, command)
    assert caught.value.faults[0].code == code


async def test_a_disk_without_room_for_rows_writes_nothing_and_reading_goes_on(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    first = document_of(await one(store, scribe.accept()))
    bytes_before = (folder / "packages" / "0001.seg").stat().st_size
    ((pages,),) = store._writing.execute("pragma page_count")
    store._writing.execute(f"pragma max_page_count = {pages}")
    large = scribe.accept("2/UBND", subject="x" * 200_000)
    for _ in range(2):
        await _refused_with("axis.disk_full", store, large)
    assert (folder / "packages" / "0001.seg").stat().st_size == bytes_before
    assert await store.document(large.id) is None
    assert await store.body(first.sha256) is not None
    assert await numbers(store, B) == [1]

    store._writing.execute("pragma max_page_count = 1000000")
    second = document_of(await one(store, large))
    assert (second.seq, second.recipients[0].no) == (2, 2)
    assert await differences(store) == []


async def test_books_on_a_disk_that_became_read_only_are_not_ready(
    store: SqliteStore, folder: Path
):
    packages = str(folder / "packages")
    await store.ready()
    try:
        subprocess.run(["mount", "--bind", packages, packages], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only root may make a folder read only to itself: {error}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", packages], check=True)
        with pytest.raises(Unavailable, match=r"axis\.store_away"):
            await store.ready()
    finally:
        subprocess.run(["umount", packages], check=True)
    await store.ready()


@pytest.mark.parametrize("here", [True, False])
async def test_the_bytes_are_on_the_disk_before_the_rows_that_name_them(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch, here: bool
):
    """And both before anybody is told: promise 1. Also of a group that is too large for the loop."""
    done: list[str] = []
    sync = segments._sync

    def synced(fd: int) -> None:
        sync(fd)
        done.append("bytes")

    monkeypatch.setattr(segments, "_sync", synced)
    if not here:
        monkeypatch.setattr(sqlite_turns, "HERE_BYTES_MAX", 0)
    store._writing.set_trace_callback(lambda sql: done.append(sql) if sql == "commit" else None)
    for number in (1, 2):
        await one(store, scribe.accept(f"{number}/UBND"))
        done.append("told")
    assert done == ["bytes", "commit", "told"] * 2
    # And a COMMIT waits for the disk.
    assert store._writing.execute("pragma synchronous").fetchone() == (2,)
    assert store._writing.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("here", [True, False])
async def test_no_row_names_bytes_that_could_not_be_synced(
    store: SqliteStore, folder: Path, scribe: Scribe, monkeypatch: pytest.MonkeyPatch, here: bool
):
    if not here:
        monkeypatch.setattr(sqlite_turns, "HERE_BYTES_MAX", 0)
    await one(store, scribe.accept())
    bytes_before = (folder / "packages" / "0001.seg").stat().st_size
    command = scribe.accept("2/UBND")

    def failed(_: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(segments, "_sync", failed)
        await _refused_with("axis.store_away", store, command)
    assert (folder / "packages" / "0001.seg").stat().st_size == bytes_before
    assert await store.document(command.id) is None
    assert document_of(await one(store, command)).seq == 2
    assert await differences(store) == []


async def test_behind_a_write_that_waits_for_no_disk_the_next_group_does(store: SqliteStore):
    await store.lanes.beat("one", 0, 9)
    assert store._writing.execute("pragma synchronous").fetchone() == (2,)
    with pytest.raises(Unavailable):
        await store._turns.write(lambda connection: connection.execute("no sql"))
    assert store._writing.execute("pragma synchronous").fetchone() == (2,)


class _FailsToSync:
    """The writer's connection, whose COMMIT ends as where the log cannot be synced (it may be in
    the log all the same, and a crash would bring it back), or has no room for all of it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.fails: int | None = None

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if self.fails is not None and sql == "commit":
            error = sqlite3.OperationalError("it failed")
            error.sqlite_errorcode = self.fails
            raise error
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


@pytest.mark.parametrize(
    ("code", "told", "taken_back"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, "axis.store_away", False),
        (sqlite3.SQLITE_FULL, "axis.disk_full", True),
    ],
)
async def test_bytes_whose_rows_a_crash_may_bring_back_are_never_taken_back(
    store: SqliteStore, scribe: Scribe, code: int, told: str, taken_back: bool
):
    await one(store, scribe.accept())
    writer = store._turns._writer
    failing = _FailsToSync(writer._connection)
    writer._connection = failing  # type: ignore[assignment]
    before = writer._end
    failing.fails = code
    lost = scribe.accept("2/UBND")
    await _refused_with(told, store, lost)
    failing.fails = None
    third = document_of(await one(store, scribe.accept("3/UBND")))
    (spot,) = await store._read(sqlite_reads.spots, [third.sha256])
    # Behind the bytes of the second one, which nobody knows of now, where they may be named again.
    assert (spot.start == before.offset) is taken_back
    assert (spot.start > before.offset + len(lost.body)) is not taken_back
    assert await differences(store) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_disk_without_room_for_packages_writes_nothing(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    segment = folder / "packages" / "0001.seg"
    segment.symlink_to("/dev/full")
    command = scribe.accept()
    await _refused_with("axis.disk_full", store, command)
    assert await store.document(command.id) is None
    await store.close()
    segment.unlink()
    again = open_store(folder)
    assert document_of(await one(again, command)).seq == 1
    assert await again.body(command.sha256) == command.body
    await again.close()


async def test_a_store_that_fails_says_so_and_recovers(store: SqliteStore, scribe: Scribe):
    store._writing.execute("pragma query_only = on")
    command = scribe.accept()
    await _refused_with("axis.store_away", store, command)
    with pytest.raises(Unavailable):
        await store.enrol([agency("000.00.00.G22")], [], [])
    store._writing.execute("pragma query_only = off")
    assert document_of(await one(store, command)).seq == 1
    assert await differences(store) == []


async def test_a_package_that_is_gone_is_a_failure_of_the_store(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    document = document_of(await one(store, scribe.accept()))
    (folder / "packages" / "0001.seg").unlink()
    store._recent._bodies.clear()
    with pytest.raises(Unavailable):
        await store.body(document.sha256)


def _coded(error: sqlite3.Error, code: int) -> sqlite3.Error:
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (_coded(sqlite3.OperationalError("full"), sqlite3.SQLITE_FULL), "axis.disk_full"),
        (OSError(errno.EDQUOT, "quota"), "axis.disk_full"),
        (_coded(sqlite3.DatabaseError("malformed"), sqlite3.SQLITE_CORRUPT), "axis.store_away"),
        (_coded(sqlite3.DatabaseError("no database"), sqlite3.SQLITE_NOTADB), "axis.store_away"),
        (OSError(errno.EIO, "broken"), "axis.store_away"),
    ],
)
def test_what_the_disk_does_is_told_and_what_we_do_wrong_is_not(error: Exception, told: str):
    with pytest.raises(Unavailable) as caught, failures_told():
        raise error
    assert caught.value.faults[0].code == told
    with pytest.raises(sqlite3.IntegrityError), failures_told():
        raise sqlite3.IntegrityError("a number was given twice")


# ---- readers -----------------------------------------------------------------------------------


async def test_a_page_is_read_while_a_group_is_being_written(store: SqliteStore, scribe: Scribe):
    await store.apply([scribe.accept()])
    store._writing.execute("begin immediate")
    store._writing.execute("delete from delivery")
    assert await numbers(store, B) == [1]
    store._writing.execute("rollback")


async def test_a_reader_writes_nothing(store: SqliteStore):
    with closing(store._database.reader()) as reader, pytest.raises(sqlite3.OperationalError):
        reader.execute("delete from head")


async def test_a_history_left_in_the_middle_lets_the_books_close(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(10)])
    items = store.history()
    await anext(items)
    await anext(items)
    await items.aclose()
    await store.close()
    assert not (folder / "books.sqlite-wal").exists(), "somebody still reads"


async def test_documents_are_kept_up_to_a_number(store: SqliteStore, scribe: Scribe):
    commands = [scribe.accept(f"{n}/UBND") for n in range(4)]
    documents = [document_of(outcome) for outcome in await store.apply(commands)]

    def document(seq: int) -> Document:
        return documents[seq - 1]

    asked: list[list[int]] = []

    def load(seqs: list[int]) -> list[Document]:
        asked.append(sorted(seqs))
        return [document(seq) for seq in seqs]

    kept = DocumentsKept(most=3)
    kept.keep([document(1), document(2)])
    assert kept.get([2, 1], load) == {1: document(1), 2: document(2)}
    assert kept.get([1, 3, 4, 4], load)[4] == document(4)
    assert kept.get([1, 4], load) == {1: document(1), 4: document(4)}
    assert asked == [[3, 4], [1]]


# ---- the log -----------------------------------------------------------------------------------


def _wal_bytes(folder: Path) -> int:
    return (folder / "books.sqlite-wal").stat().st_size


async def test_what_was_committed_is_copied_off_the_path(
    store: SqliteStore, folder: Path, scribe: Scribe, tmp_path: Path
):
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(10)])
    assert _wal_bytes(folder) > 0
    store._checkpoints.close()  # does what is due at once
    copy = shutil.copy(folder / "books.sqlite", tmp_path / "copy.sqlite")
    with sqlite3.connect(copy) as database:
        assert database.execute("select count(*) from delivery").fetchone() == (10,)
    database.close()


async def test_the_log_is_emptied_when_nobody_is_in_the_way(
    store: SqliteStore, folder: Path, scribe: Scribe
):
    store._checkpoints.close()  # what its thread does by and by is done here by hand
    await store.apply([scribe.accept()])
    with closing(store._database.reader()) as copying, closing(store._database.reader()) as reading:
        assert store._checkpoints.copy(copying, idle=False), "short logs stay while groups come"
        assert _wal_bytes(folder) > 0
        reading.execute("begin")
        reading.execute("select * from head").fetchall()
        await store.apply([scribe.accept("2/UBND")])
        assert store._checkpoints.copy(copying, idle=True), "a reader still needs the log"
        assert _wal_bytes(folder) > 0
        reading.execute("rollback")
        assert not store._checkpoints.copy(copying, idle=True)
        assert _wal_bytes(folder) == 0
    await store.apply([scribe.accept("3/UBND")])
    assert await numbers(store, B) == [1, 2, 3]


async def test_a_long_log_is_written_over_while_groups_come(
    store: SqliteStore, folder: Path, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    store._checkpoints.close()
    monkeypatch.setattr(sqlite_checkpoints, "WAL_BYTES_MAX", 1)
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(80)])
    length = _wal_bytes(folder)
    with closing(store._database.reader()) as copying:
        for n in range(80, 90):
            assert not store._checkpoints.copy(copying, idle=False)
            await store.apply([scribe.accept(f"{n}/UBND")])
            assert _wal_bytes(folder) == length
    assert await numbers(store, B) == list(range(1, 91))


async def test_a_log_that_is_copied_whole_is_not_copied_again_beside_the_writer(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    """SQLite before 3.51.3 may lose a commit that begins the log anew meanwhile."""
    store._checkpoints.close()
    copies: list[int] = []

    def counted(connection: sqlite3.Connection) -> int:
        copies.append(copy_log(connection))
        return copies[-1]

    monkeypatch.setattr(sqlite_checkpoints, "copy_log", counted)
    with closing(store._database.reader()) as copying:
        await store.apply([scribe.accept()])
        for idle in (False, False, True, True):
            store._checkpoints.copy(copying, idle=idle)
        assert len(copies) == 1
        monkeypatch.setattr(sqlite_checkpoints, "WAL_BYTES_MAX", 1)
        await store.apply([scribe.accept("2/UBND")])
        store._checkpoints.copy(copying, idle=False)
        assert len(copies) == 2


async def test_a_write_that_is_cancelled_while_it_waits_is_queued_no_more(store: SqliteStore):
    turns = store._turns
    with turns._turn:
        begun = asyncio.create_task(turns.write(lambda _: None))
        given_up = asyncio.create_task(turns.write(lambda _: None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(turns._queued) == 2
        given_up.cancel()
        await asyncio.wait([given_up])
    await begun
    assert turns._queued == set()


async def test_a_group_goes_behind_a_write_that_waits_for_the_thread(
    store: SqliteStore, scribe: Scribe
):
    """With the turn in its hands it would wait for the thread, and the write there for the turn."""
    turns = store._turns
    go_on = threading.Event()
    turns._thread.submit(go_on.wait)
    waiting = asyncio.create_task(turns.write(lambda _: None))
    while not turns._queued:
        await asyncio.sleep(0)
    group = turns._begun([scribe.accept()])
    if group is not None:
        turns._turn.release()
    behind = asyncio.create_task(store.apply([scribe.accept("2/UBND")]))
    go_on.set()
    await asyncio.gather(waiting, behind)
    assert group is None


def test_a_log_that_cannot_be_emptied_is_tried_again(tmp_path: Path):
    def fails(*, shorten: bool) -> bool:
        raise sqlite3.OperationalError("disk I/O error")

    database = Database(tmp_path / "books.sqlite")
    checkpoints = Checkpoints(database, empty=fails)
    with closing(database.reader()) as connection:
        assert checkpoints.copy(connection, idle=True)
    checkpoints.close()
