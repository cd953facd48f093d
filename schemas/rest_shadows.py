"""The JSON of shadows: what their players take and say of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest_words import SHA256_PATTERN, Sha256, Wire

#: Verdicts of one report: with their differences they fit into a JSON body.
VERDICTS_MAX = 500

Compared = Annotated[
    Literal["same", "different", "missing"],
    Field(
        description="same: it came out as it is recorded; different: otherwise; missing: it did "
        "not come about."
    ),
]
#: A time of a shadow, as its player tells it.
PlayedAt = Annotated[str, Field(max_length=40)]
Epoch = Annotated[
    int,
    Field(
        description="Number of the lease: each time the job is taken, run or paused it is another, "
        "and a report under an earlier one is refused."
    ),
]


class Books(Wire):
    """The digest of the books that were shadowed, before and after; jobs are no part of it."""

    before: Sha256 = Field(
        pattern=SHA256_PATTERN, description="Digest of the books before it was played, hex."
    )
    after: Sha256 = Field(pattern=SHA256_PATTERN, description="The same behind it, hex.")
    past_stands: bool = Field(description="What was there before is as it was.")
    numbers_since: int = Field(ge=0, description="Numbers that their own traffic took meanwhile.")


class Times(Wire):
    """When a delivery came about: `sent` in its run's time, the others by the axis's clock."""

    sent: PlayedAt = Field("", description="When it was sent, ISO 8601; empty where it was not.")
    accepted: PlayedAt = Field(
        "", description="When its document was accepted, ISO 8601; empty where it was not."
    )
    done: PlayedAt = Field("", description="When it was done, ISO 8601; empty where it is not.")
    took_s: float | None = Field(None, description="Seconds from accepted to done.")


class Take(Wire):
    """Who will play a shadow."""

    player: str = Field(min_length=1, max_length=200, description="Names one player, for ever.")


class Verdict(Wire):
    """What one delivery of a shadow came to."""

    no: int = Field(ge=1, description="Its number in the job.")
    outcome: Compared
    differences: list[Annotated[str, Field(max_length=1000)]] = Field(
        [], max_length=100, description="What is not as recorded, a sentence for each."
    )
    recorded: Times = Field(description="Its times as they are recorded.")
    played: Times = Field(description="Its times as it was played.")


class Report(Wire):
    """What a player says of a shadow: how far it is, what came of some, and at last the books."""

    epoch: Epoch = Field(ge=0, le=2**63 - 1)
    handed_over: int = Field(ge=0, le=2**63 - 1, description="Deliveries played until now.")
    deliveries: list[Verdict] = Field(
        default_factory=list,
        max_length=VERDICTS_MAX,
        description="What some of them came to; the same may be reported again.",
    )
    books: Books | None = Field(None, description="It is done: each delivery has its verdict.")
