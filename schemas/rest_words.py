"""The words that the JSON of all doors is made of: each says once what it is and what it may be.

Times are ISO 8601 with the Viet Nam offset (QĐ 28/2018 art. 14.4); sizes are bytes. A ``pattern``
or ``format`` that stands in ``json_schema_extra`` is what the axis promises of its answers; it is
told, and never checked.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

DOC_PATTERN: Final = "doc_[0-9A-HJKMNP-TV-Z]{26}"
AGENCY_PATTERN: Final = r"000\.00\.00\.[A-Z][0-9A-Z]{2}"
DELIVERY_PATTERN: Final = rf"^{DOC_PATTERN}\.{AGENCY_PATTERN}$"
JOB_PATTERN: Final = "^rpl_[0-9A-HJKMNP-TV-Z]{26}$"
SHA256_PATTERN: Final = "^[0-9a-f]{64}$"

State = Annotated[
    Literal["waiting", "offered", "done", "parked", "withdrawn"],
    Field(
        description="Where the delivery stands between the axis and its recipient. waiting: "
        "numbered in its lane, its package not handed out. offered: its package was handed out. "
        "done: the recipient has confirmed it, or has said a status of it. parked: the recipient "
        "said `fail` or was locked out, or the axis has its package no more; it is out of the "
        "inbox until it is put back. withdrawn: "
        "taken from the lane before it was done; no act of this version leads there."
    ),
]
Answer = Annotated[
    Literal[
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
    ],
    Field(
        description="What the recipient has said of the document: none (nothing yet), arrived "
        "(01), refused (02, the end), accepted (03), assigned (04), processing (05), completed "
        "(06, the end). recalled, replaced and taken_back are ends that its sender brings about, "
        "by a recall, a replacement or 13; those are carried and not acted upon yet, so no act of "
        "this version leads there."
    ),
]
Asked = Annotated[
    Literal["none", "open", "agreed", "refused"],
    Field(
        description="Whether something is asked of the recipient, by 13 or by an update package: "
        "none, open (asked and not answered), agreed (15), refused (16)."
    ),
]
Verdict = Annotated[
    Literal["valid", "absent", "weak", "untrusted", "broken"],
    Field(
        description="What the axis found of the package's signature when it took it in. valid; "
        "absent: none or a dummy; weak: SHA-1; untrusted: not by a certificate that speaks for "
        "the sender at that time; broken: not what it claims to be. The last two are refused, so "
        "books do not have them. It says nothing of the signature inside the attached document."
    ),
]

Code = Annotated[
    str,
    Field(
        description="An agency's 13-character code.",
        examples=["000.00.00.H37"],
        json_schema_extra={"pattern": f"^{AGENCY_PATTERN}$"},
    ),
]
Sender = Annotated[Code, Field(description="Code of the agency that sent the document.")]
Recipient = Annotated[Code, Field(description="Code of the agency the delivery is for.")]
Unit = Annotated[
    str,
    Field(
        description="The sending unit as the package names it: the agency's own code, or that of "
        "a unit beneath it."
    ),
]
DocumentId = Annotated[
    str,
    Field(
        description="DocumentId as the sender wrote it; several packages of one document have the "
        "same.",
        examples=["000.00.00.H37,2020/01/15,7"],
    ),
]
DocId = Annotated[
    str,
    Field(
        description="The axis's own id of a package: doc_ and a ULID.",
        examples=["doc_01DYKA4R00N0QB5GZK7V2M9T3C"],
        json_schema_extra={"pattern": f"^{DOC_PATTERN}$"},
    ),
]
DeliveryId = Annotated[
    str,
    Field(
        description="One package for one recipient: `<doc id>.<recipient code>`.",
        examples=["doc_01DYKA4R00N0QB5GZK7V2M9T3C.000.00.00.G22"],
        json_schema_extra={"pattern": DELIVERY_PATTERN},
    ),
]
Named = Annotated[
    str,
    Field(description="Id of the delivery, as its caller named it; its own where a range met it."),
]
JobId = Annotated[
    str,
    Field(
        description="Id of a job: rpl_ and a ULID.",
        examples=["rpl_01DYKA4R00N0QB5GZK7V2M9T3C"],
        json_schema_extra={"pattern": JOB_PATTERN},
    ),
]

#: A time as the axis writes it.
At = Annotated[
    str,
    Field(
        description="ISO 8601 with the Viet Nam offset.",
        json_schema_extra={"format": "date-time"},
    ),
]
OccurredAt = Annotated[
    At,
    Field(description="When it happened; the same as recorded_at except in a run of another time."),
]
RecordedAt = Annotated[At, Field(description="The axis's clock when it was written.")]
#: A time as a caller writes it.
Stated = Annotated[
    str,
    Field(
        max_length=40,
        description="When it happened, ISO 8601; needs the scope `history`. Else it is now.",
        json_schema_extra={"format": "date-time"},
    ),
]
Day = Annotated[
    str, Field(description="A Viet Nam day, YYYY-MM-DD.", json_schema_extra={"format": "date"})
]

Sha256 = Annotated[
    str,
    Field(
        description="SHA-256 of the package's bytes, hex.",
        json_schema_extra={"pattern": SHA256_PATTERN},
    ),
]
Size = Annotated[int, Field(description="Bytes of the package.")]
Seq = Annotated[
    int,
    Field(
        description="Number in the books: whatever is written gets the next one, so numbers follow "
        "the order of commits."
    ),
]
Kind = Annotated[
    int,
    Field(ge=0, le=3, description="BussinessDocType: 0 new, 1 recall, 2 update, 3 replacement."),
]
Urgency = Annotated[int, Field(ge=0, le=4, description="Priority: 0 normal to 4 most urgent.")]
LaneNo = Annotated[
    int, Field(ge=1, description="Dense number in the lane (recipient, urgency); the order of it.")
]
Attempt = Annotated[
    int, Field(ge=1, description="How often it began to wait, given back included.")
]
Reason = Annotated[
    str,
    Field(description="The last reason given: why it is parked, or that of 02 or 16; else empty."),
]
Subject = Annotated[str, Field(description="Subject of the document, as its package has it.")]
Number = Annotated[
    str, Field(description="Number and notation of the document.", examples=["7/UBND-VP"])
]
Changed = Annotated[
    bool, Field(description="False: it was so before, or what was said changes nothing.")
]

Locks = Annotated[bool, Field(description="Locked: nothing can be sent to it or by it.")]
Actor = Annotated[
    str,
    Field(description="Who did it: an agency's code, an operator's name, or `axis` by itself."),
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
    status: int = Field(description="The HTTP status, 400 to 507.")
    code: str = Field(description="Stable code of the catalogue; never renamed.")
    place: str = Field(description="The place in the package or the request; may be empty.")
    detail: str = Field(description="One English sentence.")
    detail_vi: str = Field(description="One Vietnamese sentence.")
    vxp: int = Field(
        description="The number that the table of the VXP guide has for it. It is for clients of "
        "the VXP protocol; this version has no door for them."
    )
    problems: list[Told] = Field(
        description="All faults found, the first one included; the first 100 of them."
    )


class Failed(Wire):
    """An item that was refused; its neighbours are not touched by it."""

    status: int = Field(ge=400, le=599, description="The HTTP status that it would have had alone.")
    problem: Problem = Field(description="What is wrong with it.")
