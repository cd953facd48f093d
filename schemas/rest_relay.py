"""The JSON of the operator's door about what is published."""

from __future__ import annotations

from pydantic import Field

from schemas.rest_operator import Why
from schemas.rest_words import Code, Urgency, Wire


class Redrive(Why):
    """What is to be published again: one lane from a number on, or all lanes."""

    urgency: Urgency | None = Field(None, description="One lane; all of them without it.")
    no: int = Field(1, ge=1, le=2**62, description="The first number to come again.")


class Redriven(Wire):
    """Lanes that are published again. ``urgency`` null stands for all."""

    agency: Code
    urgency: Urgency | None = Field(description="The lane; null: all of them.")
    no: int = Field(description="The first number of a lane that comes again.")
    relayed: bool = Field(description="Whether this axis publishes to Kafka at all.")
