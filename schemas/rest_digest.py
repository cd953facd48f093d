"""The JSON of the digest of the books."""

from __future__ import annotations

from pydantic import Field

from schemas.rest import Sha256, Wire


class SectionDigest(Wire):
    """Rows of one kind."""

    rows: int
    sha256: Sha256 = Field(description="SHA-256 over the rows in their order, hex.")


class Digest(Wire):
    """The books at one moment; equal books have equal digests."""

    seq: int = Field(description="The last number given.")
    sha256: Sha256 = Field(description="SHA-256 over all sections, hex.")
    upto: int = Field(description="Where the past ends.")
    past: Sha256 = Field(description="The same over documents and events up to number upto.")
    sections: dict[str, SectionDigest]
