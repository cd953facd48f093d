"""The JSON of what everybody may ask of an axis: is it up, can it work, what is its key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.rest_words import Wire


class Health(Wire):
    """The process answers."""

    status: Literal["up"] = Field(description="Always `up`: whoever answers is.")
    mode: Annotated[
        Literal["live", "simulation"],
        Field(description="Load may only be driven at an axis whose books are a simulation's."),
    ]


class Key(Wire):
    """A public key (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"] = Field(description="Key type: an octet key pair.")
    crv: Literal["Ed25519"] = Field(description="Its curve.")
    x: str = Field(description="The key's 32 bytes, base64url.")
    kid: str = Field(
        description="Its SHA-256 thumbprint (RFC 7638), which receipts name in their header."
    )
    alg: Literal["EdDSA"] = Field(description="The algorithm of the signatures.")
    use: Literal["sig"] = Field(description="It verifies signatures, and nothing else.")


class Keys(Wire):
    """The keys that receipts are verified with: a JWK Set."""

    keys: list[Key] = Field(description="The one key of this axis.")


class Ready(Wire):
    """Whether the axis can work."""

    ready: bool = Field(description="Both of the following hold.")
    store: bool = Field(description="The store answers a read and is not read only.")
    bus: bool = Field(description="The bus takes a notice.")
    waiting_commands: int = Field(description="Commands waiting to be written.")
