"""The usual form of a document package, as one regular expression.

It is what :func:`schemas.edxml_write.write` and :func:`schemas.xmldsig.sign` make of a new document
(BussinessDocType 0), element for element, for texts that stand for themselves in XML. Whatever has
another order, prefix, blank or attribute, a reference such as ``&amp;``, a comment, or a text that
is missing, too long or has blanks around it, does not match.
"""

from __future__ import annotations

import re
from typing import Final

from schemas import edxml_fields as fields
from schemas import xmldsig_profile as profile
from schemas.edxml import NS
from schemas.edxml_write import DECLARATION, OPENING

#: The start tag before the text of a file, which the form has without its text.
FILE_TAG: Final = f'<edXML:ContentTransferEncoded xmlns:edXML="{NS}">'

_DAY: Final = "[0-9]{4}/[0-9]{2}/[0-9]{2}"
_MOMENT: Final = f"{_DAY} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_NUMBER: Final = "[0-9]{1,9}"
_ORGAN_ID: Final = r"(?![^<]{14})[0-9A-Z]{2,3}(?:\.[0-9A-Z]{2,3}){1,3}"
_BASE64: Final = "[A-Za-z0-9+/]++={0,2}"
_X509_NAME_MAX: Final = 1000


def _text(most: int) -> str:
    """Up to ``most`` characters that are the same in XML, in its canonical form and stripped."""
    return rf"(?!\s)[^<>&\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]{{0,{most}}}+(?<!\s)"


def _leaf(name: str, text: str, group: str = "") -> str:
    return f"<edXML:{name}>({f'?P<{group}>' if group else '?:'}{text})</edXML:{name}>\n"


def _may(*parts: str) -> str:
    return "".join(f"(?:{part})?+" for part in parts)


def _many(part: str, group: str = "") -> str:
    return f"({f'?P<{group}>' if group else '?:'}(?:{part})*+)"


def _group(name: str, *parts: str) -> str:
    return f"<edXML:{name}>\n{''.join(parts)}</edXML:{name}>\n"


class _Fields:
    """The text fields of a table, each as long as the table allows."""

    def __init__(self, table: fields.Table) -> None:
        self._longest = dict(table.values())

    def longest(self, name: str) -> int:
        return self._longest[name]

    def text(self, name: str, group: str = "") -> str:
        return _leaf(name, _text(self._longest[name]), group)

    def said(self, name: str, group: str = "") -> str:
        """A text that is not empty."""
        return _leaf(name, "(?!<)" + _text(self._longest[name]), group)

    def may(self, *names: str) -> str:
        return _may(*map(self.text, names))


_document = _Fields(fields.DOCUMENT)
_organization = _Fields(fields.ORGANIZATION)
_code = _Fields(fields.CODE)
_signer = _Fields(fields.SIGNER)
_reference = _Fields(fields.REFERENCE)
_business = _Fields(fields.BUSINESS)
_staff = _Fields(fields.STAFF)
_listed = _Fields(fields.MANIFEST_REFERENCE)

