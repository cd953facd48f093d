"""What an inbox says of a delivery that is given back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest_words import At, Wire

#: What happens to it then, which counts nowhere.
GivingBack = Literal["given", "handed", "kept", "had", "withheld"]


class Redelivery(Wire):
    """It was done before and comes once more, the same bytes: whoever has it says `fail`."""

    job: str = Field(
        description="The replay job that gives it back; empty for none.",
        examples=["rpl_01DYKA4R00N0QB5GZK7V2M9T3C"],
    )
    accepted_at: At = Field(description="When the document was accepted, as at first.")
    done_at: At = Field(description="When the delivery was first done.")
