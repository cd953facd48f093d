"""An example of each error as an operation gives it: its place, and what its sentence speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from axis.api import openapi_replays as replays
from axis.api.auth import FORM_BYTES_MAX
from axis.api.bodies import JSON_BYTES_MAX
from axis.api.door import ADDRESS_BYTES_MAX, HEADER_BYTES_MAX
from axis.api.hot import BULK_BYTES_MAX
from axis.api.openapi_packages import DOCUMENT_ID, MINE, THEIRS
from axis.api.problems import problem
from axis.core.errors import Fault
from axis.flows.handover import PAGE_ROWS_MAX
from axis.flows.statuses import STATUS_BYTES_MAX
from schemas.edxml import MARK_PLACE, NS, PACKAGE_BYTES_MAX
from schemas.edxml_parse import ATTRIBUTES_MAX, DEFAULT_LIMITS
from schemas.frames import MEDIA_TYPE as FRAMES


class Case(NamedTuple):
    """Where a fault is, and what its sentence speaks of."""

    place: str = ""
    detail: Mapping[str, str] = {}


_MESSAGE: Final = "edXMLHeader/MessageHeader"
_FROM: Final = f"{_MESSAGE}/From/OrganId"
_DATE: Final = f"{_MESSAGE}/PromulgationInfo/PromulgationDate"
_FILE: Final = "AttachmentEncoded/Attachment/ContentTransferEncoded"
_BUSINESS: Final = "edXMLHeader/TraceHeaderList/Bussiness"
_SIGNATURE: Final = "edXMLHeader/Signature"
_START: Final = "line 1, column 1"
_NOBODY: Final = "000.00.00.X99"


def _limit(limit: int) -> Case:
    return Case("", {"limit": str(limit)})


def _size(limit: int) -> Case:
    return Case("", {"size": str(limit * 3 // 2), "limit": str(limit)})


def _wrong(place: str, message: str, message_vi: str) -> Case:
    return Case(place, {"place": place, "message": message, "message_vi": message_vi})


def _typed(sent: str, taken: str) -> Case:
    return Case("Content-Type", {"sent": sent, "taken": taken})


_PACKAGE: Final[Mapping[str, Case]] = {
    "package.empty": Case(),
    "package.kind": Case("edXMLHeader", {"expected": "document", "found": "status"}),
    "package.too_large": _size(PACKAGE_BYTES_MAX),
    "edxml.doctype": Case("line 2, column 1"),
    "edxml.encoding": Case(_START, {"found": "UTF-16"}),
    "edxml.leading_garbage": Case(_START, {"count": "3", "found": "'HTT'"}),
    "edxml.missing": Case(f"{_MESSAGE}/Subject", {"element": "Subject"}),
    "edxml.namespace": Case("line 2", {"found": "http://www.go.vn/eDoc", "expected": NS}),
    "edxml.not_xml": Case(
        "line 31, column 1", {"message": "Premature end of data in tag Subject line 12"}
    ),
    "edxml.repeated": Case(f"{_MESSAGE}/From", {"element": "From"}),
    "edxml.root": Case("line 1", {"found": "html"}),
    "edxml.too_deep": _limit(DEFAULT_LIMITS.depth),
    "edxml.too_long": Case(
        f"{_MESSAGE}/Subject", {"element": "Subject", "length": "612", "limit": "500"}
    ),
    "edxml.too_many": _limit(DEFAULT_LIMITS.elements),
    "edxml.too_many_attributes": _limit(ATTRIBUTES_MAX),
    "edxml.value": Case(
        _DATE, {"element": "PromulgationDate", "found": "15-01-2020", "expected": "yyyy/MM/dd"}
    ),
    "attachment.base64": Case(_FILE, {"name": "phu-luc.pdf"}),
    "attachment.bomb": Case(
        _FILE,
        {
            "name": "phu-luc.zip",
            "size": str(10 * DEFAULT_LIMITS.inflated_bytes),
            "limit": str(DEFAULT_LIMITS.inflated_bytes),
        },
    ),
    "attachment.size_lies": Case(
        _FILE, {"name": "phu-luc.pdf", "declared": "10000", "found": "9216"}
    ),
    "business.missing": Case(
        f"{_BUSINESS}/ReplacementInfoList", {"element": "ReplacementInfoList", "doc_type": "3"}
    ),
    "status.unknown_code": Case(f"{_MESSAGE}/StatusCode", {"found": "07"}),
    "status.reason_missing": Case(f"{_MESSAGE}/Description", {"code": "02"}),
}

_RULES: Final[Mapping[str, Case]] = {
    "document.secret": Case(MARK_PLACE),
    "document.conflict": Case(
        f"{_MESSAGE}/DocumentId",
        {
            "recipient": THEIRS,
            "document_id": DOCUMENT_ID,
            "doc": "doc_01DYKA4R00N0QB5GZK7V2M9T3C",
        },
    ),
    "recipient.twice": Case(f"{_MESSAGE}/To[2]/OrganId", {"organ_id": THEIRS}),
    "recipient.unknown": Case(f"{_MESSAGE}/To", {"organ_ids": f"000.00.00.X98, {_NOBODY}"}),
    "recipient.locked": Case(f"{_MESSAGE}/To", {"organ_ids": THEIRS}),
    "sender.unknown": Case(_FROM, {"organ_id": _NOBODY}),
    "sender.not_caller": Case(_FROM, {"sender": "000.00.00.H26", "caller": MINE}),
    "agency.locked": Case(_FROM, {"code": MINE}),
    "signature.absent": Case(_SIGNATURE),
    "signature.weak": Case(_SIGNATURE),
    "signature.broken": Case(_SIGNATURE, {"reason": "the package is not what was signed"}),
    "signature.untrusted": Case(_SIGNATURE, {"reason": "expired"}),
    "lifecycle.backwards": Case("", {"code": "03", "state": "processing"}),
    "lifecycle.ended": Case("", {"code": "03", "state": "refused"}),
    "lifecycle.not_asked": Case("", {"code": "15"}),
    "status.not_yours": Case("", {"code": "13", "speaker": "sender"}),
}

_DOORS: Final[Mapping[str, Case]] = {
    "auth.missing": Case(),
    "auth.bad_token": Case(),
    "auth.expired": Case(),
    "auth.bad_client": Case(),
    "auth.grant": Case("grant_type"),
    "auth.history": Case("Axis-Occurred-At"),
    "agency.unknown": Case("", {"code": _NOBODY}),
    "agency.exists": Case("", {"code": MINE}),
    "certificate.bad": Case("certificate", {"reason": "not issued by the trust root"}),
    "certificate.exists": Case("certificate", {"agency": MINE}),
    "certificate.unknown": Case("", {"named": MINE}),
    "document.not_found": Case(),
    "delivery.not_found": Case(),
    "delivery.ambiguous": Case(),
    "delivery.not_parked": Case("", {"state": "done"}),
    "delivery.locked": Case(),
    "reason.missing": Case("why", {"field": "why"}),
    "request.invalid": _wrong("Authorization", "is given twice", "được ghi hai lần"),
    "request.address_too_long": _limit(ADDRESS_BYTES_MAX),
    "request.head_too_large": _limit(HEADER_BYTES_MAX),
    "request.coding": Case("Content-Encoding", {"sent": "'gzip'"}),
    "request.empty": Case("", {"taken": "application/json"}),
    "request.form": Case(
        "grant_type", {"message": "grant_type is missing", "message_vi": "thiếu grant_type"}
    ),
    "request.json": Case(
        "line 1, column 12",
        {
            "message": "a colon is expected (line 1, column 12)",
            "message_vi": "cần dấu hai chấm (dòng 1, cột 12)",
        },
    ),
    "request.media_type": _typed("'text/plain'", "application/json"),
    "request.too_large": _size(JSON_BYTES_MAX),
    "request.method": Case("", {"method": "DELETE"}),
    "request.unserved": Case("", {"what": "Transfer-Encoding: gzip, chunked"}),
    "axis.busy": Case(),
    "axis.stopping": Case(),
    "axis.store_away": Case(),
    "axis.disk_full": Case(),
    "axis.package_damaged": Case("", {"sha256": "9f" * 32}),
    "axis.books_damaged": Case("", {"what": "event 17: its row is no event"}),
    "axis.internal": Case(),
    "replay.not_found": Case(),
    "replay.lost": Case(),
    "replay.unbounded": Case(),
    **{code: Case("", detail) for code, detail in replays.EXAMPLES.items()},
}

#: By code.
CASES: Final[Mapping[str, Case]] = {**_PACKAGE, **_RULES, **_DOORS}

_NUMBER: Final = _wrong("query.limit", "is not a whole number", "không phải số nguyên")
_HOT_NUMBER: Final = _wrong(
    "query.limit",
    f"is not a whole number from 1 to {PAGE_ROWS_MAX}",
    f"không phải số nguyên từ 1 đến {PAGE_ROWS_MAX}",
)
_NO_DAY: Final = _wrong("query.from", "is not a day YYYY-MM-DD", "không phải ngày YYYY-MM-DD")
_NO_WHY: Final = _wrong("wy", "is not a field of this request", "không phải trường của yêu cầu này")
_STATUS_PLACE: Final = f"{_MESSAGE}/StatusCode"

#: By operation and code: where it has another place there, or speaks of something else.
_OWN: Final[Mapping[tuple[str, str], Case]] = {
    **{(name, "request.invalid"): _HOT_NUMBER for name in ("inbox", "packages", "status_stream")},
    **{
        (name, "request.invalid"): _NUMBER
        for name in (
            *("find", "audit_log", "refusals", "runs", "replays"),
            *("run_deliveries", "replay_deliveries"),
        )
    },
    **{(name, "request.invalid"): _NO_DAY for name in ("counts", "statistics")},
    ("documents_named", "request.invalid"): _wrong("query.sender", "is missing", "còn thiếu"),
    ("traffic", "request.invalid"): _wrong("query.since", "is missing", "còn thiếu"),
    ("digest", "request.invalid"): _wrong(
        "query.upto", "is not a whole number", "không phải số nguyên"
    ),
    ("token", "request.empty"): Case("", {"taken": "application/x-www-form-urlencoded"}),
    ("token", "request.media_type"): _typed(
        "'application/json'", "application/x-www-form-urlencoded"
    ),
    ("token", "request.too_large"): _size(FORM_BYTES_MAX),
    ("post_document", "request.media_type"): _typed(
        "'text/plain'", "application/octet-stream or application/xml"
    ),
    ("post_documents", "request.media_type"): _typed("'application/xml'", FRAMES),
    ("post_documents", "request.too_large"): _size(BULK_BYTES_MAX),
    ("confirm", "reason.missing"): Case("reason", {"field": "reason"}),
    ("confirm", "request.invalid"): _wrong(
        "body", "needs either deliveries or range", "cần một trong hai: deliveries hoặc range"
    ),
    ("post_status", "request.invalid"): _wrong("code", "is missing", "còn thiếu"),
    ("post_status", "package.too_large"): _size(STATUS_BYTES_MAX),
    ("post_status", "package.kind"): Case(
        "edXMLHeader", {"expected": "status", "found": "document"}
    ),
    ("post_status", "edxml.missing"): Case(_STATUS_PLACE, {"element": "StatusCode"}),
    ("post_status", "edxml.too_long"): Case(
        _STATUS_PLACE, {"element": "StatusCode", "length": "52", "limit": "40"}
    ),
    ("post_status", "edxml.value"): Case(
        f"{_MESSAGE}/Timestamp",
        {
            "element": "Timestamp",
            "found": "09:30 15/01/2020",
            "expected": "yyyy/MM/dd HH:mm:ss",
        },
    ),
    ("post_status", "status.unknown_code"): Case("code", {"found": "07"}),
    ("post_status", "status.reason_missing"): Case("reason", {"code": "02"}),
    ("post_status", "recipient.unknown"): Case(
        f"{_MESSAGE}/ResponseFor/OrganId", {"organ_ids": _NOBODY}
    ),
    ("plan_run", "delivery.not_found"): Case("ids"),
    ("plan_replay", "delivery.not_found"): Case("ids"),
    ("report_run", "delivery.not_found"): Case("deliveries"),
    ("take_run", "replay.stage"): Case("", {"stage": "paused", "act": "take"}),
}
#: Operations that speak JSON, and have no fault of their own to show.
_JSON: Final = frozenset(
    {
        *("lock", "unlock", "revoke", "secret", "operator_reset", "register", "certify"),
        *replays.BODIES,
        "redrive",
    }
)
#: What operators may see, and auditors too.
SIGHT: Final = frozenset(
    {
        *("waiting", "find", "certificates", "audit_log", "refusals", "audit", "traffic"),
        *("digest", "runs", "run", "run_deliveries"),
    }
)
#: What operators do.
_ACTS: Final = _JSON - {"plan_replay", "steer_replay"} | {"operator_package"}


def role(operation: str) -> str:
    """The role that an operation asks for."""
    if operation in SIGHT:
        return "operator or auditor"
    return "operator" if operation in _ACTS else "agency"


def example(code: str, operation: str) -> dict[str, Any]:
    """A problem object with ``code`` as this operation gives it."""
    place, detail = _case(code, operation)
    return problem([Fault(code, place, detail)])


def _case(code: str, operation: str) -> Case:
    own = _OWN.get((operation, code))
    if own is not None:
        return own
    if code == "auth.role":
        return Case("", {"role": role(operation)})
    if code == "request.invalid" and operation in _JSON:
        return _NO_WHY
    return CASES[code]
