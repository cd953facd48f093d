"""The JSON of the proof of the books as models."""

from __future__ import annotations

from pydantic import Field

from schemas.rest_words import Wire


class Differs(Wire):
    """A counter that is not what its events add up to."""

    agency: str = Field(description="Whose counter it is: an agency's code.")
    day: int = Field(description="Days since 1 January 1970; 0 for a standing counter.")
    metric: str = Field(description="What it counts, such as sent or transport.done.")
    books: int = Field(description="What the books say.")
    recounted: int = Field(description="What the events add up to.")


class Proof(Wire):
    """Every counter and delivery recomputed from the events and compared, and all bytes found."""

    clean: bool = Field(description="Nothing is wrong.")
    documents: int = Field(description="Document packages that were looked at.")
    events: int = Field(description="Events that were added up.")
    deliveries: int = Field(description="Deliveries that were compared.")
    counters: list[Differs] = Field(description="Counters that differ; the first of them.")
    states: list[str] = Field(description="Ids of deliveries that are not as their events say.")
    lines: list[str] = Field(
        description="A sentence for each thing that is wrong but for counters, at most a hundred "
        "about things of one kind.",
        examples=[["delivery doc_01DYKA4R00N0QB5GZK7V2M9T3C.000.00.00.G22: transport is done, …"]],
    )
    left_out: int = Field(description="Counters and sentences that were left out.")
