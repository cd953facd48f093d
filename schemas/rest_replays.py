"""The JSON of replay jobs, at the operator's door (`/v1/operator/runs`) and at the agencies'
(`/v1/replays`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest import Answer, Code, DeliveryId, Sha256, State, Told, Wire
from schemas.rest_books import Why

OwnKind = Literal["give_back", "redrive"]
Kind = Literal["give_back", "redrive", "shadow"]
Stage = Literal["planned", "expired", "running", "paused", "finished", "stopped", "aborted"]
Compared = Literal["same", "different", "missing"]
Outcome = Literal[
    "pending",
    "silent",
    "answered",
    "already_had",
    "failed",
    "withheld",
    "skipped",
    "same",
    "different",
    "missing",
]
DocType = Literal["new", "recall", "update", "replacement"]

JobId = Annotated[
    str, Field(description="Id of a job.", examples=["rpl_01DYKA4R00N0QB5GZK7V2M9T3C"])
]
Time = Annotated[
    str,
    Field(
        max_length=40,
        description="ISO 8601, 2000 to 2099; Viet Nam time without a zone. Empty for none.",
    ),
]


#: How many times as fast as it happened; beyond the most an hour is over in milliseconds.
SPEED_MAX = 1_000_000
#: Verdicts of one report: with their differences they fit into a JSON body.
VERDICTS_MAX = 500


class Wanted(Why):
    """What is to be handed over once more.

    A delivery's time is when it was first done; one that is not done has the time at which its
    document was accepted. A window has 31 days at the most; `give_back` needs one unless it names
    ids, and `ids` stand alone.
    """

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


class PlanReplay(Wanted):
    """What is to be handed over once more, into the caller's own inbox."""

    kind: OwnKind


class PlanRun(Wanted):
    """The same for any agency: it names a recipient, a sender or ids. Or a shadow: documents sent
    in a window, played in a run of its own; of the other filters it knows sender and recipient.
    """

    kind: Kind
    recipient: str = Field("", max_length=40, description="Only to this agency.")
    speed: float = Field(
        10, ge=1, le=SPEED_MAX, description="Shadow: so many times as fast as it happened."
    )


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
    same: int = Field(description="Shadow: came out as it is recorded.")
    different: int = Field(description="Shadow: came out otherwise.")
    missing: int = Field(description="Shadow: did not come about.")


class Books(Wire):
    """The digest of the books that were shadowed, before and after; jobs are no part of it."""

    before: Sha256 = Field(pattern="^[0-9a-f]{64}$")
    after: Sha256 = Field(pattern="^[0-9a-f]{64}$")
    past_stands: bool = Field(description="What was there before is as it was.")
    numbers_since: int = Field(ge=0, description="Numbers that their own traffic took meanwhile.")


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
    speed: float | None = Field(None, description="Shadow: times as fast as it happened.")
    handed_over: int = Field(description="How many of the deliveries have had their turn.")
    player: str | None = Field(
        None,
        description="Shadow: who plays it. Empty while nobody does: an axis starts no processes; "
        "`axis replay run ID` takes it on a machine that has the world.",
    )
    books: Books | None = Field(None, description="Shadow: told when it has been played.")
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


class Times(Wire):
    """When a delivery came about: `sent` in its run's time, the others by the axis's clock."""

    sent: str = Field("", max_length=40)
    accepted: str = Field("", max_length=40)
    done: str = Field("", max_length=40)
    took_s: float | None = Field(None, description="Seconds from accepted to done.")


class Item(Wire):
    """One delivery of a job."""

    no: int
    delivery: DeliveryId
    outcome: Outcome
    handed_out: bool
    attempt: int = Field(description="Which of its attempts the job began; 0 for none yet.")
    done_at: str | None = Field(description="When it was first done.")
    problem: Told | None = Field(None, description="Why it was skipped.")
    differences: list[str] | None = Field(None, description="Shadow: what is not as recorded.")
    recorded: Times | None = Field(None, description="Shadow: its times as they are recorded.")
    played: Times | None = Field(None, description="Shadow: its times as it was played.")


class Items(Wire):
    """The deliveries of a job, in its order."""

    deliveries: list[Item]
    next: int = Field(description="Hand it back as `after`.")


class Take(Wire):
    """Who will play a shadow."""

    player: str = Field(min_length=1, max_length=200, description="Names one player, for ever.")


class Taken(Wire):
    """The lease of a shadow."""

    epoch: int = Field(description="Say it with each report.")
    lease_seconds: int = Field(description="Without a report for so long, another may take it.")
    run: Replay


class Verdict(Wire):
    """What one delivery of a shadow came to."""

    no: int = Field(ge=1, description="Its number in the job.")
    outcome: Compared
    differences: list[Annotated[str, Field(max_length=1000)]] = Field([], max_length=100)
    recorded: Times
    played: Times


class Report(Wire):
    """What a player says of a shadow: how far it is, what came of some, and at last the books."""

    epoch: int = Field(ge=0, le=2**63 - 1)
    handed_over: int = Field(ge=0, le=2**63 - 1, description="Deliveries played until now.")
    deliveries: list[Verdict] = Field(default_factory=list, max_length=VERDICTS_MAX)
    books: Books | None = Field(None, description="It is done: each delivery has its verdict.")
