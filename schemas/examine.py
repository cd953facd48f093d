"""Examine a package: everything about it that its bytes alone decide.

Reading and checking the signature are nearly all the work of an intake, and need neither a clock
nor the directory. What is found is made of plain values, so that another process can find it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree

from schemas import xmldsig
from schemas.edxml import DocumentPackage, Problem
from schemas.edxml_parse import DEFAULT_LIMITS, Limits
from schemas.edxml_read import read
from schemas.edxml_usual import usual
from schemas.examined import Examined, Flaw, Letter, Seal
from schemas.xmldsig import Found

#: Certificates whose keys are kept ready: those of 95 agencies, their successors, and strangers.
CERTIFICATES_MAX = 512

#: What the bytes of a certificate that nobody vouches for can raise.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)

_NO_SEAL = Seal("absent")


def examine(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Examined:
    """Examine any bytes; never raises. The signature is looked at when there are no errors."""
    short = usual(raw) if limits is DEFAULT_LIMITS else None
    if short is not None:
        sha256 = hashlib.sha256(raw).hexdigest()
        seal = _seal(short.signature, short.digest)
        return Examined(sha256, len(raw), "document", short.letter, (), seal)
    reading = read(raw, limits=limits)
    package = reading.package
    document = isinstance(package, DocumentPackage)
    return Examined(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        kind="" if package is None else "document" if document else "status",
        letter=_letter(package) if isinstance(package, DocumentPackage) else None,
        flaws=tuple(map(_flaw, reading.problems)),
        seal=_NO_SEAL if reading.root is None or reading.errors else seal_of(reading.root),
    )


def _letter(package: DocumentPackage) -> Letter:
    business = package.business
    return Letter(
        sender=package.sender.organ_id,
        recipients=tuple([recipient.organ_id for recipient in package.recipients]),
        document_id=package.document_id,
        code=f"{package.code_number}/{package.code_notation}",
        subject=package.subject,
        type_name=package.type_name,
        promulgated="" if package.promulgated is None else package.promulgated.isoformat(),
        content=package.content,
        priority=package.other.priority,
        doc_type=business.doc_type,
        business_document_id=business.document_id,
        replaced=tuple([replaced.document_id for replaced in business.replaced]),
        answers=tuple([(r.organ_id, r.document_id) for r in package.response_for]),
        attachments=tuple([attachment.name for attachment in package.attachments]),
        secret=package.secret,
    )


def _flaw(problem: Problem) -> Flaw:
    return Flaw(problem.code, problem.place, problem.severity == "error", dict(problem.detail))


def seal_of(root: etree._Element) -> Seal:
    """Examine the signature of a document."""
    found = xmldsig.find(root)
    if found.kind != "candidate":
        return Seal(found.kind, found.reason)
    fingerprint, key = _certificate(found.certificate_der)
    return Seal("candidate", "", fingerprint, xmldsig.check(root, found, key))


def _seal(candidate: Found, digest: bytes) -> Seal:
    """What a signature found is worth for a document of this digest."""
    fingerprint, key = _certificate(candidate.certificate_der)
    return Seal("candidate", "", fingerprint, xmldsig.holds(candidate, digest, key))


@lru_cache(CERTIFICATES_MAX)
def _certificate(der: bytes) -> tuple[str, object]:
    """The fingerprint of a certificate and its key; None for a key that cannot be read."""
    key: object = None
    with suppress(*UNREADABLE):
        key = x509.load_der_x509_certificate(der).public_key()
    return hashlib.sha256(der).hexdigest(), key
