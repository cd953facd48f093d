"""The JSON of the agencies' door (``/v1``) as models: what OpenAPI shows, and what is checked.

Hot routes write and read the same shapes by hand. Times are ISO 8601 with the Viet Nam offset
(QĐ 28/2018 art. 14.4); sizes are bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.rest_redelivery import Redelivery

#: Where a delivery stands between the axis and its recipient.
State = Literal["waiting", "offered", "done", "parked", "withdrawn"]
#: What the recipient has said of the document.
Answer = Literal[
    "none",
    "arrived",
    "refused",
    "accepted",
    "assigned",
    "processing",
    "completed",
    "recalled",
    "replaced",
    "taken_back",
]
Asked = Literal["none", "open", "agreed", "refused"]
Verdict = Literal["valid", "absent", "weak", "untrusted", "broken"]

Code = Annotated[
    str, Field(description="An agency's 13-character code.", examples=["000.00.00.H37"])
]
DocumentId = Annotated[
    str,
    Field(
        description="DocumentId as the sender wrote it.", examples=["000.00.00.H37,2020/01/15,7"]
    ),
]
DocId = Annotated[
    str,
    Field(
        description="The axis's own id of a package: doc_ and a ULID.",
        examples=["doc_01DYKA4R00N0QB5GZK7V2M9T3C"],
    ),
]
DeliveryId = Annotated[
    str,
    Field(
        description="One package for one recipient: `<doc id>.<recipient code>`.",
        examples=["doc_01DYKA4R00N0QB5GZK7V2M9T3C.000.00.00.G22"],
    ),
]
OccurredAt = Annotated[
    str,
    Field(description="When it happened; the same as recorded_at except in a run of another time."),
]
RecordedAt = Annotated[str, Field(description="The axis's clock when it was written.")]
Sha256 = Annotated[str, Field(description="SHA-256 of the package's bytes, hex.")]
Kind = Annotated[
    int,
    Field(ge=0, le=3, description="BussinessDocType: 0 new, 1 recall, 2 update, 3 replacement."),
]
Urgency = Annotated[int, Field(ge=0, le=4, description="Priority: 0 normal to 4 most urgent.")]
LaneNo = Annotated[
    int, Field(ge=1, description="Dense number in the lane (recipient, urgency); the order of it.")
]


class Wire(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class Told(Wire):
    """One fault or warning in both languages."""

    code: str = Field(description="Stable code of the catalogue.", examples=["recipient.unknown"])
    place: str = Field(description="The place in the package or the request; may be empty.")
    detail: str = Field(description="One English sentence.")
    detail_vi: str = Field(description="One Vietnamese sentence.")


class Problem(Wire):
    """An error as RFC 9457 has it. The members besides `problems` speak of the first fault."""

    type: str = Field(description="`urn:axis:problem:<code>`")
    title: str = Field(description="What codes of this kind are about.")
    title_vi: str = Field(description="The same in Vietnamese.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Stable code of the catalogue; never renamed.")
    place: str = Field(description="The place in the package or the request; may be empty.")
    detail: str = Field(description="One English sentence.")
    detail_vi: str = Field(description="One Vietnamese sentence.")
    vxp: int = Field(description="The number that a VXP client gets for it.")
    problems: list[Told] = Field(description="All faults found, the first one included.")


class Token(Wire):
    """A bearer token (RFC 6749 section 5.1)."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds the token lives.")
    scope: str = Field(description="The roles it gives, with blanks between them.")


