"""The JSON of the books (documents, directory, counts) and of the operator's door as models."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from schemas.rest import (
    Answer,
    Asked,
    Code,
    Delivery,
    DeliveryId,
    DocId,
    DocumentId,
    Kind,
    LaneNo,
    OccurredAt,
    RecordedAt,
    Sha256,
    State,
    Told,
    Urgency,
    Verdict,
    Wire,
)
from schemas.rest_redelivery import GivingBack


class Standing(Wire):
    """One recipient's share of a package."""

    id: DeliveryId
    recipient: Code
    units: list[str] = Field(description="The units of the recipient that the package names.")
    urgency: Urgency
    no: LaneNo
    state: State
    answer: Answer
    request: Asked
    attempt: int
    reason: str


class LinkOut(Wire):
    """A document that this package speaks of."""

    relation: Literal["recalls", "updates", "replaces", "answers"]
    sender: Code
    document_id: DocumentId
    note: str = Field("", description="Recalls, updates, replaces: not acted upon yet.")


class LinkIn(Wire):
    """A package that speaks of this document."""

    relation: Literal["recalls", "updates", "replaces", "answers"]
    doc: DocId
    document_id: DocumentId
    kind: Kind
    note: str = Field("", description="Recalls, updates, replaces: not acted upon yet.")


class Happened(Wire):
    """One line of the history. Further members are what the speaker added (unit, staff)."""

    model_config = ConfigDict(extra="allow")

    seq: int
    kind: Literal["accepted", "offered", "done", "parked", "reset", "status"] | GivingBack
    recipient: str = Field(description="Whose delivery; empty for accepted.")
    actor: str
    code: str = Field(description="The status code, for kind status.")
    reason: str
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    note: str = Field("", description="With 13, 15 and 16: carried, and not acted upon yet.")


class View(Wire):
    """One package as the caller may see it: a sender sees all recipients, a recipient itself."""

    version: Literal[1]
    doc: DocId
    sender: Code
    document_id: DocumentId
    sha256: Sha256
    seq: int
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    verdict: Verdict
    warnings: list[Told]
    receipt: str = Field(description="The receipt, the same bits as when it was accepted.")
    subject: str
    code: str
    type: str = Field(description="TypeName of the document.")
    kind: Kind
    kind_name: Literal["new", "recall", "update", "replacement"]
    urgency: Urgency
    size: int
    unit: str
    document_signature: Literal["not examined yet"] = Field(
        description="The signature inside the attached document, the one the law speaks of "
        "(QĐ 28/2018 art. 4): not examined."
    )
    links: list[LinkOut]
    linked: list[LinkIn] = Field(description="The oldest 100 of them.")
    linked_count: int = Field(description="How many there are.")
    deliveries: list[Standing]
    history: list[Happened]


class Views(Wire):
    """A page of the packages of one document that the caller may see, oldest first."""

    documents: list[View]
    next: int = Field(description="The number behind which the next page begins.")


class AgencyLine(Wire):
    """A connected agency."""

    code: Code
    name_vi: str
    name_en: str
    kind: str
    level: str
    certainty: str = Field(description="How sure the code is, with its source.")
    locked: bool = Field(description="Locked: nothing can be sent to it or by it.")


class Agencies(Wire):
    """The directory, by code."""

    agencies: list[AgencyLine]


class Sums(Wire):
    """What was counted. Our reading: no source defines 'sent' and 'received'."""

    sent: int = Field(description="Accepted document packages of all DocTypes.")
    received: int = Field(description="Deliveries at their first done.")
    statuses: dict[str, int] = Field(description="Statuses by code, counted by who said them.")


class CountRow(Sums):
    """Sums of one agency, day or month."""

    agency: Code = ""
    day: str = Field("", description="YYYY-MM-DD, a Viet Nam day.")
    month: str = Field("", description="YYYY-MM")
    month30: int = Field(0, description="Months of 30 days from 12 March 2019 on, the first is 1.")


class BalanceLine(Wire):
    """A total and the states it must equal."""

    line: Literal["transport", "business"]
    total: int
    parts: dict[str, int]
    difference: int = Field(description="Anything but 0 is an alarm.")


class Counts(Sums):
    """Counts of a span of days, and how the books stand now."""

    rows: list[CountRow] = Field(description="Empty with by=total.")
    standing: dict[str, int] = Field(description="Deliveries by state, of the agencies asked.")
    balances: list[BalanceLine]


class Waits(Wire):
    """What waits for one agency."""

    agency: Code
    waiting: int
    offered: int
    parked: int
    oldest_age_s: float | None = Field(description="Age of its oldest open delivery, seconds.")


class Waiting(Wire):
    """Agencies with something open or parked, by code."""

    agencies: list[Waits]


class Found(Delivery):
    """A delivery with its recipient."""

    recipient: Code


class Finds(Wire):
    """Deliveries that match, newest first."""

    deliveries: list[Found]


class Why(Wire):
    """The reason of an act; it goes into the audit log. Without one nothing is done."""

    why: str = Field("", max_length=1000, examples=["asked by the agency, ticket 4711"])


class Locked(Wire):
    """An agency after a lock or unlock."""

    agency: Code
    locked: bool
    moved: int = Field(description="Deliveries parked by the lock, or put back by the unlock.")


class Act(Wire):
    """One line of the audit log."""

    at: str
    actor: str
    act: str
    target: str
    why: str


class Acts(Wire):
    """The newest acts first."""

    acts: list[Act]


class Refusal(Wire):
    """A refused input."""

    at: str
    caller: str
    code: str
    place: str
    detail: str
    sha256: Sha256 | Literal[""] = Field(description="Empty of a body that was too large to read.")
    size: int = Field(description="Bytes; of a body that was not read, as many as are known of.")


class Refusals(Wire):
    """The newest refusals first."""

    refusals: list[Refusal]
