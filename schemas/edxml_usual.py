"""Read a package of the usual form (:mod:`schemas.edxml_form`) without making a tree of it.

Such bytes are in canonical form as they lie, and nothing in them is odd: the fields are cut out
and the digest is taken, and that is all. It is a short cut and no second opinion: what is found
here is what :mod:`schemas.edxml_read` and :mod:`schemas.xmldsig` find, and whatever departs from
the form in the least, has a flaw, or is large or rare is left to them.

Why the bytes are canonical (exclusive C14N without comments): but for the declaration before the
root and the line feed behind it there are only start tags, end tags and texts; each namespace is
declared where its prefix is first used and nowhere again; no text holds ``<``, ``>``, ``&`` or a
carriage return; and a Signature that is taken out leaves its neighbours as they are.
"""

from __future__ import annotations

import hashlib
import string
from datetime import date, datetime
from functools import lru_cache
from re import Match
from typing import Final, NamedTuple

from schemas import xmldsig_profile as profile
from schemas.attachments import ATTACHMENT_BYTES_MAX, unpack
from schemas.edxml import NEW, PACKAGE_BYTES_MAX
from schemas.edxml_form import (
    ANSWER,
    ATTACHED,
    FILE_TAG,
    FORM,
    HEADER_END,
    LISTED,
    RECIPIENT,
    UNSIGNED,
)
from schemas.edxml_parse import ATTRIBUTES_MAX
from schemas.edxml_write import DECLARATION
from schemas.examined import Letter
from schemas.xmldsig import Found
from schemas.xmldsig_element import base64_of, value_of

#: What a package may have beside its files: as much as fifteen usual ones, and few elements.
LIGHT_BYTES_MAX: Final = 64 * 1024
FILES_MAX: Final = 16

_FILE_TAG: Final = FILE_TAG.encode()
_DECLARATION: Final = DECLARATION.encode()
#: What the text of a file may hold to be canonical as it lies: base64 in lines.
_PLAIN: Final = f"{string.ascii_letters}{string.digits}+/=\n".encode()
_HEADER_END: Final = HEADER_END.encode()
_SIGNATURE, _SIGNATURE_END = b"<Signature ", b"</Signature>"


class Usual(NamedTuple):
    """A usual package. ``digest`` is that of the document without its Signature."""

    letter: Letter
    signature: Found
    digest: bytes


def usual(raw: bytes) -> Usual | None:
    """Read a usual package without a flaw; None for every other. Never raises."""
    # A parser reads CR LF as LF, and then the bytes are not canonical as they lie.
    if len(raw) > PACKAGE_BYTES_MAX or b"\r" in raw:
        return None
    light, files = _apart(raw)
    # Whether many equals signs are too many attributes is for a parser to say.
    if len(light) > LIGHT_BYTES_MAX or len(files) > FILES_MAX or light.count(b"=") > ATTRIBUTES_MAX:
        return None
    try:
        match = FORM.fullmatch(light.decode())
        if match is None:
            return None
        letter, signature = _letter(match), _signature(match)
        if letter is None or len(files) != len(letter.attachments) or not _open(files):
            return None
    except ValueError:  # Not UTF-8, no day that there is, not the one spelling of a value.
        return None
    return Usual(letter, signature, _digest(raw))


def place_and_digest(raw: bytes) -> tuple[int, bytes] | None:
    """Where a usual package takes its Signature, and the digest it is to name.

    The end tag of edXMLHeader starts at that byte; the digest is SHA-256 of the canonical document.
    None for a package of another form, or one that is signed.
    """
    light, files = _apart(raw)
    if len(light) > LIGHT_BYTES_MAX or any(text.translate(None, _PLAIN) for text in files):
        return None
    try:
        match = UNSIGNED.fullmatch(light.decode())
    except ValueError:  # Not UTF-8.
        return None
    if match is None or _named(match) is None:
        return None
    at = raw.index(_HEADER_END)
    return at, hashlib.sha256(memoryview(raw)[len(_DECLARATION) : -1]).digest()


