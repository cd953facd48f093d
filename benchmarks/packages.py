"""Signed packages of about 20 kB, made beforehand so that making them costs the runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agencies.compose import compose
from agencies.traffic import plan_day
from schemas.edxml_write import write
from schemas.signing import sign
from schemas.xmldsig import PrivateKey

FIRST_DAY = date(2019, 10, 8)
DAYS = 100


@dataclass(frozen=True, slots=True)
class Signed:
    """One package ready to be posted."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes


@cache
def _key(folder: Path) -> tuple[PrivateKey, bytes]:
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    assert isinstance(key, PrivateKey)
    return key, certificate.public_bytes(Encoding.DER)


def signed(home: Path) -> Iterator[Signed]:
    """Different documents for ever, signed with the keys of a world: one day after the other."""
    for seed in count(1):
        for offset in range(DAYS):
            for planned in plan_day(FIRST_DAY + timedelta(days=offset), seed):
                key, certificate = _key(home / "agencies" / planned.sender)
                raw = sign(write(compose(planned)), key, certificate)
                yield Signed(planned.sender, planned.recipients, raw)
