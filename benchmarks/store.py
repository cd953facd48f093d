"""CPU microseconds that the SQLite store takes per command, in groups as the committer makes them.

``python -m benchmarks.store [FOLDER]`` prints a line per kind of command. Time is that of the
whole process, writer thread and checkpoints included. Moves and statuses are made as dear as they
come: each names one delivery, and neighbours in a group name different recipients.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from axis.adapters.sqlite_store import SqliteStore, open_store
from axis.core.commands import Accept, Accepted, ById, Command, Move, Outcome, Say, UpTo
from axis.core.directory import Agency
from axis.core.document import Addressee, Document, Place
from axis.core.lifecycle import Step

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
            "promulgated": "2020-01-15",
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
    """One status for each delivery; a clerk accepts half an hour behind the arrival."""
    at = AT + 1_800_000_000 if code == "03" else AT
    return [
        Say(target=ById(d.id, place.recipient), code=code, actor=place.recipient, at=at, now=at)
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


class Bench:
    """One store, and what its groups took so far."""

    def __init__(self, store: SqliteStore, size: int) -> None:
        self._store = store
        self._size = size
        #: Microseconds of CPU per item, one number for each group.
        self.spent: dict[str, list[float]] = {}

    async def apply(self, name: str, commands: Sequence[Command], items: int = 0) -> list[Outcome]:
        """Apply whole groups of ``commands``; ``items`` is what one group counts as."""
        outcomes: list[Outcome] = []
        for at in range(0, len(commands) // self._size * self._size, self._size):
            gc.collect()
            start = time.process_time()
            outcomes += await self._store.apply(commands[at : at + self._size])
            took = (time.process_time() - start) / (items or self._size)
            self.spent.setdefault(name, []).append(took * 1e6)
        return outcomes


async def measure(folder: Path, size: int = GROUP) -> dict[str, list[float]]:
    """Microseconds of CPU per item, by kind of command, in groups of ``size``."""
    store = open_store(folder)
    try:
        await store.enrol([agency(code) for code in CODES], [], [])
        await store.apply(accepts(10**9))  # caches and prepared statements, once
        bench = Bench(store, size)
        documents: list[Document] = []
        for number in range(GROUPS):
            outcomes = await bench.apply("accept a document", accepts(number * size, size))
            documents += [o.document for o in outcomes if isinstance(o, Accepted)]
        half = documents[: len(documents) // 2]
        rest = documents[len(documents) // 2 :]
        await bench.apply("offer one delivery", moves(half, Step.OFFER))
        await bench.apply("confirm one delivery", moves(half, Step.DONE))
        await bench.apply("say 01, delivery done", says(half, "01"))
        await bench.apply("say 01, which implies done", says(rest[: len(rest) // 2], "01"))
        await bench.apply("say 03", says(half, "03"))
        if size > 1:
            whole = Bench(store, len(ranges(rest)))
            deliveries = sum(1 for _ in _places(rest[len(rest) // 2 :]))
            await whole.apply("confirm ranges, per delivery", ranges(rest), deliveries)
            bench.spent |= whole.spent
        return bench.spent
    finally:
        await store.close()


def agency(code: str) -> Agency:
    """An agency to measure with."""
    return Agency(
        code=code, name_vi=code, name_en=code, kind="province", level="local", certainty="made up"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        for size in (GROUP, 1):
            for name, spent in asyncio.run(measure(Path(folder) / str(size), size)).items():
                low, middle, high = statistics.quantiles([*spent, *spent], n=4)
                print(f"{name:29} in groups of {size:2}: {low:6.1f} {middle:6.1f} {high:6.1f} us")


if __name__ == "__main__":
    main()
