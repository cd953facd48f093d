"""The OpenAPI document: FastAPI's routes and the hot ones, every error, an example of all."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.constants import REF_TEMPLATE
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from axis.api import openapi_errors as errors
from axis.api import openapi_examples as examples
from axis.api import openapi_extracts, openapi_hot, openapi_replays
from axis.api.auth import oauth_error
from axis.api.openapi_catalogue import catalogue
from axis.api.openapi_schemas import components, tidy

TITLE = "Document axis"
VERSION = "1"

_INTRO = """\
Carries signed edXML packages between agencies. Bytes go out as they came in; what the axis adds
(receipts, times, numbers) travels beside the package.

**To begin**: press *Authorize* and give a client's id and secret (for an agency its code, such as
`000.00.00.H37`). Tokens are bearers of their roles and live a quarter of an hour.

**Times** are ISO 8601 with the Viet Nam offset. **Sizes**: a package has at most 50 MiB, a JSON
body 1 MiB, all headers together 16 KiB, an address 8 KiB. **Parameters** of a query and fields of
a body that an operation does not know are refused, as are those that stand twice.

**Errors** are `application/problem+json` (RFC 9457) in English and Vietnamese, with a stable
`code`, the `place` in the package or the request, and the faults found in `problems`, the first 100
of them. What is answered 503 or 507 may be repeated as it is, after the seconds of `Retry-After`:
no repetition does anything twice. A 500 is a fault of the axis, a 501 asks for what is not served.
`vxp` is the number that the table of the VXP guide has for an error, for clients of that protocol;
this version has no door for them.

"""

_TAGS = [
    {"name": "Access", "description": "A secret for a token."},
    {"name": "Sending", "description": "Document packages in."},
    {"name": "Receiving", "description": "Deliveries: see, take, confirm."},
    {"name": "Statuses", "description": "What recipients say of documents, and what is asked."},
    {"name": "Tracking", "description": "Documents, the directory, the counts."},
    {"name": "Operators", "description": "For operators (acts) and auditors (reads)."},
    {"name": "Service", "description": "Is it up, is it ready, its key, its metrics."},
]
_SCHEME = "oauth2"
_SCOPES = {
    "agency": "Send, receive and say statuses as one agency.",
    "operator": "See and act for all agencies.",
    "auditor": "See for all agencies.",
    "history": "State when something happened (a run that plays another time).",
}
#: Operations that need no token.
OPEN = frozenset({"token", "health", "ready", "keys", "metrics"})
_ROLES = {"Operators": ["operator"], "Tracking": []}


#: The acts of operators, and what each is told.
_ACTS = {
    **dict.fromkeys(("lock", "unlock", "revoke", "secret", "operator_reset"), "Why"),
    "register": "NewAgency",
    "certify": "NewCertificate",
    "redrive": "Redrive",
    **openapi_replays.BODIES,
}


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of ``routes`` and the hot routes."""
    made = get_openapi(
        title=TITLE,
        version=VERSION,
        description=_INTRO + catalogue(),
        routes=routes,
        tags=_TAGS,
        # The page is served by the axis that it speaks of.
        servers=[{"url": "/"}],
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    )
    for path, methods in openapi_hot.OPERATIONS.items():
        made["paths"].setdefault(path, {}).update(copy.deepcopy(dict(methods)))
    for operation in _operations(made):
        _finish(operation)
    made["components"] = {
        "schemas": components(made["paths"]),
        "securitySchemes": {
            _SCHEME: {
                "type": "oauth2",
                "description": "Client credentials (RFC 6749 section 4.4).",
                "flows": {"clientCredentials": {"tokenUrl": "/v1/token", "scopes": _SCOPES}},
            }
        },
    }
    tidy([made["paths"], made["components"]["schemas"]])
    return made


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in made["paths"].values():
        yield from methods.values()


def _finish(operation: dict[str, Any]) -> None:
    """Add what every operation has: who may call it, examples, errors."""
    name = operation["operationId"]
    operation["security"] = (
        [] if name in OPEN else [{_SCHEME: _ROLES.get(operation["tags"][0], ["agency"])}]
    )
    # FastAPI tells of its own validation errors, which never leave this axis.
    operation["responses"].pop("422", None)
    if name == "token":
        operation["requestBody"] = _TOKEN_FORM
    elif name in _ACTS:
        model = _ACTS[name]
        schema = {"$ref": REF_TEMPLATE.format(model=model)}
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    _add_examples(operation)
    if name in ("package", "operator_package"):
        operation["responses"] = _package_responses(name)
    told = ("TokenProblem", oauth_error) if name == "token" else ()
    for status, response in errors.responses(name, *told).items():
        operation["responses"][status] = _merged(operation["responses"].get(status), response)


