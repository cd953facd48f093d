"""The XML Signature profile of a package: algorithms, limits, and the one form of SignedInfo.

Algorithm names are those of RFC 9231 and XML Encryption 1.1. ``schemas.xmldsig`` signs and checks
by this profile and says why it is so narrow.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from schemas.edxml import DS

ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
URIS: Final = {
    "enveloped": DS + "enveloped-signature",
    "c14n": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
}
ALLOWED: Final = frozenset(URIS.values()) | {ECDSA_SHA256, RSA_SHA256}
#: What the real packages of 2018 to 2020 name; collisions of SHA-1 can be made to order.
WEAK: Final = frozenset(
    {DS + "sha1", DS + "rsa-sha1", DS + "dsa-sha1"}
    | {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"}
)

#: Below 2048 bits RSA is breakable; above 4096 one check costs more than the rest of the intake.
RSA_KEY_BITS_MIN, RSA_KEY_BITS_MAX = 2048, 4096
DIGEST_BYTES: Final = 32
#: r and s of P-256, 32 bytes each, as XML Signature writes an ECDSA signature.
ECDSA_VALUE_BYTES: Final = 64
#: A signature by the largest RSA key. The bounds keep small what a cache holds of a package.
VALUE_BYTES_MAX: Final = RSA_KEY_BITS_MAX // 8
#: Four times a usual certificate with an RSA-4096 key.
CERTIFICATE_BYTES_MAX: Final = 8192
#: Blanks between two tags of SignedInfo: a line break and a generous indent.
GAP_CHARS_MAX: Final = 200
#: A reason quotes so much of what the package says.
QUOTED_CHARS_MAX: Final = 100

XMLNS: Final = f' xmlns="{DS}"'
#: SignedInfo in exclusive C14N: ``signed_info`` fills it in, ``SIGNED_INFO_FORM`` matches it.
_SIGNED_INFO: Final = (
    "<{first}SignedInfo{xmlns}>{gap}"
    '<{p}CanonicalizationMethod Algorithm="{c14n}"></{p}CanonicalizationMethod>{gap}'
    '<{p}SignatureMethod Algorithm="{algorithm}"></{p}SignatureMethod>{gap}'
    '<{p}Reference URI="">{gap}<{p}Transforms>{gap}'
    '<{p}Transform Algorithm="{enveloped}"></{p}Transform>{gap}'
    '<{p}Transform Algorithm="{c14n}"></{p}Transform>{gap}</{p}Transforms>{gap}'
    '<{p}DigestMethod Algorithm="{sha256}"></{p}DigestMethod>{gap}'
    "<{p}DigestValue>{digest}</{p}DigestValue>{gap}</{p}Reference>{gap}</{p}SignedInfo>"
)
#: Every canonical SignedInfo of the profile: any one prefix, blanks between tags, either
#: algorithm, any digest. Groups: prefix (with its colon), algorithm, digest (base64).
SIGNED_INFO_FORM: Final = re.compile(
    _SIGNED_INFO.format(
        **{name: re.escape(uri) for name, uri in URIS.items()},
        first=r"(?P<prefix>(?:[^\s<>/:=]{1,32}:)?)",
        p="(?P=prefix)",
        xmlns=rf' xmlns(?::[^\s<>/:=]{{1,32}})?="{re.escape(DS)}"',
        gap=rf"(?:[ \t\n]|&#xD;){{0,{GAP_CHARS_MAX}}}",
        algorithm=f"(?P<algorithm>{re.escape(ECDSA_SHA256)}|{re.escape(RSA_SHA256)})",
        digest="(?P<digest>[A-Za-z0-9+/]{43}=)",
    ).encode()
)


@cache
def signed_info(algorithm: str) -> str:
    """Return the canonical SignedInfo we write, with ``%s`` for the digest in base64."""
    return _SIGNED_INFO.format(
        **URIS, first="", p="", xmlns=XMLNS, gap="", algorithm=algorithm, digest="%s"
    )


def algorithm_of(key: object) -> str | None:
    """Return the signature algorithm ``key`` serves, None for a key the profile has no use for."""
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return ECDSA_SHA256 if isinstance(key.curve, ec.SECP256R1) else None
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return RSA_SHA256 if RSA_KEY_BITS_MIN <= key.key_size <= RSA_KEY_BITS_MAX else None
    return None
