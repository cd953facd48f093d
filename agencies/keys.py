"""The simulator's own certificate authority, and a key for each simulated agency.

Real agencies get their certificates from the Government Cipher Committee (QĐ 28/2018, art. 18).
The simulator cannot and must not stand in for it, so every certificate made here says "not for
real use" in subject and issuer. Keys, serial numbers, dates and signatures follow from the seed
and the agency's code alone: the same seed gives the same files and the same signed packages.
Whoever knows the seed knows every key, which is right for a simulation and for nothing else.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOT_REAL: Final = "not for real use"
AUTHORITY_NAME: Final = f"Simulator CA - {NOT_REAL}"

#: The axis opened on 12 March 2019; the simulator plays any day from then on.
NOT_BEFORE: Final = datetime(2019, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2034, 12, 31, 23, 59, 59, tzinfo=UTC)

#: ub-common-name of RFC 5280, which cryptography counts in UTF-8 bytes.
COMMON_NAME_BYTES_MAX: Final = 64
#: Order of the P-256 base point (FIPS 186-5, SP 800-186 section 3.2.1.3).
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: 64 bits more than the order has, so that reduction leaves no bias (FIPS 186-5, A.2.1).
SCALAR_BYTES: Final = 40
#: RFC 5280 allows 20; 16 hash bytes under a leading one keep every serial positive and distinct.
SERIAL_BYTES: Final = 16

KEY_FILE: Final = "key.pem"
CERTIFICATE_FILE: Final = "certificate.pem"


@dataclass(frozen=True, slots=True)
class Authority:
    """The simulator's root: it signs agencies' certificates and nothing else."""

    seed: int | str = field(repr=False)
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def certificate_der(self) -> bytes:
        """The trust root, for a trust list."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def certificate_pem(self) -> bytes:
        """The trust root, for a file."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True)
class AgencyKey:
    """What an agency signs with. ``key_pem`` is unencrypted PKCS #8."""

    code: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate_der: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)


def make_authority(seed: int | str) -> Authority:
    """Return the root of the world that ``seed`` names."""
    key = _private_key(seed, "authority", "")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME)])
    usage = _usage(signs_certificates=True)
    builder = _builder(name, name, key.public_key(), "authority", key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return Authority(seed, key, _signed(builder.add_extension(usage, critical=True), key))


def make_agency(authority: Authority, code: str, name: str) -> AgencyKey:
    """Return the key and certificate of the agency ``code``; always the same for the same seed."""
    key = _private_key(authority.seed, "agency", code)
    return _certified(authority, code, name, key, f"agency {code}")


def make_another(authority: Authority, code: str, name: str) -> AgencyKey:
    """Return a key of the agency ``code`` that nobody can derive, and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _certified(
        authority, code, name, key, f"agency {code} {secrets.token_hex(SERIAL_BYTES)}"
    )


def _certified(
    authority: Authority, code: str, name: str, key: ec.EllipticCurvePrivateKey, serial_of: str
) -> AgencyKey:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"Simulated agency - {NOT_REAL}"),
            x509.NameAttribute(NameOID.COMMON_NAME, _cut(name or code)),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, code),
        ]
    )
    issuer = authority.certificate.subject
    issuer_key = authority.private_key.public_key()
    builder = _builder(subject, issuer, key.public_key(), serial_of, issuer_key)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    certificate = _signed(builder, authority.private_key)
    return AgencyKey(
        code=code,
        private_key=key,
        certificate_der=certificate.public_bytes(Encoding.DER),
        certificate_pem=certificate.public_bytes(Encoding.PEM),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def write_agency_files(directory: Path, agency: AgencyKey) -> tuple[Path, Path]:
    """Write ``key.pem`` (mode 0600) and ``certificate.pem``, in place of what is there; return both
    paths.
    """
    key_path, certificate_path = directory / KEY_FILE, directory / CERTIFICATE_FILE
    write_whole(key_path, agency.key_pem, 0o600)
    write_whole(certificate_path, agency.certificate_pem, 0o644)
    return key_path, certificate_path


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, never readable by more than ``mode`` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    half.replace(path)


def _private_key(seed: int | str, role: str, code: str) -> ec.EllipticCurvePrivateKey:
    """Derive a P-256 key: HKDF-SHA256 over the seed, the role and the code, reduced into range."""
    info = f"document axis simulator key\x00{role}\x00{code}".encode()
    stream = HKDF(hashes.SHA256(), SCALAR_BYTES, salt=None, info=info).derive(str(seed).encode())
    scalar = int.from_bytes(stream, "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial_of: str,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    serial = b"\x01" + hashlib.sha256(serial_of.encode()).digest()[:SERIAL_BYTES]
    key_id = x509.SubjectKeyIdentifier.from_public_key(key)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(int.from_bytes(serial, "big"))
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(key_id, critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return the use of a key: certificates for the root, documents for an agency."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _cut(name: str) -> str:
    """Cut ``name`` to what a common name may hold, between characters."""
    return name.encode()[:COMMON_NAME_BYTES_MAX].decode(errors="ignore").rstrip()