def _apart(raw: bytes) -> tuple[bytes, list[bytes]]:
    """The package without the texts of its files, and these."""
    pieces: list[bytes] = []
    files: list[bytes] = []
    done = 0
    while len(files) <= FILES_MAX and (at := raw.find(_FILE_TAG, done)) >= 0:
        start = at + len(_FILE_TAG)
        end = raw.find(b"<", start)
        pieces.append(raw[done:start])
        files.append(raw[start:end])
        done = end
    pieces.append(raw[done:])
    return b"".join(pieces), files


def _letter(match: Match[str]) -> Letter | None:
    """What is said; None where a rule between fields has a word to say to it.

    Raises ``ValueError`` for a day that no month has.
    """
    (sender, document_id, number, notation, day, due, traced) = match.group(
        "sender", "document_id", "number", "notation", "promulgated", "due", "traced"
    )
    promulgated = date.fromisoformat(day.replace("/", "-"))
    datetime.fromisoformat(traced.replace("/", "-"))
    if due is not None:
        date.fromisoformat(due.replace("/", "-"))
    code = f"{number}/{notation}"
    recipients = tuple(RECIPIENT.findall(match["recipients"]))
    files = _named(match)
    if (
        document_id != f"{sender},{day},{code}"
        or not recipients
        or len(set(recipients)) < len(recipients)
        or files is None
    ):
        return None
    subject, type_name, content, business_document_id = match.group(
        "subject", "type_name", "content", "business_document_id"
    )
    return Letter(
        sender=sender,
        recipients=recipients,
        document_id=document_id,
        code=code,
        subject=subject,
        type_name=type_name,
        promulgated=promulgated.isoformat(),
        content=content or "",
        priority=int(match["priority"]),
        doc_type=NEW,
        business_document_id=business_document_id or "",
        replaced=(),
        answers=tuple(ANSWER.findall(match["answers"])),
        attachments=tuple([name for _, name in files]),
        secret=False,
    )


def _named(match: Match[str]) -> list[tuple[str, str]] | None:
    """ContentId and name of each file; None where it has others than the manifest lists.

    The form lets any text stand in their place there: what is listed is plain.
    """
    listed = LISTED.findall(match["listed"])
    return listed if listed == ATTACHED.findall(match["attached"]) else None


def _signature(match: Match[str]) -> Found:
    """The candidate. Raises ``Violation``, a ``ValueError``, where it is none after all."""
    algorithm, digest, value, certificate = match.group(
        "algorithm", "digest", "value", "certificate"
    )
    return Found(
        kind="candidate",
        algorithm=algorithm,
        certificate_der=_certificate(certificate),
        digest=base64_of(digest.encode(), profile.DIGEST_BYTES),
        value=value_of(value.encode(), algorithm),
        signed_info=(profile.signed_info(algorithm) % digest).encode(),
    )


# There are some hundred agencies, each with its certificate.
@lru_cache(maxsize=256)
def _certificate(text: str) -> bytes:
    return base64_of(text.encode(), profile.CERTIFICATE_BYTES_MAX)


def _open(files: list[bytes]) -> bool:
    """Whether every file is a zip that can be opened, and nothing is odd about it."""
    budget_bytes = ATTACHMENT_BYTES_MAX
    for text in files:
        if not text:
            return False
        unpacked = unpack(text, budget_bytes=budget_bytes, files=False)
        if not unpacked.zipped or unpacked.faults:
            return False
        budget_bytes -= unpacked.inflated
    return True


def _digest(raw: bytes) -> bytes:
    """SHA-256 of the canonical document without its Signature."""
    # In the form nothing else begins so, and what a text of a file holds has no "<".
    start = raw.index(_SIGNATURE)
    end = raw.index(_SIGNATURE_END, start) + len(_SIGNATURE_END)
    whole = memoryview(raw)
    digest = hashlib.sha256(whole[len(_DECLARATION) : start])
    digest.update(whole[end:-1])
    return digest.digest()
