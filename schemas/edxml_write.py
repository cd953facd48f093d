"""Write a package as VNPT's library does: element for element, prefix for prefix.

Order and prefixes follow EdXML102-0.0.3.jar and VNPT's samples, because some receivers read text
prefixes rather than namespaces: everything in the envelope carries ``edXML:``, the attachments
stand outside it without a prefix, except ``ContentTransferEncoded``, which declares it again.
The same package always gives the same bytes. A signature is not made here; it belongs last into
``edXMLHeader``, and the whole passes :func:`schemas.edxml_rules.strict` with it or without.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache

from schemas.attachments import entry_name, pack_attachment
from schemas.edxml import (
    NS,
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Package,
    ReceiverChange,
    Reference,
    Replaced,
    Staff,
    StatusPackage,
    Trace,
)

#: Everything XML 1.0 section 2.2 does not allow, not even as a character reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What stands before the root element, and what every package begins with behind it.
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPENING = f'<edXML xmlns="{NS}">\n<edXML:edXMLEnvelope xmlns:edXML="{NS}">\n<edXML:edXMLHeader>\n'
_MARK = "<?axis-secret?>\n"
#: Texts of organizations that are kept, 500 characters each: every package names some again.
ORGANIZATIONS_KEPT = 1024


def write(package: Package, *, stored: bool = True) -> bytes:
    """The ``.edxml`` bytes of a document or status package, UTF-8, without a signature.

    Every attachment becomes a zip of one entry. ``stored`` puts the file in as it is: quick, and
    the same bytes on every machine; otherwise it is deflated, as VNPT does, and smaller.
    What is written is what the package says: whether it may be sent is for
    :func:`schemas.edxml_rules.rules` to judge.

    :raises ValueError: for a character XML cannot carry, or an attachment beyond 50 MiB.
    """
    if isinstance(package, StatusPackage):
        closing = "</edXML:edXMLHeader>\n</edXML:edXMLEnvelope>\n</edXML>\n"
        return f"{DECLARATION}{OPENING}{_status(package)}{closing}".encode()
    content_ids = [_with_prefix(file.content_id) for file in package.attachments]
    text = (
        f"{DECLARATION}{OPENING}{_MARK if package.secret else ''}{_message(package)}"
        f"{_group('TraceHeaderList', *map(_trace, package.traces), _business(package.business))}"
        f"</edXML:edXMLHeader>\n{_body(package.attachments, content_ids)}"
        "</edXML:edXMLEnvelope>\n"
    )
    pieces = [text.encode()]
    if package.attachments:
        pieces.append(b"<AttachmentEncoded>\n")
        for file, content_id in zip(package.attachments, content_ids, strict=True):
            pieces += _attachment(file, content_id, stored)
        pieces.append(b"</AttachmentEncoded>\n")
    pieces.append(b"</edXML>\n")
    return b"".join(pieces)


def forbidden(text: str) -> str:
    """The first character that XML cannot carry, as ``U+0001``; empty where there is none."""
    found = None if text.isprintable() else _ILLEGAL.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def _escaped(text: str) -> str:
    if found := forbidden(text):
        raise ValueError(f"XML cannot carry the character {found} in {text[:60]!r}")
    # A bare carriage return would be read back as a line feed (XML 1.0 section 2.11).
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    )


def _leaf(name: str, text: str) -> str:
    return f"<edXML:{name}>{_escaped(text)}</edXML:{name}>\n"


def _group(name: str, *parts: str) -> str:
    return f"<edXML:{name}>\n{''.join(parts)}</edXML:{name}>\n"


def _known(fields: Iterable[tuple[str, str]]) -> str:
    """The optional fields that have a text."""
    return "".join([_leaf(name, text) for name, text in fields if text])


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _flag(value: bool | None) -> str:
    return "" if value is None else "1" if value else "0"


def _day(value: date | None) -> str:
    return "" if value is None else f"{value.year:04}/{value.month:02}/{value.day:02}"


def _moment(value: datetime | None) -> str:
    if value is None:
        return ""
    return f"{_day(value)} {value.hour:02}:{value.minute:02}:{value.second:02}"


@lru_cache(ORGANIZATIONS_KEPT)
def _organization(name: str, organization: Organization) -> str:
    fields = (
        ("OrganizationInCharge", organization.in_charge),
        ("OrganName", organization.name),
        ("OrganAdd", organization.address),
        ("Email", organization.email),
        ("Telephone", organization.telephone),
        ("Fax", organization.fax),
        ("Website", organization.website),
    )
    return _group(name, _leaf("OrganId", organization.organ_id), _known(fields))


def _message(package: DocumentPackage) -> str:
    steering = _number(package.steering)
    signer = package.signer
    places = [_leaf("Place", place) for place in package.to_places]
    return _group(
        "MessageHeader",
        _organization("From", package.sender),
        *[_organization("To", recipient) for recipient in package.recipients],
        _leaf("DocumentId", package.document_id),
        _group(
            "Code",
            _leaf("CodeNumber", package.code_number),
            _leaf("CodeNotation", package.code_notation),
        ),
        _group(
            "PromulgationInfo",
            _leaf("Place", package.place),
            _leaf("PromulgationDate", _day(package.promulgated)),
        ),
        _group(
            "DocumentType",
            _known((("Type", _number(package.type)), ("TypeDetail", _number(package.type_detail)))),
            _leaf("TypeName", package.type_name),
        ),
        _leaf("Subject", package.subject),
        _known((("Content", package.content),)),
        _group(
            "SignerInfo",
            _leaf("Competence", signer.competence),
            _leaf("Position", signer.position),
            _leaf("FullName", signer.full_name),
        ),
        _known((("DueDate", _day(package.due)),)),
        _other(package.other),
        *[_reference(reference) for reference in package.response_for],
        _known((("SteeringType", steering),)),
        _group("ToPlaces", *places) if places else "",
    )


def _other(other: OtherInfo) -> str:
    direction = "" if other.direction is None else "true" if other.direction else "false"
    fields = (
        ("Priority", str(other.priority)),
        ("SphereOfPromulgation", other.sphere),
        ("TyperNotation", other.typer_notation),
        ("PromulgationAmount", _number(other.copies)),
        ("PageAmount", _number(other.pages)),
        ("Direction", direction),
    )
    appendixes = [_leaf("Appendix", appendix) for appendix in other.appendixes]
    return _group(
        "OtherInfo", _known(fields), _group("Appendixes", *appendixes) if appendixes else ""
    )


def _reference(reference: Reference) -> str:
    return _group(
        "ResponseFor",
        _leaf("OrganId", reference.organ_id),
        _leaf("Code", reference.code),
        _leaf("DocumentId", reference.document_id),
        _known((("PromulgationDate", _day(reference.promulgated)),)),
    )


def _staff(staff: Staff) -> str:
    fields = (
        ("Department", staff.department),
        ("Staff", staff.name),
        ("Email", staff.email),
        ("Mobile", staff.mobile),
    )
    known = _known(fields)
    return _group("StaffInfo", known) if known else ""


def _trace(trace: Trace) -> str:
    named = _known((("OrganId", trace.organ_id),))
    return _group("TraceHeader", named, _leaf("Timestamp", _moment(trace.at)))


def _business(business: Business) -> str:
    replaced = [_replaced(document) for document in business.replaced]
    return _group(
        "Bussiness",
        _known((("DocumentId", business.document_id),)),
        _leaf("BussinessDocType", str(business.doc_type)),
        _leaf("BussinessDocReason", business.reason),
        _known((("Paper", _number(business.paper)),)),
        _changes(business),
        _group("ReplacementInfoList", *replaced) if replaced else "",
        *[_staff(staff) for staff in business.staff],
    )


def _changes(business: Business) -> str:
    """``BussinessDocumentInfo`` (VPCP 2.4 section 2.6.3), where the package speaks of changes."""
    flags = (
        ("DocumentInfo", _flag(business.info_changed)),
        ("DocumentReceiver", _flag(business.receivers_changed)),
    )
    receivers = [_receiver(change) for change in business.receivers]
    known = _known(flags) + (_group("ReceiverList", *receivers) if receivers else "")
    return _group("BussinessDocumentInfo", known) if known else ""


def _receiver(change: ReceiverChange) -> str:
    kind = _leaf("ReceiverType", _flag(change.added))
    return _group("Receiver", _leaf("OrganId", change.organ_id), kind)


def _replaced(document: Replaced) -> str:
    units = [_leaf("OrganId", organ_id) for organ_id in document.organ_ids]
    listed = _group("OrganIdList", *units)
    return _group("ReplacementInfo", _leaf("DocumentId", document.document_id), listed)


def _status(package: StatusPackage) -> str:
    return _group(
        "MessageHeader",
        _organization("From", package.sender),
        _reference(package.response_for),
        _staff(package.staff),
        _leaf("StatusCode", package.code),
        _known((("Description", package.description),)),
        _leaf("Timestamp", _moment(package.at)),
    )


def _with_prefix(content_id: str) -> str:
    """VNPT's library adds ``cid:`` whether it is there or not, and so doubles it on rebuilding."""
    return content_id if content_id.startswith("cid:") else f"cid:{content_id}"


