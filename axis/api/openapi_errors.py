"""Which errors each operation may answer with, and an example of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from axis.api import openapi_replays as replays
from axis.api.openapi_faults import example
from axis.api.problems import MEDIA_TYPE
from axis.core.catalogue import CATALOGUE
from axis.core.errors import Fault

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
#: Codes that come before an operation is known: of what is no request, or leads to none, or does
#: not come to its end.
BEFORE = frozenset({"request.malformed", "request.route", "request.slow"})
#: Codes that are never told over HTTP: the strict schema is asked, and traffic files are read,
#: offline.
OFFLINE = frozenset({"edxml.schema", *(code for code in CATALOGUE if code.startswith("traffic."))})
#: Codes that no operation answers with.
NOWHERE = replays.TOLD | BEFORE | OFFLINE
#: What must be known of a code besides its sentence.
NOTES = dict.fromkeys(
    ("signature.absent", "signature.weak"),
    "Only where the axis was started with `AXIS_STRICT_SIGNATURES`; elsewhere such a package is "
    "accepted, and its `verdict` says so.",
)

_ANY = (
    "request.invalid",
    "request.address_too_long",
    "request.head_too_large",
    "request.method",
    "request.unserved",
    "axis.stopping",
    "axis.internal",
)
#: What may be wrong with a body of JSON, of a form, of a package, before it is read.
_FORM_BODY = ("request.empty", "request.media_type", "request.coding", "request.too_large")
_JSON = (*_FORM_BODY, "request.json")
_RAW = ("package.empty", "request.media_type", "request.coding", "package.too_large")
_CALLER = (*_ANY, "auth.missing", "auth.bad_token", "auth.expired")
_AGENCY = (*_CALLER, "auth.role")
_READ = ("axis.store_away",)
_WRITE = ("axis.busy", "axis.store_away", "axis.disk_full")
_ACT = (*_AGENCY, *_WRITE)
_OPERATOR = (*_ACT, "reason.missing")

_FORM = tuple(
    code
    for code in CATALOGUE
    if code.startswith(("edxml.", "attachment.", "business."))
    and code not in WARNINGS
    and code not in NOWHERE
)
_LIFECYCLE = tuple(code for code in CATALOGUE if code.startswith(("lifecycle.", "status.")))
#: A package is read before it is known to stand at the wrong door, so each door tells of what both
#: kinds may have.
_READING = (
    *_RAW,
    "package.kind",
    *_FORM,
    "recipient.twice",
    "status.unknown_code",
    "status.reason_missing",
)

#: By operation id.
ERRORS: Mapping[str, tuple[str, ...]] = {
    "token": (
        *_ANY,
        *_READ,
        *_FORM_BODY,
        "request.form",
        "axis.busy",
        "auth.grant",
        "auth.bad_client",
    ),
    "post_document": (
        *_AGENCY,
        *_WRITE,
        "auth.history",
        *_READING,
        "document.secret",
        "document.conflict",
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
        "request.media_type",
        "request.coding",
        "request.too_large",
    ),
    "inbox": (*_AGENCY, *_READ),
    "packages": (*_AGENCY, *_READ, "axis.busy", "auth.history"),
    "package": (*_AGENCY, *_READ, "delivery.not_found", "axis.package_damaged"),
    "confirm": (*_AGENCY, *_WRITE, *_JSON, "auth.history", "reason.missing"),
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
        *_READING,
        *_JSON,
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
    "lock": (*_OPERATOR, *_JSON, "agency.unknown"),
    "unlock": (*_OPERATOR, *_JSON, "agency.unknown"),
    "revoke": (*_OPERATOR, *_JSON, "agency.unknown", "certificate.unknown"),
    "certify": (
        *_OPERATOR,
        *_JSON,
        "agency.unknown",
        "certificate.bad",
        "certificate.exists",
    ),
    "certificates": (*_AGENCY, *_READ, "agency.unknown"),
    "secret": (*_OPERATOR, *_JSON, "agency.unknown"),
    "register": (*_OPERATOR, *_JSON, "agency.exists"),
    "redrive": (*_OPERATOR, *_JSON, "agency.unknown"),
    "operator_reset": (
        *_OPERATOR,
        *_JSON,
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
    **dict.fromkeys(("plan_run", "plan_replay"), (*_OPERATOR, *_JSON, *replays.PLAN)),
    **dict.fromkeys(("runs", "replays"), (*_AGENCY, *_READ)),
    **dict.fromkeys(
        ("run", "run_deliveries", "replay", "replay_deliveries"),
        (*_AGENCY, *_READ, *replays.LOOK),
    ),
    **dict.fromkeys(("steer_run", "steer_replay"), (*_ACT, *_JSON, *replays.STEER)),
    "take_run": (*_ACT, *_JSON, *replays.TAKE),
    "report_run": (*_ACT, *_JSON, *replays.REPORT),
}

_CHALLENGE = {
    "WWW-Authenticate": ("string", "How to come in, and what is wrong with the token (RFC 6750).")
}
_AGAIN = {"Retry-After": ("integer", "Seconds after which to repeat the request.")}
#: Headers that a client goes by, by HTTP status: name, type, meaning.
_HEADERS: Mapping[int, Mapping[str, tuple[str, str]]] = {
    401: _CHALLENGE,
    403: _CHALLENGE,
    405: {"Allow": ("string", "The methods that the address takes.")},
    415: {
        "Accept": ("string", "The media types that are taken, where it is of another."),
        "Accept-Encoding": ("string", "The coding that is taken, where it has another."),
    },
    503: _AGAIN,
    507: _AGAIN,
}


def responses(
    operation: str,
    model: str = "Problem",
    more: Callable[[Fault], Mapping[str, str]] = lambda _: {},
) -> dict[str, Any]:
    """The OpenAPI responses of its errors: one per HTTP status, an example per code.

    ``more`` says which members a problem has besides, ``model`` is the one that knows them.
    """
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(ERRORS[operation]):
        by_status[CATALOGUE[code].status].append(code)
    told = {
        status: {code: {**example(code, operation), **more(Fault(code))} for code in codes}
        for status, codes in by_status.items()
    }
    return {str(status): _response(status, told[status], model) for status in sorted(told)}


def _response(status: int, told: Mapping[str, Any], model: str) -> dict[str, Any]:
    lines = [
        " ".join(filter(None, (f"- `{code}`", problem["detail"], NOTES.get(code))))
        for code, problem in told.items()
    ]
    response: dict[str, Any] = {
        "description": "\n".join((f"{HTTPStatus(status).phrase}:\n", *lines)),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{model}"},
                "examples": {
                    code: {"summary": CATALOGUE[code].en, "value": problem}
                    for code, problem in told.items()
                },
            }
        },
    }
    if headers := _HEADERS.get(status):
        response["headers"] = {
            name: {"description": description, "schema": {"type": kind}}
            for name, (kind, description) in headers.items()
        }
    return response
