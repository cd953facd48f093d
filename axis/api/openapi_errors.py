"""Which errors each operation may answer with, and an example of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from axis.api import openapi_replays as replays
from axis.api.problems import MEDIA_TYPE, TITLES, problem
from axis.core.catalogue import CATALOGUE
from axis.core.errors import Fault
from schemas.edxml import NS, PACKAGE_BYTES_MAX

#: Codes that only ever come as warnings of a package that was accepted.
WARNINGS = frozenset(
    {
        "document.future",
        "document.id_disagrees",
        "edxml.date_order",
        "edxml.priority",
        "edxml.unknown",
        "attachment.not_zip",
        "attachment.entries",
        "attachment.damaged",
        "attachment.mislabelled",
        "attachment.doubled_cid",
        "attachment.unmatched",
    }
)
#: Codes that no operation has: a wrong address has none, nor has what cannot be read as far as its
#: address; the strict schema is asked, and traffic files are read, offline.
NOWHERE = replays.TOLD | frozenset(
    {
        "request.route",
        "request.malformed",
        "request.head_too_large",
        "edxml.schema",
        *(code for code in CATALOGUE if code.startswith("traffic.")),
    }
)

_ANY = (
    "request.invalid",
    "request.method",
    "request.slow",
    "request.unserved",
    "axis.stopping",
    "axis.internal",
)
_CALLER = (*_ANY, "auth.missing", "auth.bad_token")
_AGENCY = (*_CALLER, "auth.role")
_READ = ("axis.store_away",)
_WRITE = ("axis.busy", "axis.store_away", "axis.disk_full")
_OPERATOR = (*_AGENCY, *_WRITE, "reason.missing")

_FORM = tuple(
    code
    for code in CATALOGUE
    if code.startswith(("edxml.", "attachment.", "business."))
    and code not in WARNINGS
    and code not in NOWHERE
)
_STATUS_FORM = tuple(code for code in _FORM if code.startswith("edxml."))
_LIFECYCLE = tuple(code for code in CATALOGUE if code.startswith(("lifecycle.", "status.")))

#: By operation id.
ERRORS: Mapping[str, tuple[str, ...]] = {
    "token": (*_ANY, *_READ, "auth.grant", "auth.bad_client", "package.too_large"),
    "post_document": (
        *_AGENCY,
        *_WRITE,
        "auth.history",
        "package.empty",
        "package.too_large",
        "package.kind",
        *_FORM,
        "document.secret",
        "document.conflict",
        "recipient.twice",
        "recipient.unknown",
        "recipient.locked",
        "sender.unknown",
        "sender.not_caller",
        "agency.locked",
        "signature.broken",
        "signature.untrusted",
        "signature.absent",
        "signature.weak",
    ),
    "post_documents": (
        *_AGENCY,
        *_WRITE,
        "auth.history",
        "package.empty",
        "package.too_large",
    ),
    "inbox": (*_AGENCY, *_READ),
    "packages": (*_AGENCY, *_READ, "axis.busy", "auth.history"),
    "package": (*_AGENCY, *_READ, "delivery.not_found", "axis.package_damaged"),
    "confirm": (*_AGENCY, *_WRITE, "auth.history", "package.too_large", "reason.missing"),
    "reset": (
        *_AGENCY,
        *_WRITE,
        "delivery.not_found",
        "delivery.not_parked",
        "delivery.locked",
    ),
    "post_status": (
        *_AGENCY,
        *_WRITE,
        "auth.history",
        "package.empty",
        "package.too_large",
        "package.kind",
        *_STATUS_FORM,
        *_LIFECYCLE,
        "delivery.not_found",
        "delivery.ambiguous",
        "sender.unknown",
        "sender.not_caller",
        "recipient.unknown",
        "agency.unknown",
        "signature.broken",
        "signature.untrusted",
    ),
    "status_stream": (*_AGENCY, *_READ),
    "document": (*_CALLER, *_READ, "document.not_found"),
    "documents_named": (*_CALLER, *_READ, "document.not_found", "agency.unknown"),
    "agencies": _CALLER,
    "counts": (*_CALLER, *_READ, "agency.unknown"),
    "statistics": (*_CALLER, *_READ, "agency.unknown"),
    "health": _ANY,
    "ready": _ANY,
    "keys": _ANY,
    "metrics": _ANY,
    "waiting": (*_AGENCY, *_READ),
    "find": (*_AGENCY, *_READ, "agency.unknown"),
    "lock": (*_OPERATOR, "package.too_large", "agency.unknown"),
    "unlock": (*_OPERATOR, "package.too_large", "agency.unknown"),
    "revoke": (*_OPERATOR, "package.too_large", "agency.unknown", "certificate.unknown"),
    "certify": (
        *_OPERATOR,
        "package.too_large",
        "agency.unknown",
        "certificate.bad",
        "certificate.exists",
    ),
    "certificates": (*_AGENCY, *_READ, "agency.unknown"),
    "secret": (*_OPERATOR, "package.too_large", "agency.unknown"),
    "register": (*_OPERATOR, "package.too_large", "agency.exists"),
    "redrive": (*_OPERATOR, "package.too_large", "agency.unknown"),
    "operator_reset": (
        *_OPERATOR,
        "package.too_large",
        "delivery.not_found",
        "delivery.not_parked",
        "delivery.locked",
    ),
    "operator_package": (*_OPERATOR, "document.not_found", "axis.package_damaged"),
    "audit_log": (*_AGENCY, *_READ),
    "refusals": (*_AGENCY, *_READ),
    "audit": (*_AGENCY, *_READ),
    "traffic": (*_OPERATOR, "agency.unknown"),
    "digest": (*_AGENCY, *_READ, "axis.books_damaged"),
    **dict.fromkeys(("plan_run", "plan_replay"), (*_OPERATOR, *replays.PLAN)),
    **dict.fromkeys(("runs", "replays"), (*_AGENCY, *_READ)),
    **dict.fromkeys(
        ("run", "run_deliveries", "replay", "replay_deliveries"),
        (*_AGENCY, *_READ, *replays.LOOK),
    ),
    **dict.fromkeys(("steer_run", "steer_replay"), (*_OPERATOR, *replays.STEER)),
    "take_run": (*_OPERATOR, *replays.TAKE),
    "report_run": (*_OPERATOR, *replays.REPORT),
}

#: What the sentences speak of, for the examples.
_DETAILS: Mapping[str, str] = {
    "caller": "000.00.00.H37",
    "code": "03",
    "content_id": "cid:1",
    "count": "3",
    "declared": "10000",
    "doc": "doc_01DYKA4R00N0QB5GZK7V2M9T3C",
    "doc_type": "3",
    "document_id": "000.00.00.H37,2020/01/15,7/UBND-VP",
    "element": "Subject",
    "expected": "yyyy/MM/dd",
    "found": "15/01/2020",
    "length": "612",
    "limit": "500",
    "message": "is not a whole number",
    "message_vi": "không phải số nguyên",
    "method": "DELETE",
    "name": "7_UBND-VP.pdf",
    "organ_id": "000.00.00.X99",
    "organ_ids": "000.00.00.X98, 000.00.00.X99",
    "place": "query.limit",
    "reason": "expired",
    "recipient": "000.00.00.G22",
    "role": "operator",
    "sender": "000.00.00.H38",
    "sha256": "9f" * 32,
    "size": "73400320",
    "speaker": "recipient",
    "state": "completed",
}
_PLACES: Mapping[str, str] = {
    "edxml": "edXMLHeader/MessageHeader/Subject",
    "attachment": "AttachmentEncoded/Attachment[1]",
    "business": "edXMLHeader/TraceHeaderList/Bussiness",
    "recipient": "edXMLHeader/MessageHeader/To",
    "sender": "edXMLHeader/MessageHeader/From/OrganId",
    "signature": "edXMLHeader/Signature",
    "certificate.bad": "certificate",
    "certificate.exists": "certificate",
    "request.invalid": "query.limit",
}
#: Where one word would not make sense in every sentence.
_OWN: Mapping[str, Mapping[str, str]] = {
    **replays.EXAMPLES,
    "agency.exists": {"code": "000.00.00.H37"},
    "agency.locked": {"code": "000.00.00.H37"},
    "agency.unknown": {"code": "000.00.00.X99"},
    "certificate.bad": {"reason": "not issued by the trust root"},
    "certificate.exists": {"agency": "000.00.00.H37"},
    "certificate.unknown": {"named": "000.00.00.H37"},
    "axis.books_damaged": {"what": "event 17: its row is no event"},
    "attachment.bomb": {"size": "1073741824", "limit": "104857600"},
    "edxml.encoding": {"found": "UTF-16"},
    "edxml.leading_garbage": {"found": "HTT"},
    "edxml.namespace": {"found": "urn:x", "expected": NS},
    "edxml.not_xml": {"message": "Premature end of data in tag Subject line 12"},
    "edxml.root": {"found": "html"},
    "edxml.too_deep": {"limit": "32"},
    "edxml.too_many": {"limit": "20000"},
    "edxml.too_many_attributes": {"limit": "64"},
    "package.kind": {"expected": "document", "found": "status"},
    "package.too_large": {"limit": str(PACKAGE_BYTES_MAX)},
    "request.unserved": {"what": "Transfer-Encoding: gzip, chunked"},
    "signature.broken": {"reason": "the package is not what was signed"},
    "status.unknown_code": {"found": "07"},
    "status.reason_missing": {"code": "02"},
    "status.not_yours": {"code": "13", "speaker": "sender"},
}


def example(code: str) -> dict[str, Any]:
    """Return a problem object with ``code``."""
    place = _PLACES.get(code) or _PLACES.get(code.partition(".")[0], "")
    return problem([Fault(code, place, {**_DETAILS, **_OWN.get(code, {})})])


def responses(codes: Iterable[str]) -> dict[str, Any]:
    """Return the OpenAPI responses of ``codes``: one per HTTP status, an example per code."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(codes):
        by_status[CATALOGUE[code].status].append(code)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    listed = "".join(f"\n- `{code}` {example(code)['detail']}" for code in codes)
    response: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}:\n{listed}",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    code: {"summary": CATALOGUE[code].en, "value": example(code)} for code in codes
                },
            }
        },
    }
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE):
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds after which to repeat the request.",
                "schema": {"type": "integer"},
            }
        }
    return response


def catalogue() -> str:
    """Return the whole catalogue as a Markdown table."""
    rows = [
        f"| `{code}` | {entry.status} | {entry.vxp} | {entry.en} | {entry.vi} |"
        for code, entry in CATALOGUE.items()
    ]
    head = "| code | HTTP | VXP | English | Tiếng Việt |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows)


assert {code.partition(".")[0] for code in CATALOGUE} <= TITLES.keys()
