"""Examine a package: everything about it that its bytes alone decide.

Reading and checking the signature are nearly all the work of an intake, and need neither a clock
nor the directory. What is found is made of plain values, so that another process can find it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from schemas import xmldsig
from schemas.edxml import DocumentPackage, Problem
from schemas.edxml_parse import DEFAULT_LIMITS, Limits
from schemas.edxml_read import read
from schemas.edxml_tree import Tree

#: Certificates whose keys are kept ready: those of 95 agencies, their successors, and strangers.
CERTIFICATES_MAX = 512


class Seal(NamedTuple):
    """What a package carries by way of signature, examined.

    ``kind`` and ``reason`` as in ``xmldsig.Found``; ``fingerprint`` is the SHA-256 (hex) of the
    certificate in it, ``genuine`` whether the signature holds under that certificate's key. Both
    say something of a *candidate* only. The certificate may be anybody's: who knows a certificate
    of this fingerprint knows its key.
    """

    kind: Literal["absent", "weak", "malformed", "candidate"]
    reason: str = ""
    fingerprint: str = ""
    genuine: bool = False


class Letter(NamedTuple):
    """What a document package says, as far as accepting it goes (see ``edxml.DocumentPackage``).

    ``sender`` and ``recipients`` are OrganIds, ``promulgated`` is ISO 8601 or empty, ``answers``
    are (OrganId, DocumentId) of ResponseFor, ``replaced`` DocumentIds.
    """

    sender: str
    recipients: tuple[str, ...]
    document_id: str
    code: str
    subject: str
    type_name: str
    promulgated: str
    priority: int
    doc_type: int
    business_document_id: str
    replaced: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    attachments: tuple[str, ...]
    secret: bool


class Flaw(NamedTuple):
    """A ``edxml.Problem`` as plain values."""

    code: str
    place: str
    error: bool
    detail: dict[str, str]


class Examined(NamedTuple):
    """What was found. ``letter`` is None unless it is a document package, even one with errors;
    ``kind`` is empty when nothing could be read.
    """

    sha256: str
    size: int
    kind: Literal["document", "status", ""]
    letter: Letter | None
    flaws: tuple[Flaw, ...]
    seal: Seal


_NO_SEAL = Seal("absent")


def examine(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Examined:
    """Examine any bytes; never raises. The signature is looked at when there are no errors."""
    reading = read(raw, limits=limits)
    package = reading.package
    document = isinstance(package, DocumentPackage)
    return Examined(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        kind="" if package is None else "document" if document else "status",
        letter=_letter(package) if isinstance(package, DocumentPackage) else None,
        flaws=tuple(map(_flaw, reading.problems)),
        seal=_NO_SEAL if reading.tree is None or reading.errors else seal_of(reading.tree),
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


def seal_of(tree: Tree) -> Seal:
    """Examine the signature of a document."""
    found = xmldsig.find(tree)
    if found.kind != "candidate":
        return Seal(found.kind, found.reason)
    fingerprint, key = _certificate(found.certificate_der)
    return Seal("candidate", "", fingerprint, xmldsig.check(tree, found, key))


@lru_cache(CERTIFICATES_MAX)
def _certificate(der: bytes) -> tuple[str, object]:
    """The fingerprint of a certificate and its key; None for a key that cannot be read."""
    key: object = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = x509.load_der_x509_certificate(der).public_key()
    return hashlib.sha256(der).hexdigest(), key
