"""Drive replay jobs: hand their deliveries over page by page, at the rate of each.

Every process looks for running jobs and takes the lease of those that nobody has. A page is decided
and written together with the job's cursor, by who holds the newest epoch: whoever dies, sleeps or
loses its lease in between has handed over nothing, and whoever goes on hands over the next item.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from axis.core.commands import Outcome
from axis.core.document import Place
from axis.core.errors import Fault, Unavailable
from axis.core.job_commands import Drive, JobCommand, Ran, Stop, Take
from axis.core.recount import DAMAGE
from axis.core.replay import KNOWN_MIN, STEPS, Candidate, Job, Kind, Stage, skip
from axis.core.retry import Backoff
from axis.core.survey import left_out
from axis.core.timetable import MICROSECONDS
from axis.flows.commit import Committer
from axis.ports import Clock, Store
from axis.replays import Replays

log = structlog.get_logger()

#: A process that is gone is replaced after so long; one that lives renews it with each page.
LEASE_S = 5.0
#: Running jobs are looked for this often: one that another process has begun, or left.
LOOK_AGAIN_S = 2.0
#: What a page holds, in seconds of its rate: a pause or an abort takes effect within it.
PAGE_S = 0.25
#: Package bytes in memory while a page is checked; one package always passes.
CHECK_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Books:
    """What jobs are read from, and written through."""

    store: Store
    replays: Replays
    committer: Committer


class Replaying:
    """Drives jobs in one process. ``owner`` names it, and no other ever."""

    def __init__(self, books: Books, clock: Clock, owner: str) -> None:
        self._store = books.store
        self._replays = books.replays
        self._committer = books.committer
        self._clock = clock
        self._owner = owner
        self._driven: set[str] = set()
        self._more = asyncio.Event()

    def look(self) -> None:
        """Something may have begun to run."""
        self._more.set()

    async def run(self) -> None:
        """Drive for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._more.clear()
                for job in await self._running():
                    if job.id not in self._driven and self._free(job):
                        self._driven.add(job.id)
                        tasks.create_task(self._drive(job.id), name=job.id)
                try:
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await self._more.wait()
                except TimeoutError:
                    continue

    def _free(self, job: Job) -> bool:
        mine = job.owner in ("", self._owner)
        return mine or job.lease_until <= self._clock.now()

    async def _running(self) -> list[Job]:
        try:
            found = await self._replays.running()
        except Unavailable:
            # The store has said so; it is asked again.
            return []
        except DAMAGE as error:
            log.exception("jobs not found", action="replay.damaged", exc_info=error)
            return []
        # Shadows are played elsewhere: that takes an axis of its own.
        return [job for job in found if job.kind in STEPS]

    async def _drive(self, job: str) -> None:
        """Take a job's lease, if it can be had, and hand its deliveries over while it holds."""
        backoff, failed = Backoff(), 0
        try:
            while True:
                try:
                    await self._hand_over(job)
                    return
                except DAMAGE as error:
                    log.exception("not driven", action="replay.damaged", job=job, exc_info=error)
                    return
                except Unavailable as error:
                    # Whether the page was written only the books know: with another epoch they
                    # say so, and what was under way is void.
                    failed += 1
                    log.warning("not driven", action="replay.failed", job=job, why=str(error))
                    await asyncio.sleep(backoff.delay_s(failed, 0.5))
        finally:
            self._driven.discard(job)

    async def _hand_over(self, job_id: str) -> None:
        now = self._clock.now()
        job = await self._submit(
            Take(job=job_id, owner=self._owner, now=now, until=now + _us(LEASE_S))
        )
        if job is None:
            return
        who = {"job": job.id, "by": self._owner}
        log.info("job taken", action="replay.taken", **who, cursor=job.cursor)
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while job is not None and job.stage is Stage.RUNNING:
            if await self._fails(job):
                return
            before = job.cursor
            job = await self._page(job, max(1, int(job.rate * PAGE_S)))
            if job is not None:
                # What was late is not made up for: the rate is a promise to the recipients.
                due_s = max(due_s, loop.time() - PAGE_S) + (job.cursor - before) / job.rate
                await asyncio.sleep(max(0.0, due_s - loop.time()))
        if job is not None:
            log.info("job ended", action="replay.ended", **who, stage=str(job.stage))

    async def _page(self, job: Job, many: int) -> Job | None:
        """Hand the next items over; the job behind them, None when it is somebody else's by now.

        Where a row is no delivery it goes item by item, and passes over that one.
        """
        try:
            page = await self._replays.page(job.id, job.cursor, many)
        except DAMAGE:
            if many > 1:
                return await self._page(job, 1)
            log.exception("damaged", action="replay.damaged", job=job.id, no=job.cursor + 1)
            return await self._drive_to(
                job, job.cursor + 1, (), [(job.cursor + 1, skip(Fault("delivery.damaged")))]
            )
        damaged = await self._damaged(page) if job.kind is Kind.GIVE_BACK else set()
        skipped: list[tuple[int, str]] = []
        for no, one in page:
            fault = left_out(job.kind, one, named=bool(job.told.get("named")))
            if fault is None and no in damaged:
                fault = Fault("package.damaged")
            if fault is not None:
                skipped.append((no, skip(fault)))
        out = {no for no, _ in skipped}
        items = [(no, one.delivery.place) for no, one in page if no not in out]
        return await self._drive_to(job, page[-1][0] if page else job.total, items, skipped)

    async def _drive_to(
        self,
        job: Job,
        after: int,
        items: Sequence[tuple[int, Place]],
        skipped: Sequence[tuple[int, str]],
    ) -> Job | None:
        now = self._clock.now()
        return await self._submit(
            Drive(
                job=job.id,
                epoch=job.epoch,
                before=job.cursor,
                after=after,
                items=tuple(items),
                skipped=tuple(skipped),
                now=now,
                until=now + _us(LEASE_S),
            )
        )

    async def _damaged(self, page: Sequence[tuple[int, Candidate]]) -> set[int]:
        """The items of whose packages the bytes are not those that were accepted any more."""
        damaged: set[int] = set()
        for part in _parts(page):
            bodies = await self._store.bodies([one.sha256 for _, one in part])
            for no, one in part:
                body = bodies.get(one.sha256, b"")
                if hashlib.sha256(body).hexdigest() != one.sha256:
                    log.error("damaged", action="replay.damaged", delivery=one.delivery.id)
                    damaged.add(no)
        return damaged

    async def _fails(self, job: Job) -> bool:
        """Whether too much of what is known, or of all, has failed; then the job was stopped."""
        if not job.stop_percent or not job.cursor:
            return False
        found = await self._replays.outcomes(job.id)
        known = found.answered + found.failed
        # Of all the share is reached whatever the others come to.
        of = known if known >= KNOWN_MIN else job.total
        if found.failed * 100 < job.stop_percent * of:
            return False
        ending = f"{found.failed} of {of} failed; it stops at {job.stop_percent} %"
        now = self._clock.now()
        await self._submit(Stop(job=job.id, epoch=job.epoch, ending=ending, now=now))
        log.warning("job stopped", action="replay.stopped", job=job.id, why=ending)
        return True

    async def _submit(self, command: JobCommand) -> Job | None:
        """Write a command; the job behind it, None when it was refused: another drives it."""
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        return outcome.job if isinstance(outcome, Ran) else None


def _parts(page: Sequence[tuple[int, Candidate]]) -> Iterator[list[tuple[int, Candidate]]]:
    """Neighbours of a page, as many at a time as memory is given for."""
    part: list[tuple[int, Candidate]] = []
    size = 0
    for item in page:
        if part and size + item[1].size > CHECK_BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(item)
        size += item[1].size
    if part:
        yield part


def _us(seconds: float) -> int:
    return int(seconds * MICROSECONDS)
