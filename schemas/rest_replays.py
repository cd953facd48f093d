"""The JSON of replay jobs, at the operator's door (`/v1/operator/runs`) and at the agencies'
(`/v1/replays`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest import Answer, Code, DeliveryId, State, Told, Wire
from schemas.rest_books import Why

Kind = Literal["give_back", "redrive"]
Stage = Literal["planned", "expired", "running", "paused", "finished", "stopped", "aborted"]
Outcome = Literal["pending", "silent", "answered", "already_had", "failed", "withheld", "skipped"]
DocType = Literal["new", "recall", "update", "replacement"]

JobId = Annotated[
    str, Field(description="Id of a job.", examples=["rpl_01DYKA4R00N0QB5GZK7V2M9T3C"])
]
Time = Annotated[
    str,
    Field(max_length=40, description="ISO 8601; Viet Nam time without a zone. Empty for none."),
]


class PlanReplay(Why):
    """What is to be handed over once more, into the caller's own inbox.

    A delivery's time is when it was first done; one that is not done has the time at which its
    document was accepted. A window has 31 days at the most; `give_back` needs one unless it names
    ids, and `ids` stand alone.
    """

    kind: Kind
    sender: str = Field("", max_length=40, description="Only from this agency.")
    since: Time = ""
    until: Time = ""
    type: DocType | None = Field(None, description="Only packages of this DocType.")
    state: State | None = Field(None, description="Only in this state; redrive: parked.")
    answer: Answer | None = Field(None, description="Only with this answer.")
    cause: str = Field("", max_length=1000, description="Only those parked for this reason.")
    ids: list[str] = Field(
        default_factory=list,
        max_length=1000,
        description="Ids of packages or deliveries; also what was recalled or replaced.",
    )
    rate: int = Field(100, ge=1, le=1000, description="Deliveries a second.")
    stop_percent: int = Field(
        50, ge=0, le=100, description="Redrive stops at this share of failures; 0: never."
    )


class PlanRun(PlanReplay):
    """The same for any agency. It names a recipient, a sender or ids."""

    recipient: str = Field("", max_length=40, description="Only to this agency.")


class Share(Wire):
    """What one recipient will see."""

    agency: Code
    deliveries: int
    documents: int
    senders: int
    bytes: int


class LeftOut(Told):
    """Deliveries that are left out, and why."""

    deliveries: int
    examples: list[DeliveryId] = Field(description="The first five.")


class Outcomes(Wire):
    """What came of the deliveries of a job, counted.

    What was handed over is silent, answered, already_had, failed or withheld.
    """

    handed_out: int = Field(description="Packages that were taken since.")
    same_digest: int = Field(
        description="Those of them whose bytes were hashed again and are what was accepted."
    )
    silent: int = Field(description="Handed over, and nothing heard since.")
    answered: int = Field(description="The recipient said done, or a status.")
    already_had: int = Field(description="The recipient said fail to what it had.")
    failed: int = Field(description="Parked again (redrive).")
    withheld: int = Field(description="The recipient was locked out meanwhile.")
    skipped: int = Field(description="Not handed over after all.")


class Replay(Wire):
    """One job: what was planned, how far it is, what came of it."""

    id: JobId
    kind: Kind
    stage: Stage
    agency: str = Field(description="Whose job it is; empty for the operators.")
    sender: str
    recipient: str
    since: str | None
    until: str | None
    documents: int
    deliveries: int
    bytes: int
    recipients: list[Share]
    excluded: list[LeftOut]
    rate: int = Field(description="Deliveries a second.")
    stop_percent: int
    handed_over: int = Field(description="How many of the deliveries have had their turn.")
    outcomes: Outcomes | None = Field(None, description="Left out in lists.")
    planned_at: str
    valid_until: str = Field(description="Until when the plan may be run.")
    begun_at: str | None
    ended_at: str | None
    ending: str = Field(description="Why it stopped by itself.")
    actor: str
    why: str


class Replays(Wire):
    """Jobs, the newest first."""

    jobs: list[Replay]


class Item(Wire):
    """One delivery of a job."""

    no: int
    delivery: DeliveryId
    outcome: Outcome
    handed_out: bool
    attempt: int = Field(description="Which of its attempts the job began; 0 for none yet.")
    done_at: str | None = Field(description="When it was first done.")
    problem: Told | None = Field(None, description="Why it was skipped.")


class Items(Wire):
    """The deliveries of a job, in its order."""

    deliveries: list[Item]
    next: int = Field(description="Hand it back as `after`.")
