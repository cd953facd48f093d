"""Read a package: from bytes to values, with every problem and its place.

What is missing, repeated, too long or no value is an error; what real packages deviate in
without harm (order of elements, dd/MM/yyyy, a mislabelled or bare attachment, elements nobody
knows) is a warning at most. The guards against hostile bytes stand in
:mod:`schemas.edxml_parse`, the fields in :mod:`schemas.edxml_fields`, the rules between fields in
:mod:`schemas.edxml_rules`, the attachments in :mod:`schemas.edxml_files`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from schemas import edxml_fields as fields
from schemas.edxml import (
    NS,
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Package,
    Problem,
    ReceiverChange,
    Reference,
    Replaced,
    Signer,
    Staff,
    StatusPackage,
    Trace,
)
from schemas.edxml_files import read_files
from schemas.edxml_node import ABSENT, FOUND_MAX, Node, Notes, local_name
from schemas.edxml_parse import DEFAULT_LIMITS, Limits, parse
from schemas.edxml_rules import rules

_IS_SECRET = etree.XPath("boolean(/descendant::processing-instruction('axis-secret'))")
_ROOT, _STATUS_CODE, _TO = (f"{{{NS}}}{name}" for name in ("edXML", "StatusCode", "To"))
_NOBODY = Staff()
_DIGITS = ("0", "1", "2", "3")
_PRIORITIES = {"": 0, "0": 0, "1": 1, "2": 2, "3": 3, "4": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was found in some bytes.

    ``package`` is what could be read, even beside errors, so that a refusal can name its sender
    and document; nothing may be accepted unless ``ok``. ``root`` is the whole tree, comments
    included, for the signature to be checked on; ``None`` when there is no safe tree.
    """

    package: Package | None
    problems: tuple[Problem, ...]
    root: etree._Element | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the package unacceptable."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether there is a package and nothing worse than warnings."""
        return self.package is not None and not self.errors