def _merged(known: dict[str, Any] | None, response: dict[str, Any]) -> dict[str, Any]:
    """One status may tell of success and of an error (503 of ready); both stay."""
    if known is None:
        return response
    content = {**known["content"], **response["content"]}
    return {**response, "description": known["description"], "content": content}


def _add_examples(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    body = operation.get("requestBody", {}).get("content", {})
    if name in examples.REQUESTS:
        named = {key: {"value": value} for key, value in examples.REQUESTS[name].items()}
        body["application/json"]["examples"] = named
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if kind == "application/json":
                content["example"] = _answer(name, status)
            elif name in examples.TEXTS:
                content["example"] = examples.TEXTS[name]
    for parameter in operation.get("parameters", ()):
        # Examples of the schema are shown; one of the parameter itself would be filled in and sent.
        schema = parameter["schema"]
        named = _PARAMETERS.get(parameter["name"], schema.get("default"))
        schema.setdefault("examples", [_PARAMETERS_OF.get((name, parameter["name"]), named)])


def _answer(name: str, status: str) -> Any:
    answer = {**examples.ANSWERS, **openapi_extracts.ANSWERS}[name]
    if (name, status) == ("post_status", "200"):
        return {**answer, "repeated": True}
    return {**answer, "ready": False, "bus": False} if status == "503" else answer


#: Examples of parameters by name, and of those whose name says something else in one operation.
_PARAMETERS = {
    **openapi_replays.PARAMETERS,
    "since": "2020-01-15T08:30:00+07:00",
    "until": "2020-01-15T09:30:00+07:00",
    "delivery": "doc_01DYKA4R00N0QB5GZK7V2M9T3C.000.00.00.G22",
    "doc": "doc_01DYKA4R00N0QB5GZK7V2M9T3C",
    "code": "000.00.00.G22",
    "certificate": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sender": "000.00.00.H37",
    "document_id": "000.00.00.H37,2020/01/15,7/UBND-VP",
    "agency": ["000.00.00.H37"],
    "kind": "province",
    "format": "csv",
    "from": "2020-01-15",
    "to": "2020-01-15",
    "state": "parked",
    "answer": "refused",
    "text": "báo cáo",
    "why": "asked by the agency, ticket 4711",
    "if-none-match": '"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
}

_PARAMETERS_OF = {
    ("find", "from"): "000.00.00.H37",
    ("find", "to"): "000.00.00.G22",
    ("certificates", "agency"): "000.00.00.G22",
}

_TOKEN_FORM = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {
                        "type": "string",
                        "enum": ["client_credentials"],
                        "description": "The one grant that is served.",
                    },
                    "client_id": {
                        "type": "string",
                        "description": "An agency's code, or an operator's name. Left out where "
                        "HTTP Basic names it.",
                    },
                    "client_secret": {
                        "type": "string",
                        "format": "password",
                        "description": "The client's secret. Left out where HTTP Basic has it.",
                    },
                    "scope": {"type": "string", "description": "Not read: all roles are given."},
                },
            },
            "example": {
                "grant_type": "client_credentials",
                "client_id": "000.00.00.H37",
                "client_secret": "…",
            },
        }
    },
}


def _package_responses(name: str) -> dict[str, Any]:
    text = {"type": "string"}
    etag = {"ETag": {"description": "The SHA-256 in hex, quoted.", "schema": text}}
    digest = {"Content-Digest": {"description": "sha-256 (RFC 9530).", "schema": text}}
    name_of = {"Content-Disposition": {"description": "`<doc>.edxml`", "schema": text}}
    return {
        "200": {
            "description": "The very bytes that were accepted.",
            "headers": {**etag, **digest, **name_of},
            "content": {
                "application/xml": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": examples.TEXTS[name],
                }
            },
        },
        "304": {"description": "The caller has these bytes (If-None-Match).", "headers": etag},
    }
