"""CPU microseconds that the SQLite store takes per command, in groups as the committer makes them.

``python -m benchmarks.store [FOLDER]`` prints a line per kind of command. Time is that of the
whole process, writer thread and checkpoints included; the median over groups is what counts, the
spread says how quiet the machine was.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accept, Accepted, ById, Command, Move, Say, UpTo
from axis.core.directory import Agency
from axis.core.document import Addressee, Document, Place
from axis.core.lifecycle import Step
from axis.ports import Store

GROUP = 64
GROUPS = 60
#: Package bytes of the size profile ``small``.
BODY_BYTES = 20_000
#: 15 January 2020, and three or four recipients a document as on that day.
AT = 1_579_046_400_000_000
CODES = tuple(f"000.00.00.H{number:02}" for number in range(95))


def accepts(first: int, count: int = GROUP) -> list[Accept]:
    """``count`` different documents to three or four recipients each."""
    return [_accept(number) for number in range(first, first + count)]


def _accept(number: int) -> Accept:
    body = b"%012d" % number + bytes(BODY_BYTES - 12)
    recipients = [CODES[(number * 7 + i * 13) % 95] for i in range(3 + number % 2)]
    return Accept(
        id=f"doc_{number:026}",
        sender=CODES[number % 95],
        unit=CODES[number % 95],
        document_id=f"{CODES[number % 95]},2020/01/15,{number}/UBND",
        kind=0,
        urgency=number % 10 // 9,
        sha256=hashlib.sha256(body).hexdigest(),
        body=body,
        recipients=tuple(Addressee(code, (code,)) for code in recipients),
        at=AT + number,
        now=AT + number,
        verdict="valid",
        meta={
            "subject": f"V/v báo cáo kết quả thực hiện nhiệm vụ số {number}",
            "code": f"{number}/UBND",
            "type": "Công văn",
            "attachments": ["cong-van.pdf"],
        },
    )


def _places(documents: Sequence[Document]) -> Iterator[tuple[Document, Place]]:
    for document in documents:
        for recipient in document.recipients:
            yield document, Place(recipient.agency, document.urgency, recipient.no)


def moves(documents: Sequence[Document], step: Step) -> list[Command]:
    """One move for each delivery."""
    return [
        Move(step=step, targets=(place,), actor=place.recipient, at=AT, now=AT)
        for _, place in _places(documents)
    ]


def says(documents: Sequence[Document], code: str) -> list[Command]:
    """One status for each delivery."""
    return [
        Say(target=ById(d.id, place.recipient), code=code, actor=place.recipient, at=AT, now=AT)
        for d, place in _places(documents)
    ]


def ranges(documents: Sequence[Document]) -> list[Command]:
    """One confirmed range for each lane that the documents reach."""
    tops: dict[tuple[str, int], int] = {}
    for _, (recipient, urgency, no) in _places(documents):
        tops[recipient, urgency] = max(no, tops.get((recipient, urgency), 0))
    return [
        Move(step=Step.DONE, targets=(UpTo(*lane, no),), actor=lane[0], at=AT, now=AT)
        for lane, no in tops.items()
    ]


async def _cpu_us(store: Store, groups: Sequence[Sequence[Command]]) -> list[float]:
    """Microseconds per command of each group."""
    spent = []
    for group in groups:
        start = time.process_time()
        await store.apply(group)
        spent.append((time.process_time() - start) / len(group) * 1e6)
    return spent


def _cut(commands: Sequence[Command], size: int) -> list[Sequence[Command]]:
    whole = len(commands) // size * size
    return [commands[i : i + size] for i in range(0, whole, size)]


async def measure(folder: Path, size: int = GROUP) -> dict[str, list[float]]:
    """Microseconds of CPU per command, one number for each group of ``size``."""
    store = open_store(folder)
    try:
        await store.enrol([_agency(code) for code in CODES], [], [])
        await store.apply(accepts(10**9))  # caches and prepared statements, once
        out: dict[str, list[float]] = {}
        documents: list[Document] = []
        out["accept"] = []
        for i in range(GROUPS):
            group = accepts(i * size, size)
            start = time.process_time()
            outcomes = await store.apply(group)
            out["accept"].append((time.process_time() - start) / size * 1e6)
            documents += [o.document for o in outcomes if isinstance(o, Accepted)]
        later: dict[str, Callable[[], Sequence[Command]]] = {
            "move: offer": lambda: moves(documents, Step.OFFER),
            "move: done": lambda: moves(documents[: len(documents) // 2], Step.DONE),
            "say: 01, done": lambda: says(documents[: len(documents) // 2], "01"),
            "say: 01, implies done": lambda: says(documents[len(documents) // 2 :], "01"),
            "say: 03": lambda: says(documents, "03"),
        }
        for name, commands in later.items():
            out[name] = await _cpu_us(store, _cut(commands(), size))
        return out
    finally:
        await store.close()


def _agency(code: str) -> Agency:
    return Agency(
        code=code, name_vi=code, name_en=code, kind="province", level="local", certainty="made up"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        for size in (GROUP, 1):
            for name, spent in asyncio.run(measure(Path(folder) / str(size), size)).items():
                low, middle, high = statistics.quantiles(spent, n=4)
                print(f"{name:24} groups of {size:3}: {middle:7.1f} us  ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
