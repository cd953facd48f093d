"""The pieces of a Signature element, read strictly: whatever departs is a ``Violation``.

What may stand where is for :mod:`schemas.xmldsig` to say; here each piece is taken in its one
spelling, and nothing beside it.
"""

from __future__ import annotations

import binascii
from re import Match
from typing import Final

from lxml import etree

from schemas import xmldsig_profile as profile
from schemas.edxml import DS
from schemas.xmldsig_profile import SIGNED_INFO_FORM

_DS: Final = f"{{{DS}}}"


class Violation(ValueError):
    """The package or its signature is outside the profile; the message says how."""


def canonical_form(node: etree._Element | etree._ElementTree) -> bytes:
    """Return exclusive C14N. Relative namespace names have none and are a ``Violation``."""
    try:
        return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError as error:
        raise Violation("the package has no canonical form") from error


def match_signed_info(signed_info: etree._Element) -> Match[bytes] | None:
    """Match the canonical form with the one the profile knows; None where there is no such."""
    try:
        return SIGNED_INFO_FORM.fullmatch(canonical_form(signed_info))
    except Violation:
        return None


def says(text: str | None) -> bool:
    """Whether there is more than blanks in ``text``."""
    return bool(text and text.strip(" \t\r\n"))


def children_of(parent: etree._Element, *names: str) -> list[etree._Element]:
    """Return the children of ``parent``: exactly ``names``, with no attributes and no text."""
    children = list(parent)
    if [child.tag for child in children] != [_DS + name for name in names]:
        raise Violation(f"{etree.QName(parent).localname} must hold {' and '.join(names)} only")
    if parent.attrib or says(parent.text) or any(map(says, [child.tail for child in children])):
        raise Violation(f"{etree.QName(parent).localname} has attributes or text")
    return children


def text_of(leaf: etree._Element) -> bytes:
    """Return the text of an element without attributes or children."""
    if leaf.attrib or len(leaf):
        raise Violation(f"{etree.QName(leaf).localname} must hold text only")
    return (leaf.text or "").encode()


def value_of(text: bytes, algorithm: str) -> bytes:
    """Decode a SignatureValue; that of an ECDSA signature has one length."""
    value = base64_of(text, profile.VALUE_BYTES_MAX)
    if algorithm == profile.ECDSA_SHA256 and len(value) != profile.ECDSA_VALUE_BYTES:
        raise Violation("SignatureValue does not have the length of an ECDSA signature")
    return value


def base64_of(text: bytes, bytes_max: int) -> bytes:
    """Decode ``text``: blanks aside, it must be the one spelling that encodes the result."""
    compact = b"".join(text.split())
    try:
        data = binascii.a2b_base64(compact, strict_mode=True)
    except binascii.Error:
        data = b""
    if not 0 < len(data) <= bytes_max or binascii.b2a_base64(data, newline=False) != compact:
        raise Violation(f"a value is not base64 of 1 to {bytes_max} bytes")
    return data
