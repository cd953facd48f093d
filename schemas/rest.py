"""The JSON of the agencies' door (``/v1``) as models: what OpenAPI shows, and what is checked.

Hot routes write and read the same shapes by hand.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest_redelivery import Redelivery
from schemas.rest_words import (
    Answer,
    Asked,
    Attempt,
    Changed,
    DeliveryId,
    DocId,
    DocumentId,
    Failed,
    Kind,
    LaneNo,
    Named,
    Number,
    OccurredAt,
    Reason,
    RecordedAt,
    Sender,
    Seq,
    Sha256,
    Size,
    State,
    Stated,
    Subject,
    Told,
    Unit,
    Urgency,
    Verdict,
    Wire,
)


class Token(Wire):
    """A bearer token (RFC 6749 section 5.1)."""

    access_token: str = Field(description="To be sent as `Authorization: Bearer <token>`.")
    token_type: Literal["bearer"] = Field(description="Always `bearer`.")
    expires_in: int = Field(description="Seconds the token lives.")
    scope: str = Field(description="The roles it gives, with blanks between them.")


class Receipt(Wire):
    """The axis's signed word that it accepted a package; the same bits every time."""

    version: Literal[1] = Field(description="Version of the receipt's form.")
    doc: DocId
    sender: Sender
    document_id: DocumentId
    sha256: Sha256
    seq: Seq = Field(description="Place of the acceptance in the commit order of the books.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    verdict: Verdict
    deliveries: list[DeliveryId] = Field(description="One per recipient, in the package's order.")
    warnings: list[Told] = Field(description="Odd, and no reason to refuse; not signed.")
    receipt: str = Field(
        description="Compact JWS (EdDSA, typ axis-receipt+jws) over the canonical JSON (RFC 8785) "
        "of the members version to deliveries; GET /v1/keys has the key that its kid names."
    )


class Receipted(Wire):
    """A package of a bulk request that was accepted."""

    status: Literal[200, 201] = Field(description="201: accepted; 200: it was accepted before.")
    receipt: Receipt = Field(description="What a request of its own would have answered.")


class BulkResults(Wire):
    """One answer per package, in the order of the request."""

    results: list[Receipted | Failed] = Field(
        description="One for each package, in the order sent: its receipt, or what is wrong."
    )


class Delivery(Wire):
    """One package for its recipient, and how far it is."""

    id: DeliveryId
    doc: DocId
    sender: Sender
    unit: Unit
    units: list[str] = Field(
        description="The recipient's units that the package names (200 shown)."
    )
    document_id: DocumentId
    kind: Kind
    urgency: Urgency
    no: LaneNo
    sha256: Sha256
    size: Size
    subject: Subject
    code: Number
    state: State
    answer: Answer
    request: Asked
    attempt: Attempt
    reason: Reason
    verdict: Verdict
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    redelivery: Redelivery | None = Field(None, description="Only there when it is given back.")


class Inbox(Wire):
    """A page of an inbox: the most urgent class first, by number within it."""

    deliveries: list[Delivery] = Field(description="Those of the page; empty when nothing waits.")
    next: str = Field(
        description="Cursor: hand it back as `after` for the following page of this pass.",
        examples=["0:12,3:1"],
    )


class Range(Wire):
    """Every open delivery of one lane up to a number, whether it was taken or not; but for what was
    put back and was not taken since.
    """

    urgency: Urgency
    no: int = Field(ge=0, description="The last number of the lane that is meant.")


class ConfirmedAt(Wire):
    """A delivery with the time at which it was had."""

    delivery: str = Field(max_length=64, description="Id of a delivery of the caller's.")
    occurred_at: Stated


class Confirmation(Wire):
    """What became of deliveries. Either `deliveries` or `range`."""

    deliveries: list[str | ConfirmedAt] | None = Field(
        None, max_length=1000, description="Ids of deliveries, alone or each with its own time."
    )
    range: Range | None = Field(None, description="Or so many of one lane.")
    result: Literal["done", "fail"] = Field(
        description="done: stored safely. fail: it could not be taken, and is parked; of what is "
        "done already it means 'already had it' and changes nothing."
    )
    reason: str = Field("", max_length=1000, description="Why it failed; needed with `fail`.")


class Moved(Wire):
    """What a confirmation or a reset did to one delivery."""

    delivery: Named
    state: State | None = Field(
        description="Its transport state now; null when there is no such delivery of the caller's."
    )
    changed: Changed
    problem: Told | None = Field(None, description="Only there when it was refused.")


class Confirmed(Wire):
    """One item per delivery met."""

    changed: int = Field(description="How many of them stand otherwise than before.")
    items: list[Moved] = Field(
        description="In the order named; of a range, by number, those that it met."
    )
