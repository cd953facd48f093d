"""Plan replay jobs, look at them and steer them: for operators, and for agencies in their inbox.

``whose`` is the agency that asks, "" for operators, who see and hold everybody's jobs; an agency
sees its own. Every act says who and why in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from axis.core import reasons
from axis.core.caller import Caller
from axis.core.commands import Audit, Outcome, Refused
from axis.core.document import Details, delivery_id
from axis.core.errors import Rejected, rejected
from axis.core.job_commands import JobCommand, Plan, Ran, Steer
from axis.core.replay import (
    DELIVERIES_MAX,
    LIVE,
    LIVE_JOBS_MAX,
    WINDOW_DAYS_MAX,
    Act,
    Filter,
    Item,
    ItemRow,
    Job,
    Kind,
    Outcomes,
    Stage,
)
from axis.core.survey import Survey, survey
from axis.core.timetable import DAY_US, iso
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.ports import Clock, Ids
from axis.replays import ITEMS_MAX, Replays
from schemas.shown import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a job is to be: ``rate`` a second, stopping at ``stop_percent`` failures (0: never)."""

    kind: Kind
    what: Filter
    rate: int
    stop_percent: int
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A job with what its items came to, and whether its plan has run out."""

    job: Job
    outcomes: Outcomes
    expired: bool


class Planning:
    """The doors' side of replay jobs; ``axis.flows.replaying`` drives them."""

    def __init__(
        self,
        replays: Replays,
        committer: Committer,
        members: Members,
        clock: Clock,
        ids: Ids,
        begun: Callable[[], None],
    ) -> None:
        """``begun`` is called when a job begins to run."""
        self._replays = replays
        self._committer = committer
        self._members = members
        self._clock = clock
        self._ids = ids
        self._begun = begun

    async def plan(self, caller: Caller, whose: str, asked: Asked) -> Shown:
        """Write down what would be handed over; nothing moves yet."""
        now = self._clock.now()
        reasons.required(asked.why)
        what = self._bounded(asked.kind, asked.what, now)
        await self.require_room(whose, now)
        found = await self._replays.candidates(what, DELIVERIES_MAX + 1)
        if len(found) > DELIVERIES_MAX:
            raise rejected("replay.too_many", limit=DELIVERIES_MAX)
        _require_named(what, {one.delivery.id for one in found})
        locked = [agency.code for agency in self._members.directory if agency.locked]
        seen = survey(asked.kind, found, named=bool(what.named), locked=locked)
        items = tuple(
            Item(no, one.delivery.doc, one.delivery.place.recipient, one.done_at)
            for no, one in enumerate(seen.chosen, 1)
        )
        return await self.write_down(caller, whose, asked, items, _told(what, seen), now)

    async def write_down(
        self,
        caller: Caller,
        whose: str,
        asked: Asked,
        items: tuple[Item, ...],
        told: Details,
        now: int,
    ) -> Shown:
        """Write a job with its items and what its plan answers, and who plans it and why."""
        job = Job(
            id=self._ids.document(now).replace("doc_", "rpl_", 1),
            agency=whose,
            kind=asked.kind,
            stage=Stage.PLANNED,
            total=len(items),
            rate=asked.rate,
            stop_percent=asked.stop_percent,
            planned_at=now,
            actor=caller.id,
            why=reasons.required(asked.why),
            told=told,
        )
        audit = self._audit(caller, f"replay plan {job.kind}", job.id, asked.why, now)
        job = await self.submit(Plan(job=job, items=items, audit=audit))
        return Shown(job, Outcomes(), expired=False)

    def _bounded(self, kind: Kind, what: Filter, now: int) -> Filter:
        """The filter with both ends of its window, where it has or needs one."""
        if not what.bounded:
            raise rejected("replay.unbounded")
        if what.named or (kind is Kind.REDRIVE and what.since is what.until is None):
            return what
        return self.windowed(what, now)

    def windowed(self, what: Filter, now: int) -> Filter:
        """The filter with both ends of its window, which has ``WINDOW_DAYS_MAX`` at the most."""
        if what.since is None:
            raise rejected("replay.unbounded")
        until = what.until
        if until is None:
            # Of books that another time was played in, now lies far behind all there is.
            until = min(now + 1, what.since + WINDOW_DAYS_MAX * DAY_US)
        days = -(-(until - what.since) // DAY_US)
        if not 0 < days <= WINDOW_DAYS_MAX:
            raise rejected("replay.window", days=days, limit=WINDOW_DAYS_MAX)
        return replace(what, until=until)

    async def require_room(self, whose: str, now: int) -> None:
        """Raises ``replay.too_many_jobs`` where as many as may be are live."""
        jobs = await self._replays.jobs(whose, ITEMS_MAX)
        count = sum(job.stage in LIVE and not job.expired(now) for job in jobs)
        if count >= LIVE_JOBS_MAX:
            raise rejected("replay.too_many_jobs", count=count, limit=LIVE_JOBS_MAX)

    async def steer(self, caller: Caller, whose: str, job: str, act: Act, why: str) -> Shown:
        """Run, pause, resume or abort a job; without a reason for the reason of its plan.

        Said again it changes nothing.
        """
        why = shown(why) or (await self._own(whose, job)).why
        audit = self._audit(caller, f"replay {act}", job, why, self._clock.now())
        await self.submit(Steer(job=job, agency=whose, act=act, audit=audit))
        self._begun()
        return await self.show(whose, job)

    async def show(self, whose: str, job: str) -> Shown:
        """One job, and how far it has come."""
        found = await self._own(whose, job)
        outcomes = await self._replays.outcomes(job)
        return Shown(found, outcomes, found.expired(self._clock.now()))

    async def jobs(self, whose: str, limit: int) -> list[Shown]:
        """The newest jobs, without what came of them."""
        now = self._clock.now()
        found = await self._replays.jobs(whose or None, limit)
        return [Shown(job, Outcomes(), job.expired(now)) for job in found]

    async def items(self, whose: str, job: str, after: int, limit: int) -> list[ItemRow]:
        """The deliveries of a job with their outcomes, behind number ``after``."""
        await self._own(whose, job)
        return await self._replays.items(job, after, min(limit, ITEMS_MAX))

    async def _own(self, whose: str, job: str) -> Job:
        found = await self._replays.job(job)
        if found is None or whose not in ("", found.agency):
            raise rejected("replay.not_found")
        return found

    async def submit(self, command: JobCommand) -> Job:
        """Write a command; the job behind it. Raises ``Rejected`` where it is refused."""
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        if isinstance(outcome, Refused):
            raise Rejected([outcome.fault])
        assert isinstance(outcome, Ran)
        return outcome.job

    def _audit(self, caller: Caller, act: str, target: str, why: str, now: int) -> Audit:
        return Audit(actor=caller.id, act=act, target=target, why=reasons.required(why), now=now)


def _require_named(what: Filter, found: set[str]) -> None:
    """What is named must be there, and be the recipient's where there is one."""
    docs = {one.partition(".")[0] for one in found}
    for doc_id, recipient in what.named:
        if (delivery_id(doc_id, recipient) not in found) if recipient else (doc_id not in docs):
            raise rejected("delivery.not_found", "ids")


def _told(what: Filter, seen: Survey) -> dict[str, object]:
    """What the plan answers, as it is kept with the job."""
    return {
        "sender": what.sender,
        "recipient": what.recipient,
        "since": None if what.since is None else iso(what.since),
        "until": None if what.until is None else iso(what.until),
        "named": bool(what.named),
        "documents": seen.documents,
        "bytes": seen.size,
        "recipients": [
            {
                "agency": share.recipient,
                "deliveries": share.deliveries,
                "documents": len(share.documents),
                "senders": len(share.senders),
                "bytes": share.size,
            }
            for share in sorted(seen.shares.values(), key=lambda share: share.recipient)
        ],
        "excluded": [
            {
                "code": out.fault.code,
                "detail": out.fault.sentence(),
                "detail_vi": out.fault.sentence("vi"),
                "deliveries": out.deliveries,
                "examples": out.examples,
            }
            for out in seen.left_out.values()
        ],
    }
