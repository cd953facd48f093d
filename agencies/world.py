"""The world of a run: a key, a certificate and a secret for each of the 95 agencies.

``<home>/agencies/<code>/{key.pem, certificate.pem, secret}`` belong to one agency each,
``<home>/operator/secret`` to the operator, ``<home>/axis/trust-root.pem`` to the axis. Keys follow
from the seed (``agencies.keys``); secrets are 256 random bits, since whoever holds one may act.
What exists stays as it is, so a world can be completed after a crash and opened again for ever.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agencies.keys import (
    CERTIFICATE_FILE,
    KEY_FILE,
    Authority,
    make_agency,
    make_another,
    make_authority,
    write_agency_files,
    write_whole,
)
from axis.core.caller import AGENCY, AUDITOR, OPERATOR
from axis.core.directory import Agency
from axis.core.timetable import to_us
from axis.core.trust import Certificate, fingerprint_of
from schemas.codes import AgencyRow, agencies
from schemas.xmldsig import PrivateKey

#: The world everybody gets who names no other.
SEED = 1
#: The client id of the one operator, who may also read as an auditor.
OPERATOR_ID = "operator"
SECRET_FILE = "secret"  # noqa: S105 - the name of a file, not a secret


class AnotherWorld(ValueError):
    """The folder holds a world that another seed made; the message says where."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who may ask for a token: the digest of its secret (hex) and its roles."""

    id: str
    secret_sha256: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """What an axis must know of a world, read from its folder."""

    home: Path
    #: DER of the certificate by the agency's code.
    certificates_der: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def agencies(self) -> tuple[Agency, ...]:
        """The directory."""
        return tuple(map(_agency, agencies()))

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """The trust list."""
        return tuple(certificate(code, der) for code, der in self.certificates_der.items())

    @cached_property
    def logins(self) -> tuple[Login, ...]:
        """The agencies and the operator as clients."""
        operator = _login(OPERATOR_ID, self.home / "operator", (OPERATOR, AUDITOR))
        folders = ((row.code, agency_dir(self.home, row.code)) for row in agencies())
        return (operator, *(_login(code, folder, (AGENCY,)) for code, folder in folders))


def make_world(home: Path, seed: int = SEED) -> World:
    """Make what is missing of a world beneath ``home`` and read it.

    Raises ``AnotherWorld`` when it was made from another seed.
    """
    authority = make_authority(seed)
    with _alone(home):
        _trust_root(home / "axis" / "trust-root.pem", authority)
        _secret(home / "operator")
        certificates = {row.code: _furnish(home, authority, row) for row in agencies()}
    return World(home, certificates)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Wait for whoever makes the same world: of two secrets the books would know one, and the
    folder hold the other.
    """
    path = home / "run" / "world.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("ab")
    except OSError:
        # Where nothing can be written nothing is made.
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def agency_dir(home: Path, code: str) -> Path:
    """The folder of one agency."""
    return home / "agencies" / code


def read_secret(folder: Path) -> str:
    """The client secret that lies in a folder."""
    return (folder / SECRET_FILE).read_text(encoding="ascii").strip()


def certify(home: Path, code: str, name: str, seed: int = SEED) -> tuple[Path, Path]:
    """Leave another key in an agency's folder, and the certificate of the world's authority for
    it; where both lie.

    Raises ``AnotherWorld`` when the world beneath ``home`` was made from another seed.
    """
    authority = make_authority(seed)
    _trust_root(home / "axis" / "trust-root.pem", authority)
    return write_agency_files(agency_dir(home, code), make_another(authority, code, name))


def keep_secret(folder: Path, secret: str) -> None:
    """Leave a client secret in a folder, in place of what was there."""
    write_whole(folder / SECRET_FILE, f"{secret}\n".encode(), 0o600)


def read_key(home: Path, code: str) -> tuple[PrivateKey, bytes]:
    """What an agency signs with: its private key and its certificate (DER)."""
    key = load_pem_private_key((agency_dir(home, code) / KEY_FILE).read_bytes(), None)
    assert isinstance(key, PrivateKey)
    return key, _read_certificate(agency_dir(home, code) / CERTIFICATE_FILE)


def read_certificates(home: Path) -> dict[str, Certificate]:
    """The agencies' own trust list: the certificates of the world by their fingerprint."""
    found = (
        certificate(row.code, _read_certificate(agency_dir(home, row.code) / CERTIFICATE_FILE))
        for row in agencies()
    )
    return {one.fingerprint: one for one in found}


def certificate(code: str, der: bytes) -> Certificate:
    """A certificate as a value of the trust list."""
    parsed = x509.load_der_x509_certificate(der)
    return Certificate(
        agency=code,
        fingerprint=fingerprint_of(der),
        not_before=to_us(parsed.not_valid_before_utc),
        not_after=to_us(parsed.not_valid_after_utc),
        der=der,
    )


def _agency(row: AgencyRow) -> Agency:
    return Agency(
        code=row.code,
        name_vi=row.name_vi,
        name_en=row.name_en,
        kind=row.kind,
        level=row.level,
        certainty=row.source,
    )


def _login(client: str, folder: Path, roles: tuple[str, ...]) -> Login:
    digest = hashlib.sha256(read_secret(folder).encode()).hexdigest()
    return Login(client, digest, roles)


def _furnish(home: Path, authority: Authority, row: AgencyRow) -> bytes:
    """Complete one agency's folder; its certificate (DER)."""
    folder = agency_dir(home, row.code)
    _secret(folder)
    try:
        # The certificate is written last: where it is whole, so is the key beside it.
        return _read_certificate(folder / CERTIFICATE_FILE)
    except (OSError, ValueError):
        made = make_agency(authority, row.code, row.name_vi)
        write_agency_files(folder, made)
        return made.certificate_der


def _read_certificate(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def _trust_root(path: Path, authority: Authority) -> None:
    if path.is_file():
        if path.read_bytes() != authority.certificate_pem:
            raise AnotherWorld(f"{path} is not the root of this seed")
        return
    write_whole(path, authority.certificate_pem, 0o644)


def _secret(folder: Path) -> None:
    if not (folder / SECRET_FILE).is_file():
        write_whole(folder / SECRET_FILE, f"{secrets.token_hex(32)}\n".encode(), 0o600)
