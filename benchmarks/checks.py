"""Examining a package, against the crypto library that checks a signature and nothing else.

Examining reads the form, the files and their digests, canonicalises, and checks; the library is
handed the bytes that were signed. Different packages, one process, CPU time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from itertools import islice

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks import rsa, servers
from benchmarks.packages import Signed, keys, signed
from benchmarks.scale import Act, Scale, in_turn
from benchmarks.table import Pair, Row, Run, Side
from schemas.examine import examine
from schemas.xmldsig import PrivateKey

DOCUMENTS = 1_000
#: Signatures checked to tell how quick a core is: a tenth of a second.
PACE = 1_000
#: About as many bytes as the SignedInfo of a package has.
SIGNED_BYTES = 900


def row(scale: Scale) -> Row:
    """ECDSA P-256 and RSA-2048."""
    out = Row("signature check, against the crypto library alone", counts="packages")
    with servers.world({}) as home:
        own = keys(home)
        for name, made in (("ECDSA P-256", own), ("RSA-2048", rsa.keys())):
            packages = list(islice(signed(home, made), scale.of(DOCUMENTS)))
            key, _ = made[packages[0].sender]
            ours, other = in_turn(lambda p=packages, k=key: _pair(p, k), scale.pairs)  # type: ignore[misc]
            sides = Side.of("examine, all of it", ours), Side.of("the check alone", other)
            out.pairs.append(Pair(name, *sides))
    return out


def _pair(packages: Sequence[Signed], key: PrivateKey) -> tuple[Act, Act]:
    verify = alone(key)
    return (
        lambda: _timed(packages, lambda p: examine(p.body).seal.genuine),
        lambda: _timed(packages, lambda _: verify()),
    )


def _timed(packages: Sequence[Signed], good: Callable[[Signed], bool]) -> Run:
    begun = time.process_time()
    assert all(map(good, packages))
    took = time.process_time() - begun
    return Run(len(packages) / took, took / len(packages) * 1e6)


def pace() -> float:
    """P-256 signatures that one core checks in a second just now."""
    verify = alone(ec.generate_private_key(ec.SECP256R1()))
    begun = time.process_time()
    assert all(verify() for _ in range(PACE))
    return PACE / (time.process_time() - begun)


def alone(key: PrivateKey) -> Callable[[], bool]:
    """Check one signature of this key, and nothing else."""
    said = hashlib.sha512(b"said").digest() * (SIGNED_BYTES // 64)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve, ecdsa = key.public_key(), ec.ECDSA(SHA256())
        value = key.sign(said, ecdsa)
        return lambda: curve.verify(value, said, ecdsa) is None
    assert isinstance(key, rsa_keys.RSAPrivateKey)
    modulus, pkcs = key.public_key(), padding.PKCS1v15()
    value = key.sign(said, pkcs, SHA256())
    return lambda: modulus.verify(value, said, pkcs, SHA256()) is None
