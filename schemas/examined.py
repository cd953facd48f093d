"""What examining a package finds, as plain values: they travel between processes."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import orjson


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
    content: str
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


def told(found: Examined) -> bytes:
    """What was found, as JSON."""
    letter = None if found.letter is None else tuple(found.letter)
    flaws = [tuple(flaw) for flaw in found.flaws]
    return orjson.dumps((*found[:3], letter, flaws, tuple(found.seal)))


def heard(text: bytes | bytearray) -> Examined:
    """What ``told`` told. Raises ``ValueError`` and ``TypeError`` for anything else."""
    sha256, size, kind, letter, flaws, seal = orjson.loads(text)
    return Examined(
        sha256, size, kind, None if letter is None else _letter(letter), _flaws(flaws), Seal(*seal)
    )


def _letter(values: list[Any]) -> Letter:
    # JSON knows lists alone.
    letter = Letter(*values)
    return letter._replace(
        recipients=tuple(letter.recipients),
        replaced=tuple(letter.replaced),
        answers=tuple([(organ_id, document_id) for organ_id, document_id in letter.answers]),
        attachments=tuple(letter.attachments),
    )


def _flaws(values: list[list[Any]]) -> tuple[Flaw, ...]:
    return tuple([Flaw(*flaw) for flaw in values])
