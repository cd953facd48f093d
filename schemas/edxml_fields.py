"""The fields of edXML: which elements stand where, and the greatest length of each text.

The lengths are the lowest that a source names: the VPCP business description 2.4, NĐ 30/2020
Annex VI, the checker of Bkav's provincial axis. Lengths without a source are our own bounds, so
that no field is unbounded, and say so. Elements are matched by namespace, never by prefix, and in
any order, because every builder in the wild orders them differently.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.edxml import DS, NS, PACKAGE_BYTES_MAX

#: ``{namespace}Name`` -> (name, most characters), or ONE or MANY for an element with children.
Table = Mapping[str, tuple[str, int]]

ONE, MANY = -1, -2

#: Own bound for dates and numbers, wide enough that a wrong one is shown as it was written.
VALUE_MAX = 40
#: The VPCP table says 36, yet its own examples are longer; an e-office column has 200.
DOCUMENT_ID_MAX = 200


def table(one: str = "", many: str = "", **longest: int) -> Table:
    """What may stand in an element.

    Text fields with their greatest lengths, and the names, between blanks, of elements with
    children that may stand once (``one``) or repeat (``many``).
    """
    made = {f"{{{NS}}}{name}": (name, most) for name, most in longest.items()}
    made |= {f"{{{NS}}}{name}": (name, ONE) for name in one.split()}
    return made | {f"{{{NS}}}{name}": (name, MANY) for name in many.split()}


ROOT = table(one="edXMLEnvelope AttachmentEncoded")
ENVELOPE = table(one="edXMLHeader edXMLBody")
# VNPT's library writes a signature in the namespace of edXML; its verifier judges both, not we.
HEADER = {
    **table(one="MessageHeader TraceHeaderList", many="Signature"),
    f"{{{DS}}}Signature": ("Signature", MANY),
}
DOCUMENT = table(
    one="From Code PromulgationInfo DocumentType SignerInfo OtherInfo ToPlaces",
    many="To ResponseFor",
    DocumentId=DOCUMENT_ID_MAX,
    Subject=500,
    Content=500,
    DueDate=VALUE_MAX,
    SteeringType=VALUE_MAX,
)
STATUS = table(
    one="From ResponseFor StaffInfo",
    StatusCode=VALUE_MAX,
    Description=500,
    Timestamp=VALUE_MAX,
)
# NĐ 30/2020 Annex VI and Bkav's Checker; Website is 20 there, which real addresses exceed (own).
ORGANIZATION = table(
    OrganId=VALUE_MAX,
    OrganizationInCharge=500,
    OrganName=200,
    OrganAdd=500,
    Email=100,
    Telephone=20,
    Fax=20,
    Website=100,
)
# CodeNumber has 11 in NĐ 30, but real packages carry letters and 14 digits (own bound).
CODE = table(CodeNumber=20, CodeNotation=30)
PROMULGATION = table(Place=50, PromulgationDate=VALUE_MAX)
DOCUMENT_TYPE = table(Type=VALUE_MAX, TypeDetail=VALUE_MAX, TypeName=100)
SIGNER = table(Competence=100, Position=100, FullName=50)
OTHER = table(
    one="Appendixes",
    Priority=VALUE_MAX,
    SphereOfPromulgation=100,
    TyperNotation=10,
    PromulgationAmount=VALUE_MAX,
    PageAmount=VALUE_MAX,
    Direction=VALUE_MAX,
)
APPENDIXES = table(many="Appendix")
APPENDIX_MAX = 500  # Own bound.
TO_PLACES = table(many="Place")
PLACE_MAX = 150  # Bkav's Checker.
# The Code of a reference is the full "number/notation": own bound, twice what it needs.
REFERENCE = table(
    OrganId=VALUE_MAX, Code=100, PromulgationDate=VALUE_MAX, DocumentId=DOCUMENT_ID_MAX
)
TRACES = table(one="Bussiness", many="TraceHeader")
TRACE = table(OrganId=VALUE_MAX, Timestamp=VALUE_MAX)
BUSINESS = table(
    one="BussinessDocumentInfo ReplacementInfoList",
    many="StaffInfo",
    DocumentId=DOCUMENT_ID_MAX,
    BussinessDocType=VALUE_MAX,
    BussinessDocReason=1000,
    Paper=VALUE_MAX,
)
STAFF = table(Department=300, Staff=300, Mobile=30, Email=100)
CHANGES = table(one="ReceiverList", DocumentInfo=VALUE_MAX, DocumentReceiver=VALUE_MAX)
RECEIVERS = table(many="Receiver")
RECEIVER = table(OrganId=VALUE_MAX, ReceiverType=VALUE_MAX)
REPLACEMENTS = table(many="ReplacementInfo")
REPLACEMENT = table(one="OrganIdList", DocumentId=DOCUMENT_ID_MAX)
ORGAN_IDS = table(many="OrganId")
BODY = table(one="edXMLManifest")
MANIFEST = table(many="Reference")
# Content ids and types: own bounds. Names 500 (Bkav), descriptions 500 (NĐ 30).
MANIFEST_REFERENCE = table(ContentId=200, ContentType=100, Description=500, AttachmentName=500)
ATTACHMENTS = table(many="Attachment")
ATTACHMENT = {**MANIFEST_REFERENCE, **table(ContentTransferEncoded=PACKAGE_BYTES_MAX)}

#: Elements VNPT's library knows and no sample or text explains: passed over without a word.
UNEXPLAINED = frozenset(
    f"{{{NS}}}{name}"
    for name in (
        "ResponseForTask",
        "ApplicationType",
        "ReplyFors",
        "ReferenceCodes",
        "DepartmentId",
        "StaffId",
    )
)
