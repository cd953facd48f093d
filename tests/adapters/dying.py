"""A process that writes into SQLite books, tells what was answered, and dies where it is told to.

``python -m tests.adapters.dying FOLDER PLACE ROUND``: PLACE is a name of ``PLACES``, or ``never``
to write until somebody kills it. Each answered group is one line: the ids of its documents.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.sqlite_store import open_store
from axis.adapters.sqlite_writer import Writer
from axis.core.commands import Accept
from axis.core.document import Place
from axis.core.lifecycle import Step
from tests.contract.books import CODES, A, B, Scribe, agency, document_of

GROUP = 5
#: Groups answered before the last one.
ANSWERED = 3


def accepts(run: int, group: int) -> list[Accept]:
    """The documents of one group: the same in every process."""
    scribe = Scribe()
    first = (run * 1_000_000 + group) * GROUP
    commands = (
        scribe.accept(f"{first + i}/UBND", to=CODES[1:], body=b"%d " % (first + i) * 2000)
        for i in range(GROUP)
    )
    return [replace(command, id=f"doc_{first + i:026}") for i, command in enumerate(commands)]


def _die(*_: object) -> None:
    os._exit(9)


def _write_and_die(part: Callable[[bytes], bytes]) -> None:
    """Let the next write reach the file only in part, and be the last thing done."""
    whole = os.pwritev

    def last(fd: int, buffers: list[bytes], offset: int) -> int:
        whole(fd, [part(b"".join(buffers))], offset)
        _die()
        return 0

    os.pwritev = last  # type: ignore[assignment]


def _before_the_rows() -> None:
    Writer._insert = _die  # type: ignore[method-assign,assignment]


def _after_the_commit() -> None:
    DocumentsKept.keep = _die  # type: ignore[method-assign,assignment]


PLACES: dict[str, Callable[[], None]] = {
    "in the middle of a package": lambda: _write_and_die(lambda data: data[: len(data) // 3]),
    "in the middle of a header": lambda: _write_and_die(lambda data: data[:20]),
    "before the bytes are synced": lambda: _write_and_die(bytes),
    "between the bytes and the rows": _before_the_rows,
    "between the commit and the answer": _after_the_commit,
}


async def _write(folder: Path, place: str, run: int) -> None:
    store = open_store(folder)
    await store.enrol([agency(code) for code in CODES], [], [])
    scribe = Scribe()
    for group in count():
        if group == ANSWERED and place in PLACES:
            PLACES[place]()
        commands = accepts(run, group)
        documents = [document_of(outcome) for outcome in await store.apply(commands)]
        print(*(document.id for document in documents), flush=True)
        lane = documents[0].recipients[0]
        done = scribe.move(Step.DONE, Place(B, 0, lane.no), actor=B, mine=B)
        refused = scribe.accept("0/UBND", sender=A, to=[B], body=b"%d %d" % (run, group))
        await store.apply([done, refused])


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
