"""The JSON shapes of replay jobs; ``schemas.rest_replays`` says the same as models."""

from __future__ import annotations

from typing import Any

from axis.api.problems import told
from axis.core.document import Document, Redelivery, delivery_id
from axis.core.replay import ItemRow, Job, Kind, Outcomes
from axis.core.timetable import iso
from axis.flows.planning import Shown
from axis.flows.shadowing import LEASE_S


def replay(shown: Shown, *, outcomes: bool = False) -> dict[str, Any]:
    """One job; with what came of it unless it is one of a list."""
    job = shown.job
    return {
        "id": job.id,
        "kind": str(job.kind),
        "stage": "expired" if shown.expired else str(job.stage),
        "agency": job.agency,
        **{name: value for name, value in job.told.items() if name != "named"},
        "deliveries": job.total,
        "excluded": [{"place": "", **out} for out in job.told["excluded"]],
        "rate": job.rate,
        "stop_percent": job.stop_percent,
        "handed_over": job.cursor,
        **({"player": job.owner} if job.kind is Kind.SHADOW else {}),
        **({"outcomes": _outcomes(job, shown.outcomes)} if outcomes else {}),
        "planned_at": iso(job.planned_at),
        "valid_until": iso(job.expires_at),
        "begun_at": _time(job.begun_at),
        "ended_at": _time(job.ended_at),
        "ending": job.ending,
        "actor": job.actor,
        "why": job.why,
    }


def _outcomes(job: Job, found: Outcomes) -> dict[str, int]:
    # The bytes of what is given back are hashed before; what differs is skipped.
    same = found.handed if job.kind is Kind.GIVE_BACK else 0
    told = found._asdict()
    return {"handed_out": told.pop("handed"), "same_digest": same, **told}


def item(row: ItemRow) -> dict[str, Any]:
    """One delivery of a job."""
    outcome = "pending"
    if row.attempt:
        outcome = str(row.word) or "silent"
    elif row.skipped:
        outcome = "skipped"
    elif row.word:
        outcome = str(row.word)
    out: dict[str, Any] = {
        "no": row.no,
        "delivery": delivery_id(row.doc_id, row.recipient),
        "outcome": outcome,
        "handed_out": row.handed,
        "attempt": row.attempt,
        "done_at": _time(row.done_at),
        **row.compared,
    }
    fault = row.fault
    return out if fault is None else {**out, "problem": told(fault)}


def taken(job: Job, shown: Shown) -> dict[str, Any]:
    """The lease of a shadow, and the job behind it."""
    return {
        "epoch": job.epoch,
        "lease_seconds": LEASE_S,
        "run": replay(shown, outcomes=True),
    }


def redelivery(document: Document, found: Redelivery) -> dict[str, Any]:
    """What an inbox says of a delivery that is given back."""
    return {
        "job": found.job,
        "accepted_at": iso(document.occurred_at),
        "done_at": iso(found.done_at),
    }


def _time(at: int) -> str | None:
    return iso(at) if at else None
