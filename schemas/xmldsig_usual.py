"""The usual Signature, as ``sign`` writes it, recognised whole by one regular expression.

A short cut and no second opinion: what is found here is what the strict look of
:mod:`schemas.xmldsig` finds, and whatever is not of this form is left to it.
"""

from __future__ import annotations

from functools import lru_cache
from re import Match

from schemas import xmldsig_profile as profile
from schemas.xmldsig_element import Found, Violation, base64_of


def usual(match: Match[bytes]) -> Found | None:
    """Return the candidate in a match of ``SIGNATURE_FORM``; None where it is none after all.

    That the Signature is alone and where it belongs is for :mod:`schemas.edxml_tree` to see.
    """
    prefix, xmlns, inside = match.group("prefix", "xmlns", "inside")
    algorithm = match["algorithm"].decode()
    try:
        value = base64_of(match["value"], profile.VALUE_BYTES_MAX)
        certificate = _certificate(match["certificate"])
        digest = base64_of(match["digest"], profile.DIGEST_BYTES)
    except Violation:
        return None
    if algorithm == profile.ECDSA_SHA256 and len(value) != profile.ECDSA_VALUE_BYTES:
        return None
    return Found(
        kind="candidate",
        algorithm=algorithm,
        certificate_der=certificate,
        digest=digest,
        value=value,
        # By itself SignedInfo declares what here its parent has declared.
        signed_info=b"<%bSignedInfo%b%b" % (prefix, xmlns, inside),
        prefix=prefix,
    )


# There are some hundred agencies; a text is 11 kB at most.
@lru_cache(maxsize=256)
def _certificate(text: bytes) -> bytes:
    return base64_of(text, profile.CERTIFICATE_BYTES_MAX)
