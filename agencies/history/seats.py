"""The 95 agencies as who plays them all in one process needs them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from agencies.client import Client
from agencies.crew import BACKOFF
from agencies.line import Line
from agencies.world import agency_dir, read_key, read_secret
from schemas.codes import agencies
from schemas.xmldsig import PrivateKey


@dataclass(frozen=True, slots=True)
class Seat:
    """One agency: its client and what it signs with."""

    client: Client
    key: PrivateKey = field(repr=False)
    certificate_der: bytes = field(repr=False)


def take_seats(home: Path, line: Line) -> dict[str, Seat]:
    """All agencies of the world in ``home``, by code."""
    return {row.code: _seat(home, line, row.code) for row in agencies()}


def _seat(home: Path, line: Line, code: str) -> Seat:
    secret = read_secret(agency_dir(home, code))
    client = Client(line, code, secret, random.Random(code).random, BACKOFF)
    return Seat(client, *read_key(home, code))
