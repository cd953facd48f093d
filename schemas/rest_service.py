"""The JSON of what everybody may ask of an axis: is it up, can it work."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest import Wire


class Health(Wire):
    """The process answers."""

    status: Literal["up"]


class Ready(Wire):
    """Whether the axis can work."""

    ready: bool
    store: bool
    bus: bool
    waiting_commands: int = Field(description="Commands waiting to be written.")
