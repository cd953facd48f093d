"""CPU microseconds per document by part, in one process, over different documents."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accept, Accepted
from axis.core.document import Addressee
from benchmarks import rsa, servers
from benchmarks.packages import Signed, signed
from benchmarks.scale import Scale
from benchmarks.table import Row
from schemas.examine import examine

DOCUMENTS = 1000
EXAMINE = "examine: form, files, digest, signature"
STORE = "store: bytes, rows, events, counters (groups of 64)"
GROUP = 64

T = TypeVar("T")


def cpu_us(work: Callable[[T], object], values: Sequence[T]) -> float:
    """CPU microseconds that ``work`` takes with each of ``values``."""
    gc.collect()
    start = time.process_time()
    for value in values:
        work(value)
    return (time.process_time() - start) / len(values) * 1e6


def row(_scale: Scale) -> Row:
    """Digest, examination in two forms and of either signature, store."""
    with servers.world({}) as home:
        return Row("CPU by part, us a document", figures=_parts(home))


def _parts(home: Path) -> dict[str, float]:
    packages = list(islice(signed(home), DOCUMENTS))
    # A blank in a tag is the same document to the signature, and another form to the reader.
    by_rsa = list(islice(signed(home, rsa.keys()), DOCUMENTS))
    others = [replace(p, body=p.body.replace(b"Header>", b"Header >", 1)) for p in packages]

    def check(package: Signed) -> None:
        assert examine(package.body).seal.genuine

    out = {
        "SHA-256 of the package": cpu_us(lambda p: hashlib.sha256(p.body).digest(), packages),
        EXAMINE: cpu_us(check, packages),
        "examine the same in another builder's form": cpu_us(check, others),
        "examine the same with an RSA-2048 signature": cpu_us(check, by_rsa),
    }
    out[STORE] = asyncio.run(_store(home, packages))
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
