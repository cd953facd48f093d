"""What an edXML package says, as values (QCVN 102:2016).

The full text of the standard's tables is not public; the elements are those that VPCP 2.4 (the
Government Office's business description, 2018), VNPT's library and client, NĐ 30/2020 and real
packages agree on.

Two kinds of package share one container: a *document package* and a *status package*.
Every value is frozen. Text fields are stripped text, empty string when the element is absent or
empty; numbers and dates are ``None`` then. Dates are Viet Nam calendar days, times are Viet Nam
local times without a zone, as the format writes them (``yyyy/MM/dd HH:mm:ss``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DS = "http://www.w3.org/2000/09/xmldsig#"

#: 50 MB is the only package limit any source names (guides of provincial gateways).
PACKAGE_BYTES_MAX = 50 * 1024 * 1024

#: The place of the marker of ours that a secret document carries (``DocumentPackage.secret``).
MARK_PLACE = "processing-instruction('axis-secret')"

#: BussinessDocType (VPCP 2.4 section 2.3.3; the format spells it so).
NEW, RECALL, UPDATE, REPLACEMENT = 0, 1, 2, 3

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a package.

    ``code`` is a key of the error catalogue (``axis.core.errors``), which words it in English and
    Vietnamese from ``detail``; ``place`` is the path of the element
    (``edXMLHeader/MessageHeader/To[2]/OrganId``) or ``line 3, column 7``.
    An *error* makes the package unacceptable, a *warning* does not.
    """

    code: str
    place: str
    severity: Literal["error", "warning"] = "error"
    detail: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A sender or a recipient (``From``, ``To``)."""

    organ_id: str
    in_charge: str = ""
    name: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``ResponseFor``: the document answered, recalled or reported on (VPCP 2.4, 1.12)."""

    organ_id: str
    code: str
    document_id: str
    promulgated: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """``StaffInfo``: the clerk who acts."""

    department: str = ""
    name: str = ""
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """``SignerInfo``: who signed the document itself."""

    competence: str = ""
    position: str = ""
    full_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInfo:
    """``OtherInfo``. ``priority`` is 0 (normal) to 4 (express at an appointed hour)."""

    priority: int = 0
    sphere: str = ""
    typer_notation: str = ""
    copies: int | None = None
    pages: int | None = None
    direction: bool | None = None
    appendixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One ``TraceHeader``. The word "null" as OrganId is read as absent (trap 10)."""

    organ_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverChange:
    """One ``Receiver`` of an update: ``added`` (ReceiverType 1) or removed (0)."""

    organ_id: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One ``ReplacementInfo``: a replaced document and the units that had received it."""

    document_id: str
    organ_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """``Bussiness`` (sic): what the package does to a document (VPCP 2.4, 2.2)."""

    doc_type: int = NEW
    reason: str = ""
    document_id: str = ""
    paper: int | None = None
    info_changed: bool | None = None
    receivers_changed: bool | None = None
    receivers: tuple[ReceiverChange, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    staff: tuple[Staff, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file. On building, ``data`` is the plain file; it is zipped and base64-encoded.

    On parsing, ``data`` is what the zip held (or the raw bytes where it was no zip), and is only
    filled when the caller asked for the files; ``encoded_bytes`` is the length of the base64 text.
    """

    content_id: str
    name: str
    data: bytes = b""
    description: str = ""
    content_type: str = "application/zip"
    encoded_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPackage:
    """A document package: header, trace, manifest, attachments."""

    sender: Organization
    recipients: tuple[Organization, ...]
    document_id: str
    code_number: str
    code_notation: str
    place: str
    promulgated: date | None
    subject: str
    type: int | None = 2
    type_detail: int | None = None
    type_name: str = ""
    content: str = ""
    signer: Signer = field(default_factory=Signer)
    due: date | None = None
    other: OtherInfo = field(default_factory=OtherInfo)
    response_for: tuple[Reference, ...] = ()
    steering: int | None = None
    to_places: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    business: Business = field(default_factory=Business)
    attachments: tuple[Attachment, ...] = ()
    #: Our own marker (``<?axis-secret?>``): the format has no field for it; words do not count.
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPackage:
    """A status package: what ``sender`` says about ``response_for``."""

    sender: Organization
    response_for: Reference
    code: str
    at: datetime | None
    description: str = ""
    staff: Staff = field(default_factory=Staff)


Package = DocumentPackage | StatusPackage
