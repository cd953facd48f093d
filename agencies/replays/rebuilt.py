"""A recorded document without its package, built anew: as large to the byte, where it can be.

Pure, and the same bytes every time for the same seed. Parties, names, type, urgency and what it
speaks of are those of the row; words, people and the file are made up (``agencies.wording``).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime

from agencies import wording
from agencies.dice import Dice
from agencies.pdf import pdf
from agencies.words import name_of, row_of
from axis.core.timetable import day_number, day_of_number, from_iso
from schemas import edxml_fields as fields
from schemas.edxml import (
    RECALL,
    REPLACEMENT,
    UPDATE,
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Reference,
    Replaced,
)
from schemas.edxml_write import forbidden, write
from schemas.organ import is_organ_id
from schemas.signing import sign
from schemas.traffic import Row
from schemas.xmldsig import PrivateKey

#: Bytes of a file whose package is weighed first, and how often it is corrected: lengths that the
#: file tells of itself have more digits or fewer.
_WEIGHED_BYTES, _TRIES = 3000, 5
_BASE64_BYTES = 4
_CODE = dict(fields.CODE.values())
_TYPE_MAX = dict(fields.DOCUMENT_TYPE.values())["TypeName"]
_REFERENCE_MAX = dict(fields.REFERENCE.values())["Code"]
#: What a package of a kind has to speak of.
_NEEDS = {RECALL: "recalls", UPDATE: "updates", REPLACEMENT: "replaces"}


def rebuilt(row: Row, seed: int, key: PrivateKey, certificate_der: bytes) -> bytes:
    """The signed package of a row; larger than stated only where its elements alone are."""
    package = _package(row, seed)
    size = _WEIGHED_BYTES
    for _ in range(_TRIES):
        raw = _signed(package, row, size, 0, key, certificate_der)
        missing = row.size - len(raw)
        if 0 <= missing < _BASE64_BYTES:
            break
        # Three bytes of a file are four characters of base64.
        size = max(0, size + missing // _BASE64_BYTES * 3)
    # The remainder goes into the summary, which takes single characters.
    return _signed(package, row, size, missing, key, certificate_der) if missing > 0 else raw


def unbuildable(row: Row) -> str:
    """Why an axis would take no package that is built of a row; empty where it would."""
    number, notation = _code(row)
    names = [row.document_id, *(link.document_id for link in row.links)]
    for text in (*names, row.code, row.type):
        if found := forbidden(text):
            return f"it holds {found}, a character that XML cannot carry"
    if not all(name.strip() for name in names):
        return "a document_id in it is blank"
    for text, longest in ((number, _CODE["CodeNumber"]), (notation, _CODE["CodeNotation"])):
        if not 0 < len(text) <= longest:
            return (
                "its code is no number of {CodeNumber} characters and notation of {CodeNotation} "
                "at the most, with a slash between".format_map(_CODE)
            )
    if len(row.type) > _TYPE_MAX:
        return f"its type has more than {_TYPE_MAX} characters"
    needs = _NEEDS.get(row.kind)
    if needs is not None and all(link.relation != needs for link in row.links):
        return f"it is of kind {row.kind} and {needs} nothing"
    if strange := [link.sender for link in row.links if not is_organ_id(link.sender)]:
        return f"it speaks of a document of '{strange[0]}', which is no agency"
    units = _units(row)
    if len(set(units)) < len(units):
        return "a unit stands in it twice"
    return ""


def _signed(
    package: DocumentPackage,
    row: Row,
    size: int,
    padding: int,
    key: PrivateKey,
    certificate_der: bytes,
) -> bytes:
    seed = int.from_bytes(hashlib.sha256(f"{row.doc}{row.sha256}".encode()).digest()[:8], "big")
    lines = (package.sender.name, f"Số: {row.code}", package.subject)
    file = Attachment(
        content_id="cid:1",
        name="van-ban.pdf",
        data=pdf(lines, seed, size),
        description=package.subject,
    )
    content = package.content + "." * padding
    raw = write(replace(package, content=content, attachments=(file,)))
    return sign(raw, key, certificate_der)


def _package(row: Row, seed: int) -> DocumentPackage:
    sender, day = row_of(row.sender), _promulgated(row)
    dice = Dice(seed, "rebuilt", row.document_id, row.kind, row.sha256)
    number, notation = _code(row)
    units = _units(row)
    return DocumentPackage(
        sender=Organization(organ_id=row.unit, name=sender.name_vi),
        recipients=tuple(Organization(organ_id=unit, name=name_of(unit)) for unit in units),
        document_id=row.document_id,
        code_number=number,
        code_notation=notation,
        place=wording.place(sender),
        promulgated=day,
        type_name=row.type,
        subject=wording.subject(row.type or "Công văn", day, dice),
        content=wording.content(None),
        signer=wording.signer(sender, dice),
        other=OtherInfo(priority=row.urgency),
        response_for=_references(row, units),
        business=_business(row, units),
    )


def _code(row: Row) -> tuple[str, str]:
    """Number and notation."""
    number, _, notation = (row.code or row.document_id.rpartition(",")[2]).partition("/")
    return number.strip(), notation.strip()


def _units(row: Row) -> list[str]:
    return [unit for share in row.deliveries for unit in share.units or [share.recipient]]


def _promulgated(row: Row) -> date:
    """The day in the DocumentId (VPCP 2.4, 1.14), else that of sending."""
    parts = row.document_id.split(",")
    try:
        return datetime.strptime(parts[1], "%Y/%m/%d").date()  # noqa: DTZ007 - a day, no instant
    except (IndexError, ValueError):
        return day_of_number(day_number(from_iso(row.occurred_at)))


def _references(row: Row, units: list[str]) -> tuple[Reference, ...]:
    """ResponseFor: what is answered, or what is recalled from each unit (VPCP 2.4 section 2.3)."""
    return tuple(
        Reference(
            organ_id=organ,
            code=(link.document_id.rpartition(",")[2].strip() or link.document_id)[:_REFERENCE_MAX],
            document_id=link.document_id,
            promulgated=None,
        )
        for link in row.links
        if link.relation in ("answers", "recalls")
        for organ in (units if row.kind == RECALL else [link.sender])
    )


def _business(row: Row, units: list[str]) -> Business:
    """What the package does (VPCP 2.4 sections 2.2, 2.6 and 2.7)."""
    updated = [link.document_id for link in row.links if link.relation == "updates"]
    replaced = [link.document_id for link in row.links if link.relation == "replaces"]
    update = row.kind == UPDATE
    return Business(
        doc_type=row.kind,
        reason=wording.BUSINESS_REASONS[row.kind],
        document_id=updated[0] if update and updated else "",
        info_changed=True if update else None,
        receivers_changed=False if update else None,
        replaced=tuple(Replaced(document_id=name, organ_ids=tuple(units)) for name in replaced)
        if row.kind == REPLACEMENT
        else (),
    )
