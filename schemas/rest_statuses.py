"""The JSON of statuses at the agencies' door as models: said, taken, and read as a stream."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest_words import (
    Answer,
    DeliveryId,
    DocId,
    DocumentId,
    Failed,
    OccurredAt,
    Recipient,
    RecordedAt,
    Sender,
    Seq,
    Stated,
    Wire,
)

StatusCode = Annotated[
    Literal["01", "02", "03", "04", "05", "06", "13", "15", "16"],
    Field(
        description="01 arrived, 02 refused, 03 accepted, 04 assigned, 05 in processing, 06 "
        "completed, 15 agreed and 16 not agreed to what is asked: said by the recipient. 13 take "
        "it back: said by the sender."
    ),
]


class Statement(Wire):
    """One status. Names a `delivery`, or `sender`, `document_id` and `recipient`."""

    delivery: str | None = Field(None, max_length=64, description="Id of the delivery it is of.")
    sender: str | None = Field(
        None, max_length=64, description="Code of the document's sender, or of a unit of it."
    )
    document_id: str | None = Field(
        None, max_length=200, description="DocumentId as the sender wrote it."
    )
    recipient: str | None = Field(
        None, max_length=64, description="Code of the document's recipient, or of a unit of it."
    )
    code: StatusCode
    reason: str = Field("", max_length=1000, description="Needed with 02 and 16.")
    staff: str = Field("", max_length=200, description="The clerk who acts.")
    occurred_at: Stated = ""


class Statements(Wire):
    """Many statuses; each is decided by itself."""

    statuses: list[Statement] = Field(
        max_length=1000, description="In the order in which they are said."
    )


class Said(Wire):
    """A status that was taken."""

    delivery: DeliveryId
    code: StatusCode
    state: Answer = Field(description="What the recipient's answer is now (a business state).")
    seq: Seq | None = Field(
        description="Number of the status in the books; null for one that was said before."
    )
    repeated: bool = Field(description="It was said before and still stood.")


class SaidItem(Said):
    """A status of many that was taken."""

    status: Literal[200, 201] = Field(description="201: taken; 200: it was said before.")


class StatusResults(Wire):
    """One answer per status, in the order of the request."""

    results: list[SaidItem | Failed] = Field(
        description="One for each status, in the order said: what it came to, or what is wrong."
    )


class StatusLine(Wire):
    """Something an agency is told about a delivery."""

    seq: Seq
    kind: Literal["status", "parked"] = Field(
        description="status: the other side has said a status. parked: the delivery of a document "
        "of the caller's is parked, for the reason given."
    )
    code: str = Field(description="The status code; empty for parked.")
    delivery: DeliveryId
    doc: DocId
    document_id: DocumentId
    sender: Sender
    recipient: Recipient
    actor: str = Field(
        description="Who said or did it: an agency's code, an operator's name, or `axis`."
    )
    reason: str = Field(description="The reason given with it; empty for none.")
    staff: str = Field("", description="The clerk who acted, when one was named.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    note: str = Field("", description="With 13, 15 and 16: carried, and not acted upon yet.")


class StatusStream(Wire):
    """The statuses addressed to the caller behind a number, in order."""

    statuses: list[StatusLine] = Field(description="In order, oldest first.")
    next: Seq = Field(description="Number of the last line: hand it back as `after`.")
