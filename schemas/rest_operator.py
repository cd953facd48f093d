"""The JSON of the operator's door as models: what waits, acts and their reasons, both logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest import Delivery
from schemas.rest_words import Actor, At, Code, Locks, Recipient, Sha256, Wire


class Waits(Wire):
    """What waits for one agency."""

    agency: Code
    waiting: int = Field(description="Deliveries whose package was not handed out yet.")
    offered: int = Field(description="Deliveries handed out and not confirmed yet.")
    parked: int = Field(description="Deliveries that are parked.")
    oldest_age_s: float | None = Field(description="Age of its oldest open delivery, seconds.")


class Waiting(Wire):
    """Agencies with something open or parked, by code."""

    agencies: list[Waits] = Field(description="Those with something open or parked, by code.")


class Found(Delivery):
    """A delivery with its recipient."""

    recipient: Recipient


class Finds(Wire):
    """Deliveries that match, newest first."""

    deliveries: list[Found] = Field(description="Those that match, newest first.")


class Why(Wire):
    """The reason of an act; it goes into the audit log. Without one nothing is done."""

    why: str = Field(
        "",
        max_length=1000,
        description="Why it is done, in words; goes into the audit log.",
        examples=["asked by the agency, ticket 4711"],
    )


class Locked(Wire):
    """An agency after a lock or unlock."""

    agency: Code
    locked: Locks
    moved: int = Field(description="Deliveries parked by the lock, or put back by the unlock.")


class Act(Wire):
    """One line of the audit log."""

    at: At = Field(description="When it was done, by the axis's clock.")
    actor: Actor
    act: str = Field(description="What was done, such as lock; with `refused` behind it: tried.")
    target: str = Field(description="To what: a code, the id of a package, delivery or job ...")
    why: str = Field(description="The reason that was given.")


class Acts(Wire):
    """The newest acts first."""

    acts: list[Act] = Field(description="The newest first.")


class Refusal(Wire):
    """A refused input."""

    at: At = Field(description="When it was refused, by the axis's clock.")
    caller: str = Field(description="Who had sent it: an agency's code.")
    code: str = Field(description="Code of the catalogue, of the first fault.")
    place: str = Field(description="The place in the package or the request; may be empty.")
    detail: str = Field(description="One English sentence.")
    sha256: Sha256 | Literal[""] = Field(description="Empty of a body that was too large to read.")
    size: int = Field(description="Bytes; of a body that was not read, as many as are known of.")


class Refusals(Wire):
    """The newest refusals first."""

    refusals: list[Refusal] = Field(description="The newest first.")
