"""Reading a window: by the indexes made for it, and never more than so many documents at a time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from axis.adapters import postgres_extract, sqlite_extract
from axis.adapters.postgres_migrate import migrate as migrate_postgres
from axis.adapters.postgres_server import Server
from axis.adapters.postgres_store import open_store as open_postgres
from axis.adapters.sqlite_file import Database, migrate
from axis.adapters.sqlite_store import open_store
from axis.core.questions import Window
from axis.ports import Store
from tests.adapters.test_postgres_plans import _LONG, _plan
from tests.contract.books import CODES, NOON, B, Scribe, agency

PLANS = {
    "reached": ["SEARCH t USING INTEGER PRIMARY KEY (rowid>?)"],
    "window": ["SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "deliveries_of": [
        "SEARCH d USING PRIMARY KEY (doc=?)",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "events_of": ["SEARCH e USING INDEX event_by_doc (doc=?)"],
}
INDEXES = {
    "reached": ["document_pkey"],
    "window": ["document_pkey"],
    "deliveries_of": ["delivery_pkey", "document_pkey"],
    "events_of": ["event_by_doc"],
}


@pytest.mark.parametrize("name", sqlite_extract.QUERIES)
def test_sqlite_comes_by_its_indexes(tmp_path: Path, name: str) -> None:
    sql = sqlite_extract.QUERIES[name]
    with closing(Database(tmp_path / "books.sqlite").writer()) as connection:
        migrate(connection)
        found = connection.execute("explain query plan " + sql, (None,) * sql.count("?"))
        steps = [row[3] for row in found]
    touched = ("SEARCH t", "SEARCH d", "SEARCH e", "SCAN t", "SCAN d", "SCAN e")
    assert [s for s in steps if s.startswith(touched)] == PLANS[name]


async def test_postgres_comes_by_its_indexes(postgres_url: str, postgres_run: str) -> None:
    server = Server(postgres_url, postgres_run)
    await migrate_postgres(server)
    async with server.writing() as driver:
        for books in ("select 1", _LONG):
            await driver.execute(books)
            for name, sql in postgres_extract.QUERIES.items():
                assert sorted(await _plan(driver, sql)) == sorted(INDEXES[name]), name
    await server.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_page_looks_at_so_many_documents_and_goes_on_behind_them(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store: Store
    if kind == "sqlite":
        store = open_store(tmp_path / "axis")
    else:
        url, run = map(request.getfixturevalue, ("postgres_url", "postgres_run"))
        store = await open_postgres(url, run)
    for module in (sqlite_extract, postgres_extract):
        monkeypatch.setattr(module, "LOOKED_AT_MAX", 2)
    scribe = Scribe()
    await store.enrol([agency(code) for code in CODES], [], [])
    for n in range(6):
        await store.apply([scribe.accept(f"{n}", to=[B], at=NOON + n)])
    window, after, pages = Window(since=NOON + 4, until=NOON + 5), 0, []
    while True:
        page = await store.extract(window, after, 10)
        pages.append([extract.document.document_id for extract in page.found])
        if not page.after:
            break
        after = page.after
    await store.close()
    assert pages == [[], [], ["4"], []]