def read(raw: bytes, *, files: bool = False, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read any bytes; never raises. Either there is a package without errors, or an error.

    ``files`` fills ``Attachment.data``; attachments are opened and measured in either case.
    """
    root = parse(raw, limits)
    if isinstance(root, tuple):
        return Reading(None, root, None)
    notes = Notes(limits.problems)
    package = _package(raw, root, notes, files, limits)
    if package is not None:
        notes.problems.extend(rules(package)[: limits.problems])
    return Reading(package, tuple(notes.problems), root)


def _package(
    raw: bytes, root: etree._Element, notes: Notes, files: bool, limits: Limits
) -> Package | None:
    if root.tag != _ROOT:
        _wrong_root(root, notes)
        return None
    top = Node(root, fields.ROOT, notes)
    envelope = top.need("edXMLEnvelope", fields.ENVELOPE)
    header = envelope.need("edXMLHeader", fields.HEADER)
    message = header.parts.get("MessageHeader")
    if message is None:
        header.error("edxml.missing", "MessageHeader", element="MessageHeader")
        return None
    if _is_status(message[0]):
        return _status(top, envelope, header)
    read = read_files(envelope, top, files=files, budget_bytes=limits.inflated_bytes)
    return _document(header, read, _is_secret(raw, root))


def _is_status(message: etree._Element) -> bool:
    """Whether there is a StatusCode and no To, which nearly every document has near its start."""
    coded = False
    for child in message:
        if child.tag == _TO:
            return False
        coded = coded or child.tag == _STATUS_CODE
    return coded


def _wrong_root(root: etree._Element, notes: Notes) -> None:
    name, line = etree.QName(root), f"line {root.sourceline}"
    if name.localname == "edXML":
        found = (name.namespace or "none")[:FOUND_MAX]
        notes.add("edxml.namespace", "error", root, line, {"found": found, "expected": NS})
    else:
        notes.add("edxml.root", "error", root, line, {"found": local_name(root)})


def _is_secret(raw: bytes, root: etree._Element) -> bool:
    """Whether the marker stands anywhere in the document."""
    # The XML declaration has two question marks. Where they are the only ones there can be no
    # instruction, and to look for a byte is quicker than to walk the tree.
    if raw.startswith(b"<?xml ") and raw.find(b"?", 2) == raw.rfind(b"?"):
        return False
    return bool(_IS_SECRET(root))


def _document(header: Node, attachments: tuple[Attachment, ...], secret: bool) -> DocumentPackage:
    message = header.one("MessageHeader", fields.DOCUMENT)
    code = message.need("Code", fields.CODE)
    promulgation = message.need("PromulgationInfo", fields.PROMULGATION)
    kind = message.need("DocumentType", fields.DOCUMENT_TYPE)
    signer = message.one("SignerInfo", fields.SIGNER)
    trace_list = header.one("TraceHeaderList", fields.TRACES)
    if "To" not in message.parts:
        message.error("edxml.missing", "To", element="To")
    promulgation.required("PromulgationDate")
    return DocumentPackage(
        sender=_organization(message.need("From", fields.ORGANIZATION)),
        recipients=tuple(map(_organization, message.many("To", fields.ORGANIZATION))),
        document_id=message.required("DocumentId"),
        code_number=code.required("CodeNumber"),
        code_notation=code.required("CodeNotation"),
        place=promulgation.required("Place"),
        promulgated=promulgation.day("PromulgationDate"),
        subject=message.required("Subject"),
        # Builders disagree on the two numbers, so TypeName counts and they stop nothing.
        type=kind.number("Type", "warning"),
        type_detail=kind.number("TypeDetail", "warning"),
        type_name=kind.text("TypeName"),
        content=message.text("Content"),
        signer=Signer(
            competence=signer.text("Competence"),
            position=signer.text("Position"),
            full_name=signer.text("FullName"),
        ),
        due=message.day("DueDate"),
        other=_other(message.one("OtherInfo", fields.OTHER)),
        response_for=_references(message),
        steering=message.number("SteeringType"),
        to_places=message.one("ToPlaces", fields.TO_PLACES).lines("Place", fields.PLACE_MAX),
        traces=tuple(map(_trace, trace_list.many("TraceHeader", fields.TRACE))),
        business=_business(trace_list),
        attachments=attachments,
        secret=secret,
    )


def _status(root: Node, envelope: Node, header: Node) -> StatusPackage:
    """A status package is its header alone; what a document has besides is not looked into."""
    strange = ((header, "TraceHeaderList"), (envelope, "edXMLBody"), (root, "AttachmentEncoded"))
    for node, name in strange:
        if name in node.parts:
            node.warn("edxml.unknown", name, element=name)
    message = header.one("MessageHeader", fields.STATUS)
    return StatusPackage(
        sender=_organization(message.need("From", fields.ORGANIZATION)),
        response_for=_reference(message.need("ResponseFor", fields.REFERENCE)),
        code=message.required("StatusCode"),
        at=message.moment("Timestamp"),
        description=message.text("Description"),
        staff=_staff(message.one("StaffInfo", fields.STAFF)),
    )


def _organization(node: Node) -> Organization:
    text = node.texts.get
    return Organization(
        organ_id=node.organ_id(),
        in_charge=text("OrganizationInCharge", ""),
        name=text("OrganName", ""),
        address=text("OrganAdd", ""),
        email=text("Email", ""),
        telephone=text("Telephone", ""),
        fax=text("Fax", ""),
        website=text("Website", ""),
    )


def _other(node: Node) -> OtherInfo:
    appendixes = node.one("Appendixes", fields.APPENDIXES)
    urgency = node.text("Priority")
    if urgency not in _PRIORITIES:
        node.warn("edxml.priority", "Priority", found=urgency[:FOUND_MAX])
    return OtherInfo(
        priority=_PRIORITIES.get(urgency, 0),
        sphere=node.text("SphereOfPromulgation"),
        typer_notation=node.text("TyperNotation"),
        copies=node.number("PromulgationAmount"),
        pages=node.number("PageAmount"),
        direction=node.flag("Direction"),
        appendixes=appendixes.lines("Appendix", fields.APPENDIX_MAX),
    )


def _references(message: Node) -> tuple[Reference, ...]:
    """The documents answered or recalled; VNPT's builder leaves an empty one for none."""
    nodes = message.many("ResponseFor", fields.REFERENCE)
    return tuple(_reference(node) for node in nodes if any(node.texts.values()))


def _reference(node: Node) -> Reference:
    return Reference(
        organ_id=node.organ_id(),
        code=node.required("Code"),
        document_id=node.required("DocumentId"),
        promulgated=node.day("PromulgationDate"),
    )


def _trace(node: Node) -> Trace:
    """One station. Some gateways name none, or write the word null."""
    organ_id = node.text("OrganId")
    return Trace(organ_id="" if organ_id == "null" else organ_id, at=node.moment("Timestamp"))


def _staff(node: Node) -> Staff:
    return Staff(
        department=node.text("Department"),
        name=node.text("Staff"),
        email=node.text("Email"),
        mobile=node.text("Mobile"),
    )


def _business(trace_list: Node) -> Business:
    node = trace_list.one("Bussiness", fields.BUSINESS)
    if node is ABSENT:
        return Business()
    changes = node.one("BussinessDocumentInfo", fields.CHANGES)
    receivers = changes.one("ReceiverList", fields.RECEIVERS)
    replaced = node.one("ReplacementInfoList", fields.REPLACEMENTS)
    return Business(
        doc_type=_choice(node, "BussinessDocType", 3),
        reason=node.text("BussinessDocReason"),
        document_id=node.text("DocumentId"),
        paper=node.number("Paper"),
        info_changed=changes.flag("DocumentInfo"),
        receivers_changed=changes.flag("DocumentReceiver"),
        receivers=tuple(map(_receiver, receivers.many("Receiver", fields.RECEIVER))),
        replaced=tuple(map(_replaced, replaced.many("ReplacementInfo", fields.REPLACEMENT))),
        staff=tuple(
            staff for staff in map(_staff, node.many("StaffInfo", fields.STAFF)) if staff != _NOBODY
        ),
    )


def _receiver(node: Node) -> ReceiverChange:
    return ReceiverChange(organ_id=node.organ_id(), added=_choice(node, "ReceiverType", 1) == 1)


def _replaced(node: Node) -> Replaced:
    units = node.one("OrganIdList", fields.ORGAN_IDS)
    return Replaced(
        document_id=node.required("DocumentId"),
        organ_ids=units.lines("OrganId", fields.VALUE_MAX),
    )


def _choice(node: Node, name: str, greatest: int) -> int:
    """A mandatory digit from 0 to ``greatest``; 0 beside the error when it is none."""
    text = node.required(name)
    if text in _DIGITS[: greatest + 1]:
        return int(text)
    if text:
        node.wrong(name, text, f"0 to {greatest}")
    return 0
