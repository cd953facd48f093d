"""RSA-2048 signatures, as the real packages of 2018 to 2020 have them, that an axis trusts."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from agencies.keys import NOT_AFTER, NOT_BEFORE, make_authority
from agencies.world import SEED, certificate
from axis.adapters.sqlite_store import open_store
from benchmarks.packages import Keys
from schemas.codes import agencies


@cache
def keys() -> Keys:
    """One key for all agencies, and a certificate of the simulator's root for each: making a key
    takes a tenth of a second, and to whoever checks a signature it is all the same.
    """
    key = rsa.generate_private_key(65537, 2048)
    authority = make_authority(SEED)
    out = {}
    for serial, row in enumerate(agencies(), 1):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, row.code)])
        issuer = authority.certificate.subject
        builder = x509.CertificateBuilder(
            issuer, name, key.public_key(), serial, NOT_BEFORE, NOT_AFTER
        )
        made = builder.sign(authority.private_key, SHA256())
        out[row.code] = key, made.public_bytes(Encoding.DER)
    return out


def trust(home: Path) -> None:
    """Write the certificates into the trust list of an axis that does not run."""

    async def enrol() -> None:
        store = open_store(home / "axis")
        try:
            await store.enrol([], [certificate(code, der) for code, (_, der) in keys().items()], [])
        finally:
            await store.close()

    asyncio.run(enrol())
