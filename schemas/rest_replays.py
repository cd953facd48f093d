"""The JSON of replay jobs, at the operator's door (`/v1/operator/runs`) and at the agencies'
(`/v1/replays`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest_operator import Why
from schemas.rest_shadows import Books, Epoch, Times
from schemas.rest_words import (
    Answer,
    At,
    Code,
    DeliveryId,
    JobId,
    State,
    Told,
    Wire,
)

OwnKind = Annotated[
    Literal["give_back", "redrive"],
    Field(
        description="give_back: hands out once more what is done. redrive: puts back what is "
        "parked."
    ),
]
Kind = Annotated[
    Literal["give_back", "redrive", "shadow"],
    Field(
        description="give_back: hands out once more what is done. redrive: puts back what is "
        "parked. shadow: plays what was, in a run of its own."
    ),
]
Stage = Annotated[
    Literal["planned", "expired", "running", "paused", "finished", "stopped", "aborted"],
    Field(
        description="planned; expired: it was not run within the hour; running; paused; finished: "
        "all of it has had its turn; stopped: by itself, too much failed; aborted: by somebody."
    ),
]
Outcome = Annotated[
    Literal[
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
    ],
    Field(
        description="pending: its turn has not come. silent: handed over, and nothing heard since. "
        "answered: the recipient said done, or a status. already_had: it said fail to what it had. "
        "failed: parked again, since it said fail. withheld: it was locked out meanwhile. skipped: "
        "not handed over after all. Of a shadow: same, different, missing, as compared with its "
        "record."
    ),
]
DocType = Literal["new", "recall", "update", "replacement"]

Time = Annotated[
    str,
    Field(
        max_length=40,
        description="ISO 8601, 2000 to 2099; Viet Nam time without a zone. Empty for none.",
        json_schema_extra={"format": "date-time"},
    ),
]


#: How many times as fast as it happened; beyond the most an hour is over in milliseconds.
SPEED_MAX = 1_000_000


class Wanted(Why):
    """What is to be handed over once more.

    A delivery's time is when it was first done; one that is not done has the time at which its
    document was accepted. A window has 31 days at the most; `give_back` needs one unless it names
    ids, and `ids` stand alone.
    """

    sender: str = Field("", max_length=40, description="Only from this agency.")
    since: Time = Field(
        "", description="Only those of this time or later: ISO 8601, Viet Nam time without a zone."
    )
    until: Time = Field(
        "",
        description="Only those before this time: ISO 8601, Viet Nam time without a zone. Left "
        "out beside `since`: until now, or 31 days where that is longer ago.",
    )
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
    """The same for any agency: it names a recipient, a sender, ids or a cause of parked ones. Or a
    shadow: documents sent in a window, played in a run of its own; of the other filters it knows
    sender and recipient.
    """

    kind: Kind
    recipient: str = Field("", max_length=40, description="Only to this agency.")
    speed: float = Field(
        10, ge=1, le=SPEED_MAX, description="Shadow: so many times as fast as it happened."
    )


class PlanShare(Wire):
    """What one recipient will see."""

    agency: Code = Field(description="Code of the recipient.")
    deliveries: int = Field(description="Deliveries it will see.")
    documents: int = Field(description="Different packages among them.")
    senders: int = Field(description="Agencies that they are from.")
    bytes: int = Field(description="Bytes of these packages, each as often as it is handed out.")


class LeftOut(Told):
    """Deliveries that are left out, and why."""

    deliveries: int = Field(description="How many are left out for this reason.")
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
    failed: int = Field(description="Parked again, since the recipient said fail (redrive).")
    withheld: int = Field(description="The recipient was locked out meanwhile.")
    skipped: int = Field(description="Not handed over after all.")
    same: int = Field(description="Shadow: came out as it is recorded.")
    different: int = Field(description="Shadow: came out otherwise.")
    missing: int = Field(description="Shadow: did not come about.")


class Replay(Wire):
    """One job: what was planned, how far it is, what came of it."""

    id: JobId
    kind: Kind
    stage: Stage
    agency: str = Field(description="Whose job it is; empty for the operators.")
    sender: str = Field(description="Only from this agency (its code); empty for any.")
    recipient: str = Field(description="Only to this agency (its code); empty for any.")
    since: At | None = Field(description="Where its window begins; null for none.")
    until: At | None = Field(description="Before which its window ends; null for none.")
    documents: int = Field(description="Different packages that it is about.")
    deliveries: int = Field(description="Deliveries that it is about.")
    bytes: int = Field(description="Bytes of their packages, each as often as it is handed out.")
    recipients: list[PlanShare] = Field(
        description="Who will see how much, by code. Empty for a shadow: nobody sees it."
    )
    excluded: list[LeftOut] = Field(description="What is left out, by reason.")
    rate: int = Field(description="Deliveries a second; 0 for a shadow.")
    stop_percent: int = Field(
        description="Share of failures, in per cent, at which a redrive stops by itself; 0: never."
    )
    speed: float | None = Field(None, description="Shadow: times as fast as it happened.")
    handed_over: int = Field(description="How many of the deliveries have had their turn.")
    player: str | None = Field(
        None,
        description="Shadow: who plays it. Empty while nobody does: an axis starts no processes; "
        "`axis replay run ID` takes it on a machine that has the world.",
    )
    books: Books | None = Field(None, description="Shadow: told when it has been played.")
    outcomes: Outcomes | None = Field(None, description="Left out in lists.")
    planned_at: At = Field(description="When it was planned.")
    valid_until: At = Field(description="Until when the plan may be run.")
    begun_at: At | None = Field(description="When it was first run; null before.")
    ended_at: At | None = Field(
        description="When it was finished, stopped or aborted; null before."
    )
    ending: str = Field(description="Why it stopped by itself; empty where it did not.")
    actor: str = Field(description="Who planned it: an agency's code or an operator's name.")
    why: str = Field(description="The reason given with the plan.")


class Replays(Wire):
    """Jobs, the newest first."""

    jobs: list[Replay] = Field(description="The newest first.")


class Item(Wire):
    """One delivery of a job."""

    no: int = Field(description="Its number in the job, from 1.")
    delivery: DeliveryId
    outcome: Outcome
    handed_out: bool = Field(description="Its package was taken since.")
    attempt: int = Field(description="Which of its attempts the job began; 0 for none yet.")
    done_at: At | None = Field(
        description="When it was first done, as the plan found it; null where it was not."
    )
    problem: Told | None = Field(None, description="Why it was skipped.")
    differences: list[str] | None = Field(None, description="Shadow: what is not as recorded.")
    recorded: Times | None = Field(None, description="Shadow: its times as they are recorded.")
    played: Times | None = Field(None, description="Shadow: its times as it was played.")


class Items(Wire):
    """The deliveries of a job, in its order."""

    deliveries: list[Item] = Field(description="Those of the page, in the job's order.")
    next: int = Field(description="Number of the last of them: hand it back as `after`.")


class Taken(Wire):
    """The lease of a shadow."""

    epoch: Epoch = Field(description="Number of the lease; say it with each report.")
    lease_seconds: int = Field(description="Without a report for so long, another may take it.")
    run: Replay = Field(description="The job that was taken.")
