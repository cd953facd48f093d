"""The certificates an axis trusts, with their keys ready, and the verdicts they give.

A certificate is examined once, when it comes in: its chain to the trust root, its key, its dates.
What a package was found to carry and whether its signature holds are remembered by the package's
SHA-256, so each package is verified once per process; whether the certificate speaks for the
sender is decided anew each time, so that a revocation counts at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from lxml import etree

from axis.core.trust import Certificate, Judgement, fingerprint_of, judge
from schemas import xmldsig
from schemas.xmldsig_profile import algorithm_of

#: Some 3 KB each, 13 KB at worst. Repeats of a request come within seconds of it.
REMEMBERED_PACKAGES_MAX: Final = 1024


class BadCertificate(ValueError):
    """The certificate cannot be trusted whatever it signs; the message says why."""


@dataclass(slots=True)
class _Examined:
    """What is remembered of a package: ``genuine`` by the fingerprint of the certificate."""

    found: xmldsig.Found
    genuine: bool | None = None


def read_certificate(agency: str, der: bytes) -> Certificate:
    """Return the value of an X.509 certificate that is to speak for ``agency``.

    Raises ``BadCertificate`` where ``der`` is no certificate.
    """
    certificate = _load(der)
    return Certificate(
        agency=agency,
        fingerprint=fingerprint_of(der),
        not_before=_microseconds(certificate.not_valid_before_utc),
        not_after=_microseconds(certificate.not_valid_after_utc),
        der=der,
    )


class TrustList:
    """The trusted certificates and their public keys. Threads may share one."""

    def __init__(self, root_der: bytes, certificates: Iterable[Certificate] = ()) -> None:
        """Trust what ``root_der`` issued. Raises ``BadCertificate``, see ``add``."""
        self._root = _load(root_der)
        _require_root(self._root)
        self._certificates: dict[str, Certificate] = {}
        self._keys: dict[str, object] = {}
        self._remembered: OrderedDict[str, _Examined] = OrderedDict()
        self._lock = Lock()
        for certificate in certificates:
            self.add(certificate)

    def add(self, certificate: Certificate) -> None:
        """Trust ``certificate`` from now on, or take its new state (a revocation, say).

        Raises ``BadCertificate`` unless the root issued it for an end entity, within the root's
        own validity, with a key the signature profile has a use for.
        """
        x509_certificate = _load(certificate.der)
        if read_certificate(certificate.agency, certificate.der) != replace(
            certificate, revoked_at=None
        ):
            raise BadCertificate("fingerprint or dates are not those of the certificate")
        _require_issued_by(self._root, x509_certificate)
        self._keys[certificate.fingerprint] = x509_certificate.public_key()
        self._certificates[certificate.fingerprint] = certificate

    def revoke(self, fingerprint: str, at: int) -> None:
        """Distrust documents that occur at ``at`` (microseconds UTC) or later.

        Raises ``KeyError`` for a certificate that is not in the list.
        """
        self._certificates[fingerprint] = replace(self._certificates[fingerprint], revoked_at=at)

    def verdict(self, root: etree._Element, agency: str, at: int) -> Judgement:
        """Return the verdict on the package of ``root``, sent by ``agency`` at ``at``."""
        return self._judge(root, _Examined(xmldsig.find(root)), agency, at)

    def judge(self, sha256: str, root: etree._Element, agency: str, at: int) -> Judgement:
        """Do as ``verdict``, once per package: ``sha256`` is that of the bytes ``root`` is from."""
        with self._lock:
            examined = self._remembered.get(sha256)
            if examined is not None:
                self._remembered.move_to_end(sha256)
        if examined is None:
            examined = _Examined(xmldsig.find(root))
            with self._lock:
                self._remembered[sha256] = examined
                if len(self._remembered) > REMEMBERED_PACKAGES_MAX:
                    self._remembered.popitem(last=False)
        return self._judge(root, examined, agency, at)

    def _judge(self, root: etree._Element, examined: _Examined, agency: str, at: int) -> Judgement:
        # A package names one certificate, and a fingerprint one key, so one answer is enough.
        def check(certificate: Certificate) -> bool:
            if examined.genuine is None:
                key = self._keys[certificate.fingerprint]
                examined.genuine = xmldsig.check(root, examined.found, key)
            return examined.genuine

        return judge(examined.found, self._certificates, agency, at, check)


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise BadCertificate(f"not a certificate: {error}") from error


def _require_root(root: x509.Certificate) -> None:
    if not _is_authority(root):
        raise BadCertificate("the trust root is no certificate authority")
    try:
        root.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise BadCertificate("the trust root did not sign itself") from error


def _require_issued_by(root: x509.Certificate, certificate: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise BadCertificate("not issued by the trust root") from error
    if _is_authority(certificate):
        raise BadCertificate("an authority's certificate signs no packages")
    if (
        certificate.not_valid_before_utc < root.not_valid_before_utc
        or certificate.not_valid_after_utc > root.not_valid_after_utc
    ):
        raise BadCertificate("valid for longer than the trust root")
    if algorithm_of(certificate.public_key()) is None:
        raise BadCertificate("the key is neither P-256 nor RSA of 2048 to 4096 bits")


def _is_authority(certificate: x509.Certificate) -> bool:
    """Say whether the basic constraints make it an authority (RFC 5280, 4.2.1.9)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
