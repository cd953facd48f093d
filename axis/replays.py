"""The seam of replay jobs: what a plan looks at, and what stands in the books of jobs.

They are written through ``axis.ports.Store.apply`` like everything else
(``axis.core.job_commands``): a page of deliveries, their outcomes and the job's cursor in one
transaction. ``tests/contract`` runs one suite on every adapter.
"""

from __future__ import annotations

from typing import Protocol

from axis.core.replay import Candidate, Filter, ItemRow, Job, Outcomes


class Replays(Protocol):
    """Reads of what replay jobs need. Raises ``Unavailable``; everything may be asked again."""

    async def candidates(self, asked: Filter, limit: int) -> list[Candidate]:
        """The deliveries that match, by document and recipient; ``limit`` at the most.

        ``asked`` must be bounded. Costs what its recipient, sender or names have in the
        books, or what is parked.
        """
        ...

    async def page(self, job: str, after: int, limit: int) -> list[tuple[int, Candidate]]:
        """The items of a job behind number ``after`` as they stand now, in order."""
        ...

    async def job(self, job: str) -> Job | None:
        """One job."""
        ...

    async def jobs(self, agency: str | None, limit: int) -> list[Job]:
        """The jobs of an agency ("": of the operators, None: of all), newest first."""
        ...

    async def running(self) -> list[Job]:
        """Every running job, by id. Costs what is running and not what ever ran."""
        ...

    async def items(self, job: str, after: int, limit: int) -> list[ItemRow]:
        """The items of a job behind number ``after`` with what came of them, in order."""
        ...

    async def outcomes(self, job: str) -> Outcomes:
        """What the items of a job came to, counted. Costs its items."""
        ...


#: What a page of items holds at the most.
ITEMS_MAX = 1000
