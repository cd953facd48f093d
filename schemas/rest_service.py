"""The JSON of what everybody may ask of an axis: is it up, can it work, what is its key."""

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


class Key(Wire):
    """A public key (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str = Field(description="The key's 32 bytes, base64url.")
    kid: str = Field(description="Its SHA-256 thumbprint (RFC 7638).")
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class Keys(Wire):
    """The keys that receipts are verified with: a JWK Set."""

    keys: list[Key]


class Ready(Wire):
    """Whether the axis can work."""

    ready: bool
    store: bool
    bus: bool
    waiting_commands: int = Field(description="Commands waiting to be written.")
