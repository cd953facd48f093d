"""A strict profile of XML Signature 1.1 over a whole edXML package: sign, find, check.

What is accepted, and nothing else: one ``ds:Signature``, the last node of ``edXMLHeader``, holding
exactly SignedInfo, SignatureValue and KeyInfo; one Reference to the whole document (``URI=""``)
through *enveloped-signature* and exclusive C14N; SHA-256; ECDSA on P-256 or RSA PKCS #1 v1.5; one
certificate. As the reference is to the whole document, the tree that was digested is the tree that
is read: nothing can be wrapped around it or hidden in it. The key never comes from the package: a
trust list looks the certificate up, and ``check`` gets the public key the trust list knows.

Place and structure are those of QCVN 102:2016 packages. Their rsa-sha1 is *weak* here, and any
other departure, their inclusive C14N for one, is *malformed*.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from re import Match
from typing import Final, Literal
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from schemas import xmldsig_profile as profile
from schemas.edxml import DS, NS
from schemas.xmldsig_element import (
    Violation,
    base64_of,
    canonical_form,
    children_of,
    match_signed_info,
    says,
    text_of,
    value_of,
)
from schemas.xmldsig_profile import algorithm_of

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_ECDSA: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_RSA: Final = (padding.PKCS1v15(), hashes.SHA256())
# Only for packages we are about to sign: our own, of any size, and never with a DTD.
_PARSER: Final = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
)
_DS: Final = f"{{{DS}}}"
#: The elements around a Signature, from the inside.
_PLACE: Final = [f"{{{NS}}}{name}" for name in ("edXMLHeader", "edXMLEnvelope", "edXML")]


@dataclass(frozen=True, slots=True)
class Found:
    """What a package carries by way of signature.

    *absent*: no Signature, or a dummy without SignedInfo or SignatureValue. *weak*: SHA-1, not
    examined further. *malformed*: outside the profile, ``reason`` says how. *candidate*: of the
    profile and still to be checked; only then the other fields are filled.
    """

    kind: Literal["absent", "weak", "malformed", "candidate"]
    reason: str = ""
    algorithm: str = ""
    certificate_der: bytes = field(default=b"", repr=False)
    digest: bytes = b""
    value: bytes = b""
    #: SignedInfo in exclusive C14N: the very bytes that name ``digest`` and that ``value`` signs.
    signed_info: bytes = field(default=b"", repr=False)
    #: Of the Signature element, with its colon; empty where that element has none.
    prefix: bytes = b""


def sign(raw: bytes, key: PrivateKey, certificate_der: bytes) -> bytes:
    """Return ``raw`` with a Signature as the last child of edXMLHeader, no other byte changed.

    ``raw`` is an unsigned package in UTF-8. The same input gives the same bytes (RFC 6979).
    Raises ``ValueError`` for a key outside the profile and for a package that is signed already,
    has no canonical form or no edXMLHeader, or writes its end tag twice (in a comment, say).
    """
    root = etree.fromstring(raw, _PARSER)
    if next(root.iter("{*}Signature"), None) is not None:
        raise ValueError("the package has a Signature already")
    at = _header_end(raw, next(root.iter(_PLACE[0]), None))
    digest = hashlib.sha256(canonical_form(root.getroottree())).digest()
    return seal(raw, at, digest, key, certificate_der)


def seal(raw: bytes, at: int, digest: bytes, key: PrivateKey, certificate_der: bytes) -> bytes:
    """Return ``raw`` with a Signature at byte ``at``, where the end tag of edXMLHeader starts.

    ``digest`` is SHA-256 of the canonical document. Raises ``ValueError`` for a key outside the
    profile.
    """
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise ValueError("the profile signs with P-256 or RSA of 2048 to 4096 bits")
    signed_info = profile.signed_info(algorithm) % b64encode(digest).decode()
    # The Signature element declares the namespace, so that SignedInfo in it need not.
    signature = (
        f"<Signature{profile.XMLNS}>{signed_info.replace(profile.XMLNS, '', 1)}"
        f"<SignatureValue>{_value(key, signed_info.encode())}</SignatureValue>"
        f"{_key_info(certificate_der)}</Signature>"
    )
    return b"".join((raw[:at], signature.encode(), raw[at:]))


def _header_end(raw: bytes, header: etree._Element | None) -> int:
    """Return where the end tag of ``header`` starts in ``raw``, from which it was parsed."""
    if header is not None and len(header) > 0:
        prefix = f"{header.prefix}:" if header.prefix else ""
        end_tag = f"</{prefix}edXMLHeader".encode()
        at = raw.find(end_tag)
        # An element with content has an end tag, so the only thing that looks so is that tag.
        if at >= 0 and raw.find(end_tag, at + 1) < 0:
            return at
    raise ValueError("the package must have one edXMLHeader with something in it")


def _value(key: PrivateKey, data: bytes) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return b64encode(key.sign(data, *_RSA)).decode()
    r, s = utils.decode_dss_signature(key.sign(data, _ECDSA))
    return b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


# There are some hundred agencies, and writing a certificate out costs as much as a signature.
@lru_cache(maxsize=256)
def _key_info(certificate_der: bytes) -> str:
    subject = escape(x509.load_der_x509_certificate(certificate_der).subject.rfc4514_string())
    return (
        f"<KeyInfo><X509Data><X509SubjectName>{subject}</X509SubjectName>"
        f"<X509Certificate>{b64encode(certificate_der).decode()}</X509Certificate>"
        "</X509Data></KeyInfo>"
    )


def find(root: etree._Element) -> Found:
    """Return what the document with this root element carries. Never raises."""
    # One walk for everything that is rare: mostly there is the Signature alone.
    rare = list(root.iter("{*}Signature", etree.Comment, etree.PI))
    signatures = [node for node in rare if isinstance(node.tag, str)]
    if not signatures:
        return Found("absent")
    if len(signatures) > 1:
        return Found("malformed", "there is more than one Signature")
    signature = signatures[0]
    namespace = str(signature.tag)[: -len("Signature")]
    parts = {child.tag: child for child in reversed(signature)}  # Of twins the first.
    signed_info = parts.get(namespace + "SignedInfo")
    if signed_info is None or namespace + "SignatureValue" not in parts:
        return Found("absent")
    match = match_signed_info(signed_info)
    # What matches names the algorithms of the profile; only something else could name others.
    algorithms = (
        [] if match else [name for e in signed_info.iter("*") if (name := e.get("Algorithm"))]
    )
    if not profile.WEAK.isdisjoint(algorithms):
        return Found("weak")
    try:
        _require_place(root, signature)
        if len(rare) > 1 or root.getprevious() is not None or root.getnext() is not None:
            _require_plain(root)
        for algorithm in algorithms:
            if algorithm not in profile.ALLOWED:
                raise Violation(f"algorithm {algorithm[: profile.QUOTED_CHARS_MAX]} is not allowed")
        return _candidate(signature, match)
    except Violation as violation:
        return Found("malformed", str(violation))


def _require_place(root: etree._Element, signature: etree._Element) -> None:
    """Require the one place for the Signature, in a document that reads as it digests."""
    if signature.tag != _DS + "Signature":
        raise Violation("Signature is not in the namespace of XML Signature")
    if [element.tag for element in signature.iterancestors()] != _PLACE:
        raise Violation("Signature is not a child of edXMLHeader")
    if signature.getnext() is not None:
        raise Violation("Signature is not the last child of edXMLHeader")
    if root.getroottree().docinfo.internalDTD is not None:
        raise Violation("the document has a DOCTYPE")


def _require_plain(root: etree._Element) -> None:
    """Require that no comment splits a text and no instruction imitates the Signature."""
    # Comments are not signed. Between elements they say nothing; inside a text one would let
    # anybody cut that text short for a reader who takes its first piece for the whole.
    for comment in root.iter(etree.Comment):
        parent, previous = comment.getparent(), comment.getprevious()
        assert parent is not None  # iter stays inside the root element
        before = parent.text if previous is None else previous.tail
        if says(before) or says(comment.tail):
            raise Violation("a comment stands inside a text")
    # C14N escapes every "<" but those of tags and of instructions; ``check`` looks for a tag.
    around = chain(root.itersiblings(etree.PI, preceding=True), root.itersiblings(etree.PI))
    for instruction in chain(around, root.iter(etree.PI)):
        if "Signature" in (instruction.text or ""):
            raise Violation("a processing instruction speaks of a Signature")


def _candidate(signature: etree._Element, match: Match[bytes] | None) -> Found:
    """Read a Signature of the profile; whatever does not belong to it is a ``Violation``.

    ``match`` is that of its SignedInfo.
    """
    if next(signature.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        raise Violation("there is a comment or a processing instruction in the Signature")
    signed_info, value, key_info = children_of(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    (x509_data,) = children_of(key_info, "X509Data")
    if len(x509_data) == 1:
        (certificate,) = children_of(x509_data, "X509Certificate")
    else:
        # The name is for people: the certificate says it again, and is what is looked up.
        name, certificate = children_of(x509_data, "X509SubjectName", "X509Certificate")
        text_of(name)
    if match is None or signature.prefix != signed_info.prefix:
        canonical_form(signed_info)  # To have none is a violation of its own.
        raise Violation("SignedInfo is not of the profile: one Reference, to the whole document")
    algorithm = match["algorithm"].decode()
    value_bytes = value_of(text_of(value), algorithm)
    return Found(
        kind="candidate",
        algorithm=algorithm,
        certificate_der=base64_of(text_of(certificate), profile.CERTIFICATE_BYTES_MAX),
        digest=base64_of(match["digest"], profile.DIGEST_BYTES),
        value=value_bytes,
        signed_info=match.string,
        prefix=match["prefix"],
    )


def check(root: etree._Element, found: Found, public_key: object) -> bool:
    """Say whether ``found``, which is ``find(root)``, is a true signature of the document.

    The digest is of the whole document without the Signature element; text after it belongs to
    the document and stays. ``root`` is only read. A key outside the profile proves nothing.
    """
    if found.kind != "candidate":
        return False
    try:
        digest = digest_without_signature(root, found.prefix)
    except Violation:
        return False
    return holds(found, digest, public_key)


def holds(found: Found, digest: bytes, public_key: object) -> bool:
    """Say whether the candidate ``found`` is a true signature of the document of this ``digest``.

    ``digest`` is SHA-256 of the canonical document without its Signature.
    """
    if digest != found.digest or algorithm_of(public_key) != found.algorithm:
        return False
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            r, s = int.from_bytes(found.value[:32]), int.from_bytes(found.value[32:])
            public_key.verify(utils.encode_dss_signature(r, s), found.signed_info, _ECDSA)
            return True
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(found.value, found.signed_info, *_RSA)
            return True
    except InvalidSignature:
        pass
    return False


def digest_without_signature(root: etree._Element, prefix: bytes) -> bytes:
    """Return SHA-256 of the canonical document less its Signature.

    The element is cut out of the canonical bytes, not out of the tree: lxml takes the tail along
    and rewrites prefixes when an element moves. Exclusive C14N writes no element differently
    because of a sibling, so the rest is the same. What looks like the element's tags there is
    them: ``find`` saw to it that there is one and that no processing instruction imitates it.
    """
    # Of the tree, not of the element: URI="" also covers the instructions around the root.
    canonical = canonical_form(root.getroottree())
    opening, closing = b"<" + prefix + b"Signature", b"</" + prefix + b"Signature>"
    start = canonical.find(opening)
    while start >= 0 and canonical[start + len(opening)] not in b" >":  # a longer name
        start = canonical.find(opening, start + 1)
    assert start >= 0  # find saw the element in this tree
    end = canonical.find(closing, start) + len(closing)
    whole = memoryview(canonical)
    digest = hashlib.sha256(whole[:start])
    digest.update(whole[end:])
    return digest.digest()