def _body(attachments: tuple[Attachment, ...], content_ids: list[str]) -> str:
    references = [
        _group(
            "Reference",
            _leaf("ContentId", content_id),
            _leaf("ContentType", "application/zip"),
            _known((("Description", file.description),)),
            _leaf("AttachmentName", file.name),
        )
        for file, content_id in zip(attachments, content_ids, strict=True)
    ]
    listed = "".join(references)
    return (
        f'<edXML:edXMLBody>\n<edXML:edXMLManifest version="1.0">\n{listed}'
        "</edXML:edXMLManifest>\n</edXML:edXMLBody>\n"
    )


def _attachment(file: Attachment, content_id: str, stored: bool) -> tuple[bytes, bytes, bytes]:
    """The element up to the base64, the base64, and the rest: the bulk is copied only once."""
    packed = pack_attachment(file.name, file.data, entry_name(file.name, file.data), stored)
    described = f"<Description>{_escaped(file.description)}</Description>\n"
    head = (
        f"<Attachment>\n<ContentId>{_escaped(content_id)}</ContentId>\n"
        f"<AttachmentName>{_escaped(file.name)}</AttachmentName>\n"
        f"{described if file.description else ''}<ContentType>application/zip</ContentType>\n"
        f'<edXML:ContentTransferEncoded xmlns:edXML="{NS}">'
    )
    tail = b"</edXML:ContentTransferEncoded>\n</Attachment>\n"
    return head.encode(), binascii.b2a_base64(packed, newline=False), tail
