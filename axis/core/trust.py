"""Which verdict a package's signature gets, and which verdicts are refused.

Pure: what the package carries comes from ``schemas.xmldsig.find``, the certificates are values,
and the one piece of cryptography is a function handed in. The verdict is on the package alone;
the signature inside the attached document, the one the law speaks of (QĐ 28/2018 art. 4), is
another matter and not examined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from schemas.xmldsig import Found

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


def judge(
    found: Found,
    certificates: Mapping[str, Certificate],
    agency: str,
    at: int,
    check: Callable[[Certificate], bool],
) -> Judgement:
    """Return the verdict on what was ``found`` in a package of ``agency`` that occurred at ``at``.

    ``certificates`` are those of the trust list by fingerprint. ``check`` says whether the
    signature was made over this package with that certificate's key; it is the dear part and is
    asked last, only where the certificate speaks for the sender.
    """
    match found.kind:
        case "absent" | "weak":
            return Judgement(found.kind)
        case "malformed":
            return Judgement("broken", found.reason)
        case "candidate":
            pass
    certificate = certificates.get(fingerprint_of(found.certificate_der))
    why = distrust(certificate, agency, at)
    if certificate is None or why is not None:
        return Judgement("untrusted", why or "unknown")
    return Judgement("valid") if check(certificate) else Judgement("broken", ALTERED)


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
