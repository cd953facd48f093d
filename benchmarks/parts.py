"""CPU microseconds per document by part, in one process, over different documents."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accept, Accepted
from axis.core.document import Addressee
from benchmarks.packages import Signed, signed
from schemas.edxml_read import read
from schemas.examine import seal_of

DOCUMENTS = 1000
GROUP = 64


def _cpu_us(work: Callable[[Signed], object], packages: Sequence[Signed]) -> float:
    gc.collect()
    start = time.process_time()
    for package in packages:
        work(package)
    return (time.process_time() - start) / len(packages) * 1e6


def parts(home: Path) -> dict[str, float]:
    """Microseconds of CPU per document: digest, read, verify, store."""
    packages = list(islice(signed(home), DOCUMENTS))
    trees = {p.body: read(p.body).tree for p in packages}

    def check(package: Signed) -> None:
        tree = trees[package.body]
        assert tree is not None
        assert seal_of(tree).genuine

    out = {
        "SHA-256": _cpu_us(lambda p: hashlib.sha256(p.body).digest(), packages),
        "read, with attachments opened": _cpu_us(lambda p: read(p.body), packages),
        "verify the signature": _cpu_us(check, packages),
    }
    out["store: bytes, rows, events, counters (groups of 64)"] = asyncio.run(_store(home, packages))
    return out


async def _store(home: Path, packages: Sequence[Signed]) -> float:
    commands = [_accept(index, package) for index, package in enumerate(packages)]
    store = open_store(home / "axis")
    try:
        start = time.process_time()
        for at in range(0, len(commands), GROUP):
            outcomes = await store.apply(commands[at : at + GROUP])
            assert all(isinstance(o, Accepted) for o in outcomes)
        return (time.process_time() - start) / len(commands) * 1e6
    finally:
        await store.close()


def _accept(index: int, package: Signed) -> Accept:
    return Accept(
        id=f"doc_{index:026d}",
        sender=package.sender,
        unit=package.sender,
        document_id=f"{package.sender},{index}",
        kind=0,
        urgency=0,
        sha256=hashlib.sha256(package.body).hexdigest(),
        body=package.body,
        recipients=tuple(Addressee(code, (code,)) for code in package.recipients),
        at=index,
        now=index,
        verdict="valid",
        meta={"subject": "V/v báo cáo", "code": "1/UBND", "type": "Công văn"},
    )
