"""Documents that wait for a recipient before anything is measured: their own bytes are few."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accept, Accepted
from axis.core.document import Addressee
from benchmarks.store import AT

#: Documents of one group.
FILLING = 512
#: Who sends the waiting documents, and who has them waiting.
SENDER, RECIPIENT = "000.00.00.G22", "000.00.00.H37"


def fill(home: Path, waiting: int) -> None:
    """Have so many documents wait for the recipient in the books of an axis that does not run."""

    async def fill() -> None:
        store = open_store(home / "axis")
        try:
            for first in range(0, waiting, FILLING):
                some = [_accept(n) for n in range(first, min(first + FILLING, waiting))]
                assert all(isinstance(one, Accepted) for one in await store.apply(some))
        finally:
            await store.close()

    asyncio.run(fill())


def _accept(number: int) -> Accept:
    body = b"%d" % number
    return Accept(
        id=f"doc_{number:026}",
        sender=SENDER,
        unit=SENDER,
        document_id=f"{SENDER},2018/01/15,{number}/UBND",
        kind=0,
        urgency=0,
        sha256=hashlib.sha256(body).hexdigest(),
        body=body,
        recipients=(Addressee(RECIPIENT, (RECIPIENT,)),),
        at=AT + number,
        now=AT + number,
        verdict="valid",
    )
