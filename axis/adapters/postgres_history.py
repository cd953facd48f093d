"""Everything the counters are made of, read from PostgreSQL, and whether all bytes are there."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final

import asyncpg

from axis.adapters.histories import COUNTERS, HEAD, HISTORY_ROWS, SECTIONS, values
from axis.adapters.postgres_server import Driver
from axis.books import Head, Item, Package, Torn

#: Plans are under test. Of what is stored beside its row the length is known without reading it.
KEPT: Final = """
    select w.doc, p.size, octet_length(c.body)
    from unnest($1::text[], $2::bigint[]) w(sha256, doc)
    left join package p on p.sha256 = w.sha256 and p.doc = w.doc
    left join content c on c.sha256 = w.sha256"""
_BODY: Final = "select c.body from content c where c.sha256 = $1"


async def history(driver: Driver, idle_ms: int) -> AsyncGenerator[Sequence[Item], None]:
    """The counters and all they are made of, a page at a time, from one snapshot.

    Nobody else may use ``driver`` meanwhile; it may say nothing for ``idle_ms``.
    """
    snapshot = driver.transaction(isolation="repeatable_read", readonly=True)
    await snapshot.start()
    await driver.execute(f"set local idle_in_transaction_session_timeout = {idle_ms}")
    counters = await driver.fetch(COUNTERS)
    yield [{(agency, day, metric): n for agency, day, metric, n in counters}]
    heads = [Head(row[0]) for row in await driver.fetch(HEAD)]
    yield heads or [Torn("head", "of the books", "missing")]
    for section in SECTIONS:
        cursor = await driver.cursor(section.sql)
        while page := await cursor.fetch(HISTORY_ROWS):
            yield values(section, page)
    await snapshot.rollback()


async def amiss(driver: Driver, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
    """``axis.books.Books.amiss``."""
    asked = [p.sha256 for p in packages], [p.doc for p in packages]
    known = {doc: sizes for doc, *sizes in await driver.fetch(KEPT, *asked)}
    found: dict[int, str] = {}
    for package in packages:
        words = _misplaced(package, *known[package.doc])
        if words is None and read:
            words = await _fault(driver, package)
        if words is not None:
            found[package.doc] = words
    return found


def _misplaced(package: Package, known: int | None, stored: int | None) -> str | None:
    if known is None:
        return f"no row says that the bytes of {package.sha256} are its"
    if stored is None:
        return f"its bytes are gone: there is no content {package.sha256}"
    for size in (known, stored):
        if size != package.size:
            return f"it says {package.size} bytes, and {size} are known of"
    return None


async def _fault(driver: Driver, package: Package) -> str | None:
    try:
        body = await driver.fetchval(_BODY, package.sha256)
    except asyncpg.InternalServerError as error:
        # What is stored beside a row may be gone without it.
        return f"its bytes cannot be read: {error}"
    found = None if body is None else hashlib.sha256(body).hexdigest()
    return None if found == package.sha256 else f"its bytes are {found}"
