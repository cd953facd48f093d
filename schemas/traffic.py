"""Traffic as others may read it: one row for each document (docs/traffic-file.md).

The same shapes travel through the operator's door and lie in traffic files (``traffic_lines``).
A row names no person and quotes no document but the reasons that recipients gave. Times are ISO
8601 with the Viet Nam offset. Lists have no bound of their own: books hold whatever a package of
20,000 elements names and whatever happens, and what is read is bounded by its line.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field
from pydantic.json_schema import models_json_schema

from schemas.edxml import PACKAGE_BYTES_MAX
from schemas.rest_books import Relation
from schemas.rest_words import (
    DOC_PATTERN,
    SHA256_PATTERN,
    Answer,
    Asked,
    At,
    DocId,
    DocumentId,
    Kind,
    LaneNo,
    OccurredAt,
    Recipient,
    RecordedAt,
    Sender,
    Sha256,
    State,
    Urgency,
    Verdict,
    Wire,
)

FORMAT: Final = "axis-traffic"
VERSION: Final = 1

#: What becomes of a delivery in version 1. Whatever else books may hold is left out of a row.
HappeningKind = Literal["offered", "done", "parked", "reset", "status"]
HAPPENINGS: Final = frozenset(get_args(HappeningKind))

_Hex = Field(pattern=SHA256_PATTERN)
#: A code of an agency or of a unit beneath it; which there are is another question.
_Organ = Annotated[str, Field(max_length=20)]


class Asking(Wire):
    """What was asked for: documents that occurred from ``since`` on and before ``until``."""

    since: At = Field(description="Where the window begins, ISO 8601.")
    until: At = Field(description="Before which it ends, ISO 8601.")
    sender: str = Field("", description="Only from this agency; all of them when missing.")
    recipient: str = Field("", description="Only with this recipient.")
    type: str = Field("", description="Only of this type (TypeName).")


class Header(Wire):
    """The first line of a traffic file."""

    format: Literal["axis-traffic"] = Field(description="What kind of file it is.")
    version: Literal[1] = Field(description="Version of the format.")
    run: str = Field(max_length=32, description="The run whose traffic it is; live is the real one")
    exported_at: At = Field(description="When it was exported, by the axis's clock.")
    asked: Asking = Field(description="The window and the filters that were asked for.")
    packages: bool = Field(description="Whether every row holds its package.")


class Happening(Wire):
    """One thing that happened to a delivery."""

    kind: HappeningKind = Field(
        description="offered: its package was handed out. done: confirmed. parked: `fail` or a "
        "lock. reset: put back. status: a status was said of it."
    )
    code: str = Field("", max_length=2, description="The status code, for kind status.")
    reason: str = Field("", max_length=1000, description="Of parked, and of statuses with one.")
    by: _Organ = Field("", description="Who did it, where it was not the recipient.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt


class Share(Wire):
    """One recipient's share of a document: how it stands, and what happened, in order."""

    recipient: Recipient
    units: list[_Organ] = Field(description="Units the package names.")
    no: LaneNo
    state: State
    answer: Answer
    request: Asked
    reason: str = Field(
        "", max_length=1000, description="The last reason given: why it is parked, or of 02 or 16."
    )
    happened: list[Happening] = Field(description="What happened to it, oldest first.")


class Speaks(Wire):
    """A document that this one speaks of."""

    relation: Relation
    sender: _Organ = Field(description="Code of that document's sender.")
    document_id: DocumentId


class Row(Wire):
    """One document: its parties, its times, what it is and what became of it."""

    seq: int = Field(ge=1, description="Its number in the books; rows come in this order.")
    doc: Annotated[DocId, Field(pattern=f"^{DOC_PATTERN}$")]
    sender: Sender
    unit: _Organ = Field(description="The sender or a unit beneath it, as the package names it.")
    document_id: Annotated[DocumentId, Field(min_length=1, max_length=200)]
    kind: Kind
    urgency: Urgency
    type: str = Field("", max_length=200, description="TypeName.")
    code: str = Field("", max_length=200, description="Number and notation.")
    occurred_at: OccurredAt
    recorded_at: RecordedAt
    size: int = Field(ge=1, le=PACKAGE_BYTES_MAX, description="Bytes of the package.")
    sha256: Annotated[Sha256, _Hex]
    verdict: Verdict
    links: list[Speaks] = Field(default=[], description="The documents that it speaks of.")
    deliveries: list[Share] = Field(min_length=1, description="One for each recipient.")
    package: str | None = Field(None, description="The package in base64, where it was asked for.")


class End(Wire):
    """The last line: what the file holds. Without it the file was cut short."""

    end: Literal[True] = Field(description="Always true.")
    rows: int = Field(ge=0, description="Rows of the file.")
    deliveries: int = Field(ge=0, description="Deliveries in them.")
    package_bytes: int = Field(ge=0, description="Sum of the sizes, whether or not inside.")


class Traffic(Wire):
    """A page of traffic. ``after`` is what to ask for next; null behind the last page."""

    rows: list[Row] = Field(description="Those of the page, in the order of commits.")
    after: int | None = Field(
        description="Hand it back as `after` for the next page; null behind the last."
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line of a traffic file."""
    _, defined = models_json_schema(
        [(model, "validation") for model in (Header, Row, End)], ref_template="#/$defs/{model}"
    )
    definitions = defined["$defs"]
    for name in ("Header", "Row", "End"):
        # Every line ends with it (``traffic_lines``).
        definitions[name]["properties"]["digest"] = {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 over the digest before it and this line up to here.",
        }
        definitions[name]["required"].append("digest")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A line of a traffic file ({FORMAT}, version {VERSION})",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("Header", "Row", "End")],
        "$defs": definitions,
    }
