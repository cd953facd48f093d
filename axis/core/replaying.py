"""Decide what becomes of replay jobs (``axis.core.replay``), and book it."""

from __future__ import annotations

from dataclasses import replace

from axis.core.commands import Move, Outcome, Refused
from axis.core.document import Delivery
from axis.core.errors import Fault
from axis.core.job_commands import Drive, JobCommand, Plan, Ran, Report, Steer, Stop, Take
from axis.core.ledger import Ledger
from axis.core.replay import STAGES, STAGES_SAME, STEPS, VERDICTS, Act, Job, Kind, Stage, skip
from axis.core.stepping import refused, step
from axis.core.timetable import iso


def decide(ledger: Ledger, command: JobCommand) -> Outcome:
    """Decide one command about a job."""
    match command:
        case Plan(job=job, items=items):
            ledger.job(job)
            ledger.changes.items[job.id] = items
            ledger.changes.audits.append(command.audit)
            return Ran(job)
        case Steer():
            return _steer(ledger, command)
        case Take():
            return _take(ledger, command)
        case Drive():
            return _drive(ledger, command)
        case Stop():
            return _stop(ledger, command)
        case Report():
            return _report(ledger, command)


def _steer(ledger: Ledger, command: Steer) -> Outcome:
    job = ledger.facts.jobs.get(command.job)
    # Operators may hold anybody's job.
    if job is None or command.agency not in ("", job.agency):
        return Refused(Fault("replay.not_found"))
    now, key = command.audit.now, (job.stage, command.act)
    if key in STAGES_SAME:
        return Ran(job)
    if job.expired(now) and command.act is not Act.ABORT:
        fault = Fault("replay.expired", "", {"until": iso(job.expires_at)})
        return _refused(ledger, command, fault)
    if key not in STAGES:
        return _refused(ledger, command, _not_now(job, command.act))
    stage = STAGES[key]
    if command.act is Act.RUN:
        job = replace(job, begun_at=now)
    # Whoever drove it stops, whatever it has read; who drives it next has another epoch.
    job = replace(job, stage=stage, owner="", epoch=job.epoch + 1)
    if stage is Stage.ABORTED:
        job = replace(job, ended_at=now)
    return _written(ledger, command, _ended(job, now, judged=False))


def _refused(ledger: Ledger, command: Steer, fault: Fault) -> Refused:
    ledger.changes.audits.append(refused(command.audit))
    return Refused(fault)


def _written(ledger: Ledger, command: Steer, job: Job) -> Ran:
    ledger.job(job)
    ledger.changes.audits.append(command.audit)
    return Ran(job)


def _ended(job: Job, now: int, *, judged: bool) -> Job:
    """The job as it stands when nothing is left of it; of a shadow its player says so, and one that
    stops by itself runs until its driver has ``judged`` the last page too.
    """
    if job.total and (job.kind is Kind.SHADOW or (job.stop_percent and not judged)):
        return job
    if job.stage is Stage.RUNNING and job.cursor >= job.total:
        return replace(job, stage=Stage.FINISHED, ended_at=now, owner="")
    return job


def _not_now(job: Job, act: str) -> Fault:
    return Fault("replay.stage", "", {"stage": job.stage.value, "act": act})


def _take(ledger: Ledger, command: Take) -> Outcome:
    job = ledger.facts.jobs.get(command.job)
    if job is None:
        return Refused(Fault("replay.not_found"))
    mine = job.owner == command.owner
    if job.stage is not Stage.RUNNING or not (
        mine or not job.owner or job.lease_until <= command.now
    ):
        if job.stage is Stage.RUNNING and job.kind is Kind.SHADOW:
            detail = {"player": job.owner, "until": iso(job.lease_until)}
            return Refused(Fault("replay.taken", "", detail))
        return Refused(_not_now(job, "take"))
    # Taken anew even by its owner: what that process began before is void.
    job = replace(job, owner=command.owner, epoch=job.epoch + 1, lease_until=command.until)
    ledger.job(job)
    return Ran(job)


def _held(ledger: Ledger, command: Drive | Stop | Report) -> Job | None:
    """The running job, if whoever commands still has its lease."""
    job = ledger.facts.jobs.get(command.job)
    if job is None or job.stage is not Stage.RUNNING or job.epoch != command.epoch:
        return None
    return job


def _drive(ledger: Ledger, command: Drive) -> Outcome:
    job = _held(ledger, command)
    if job is None or job.cursor != command.before:
        return Refused(Fault("replay.lost"))
    move = Move(step=STEPS[job.kind], targets=(), actor=job.actor, at=command.now, now=command.now)
    moved: list[Delivery] = []
    ledger.changes.skipped += [(job.id, no, why) for no, why in command.skipped]
    for no, place in command.items:
        item = step(ledger, move, ledger.facts.deliveries[place], job.id)
        assert item.delivery is not None
        if item.fault is not None:
            ledger.changes.skipped.append((job.id, no, skip(item.fault)))
        else:
            ledger.handed_over(job.id, no, item.delivery)
            moved.append(item.delivery)
    job = replace(job, cursor=command.after, lease_until=command.until)
    # The driver judges before each page: behind the last it comes with an empty one.
    job = _ended(job, command.now, judged=command.after == command.before)
    ledger.job(job)
    return Ran(job, tuple(moved))


def _stop(ledger: Ledger, command: Stop) -> Outcome:
    job = _held(ledger, command)
    if job is None:
        return Refused(Fault("replay.lost"))
    ended = replace(job, stage=Stage.STOPPED, ending=command.ending, ended_at=command.now, owner="")
    ledger.job(ended)
    return Ran(ended)


def _report(ledger: Ledger, command: Report) -> Outcome:
    job = _held(ledger, command)
    if job is None or job.kind is not Kind.SHADOW:
        return Refused(Fault("replay.lost"))
    assert all(0 < one.no <= job.total and one.word in VERDICTS for one in command.verdicts)
    ledger.changes.verdicts += [(job.id, one) for one in command.verdicts]
    job = replace(job, cursor=min(command.played, job.total), lease_until=command.until)
    if command.ending is not None:
        told = {**job.told, **command.ending}
        job = replace(job, stage=Stage.FINISHED, ended_at=command.now, owner="", told=told)
    ledger.job(job)
    return Ran(job)