_DETAILS: Final = _organization.may(
    "OrganizationInCharge", "OrganName", "OrganAdd", "Email", "Telephone", "Fax", "Website"
)
_MESSAGE: Final = _group(
    "MessageHeader",
    _group("From", _leaf("OrganId", _ORGAN_ID, "sender"), _DETAILS),
    _many(_group("To", _leaf("OrganId", _ORGAN_ID), _DETAILS), "recipients"),
    _document.said("DocumentId", "document_id"),
    _group("Code", _code.said("CodeNumber", "number"), _code.said("CodeNotation", "notation")),
    _group(
        "PromulgationInfo",
        _Fields(fields.PROMULGATION).said("Place"),
        _leaf("PromulgationDate", _DAY, "promulgated"),
    ),
    _group(
        "DocumentType",
        _may(_leaf("Type", _NUMBER), _leaf("TypeDetail", _NUMBER)),
        _Fields(fields.DOCUMENT_TYPE).text("TypeName", "type_name"),
    ),
    _document.said("Subject", "subject"),
    _may(_document.text("Content", "content")),
    _group(
        "SignerInfo", _signer.text("Competence"), _signer.text("Position"), _signer.text("FullName")
    ),
    _may(_leaf("DueDate", _DAY, "due")),
    _group(
        "OtherInfo",
        _leaf("Priority", "[0-4]", "priority"),
        _Fields(fields.OTHER).may("SphereOfPromulgation", "TyperNotation"),
        _may(_leaf("PromulgationAmount", _NUMBER), _leaf("PageAmount", _NUMBER)),
        _may(_leaf("Direction", "true|false")),
    ),
    _many(
        _group(
            "ResponseFor",
            _leaf("OrganId", _ORGAN_ID),
            _reference.said("Code"),
            _reference.said("DocumentId"),
        ),
        "answers",
    ),
    _may(_leaf("SteeringType", _NUMBER)),
    _may(_group("ToPlaces", _many(_leaf("Place", _text(fields.PLACE_MAX))))),
)
_TRACES: Final = _group(
    "TraceHeaderList",
    _group(
        "TraceHeader", _Fields(fields.TRACE).may("OrganId"), _leaf("Timestamp", _MOMENT, "traced")
    ),
    _group(
        "Bussiness",
        _may(_business.text("DocumentId", "business_document_id")),
        _leaf("BussinessDocType", "0"),
        _business.text("BussinessDocReason"),
        _may(_leaf("Paper", _NUMBER)),
        _many(_group("StaffInfo", _staff.may("Department", "Staff", "Email", "Mobile"))),
    ),
)
_SIGNED_INFO: Final = (
    re.escape(profile.signed_info("ALGORITHM"))
    .replace(re.escape(profile.XMLNS), "", 1)  # Its parent declares it.
    .replace(
        "ALGORITHM",
        f"(?P<algorithm>{re.escape(profile.ECDSA_SHA256)}|{re.escape(profile.RSA_SHA256)})",
    )
    .replace("%s", "(?P<digest>[A-Za-z0-9+/]{43}=)")
)
_SIGNATURE: Final = (
    f"<Signature{re.escape(profile.XMLNS)}>{_SIGNED_INFO}"
    f"<SignatureValue>(?P<value>{_BASE64})</SignatureValue><KeyInfo><X509Data>"
    f"<X509SubjectName>{_text(_X509_NAME_MAX)}</X509SubjectName>"
    f"<X509Certificate>(?P<certificate>{_BASE64})</X509Certificate>"
    "</X509Data></KeyInfo></Signature>"
)
_LISTED: Final = _group(
    "Reference",
    _leaf("ContentId", "cid:(?!cid:)" + _text(_listed.longest("ContentId") - 4)),
    _leaf("ContentType", "application/zip"),
    _listed.may("Description"),
    _listed.said("AttachmentName"),
)
_ATTACHED: Final = (
    "<Attachment>\n<ContentId>[^<]*+</ContentId>\n<AttachmentName>[^<]*+</AttachmentName>\n"
    f"(?:<Description>{_text(_listed.longest('Description'))}</Description>\n)?+"
    "<ContentType>application/zip</ContentType>\n"
    f"{re.escape(FILE_TAG)}</edXML:ContentTransferEncoded>\n</Attachment>\n"
)

#: The end tag of what holds the Signature as its last child.
HEADER_END: Final = "</edXML:edXMLHeader>\n"


def _form(signature: str) -> re.Pattern[str]:
    return re.compile(
        f"{re.escape(DECLARATION + OPENING)}{_MESSAGE}{_TRACES}{signature}{HEADER_END}"
        '<edXML:edXMLBody>\n<edXML:edXMLManifest version="1\\.0">\n'
        f"{_many(_LISTED, 'listed')}</edXML:edXMLManifest>\n</edXML:edXMLBody>\n"
        f"</edXML:edXMLEnvelope>\n<AttachmentEncoded>\n{_many(_ATTACHED, 'attached')}"
        "</AttachmentEncoded>\n</edXML>\n"
    )


#: A package without the texts of its files. Groups: the fields of :class:`schemas.examined.Letter`
#: and of a Signature; ``recipients``, ``answers``, ``listed`` and ``attached`` are whole elements.
FORM: Final = _form(_SIGNATURE)
#: The same before it is signed.
UNSIGNED: Final = _form("")
#: In the groups that hold whole elements: OrganIds, (OrganId, DocumentId), (ContentId, name).
RECIPIENT: Final = re.compile("<edXML:To>\n<edXML:OrganId>([^<]*)<")
ANSWER: Final = re.compile(
    "<edXML:OrganId>([^<]*)</edXML:OrganId>\n<edXML:Code>[^<]*</edXML:Code>\n"
    "<edXML:DocumentId>([^<]*)<"
)
LISTED: Final = re.compile(
    "<edXML:ContentId>([^<]*)<(?:(?!<edXML:AttachmentName>).)*<edXML:AttachmentName>([^<]*)<",
    re.DOTALL,
)
ATTACHED: Final = re.compile("<ContentId>([^<]*)</ContentId>\n<AttachmentName>([^<]*)<")