class Receipt(Wire):
    """The axis's signed word that it accepted a package; the same bits every time."""

    version: Literal[1]
    doc: DocId
    sender: Code
    document_id: DocumentId
    sha256: Sha256
    seq: int = Field(description="Place of the acceptance in the commit order of the books.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    verdict: Verdict = Field(description="Verdict on the package signature, and on nothing else.")
    deliveries: list[DeliveryId] = Field(description="One per recipient, in the package's order.")
    warnings: list[Told] = Field(description="Odd, and no reason to refuse; not signed.")
    receipt: str = Field(
        description="Compact JWS (EdDSA, typ axis-receipt+jws) over the canonical JSON (RFC 8785) "
        "of the members version to deliveries; GET /v1/keys has the key."
    )


class Receipted(Wire):
    """A package of a bulk request that was accepted."""

    status: Literal[200, 201]
    receipt: Receipt


class Failed(Wire):
    """An item that was refused; its neighbours are not touched by it."""

    status: int = Field(ge=400, le=599)
    problem: Problem


class BulkResults(Wire):
    """One answer per package, in the order of the request."""

    results: list[Receipted | Failed]


class Delivery(Wire):
    """One package for its recipient, and how far it is."""

    id: DeliveryId
    doc: DocId
    sender: Code
    unit: str = Field(description="The sending unit as the package names it.")
    units: list[str] = Field(
        description="The recipient's units that the package names (200 shown)."
    )
    document_id: DocumentId
    kind: Kind
    urgency: Urgency
    no: LaneNo
    sha256: Sha256
    size: int = Field(description="Bytes of the package.")
    subject: str
    code: str = Field(description="Number and notation of the document.", examples=["7/UBND-VP"])
    state: State
    answer: Answer
    request: Asked = Field(description="Whether something is asked of the recipient (13, update).")
    attempt: int = Field(ge=1, description="How often it began to wait, given back included.")
    reason: str = Field(description="The last reason given: parked, 02 or 16.")
    verdict: Verdict
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    redelivery: Redelivery | None = Field(None, description="Only there when it is given back.")


class Inbox(Wire):
    """A page of an inbox: the most urgent class first, by number within it."""

    deliveries: list[Delivery]
    next: str = Field(description="Cursor: hand it back as `after`.", examples=["0:12,3:1"])


class Range(Wire):
    """Every open delivery of one lane up to a number, but for what was put back and not taken."""

    urgency: Urgency
    no: int = Field(ge=0)


class ConfirmedAt(Wire):
    """A delivery with the time at which it was had."""

    delivery: str = Field(max_length=64)
    occurred_at: str = Field(max_length=40, description="ISO 8601; needs the scope history.")


class Confirmation(Wire):
    """What became of deliveries. Either `deliveries` or `range`."""

    deliveries: list[str | ConfirmedAt] | None = Field(
        None, max_length=1000, description="Ids of deliveries, alone or each with its own time."
    )
    range: Range | None = None
    result: Literal["done", "fail"]
    reason: str = Field("", max_length=1000, description="Why it failed; needed with `fail`.")


class Moved(Wire):
    """What a confirmation or a reset did to one delivery."""

    delivery: str
    state: State | None = Field(description="null when there is no such delivery of the caller's.")
    changed: bool = Field(description="False: it was so before.")
    problem: Told | None = Field(None, description="Only there when it was refused.")


class Confirmed(Wire):
    """One item per delivery met."""

    changed: int
    items: list[Moved]


class Statement(Wire):
    """One status. Names a `delivery`, or `sender`, `document_id` and `recipient`."""

    delivery: str | None = Field(None, max_length=64)
    sender: str | None = Field(None, max_length=64)
    document_id: str | None = Field(None, max_length=200)
    recipient: str | None = Field(None, max_length=64)
    code: Literal["01", "02", "03", "04", "05", "06", "13", "15", "16"]
    reason: str = Field("", max_length=1000, description="Needed with 02 and 16.")
    staff: str = Field("", max_length=200, description="The clerk who acts.")
    occurred_at: str = Field("", max_length=40, description="ISO 8601; needs the scope history.")


class Statements(Wire):
    """Many statuses; each is decided by itself."""

    statuses: list[Statement] = Field(max_length=1000)


class Said(Wire):
    """A status that was taken."""

    delivery: DeliveryId
    code: str
    state: Answer = Field(description="What the recipient's answer is now.")
    seq: int | None = Field(
        description="Place of the status in the books; null for one that was said before."
    )
    repeated: bool = Field(description="It was said before and still stood.")


class SaidItem(Said):
    """A status of many that was taken."""

    status: Literal[200, 201]


class StatusResults(Wire):
    """One answer per status, in the order of the request."""

    results: list[SaidItem | Failed]


class StatusLine(Wire):
    """Something an agency is told about a delivery."""

    seq: int
    kind: Literal["status", "parked"]
    code: str = Field(description="The status code; empty for parked.")
    delivery: DeliveryId
    doc: DocId
    document_id: DocumentId
    sender: Code
    recipient: Code
    actor: str = Field(description="Who said it.")
    reason: str
    staff: str = Field("", description="The clerk who acted, when one was named.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    note: str = Field("", description="With 13, 15 and 16: carried, and not acted upon yet.")


class StatusStream(Wire):
    """The statuses addressed to the caller behind a number, in order."""

    statuses: list[StatusLine]
    next: int = Field(description="Hand it back as `after`.")
