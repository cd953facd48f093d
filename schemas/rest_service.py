"""The JSON of what everybody may ask of an axis: is it up, can it work."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest import Wire


class Health(Wire):
    """The process answers."""

    status: Literal["up"]
    mode: Annotated[
        Literal["live", "simulation"],
        Field(description="Load may only be driven at an axis whose books are a simulation's."),
    ]


class Ready(Wire):
    """Whether the axis can work."""

    ready: bool
    store: bool
    bus: bool
    waiting_commands: int = Field(description="Commands waiting to be written.")
