"""The hot routes as OpenAPI has them; FastAPI does not know them, so they are written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axis.api import openapi_packages
from axis.api.hot import BULK_BYTES_MAX, BULK_PACKAGES_MAX, PAGE_BYTES_DEFAULT, STATES
from axis.api.requests import NUMBER_MAX, PAGE_ROWS_DEFAULT
from axis.flows.handover import CONFIRM_MAX, PAGE_ROWS_MAX, STREAM_BYTES_MAX, WAIT_S_MAX
from axis.flows.statuses import STATEMENTS_MAX
from schemas.frames import MEDIA_TYPE as FRAMES

_BYTES = {"type": "string", "format": "binary"}
_OCCURRED_AT = {
    "name": "Axis-Occurred-At",
    "in": "header",
    "description": "When it happened (ISO 8601), in a run that plays another time. Needs the "
    "scope `history`, which only such a run gives.",
    "schema": {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "examples": ["2020-01-15T08:30:00+07:00"],
    },
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, description: str, schema: Mapping[str, Any], example: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {**schema, "examples": [example]},
    }


def _package_body(description: str, example: str) -> dict[str, Any]:
    """A file to choose, or XML to paste: the page has a file chooser for all that is binary."""
    # The page keeps the name when another media type is chosen: JSON's first example has it too.
    named = {"one": {"summary": description, "value": example}}
    return {
        "application/octet-stream": {"schema": {**_BYTES, "description": description}},
        "application/xml": {
            "schema": {**_BYTES, "description": description},
            "examples": named,
        },
        "text/xml": {
            "schema": {"type": "string", "description": f"{description} Its text, in UTF-8."},
            "examples": named,
        },
    }


def _json(model: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _ref(model)}}}


def _limit(what: str) -> dict[str, Any]:
    return _query(
        "limit",
        f"{what} of the page at most.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_ROWS_MAX, "default": PAGE_ROWS_DEFAULT},
        PAGE_ROWS_DEFAULT,
    )


def _after(cursor: str) -> dict[str, Any]:
    return _query(
        "after",
        f"{cursor}, within one pass; left out: from the start. `<urgency>:<no>` pairs: the last "
        "number seen of each class. What is put back (reset, unlock, given back) keeps its number "
        "and lies before it, so begin each pass without `after`.",
        {"type": "string", "maxLength": 200, "default": ""},
        "0:12,3:1",
    )


_WAIT = _query(
    "wait",
    "Long poll: when nothing is there, wait up to so many seconds for something.",
    {"type": "number", "minimum": 0, "maximum": WAIT_S_MAX, "default": 0},
    0,
)

_REPEATED = {
    "Axis-Repeated": {
        "description": "`true`: these very bytes were accepted before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
_LOCATION = {"Location": {"description": "Address of the document.", "schema": {"type": "string"}}}
_BODY_NOTE = (
    "The body is the `.edxml` itself: choose a file, paste its text as `text/xml`, or send it with "
    "`curl --data-binary @a.edxml -H 'Content-Type: application/xml'`."
)

_DOCUMENT: dict[str, Any] = {
    "operationId": "post_document",
    "tags": ["Sending"],
    "summary": "Send a document package",
    "description": "The package is read, its signature judged, the rules applied, and the whole "
    "made durable before the answer: 201 means that no crash can lose it. Sending the same bytes "
    "again is safe for ever and gives the same receipt (200). Other bytes under a DocumentId that "
    "a recipient already has are a conflict (409). A refused package leaves nothing but a line of "
    f"the refusal log; all faults are told at once. {_BODY_NOTE}",
    "parameters": [_OCCURRED_AT],
    "requestBody": {
        "required": True,
        "content": _package_body(
            "An .edxml document package.", openapi_packages.document_package()
        ),
    },
    "responses": {
        "201": {"description": "Accepted, durable.", "headers": _LOCATION, **_json("Receipt")},
        "200": {
            "description": "The same bytes were accepted before: the same receipt.",
            "headers": {**_LOCATION, **_REPEATED},
            **_json("Receipt"),
        },
    },
}

_BULK: dict[str, Any] = {
    "operationId": "post_documents",
    "tags": ["Sending"],
    "summary": "Send many document packages",
    "description": f"Up to {BULK_PACKAGES_MAX} packages, {BULK_BYTES_MAX} bytes together. Each "
    "frame is a line of JSON with `size` (and, with the scope `history`, `occurred_at`), a line "
    "feed, exactly `size` bytes, a line feed. Each package is taken or refused by itself, with "
    "the answers of `POST /v1/documents`; results come in the order sent. A frame with another "
    "field refuses its package; a damaged one, or one with a field twice, refuses the whole "
    "request, and nothing of it is taken.",
    "parameters": [_OCCURRED_AT],
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {**_BYTES, "description": "A file of frames."},
            },
            FRAMES: {
                "schema": {"type": "string", "description": "Frames to paste, in UTF-8."},
                "example": openapi_packages.bulk(),
            },
        },
    },
    "responses": {"200": {"description": "One answer per package.", **_json("BulkResults")}},
}

_INBOX: dict[str, Any] = {
    "operationId": "inbox",
    "tags": ["Receiving"],
    "summary": "See what waits for the caller",
    "description": "A page of the caller's deliveries, the most urgent class first and by number "
    "within it. Looking takes nothing: a delivery stays open until it is confirmed. `next` leads "
    "through the pages of one pass and no further: what is put back (by a reset, an unlock, a "
    "replay job) keeps its number, which lies before it. Begin each pass without `after`.",
    "parameters": [
        _after("`next` of the page before"),
        _limit("Deliveries"),
        _WAIT,
        _query(
            "state",
            "open: waiting and offered. The other states are for looking back.",
            {"type": "string", "enum": list(STATES), "default": "open"},
            "open",
        ),
    ],
    "responses": {"200": {"description": "A page.", **_json("Inbox")}},
}

_PACKAGES: dict[str, Any] = {
    "operationId": "packages",
    "tags": ["Receiving"],
    "summary": "Take what waits, packages included",
    "description": "The caller's open deliveries with their packages in one stream of frames: a "
    "line of JSON (the delivery, `size` is that of the package), a line feed, the bytes, a line "
    "feed. Most urgent class first. What is handed out stays open until it is confirmed; hand "
    "Axis-Next back as `after` to go on behind it, in the same pass: what is put back keeps its "
    "number and lies before it, so begin each pass without `after`. Empty when nothing waits.",
    "parameters": [
        _after("Axis-Next of the page before"),
        _query(
            "max_bytes",
            "Package bytes of the page; one package always passes.",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": STREAM_BYTES_MAX,
                "default": PAGE_BYTES_DEFAULT,
            },
            PAGE_BYTES_DEFAULT,
        ),
        _limit("Packages"),
        _WAIT,
        _OCCURRED_AT,
    ],
    "responses": {
        "200": {
            "description": "Frames; nothing when nothing waits.",
            "headers": {
                "Axis-Next": {
                    "description": "Cursor behind the last package of this page.",
                    "schema": {"type": "string"},
                }
            },
            "content": {FRAMES: {"schema": {**_BYTES, "description": "Frames."}}},
        }
    },
}

_CONFIRM: dict[str, Any] = {
    "operationId": "confirm",
    "tags": ["Receiving"],
    "summary": "Say what became of deliveries",
    "description": "`done`: stored safely, it will not be offered again. `fail` with a reason: it "
    "is parked, its sender is told, and a reset puts it back; of a delivery that is done it means "
    "'already had it' and changes nothing. Deliveries are named one by one (up to "
    f"{CONFIRM_MAX}) or as a range: every open one of an urgency class up to a number, whether its "
    "package was taken or not; only one that was put back is not meant until it has been taken "
    "again. Saying it again changes nothing.",
    "parameters": [_OCCURRED_AT],
    "requestBody": {"required": True, **_json("Confirmation")},
    "responses": {"200": {"description": "One item per delivery met.", **_json("Confirmed")}},
}

_STATUS: dict[str, Any] = {
    "operationId": "post_status",
    "tags": ["Statuses"],
    "summary": "Say how it goes with a document",
    "description": "01 arrived (by software, at once), 02 refused (with a reason), 03 accepted by "
    "a clerk, 04 assigned, 05 in processing, 06 completed; 13 the sender asks the document back, "
    "15 and 16 the recipient agrees to that (or to an update) or does not. 01 to 06, 15 and 16 "
    "are the recipient's, 13 is the sender's. Steps may be skipped forward, never back; nothing "
    "follows 02 and 06. 13, 15 and 16 are carried and shown, and not acted upon yet. Whoever "
    "speaks of a document has it: its delivery is done. The body is a status package, a status "
    f"as JSON, or up to {STATEMENTS_MAX} of them, each decided by itself.",
    "parameters": [_OCCURRED_AT],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_ref("Statement"), _ref("Statements")]}},
            **_package_body("An .edxml status package.", openapi_packages.status_package()),
        },
    },
    "responses": {
        "201": {"description": "Taken, durable.", **_json("Said")},
        "200": {
            "description": "It was said before; or, for many, one answer per status.",
            "content": {
                "application/json": {"schema": {"anyOf": [_ref("Said"), _ref("StatusResults")]}}
            },
        },
    },
}

_STREAM: dict[str, Any] = {
    "operationId": "status_stream",
    "tags": ["Statuses"],
    "summary": "Read the statuses addressed to the caller",
    "description": "One ordered stream per agency: what recipients say of its documents, what its "
    "counterparts ask of it, and which of its documents are parked. Keep `next` and nothing is "
    "missed.",
    "parameters": [
        _query(
            "after",
            "The `next` of the page before; keep it from one pass to the next. 0: all.",
            {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX, "default": 0},
            4720,
        ),
        _limit("Statuses"),
        _WAIT,
    ],
    "responses": {"200": {"description": "In order, oldest first.", **_json("StatusStream")}},
}


def queries(method: str, path: str) -> frozenset[str]:
    """The names of the query parameters of an operation; each stands once."""
    listed = OPERATIONS[path][method.lower()].get("parameters", ())
    return frozenset(one["name"] for one in listed if one["in"] == "query")


#: By path and method.
OPERATIONS: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "/v1/documents": {"post": _DOCUMENT},
    "/v1/documents/bulk": {"post": _BULK},
    "/v1/inbox": {"get": _INBOX},
    "/v1/inbox/packages": {"get": _PACKAGES},
    "/v1/inbox/confirm": {"post": _CONFIRM},
    "/v1/statuses": {"post": _STATUS, "get": _STREAM},
}
