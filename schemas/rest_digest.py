"""The JSON of the digest of the books."""

from __future__ import annotations

from pydantic import Field

from schemas.rest_words import Seq, Sha256, Wire


class SectionDigest(Wire):
    """Rows of one kind."""

    rows: int = Field(description="How many rows it has.")
    sha256: Sha256 = Field(description="SHA-256 over the rows in their order, hex.")


class Digest(Wire):
    """The books at one moment; equal books have equal digests."""

    seq: Seq = Field(description="The last number given.")
    sha256: Sha256 = Field(description="SHA-256 over all sections, hex.")
    upto: Seq = Field(description="The number up to which the past reaches.")
    past: Sha256 = Field(description="The same over documents and events up to number upto.")
    sections: dict[str, SectionDigest] = Field(
        description="By kind of row, such as documents or events: how many, and their digest."
    )
