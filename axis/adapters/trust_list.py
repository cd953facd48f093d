"""The certificates an axis trusts, and the verdicts they give.

A certificate is examined once, when it comes in: its chain to the trust root, its key, its dates.
Whether it speaks for the sender is decided anew for each package, so that a revocation counts at
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from axis.core.trust import BadCertificate, Certificate, Judgement, fingerprint_of, judge
from schemas.examined import Seal
from schemas.xmldsig_profile import algorithm_of


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
    """The trusted certificates, by fingerprint."""

    def __init__(self, root_der: bytes, certificates: Iterable[Certificate] = ()) -> None:
        """Trust what ``root_der`` issued. Raises ``BadCertificate``, see ``add``."""
        self._root = _load(root_der)
        _require_root(self._root)
        self._certificates: dict[str, Certificate] = {}
        for certificate in certificates:
            self.add(certificate)

    def add(self, certificate: Certificate) -> None:
        """Trust ``certificate`` from now on, or take its new state (a revocation, say).

        Raises ``BadCertificate``, see ``read``, and where it says of itself what it is not.
        """
        if self._read(certificate.agency, certificate.der) != replace(certificate, revoked_at=None):
            raise BadCertificate("fingerprint or dates are not those of the certificate")
        self._certificates[certificate.fingerprint] = certificate

    def read(self, agency: str, pem: str) -> Certificate:
        """The first certificate in ``pem``, to speak for ``agency``.

        Raises ``BadCertificate`` unless the root issued it for an end entity, within the root's
        own validity, with a key the signature profile has a use for.
        """
        try:
            found = x509.load_pem_x509_certificate(pem.encode("utf-8", "replace"))
        except (ValueError, x509.InvalidVersion) as error:
            raise BadCertificate("not a certificate") from error
        return self._read(agency, found.public_bytes(Encoding.DER))

    def _read(self, agency: str, der: bytes) -> Certificate:
        certificate = read_certificate(agency, der)
        _require_issued_by(self._root, _load(der))
        return certificate

    def renew(self, certificates: Iterable[Certificate]) -> None:
        """Take over certificates that are new, and when those of this list were revoked.

        A revocation is final: what was read before it does not undo it.
        """
        for certificate in certificates:
            known = self._certificates.get(certificate.fingerprint)
            if known is None:
                with suppress(BadCertificate):  # Its packages are untrusted, and say so.
                    self.add(certificate)
            elif certificate.revoked_at is not None:
                revoked = replace(known, revoked_at=certificate.revoked_at)
                self._certificates[known.fingerprint] = revoked

    def judge(self, seal: Seal, agency: str, at: int) -> Judgement:
        """Return the verdict on a package sent by ``agency`` at ``at`` that carries ``seal``."""
        return judge(seal, self._certificates, agency, at)


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion) as error:
        raise BadCertificate("not a certificate") from error


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
