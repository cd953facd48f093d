"""Sign a package: the short way where it has the usual form, the whole way for every other."""

from __future__ import annotations

from schemas import xmldsig
from schemas.edxml_usual import place_and_digest
from schemas.xmldsig import PrivateKey


def sign(raw: bytes, key: PrivateKey, certificate_der: bytes) -> bytes:
    """Return ``raw`` signed: the bytes that ``xmldsig.sign`` gives. Raises what that raises."""
    found = place_and_digest(raw)
    if found is None:
        return xmldsig.sign(raw, key, certificate_der)
    return xmldsig.seal(raw, *found, key, certificate_der)
