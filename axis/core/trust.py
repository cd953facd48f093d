"""Which verdict a package's signature gets, and which verdicts are refused.

Pure: what the package carries comes from ``schemas.examine``, the certificates are values. The
verdict is on the package alone; the signature inside the attached document, the one the law speaks
of (QĐ 28/2018 art. 4), is another matter and not examined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from schemas.examined import Seal

#: ``valid``; ``absent``: none or a dummy; ``weak``: SHA-1; ``untrusted``: well made, but not by a
#: certificate that speaks for the sender then; ``broken``: not what it claims to be.
Verdict = Literal["valid", "absent", "weak", "untrusted", "broken"]

#: Why a certificate is not trusted.
Distrust = Literal["unknown", "foreign", "not_yet_valid", "expired", "revoked"]

ALTERED = "the package is not what was signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of the trust list.

    ``agency`` is the code it speaks for, ``fingerprint`` the SHA-256 of ``der`` in lower-case
    hex. Times are microseconds UTC; both ends of the validity belong to it (RFC 5280, 4.1.2.5).
    """

    agency: str
    fingerprint: str
    not_before: int
    not_after: int
    revoked_at: int | None = None
    der: bytes = field(default=b"", repr=False)


class BadCertificate(ValueError):
    """The certificate cannot be trusted whatever it signs; the message says why."""


class Judgement(NamedTuple):
    """A verdict and why: a ``Distrust`` word, a phrase for a broken one, else empty."""

    verdict: Verdict
    reason: str = ""


def fingerprint_of(certificate_der: bytes) -> str:
    """Return the SHA-256 of a certificate in lower-case hex."""
    return hashlib.sha256(certificate_der).hexdigest()


def distrust(certificate: Certificate | None, agency: str, at: int) -> Distrust | None:
    """Say why ``certificate`` does not speak for ``agency`` at ``at`` (microseconds UTC), if so.

    A certificate is judged at the time of the document: what was signed before a revocation
    stays good, or no replay of an earlier day would ever balance.
    """
    if certificate is None:
        return "unknown"
    if certificate.agency != agency:
        return "foreign"
    if at < certificate.not_before:
        return "not_yet_valid"
    if at > certificate.not_after:
        return "expired"
    if certificate.revoked_at is not None and certificate.revoked_at <= at:
        return "revoked"
    return None


def judge(seal: Seal, certificates: Mapping[str, Certificate], agency: str, at: int) -> Judgement:
    """Return the verdict on a package of ``agency`` that occurred at ``at`` and carries ``seal``.

    ``certificates`` are those of the trust list by fingerprint. A certificate that is not among
    them says nothing, however well its key fits.
    """
    match seal.kind:
        case "absent" | "weak":
            return Judgement(seal.kind)
        case "malformed":
            return Judgement("broken", seal.reason)
        case "candidate":
            pass
    why = distrust(certificates.get(seal.fingerprint), agency, at)
    if why is not None:
        return Judgement("untrusted", why)
    return Judgement("valid") if seal.genuine else Judgement("broken", ALTERED)


_ALWAYS: Mapping[Verdict, str] = {
    "broken": "signature.broken",
    "untrusted": "signature.untrusted",
}
_WHEN_STRICT: Mapping[Verdict, str] = {"absent": "signature.absent", "weak": "signature.weak"}


def refusal(verdict: Verdict, *, strict_signatures: bool) -> str | None:
    """Return the error code ``verdict`` is refused with, None where it passes.

    Real packages carry no signature, a dummy or SHA-1 ones, so these pass unless
    ``strict_signatures`` is set; a signature that lies never does.
    """
    code = _ALWAYS.get(verdict)
    if code is None and strict_signatures:
        code = _WHEN_STRICT.get(verdict)
    return code
