"""The JSON of the books as models: documents, directory, counts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from schemas.rest_redelivery import GivingBack
from schemas.rest_words import (
    Actor,
    Answer,
    Asked,
    Attempt,
    Code,
    Day,
    DeliveryId,
    DocId,
    DocumentId,
    Kind,
    LaneNo,
    Locks,
    Number,
    OccurredAt,
    Reason,
    Recipient,
    RecordedAt,
    Sender,
    Seq,
    Sha256,
    Size,
    State,
    Subject,
    Told,
    Unit,
    Urgency,
    Verdict,
    Wire,
)

Relation = Annotated[
    Literal["recalls", "updates", "replaces", "answers"],
    Field(
        description="What the package does to the document: recalls (BussinessDocType 1), updates "
        "(2), replaces (3), or answers it (ResponseFor). The first three are carried and linked, "
        "and not acted upon yet."
    ),
]
NameVi = Annotated[str, Field(description="Vietnamese name of the agency.")]
NameEn = Annotated[str, Field(description="English name of the agency.")]
AgencyKind = Annotated[
    str, Field(description="Kind of agency, such as ministry or province.", examples=["province"])
]
Level = Annotated[
    str, Field(description="Level, such as central or provincial.", examples=["provincial"])
]


class Standing(Wire):
    """One recipient's share of a package."""

    id: DeliveryId
    recipient: Recipient
    units: list[str] = Field(description="The units of the recipient that the package names.")
    urgency: Urgency
    no: LaneNo
    state: State
    answer: Answer
    request: Asked
    attempt: Attempt
    reason: Reason


class LinkOut(Wire):
    """A document that this package speaks of."""

    relation: Relation
    sender: Sender
    document_id: DocumentId
    note: str = Field("", description="Recalls, updates, replaces: not acted upon yet.")


class LinkIn(Wire):
    """A package that speaks of this document."""

    relation: Relation
    doc: DocId
    document_id: DocumentId
    kind: Kind
    note: str = Field("", description="Recalls, updates, replaces: not acted upon yet.")


class Happened(Wire):
    """One line of the history. Further members are what the speaker added (unit, staff)."""

    model_config = ConfigDict(extra="allow")

    seq: Seq
    kind: Literal["accepted", "offered", "done", "parked", "reset", "status"] | GivingBack = Field(
        description="accepted: the package, by the axis. Of a delivery: offered (its package was "
        "handed out), done, parked (`fail` or a lock), reset (put back), status (a status was "
        "said). Of one that is given back: given (in the inbox once more), handed (its package "
        "was handed out once more), kept (confirmed once more), had (`fail`: already had it), "
        "withheld (the recipient was locked out meanwhile)."
    )
    recipient: str = Field(description="Whose delivery; empty for accepted.")
    actor: Actor
    code: str = Field(description="The status code, for kind status; else empty.")
    reason: str = Field(description="The reason given with it; empty for none.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    note: str = Field("", description="With 13, 15 and 16: carried, and not acted upon yet.")


class View(Wire):
    """One package as the caller may see it: a sender sees all recipients, a recipient itself."""

    version: Literal[1] = Field(description="Version of the receipt's form.")
    doc: DocId
    sender: Sender
    document_id: DocumentId
    sha256: Sha256
    seq: Seq = Field(description="Place of the acceptance in the commit order of the books.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    verdict: Verdict
    warnings: list[Told] = Field(description="What was odd about it, and no reason to refuse.")
    receipt: str = Field(description="The receipt, the same bits as when it was accepted.")
    subject: Subject
    code: Number
    type: str = Field(description="TypeName of the document.")
    kind: Kind
    kind_name: Literal["new", "recall", "update", "replacement"] = Field(
        description="`kind` by its name."
    )
    urgency: Urgency
    size: Size
    unit: Unit
    document_signature: Literal["not examined yet"] = Field(
        description="The signature inside the attached document, the one the law speaks of "
        "(QĐ 28/2018 art. 4): not examined."
    )
    links: list[LinkOut] = Field(description="The documents that this package speaks of.")
    linked: list[LinkIn] = Field(
        description="Packages that speak of this document and that the caller may see: the oldest "
        "100 of them."
    )
    linked_count: int = Field(description="How many such packages there are.")
    deliveries: list[Standing] = Field(
        description="How it stands with each recipient that the caller may see."
    )
    history: list[Happened] = Field(
        description="What happened to the package and to those deliveries, oldest first."
    )


class Views(Wire):
    """A page of the packages of one document that the caller may see, oldest first."""

    documents: list[View] = Field(description="Those of the page, oldest first.")
    next: Seq = Field(description="The number behind which the next page begins: `after`.")


class AgencyLine(Wire):
    """A connected agency."""

    code: Code
    name_vi: NameVi
    name_en: NameEn
    kind: AgencyKind
    level: Level
    certainty: str = Field(description="How sure the code is, with its source.")
    locked: Locks


class Agencies(Wire):
    """The directory, by code."""

    agencies: list[AgencyLine] = Field(description="All of them, by code.")


class Sums(Wire):
    """What was counted. Our reading: no source defines 'sent' and 'received'."""

    sent: int = Field(description="Accepted document packages of all DocTypes.")
    received: int = Field(description="Deliveries at their first done.")
    statuses: dict[str, int] = Field(description="Statuses by code, counted by who said them.")


class CountRow(Sums):
    """Sums of one agency, day or month."""

    agency: Code = Field("", description="With by=agency: whose sums they are.")
    day: Day = Field("", description="With by=day: the Viet Nam day, YYYY-MM-DD.")
    month: str = Field("", description="With by=month: the Viet Nam month, YYYY-MM.")
    month30: int = Field(
        0,
        description="With by=month30: months of 30 days from 12 March 2019 on, the first is 1.",
    )


class BalanceLine(Wire):
    """A total and the states it must equal."""

    line: Literal["transport", "business"] = Field(
        description="transport: all deliveries, by transport state. business: those that are done, "
        "by business state."
    )
    total: int = Field(description="Deliveries that the states must add up to.")
    parts: dict[str, int] = Field(description="Deliveries by state.")
    difference: int = Field(description="Anything but 0 is an alarm.")


class Counts(Sums):
    """Counts of a span of days, and how the books stand now."""

    rows: list[CountRow] = Field(description="Empty with by=total.")
    standing: dict[str, int] = Field(description="Deliveries by state, of the agencies asked.")
    balances: list[BalanceLine] = Field(description="The two lines that must balance.")
