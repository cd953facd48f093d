"""One example of every request and answer, for the API pages; tests hold them to the models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from axis.api import openapi_replays as replays
from axis.api import openapi_statistics
from axis.api.openapi_packages import DOCUMENT_ID as _DOCUMENT_ID
from axis.api.openapi_packages import MINE as _MINE
from axis.api.openapi_packages import SUBJECT as _SUBJECT
from axis.api.openapi_packages import THEIRS as _THEIRS
from axis.api.openapi_packages import document_package
from axis.api.problems import told
from axis.core.errors import Fault
from schemas.frames import frame

_DOC = "doc_01DYKA4R00N0QB5GZK7V2M9T3C"
_DELIVERY = f"{_DOC}.{_THEIRS}"
_PACKAGE = document_package()
_SIZE = len(_PACKAGE.encode())
_SHA256 = hashlib.sha256(_PACKAGE.encode()).hexdigest()
_AT, _LATER = "2020-01-15T08:30:00+07:00", "2020-01-15T08:31:12.250000+07:00"
_TIMES = {"occurred_at": _AT, "recorded_at": _AT}

_RECEIPT: dict[str, Any] = {
    "version": 1,
    "doc": _DOC,
    "sender": _MINE,
    "document_id": _DOCUMENT_ID,
    "sha256": _SHA256,
    "seq": 4711,
    **_TIMES,
    "verdict": "valid",
    "deliveries": [_DELIVERY],
    "warnings": [],
    "receipt": "eyJhbGciOiJFZERTQSIsImtpZCI6Imt….eyJkZWxpdmVyaWVzIjpb….c2ln…",
}
_STATE = {"state": "waiting", "answer": "none", "request": "none", "attempt": 1, "reason": ""}
_ROW: dict[str, Any] = {
    "id": _DELIVERY,
    "doc": _DOC,
    "sender": _MINE,
    "unit": _MINE,
    "units": [_THEIRS],
    "document_id": _DOCUMENT_ID,
    "kind": 0,
    "urgency": 0,
    "no": 12,
    "sha256": _SHA256,
    "size": _SIZE,
    "subject": _SUBJECT,
    "code": "7/UBND-VP",
    **_STATE,
    "verdict": "valid",
    **_TIMES,
}
_MOVED = {"delivery": _DELIVERY, "state": "waiting", "changed": True}
_SAID = {"delivery": _DELIVERY, "code": "03", "state": "accepted", "seq": 4720, "repeated": False}
_LINE: dict[str, Any] = {
    "seq": 4720,
    "kind": "status",
    "code": "02",
    "delivery": _DELIVERY,
    "doc": _DOC,
    "document_id": _DOCUMENT_ID,
    "sender": _MINE,
    "recipient": _THEIRS,
    "actor": _THEIRS,
    "reason": "Gửi nhầm đơn vị",
    "staff": "Nguyễn Văn An",
    "occurred_at": _LATER,
    "recorded_at": _LATER,
}
_VIEW: dict[str, Any] = {
    **_RECEIPT,
    "subject": _SUBJECT,
    "code": "7/UBND-VP",
    "type": "Công văn",
    "kind": 0,
    "kind_name": "new",
    "urgency": 0,
    "size": _SIZE,
    "unit": _MINE,
    "document_signature": "not examined yet",
    "links": [
        {"relation": "answers", "sender": _THEIRS, "document_id": "000.00.00.G22,2020/01/10,3"}
    ],
    "linked": [],
    "linked_count": 0,
    "deliveries": [
        {
            "id": _DELIVERY,
            "recipient": _THEIRS,
            "units": [_THEIRS],
            "urgency": 0,
            "no": 12,
            **_STATE,
        }
    ],
    "history": [
        {
            "seq": 4711,
            "kind": "accepted",
            "recipient": "",
            "actor": _MINE,
            "code": "",
            "reason": "",
            **_TIMES,
        }
    ],
}
_AGENCY = {
    "code": _MINE,
    "name_vi": "Ủy ban nhân dân tỉnh Lạng Sơn",
    "name_en": "People's Committee of Lang Son Province",
    "kind": "province",
    "level": "provincial",
    "certainty": "sourced: the Lạng Sơn guide",
    "locked": False,
}
_CERTIFICATE = {
    "fingerprint": _SHA256,
    "agency": _THEIRS,
    "not_before": "2020-01-01T07:00:00+07:00",
    "not_after": "2025-01-01T06:59:59+07:00",
    "revoked_at": None,
}
_SUMS = {"sent": 1898, "received": 6685, "statuses": {"01": 6665, "02": 20, "03": 6665}}
_NOT_FOUND = told(Fault("delivery.not_found"))

#: By operation: the body of its first successful answer, as JSON.
ANSWERS: Mapping[str, Any] = {
    **replays.ANSWERS,
    "token": {"access_token": "eyJ…", "token_type": "bearer", "expires_in": 900, "scope": "agency"},
    "post_document": _RECEIPT,
    "post_documents": {"results": [{"status": 201, "receipt": _RECEIPT}]},
    "inbox": {"deliveries": [_ROW], "next": "0:12"},
    "confirm": {
        "changed": 1,
        "items": [
            {"delivery": _DELIVERY, "state": "done", "changed": True},
            {"delivery": "doc_?", "state": None, "changed": False, "problem": _NOT_FOUND},
        ],
    },
    "reset": _MOVED,
    "post_status": _SAID,
    "status_stream": {"statuses": [_LINE], "next": 4720},
    "document": _VIEW,
    "documents_named": {"documents": [_VIEW], "next": 4711},
    "agencies": {"agencies": [_AGENCY]},
    "counts": {
        **_SUMS,
        "rows": [{"day": "2020-01-15", **_SUMS}],
        "standing": {"deliveries": 6685, "transport.done": 6685},
        "balances": [
            {"line": "transport", "total": 6685, "parts": {"done": 6685}, "difference": 0},
            {
                "line": "business",
                "total": 6685,
                "parts": {"accepted": 6665, "refused": 20},
                "difference": 0,
            },
        ],
    },
    "statistics": openapi_statistics.ANSWER,
    "health": {"status": "up", "mode": "live"},
    "ready": {"ready": True, "store": True, "bus": True, "waiting_commands": 0},
    "keys": {
        "keys": [
            {
                "crv": "Ed25519",
                "kty": "OKP",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                "alg": "EdDSA",
                "use": "sig",
            }
        ]
    },
    "waiting": {
        "agencies": [
            {"agency": _THEIRS, "waiting": 3, "offered": 1, "parked": 0, "oldest_age_s": 12.5}
        ]
    },
    "find": {"deliveries": [{**_ROW, "recipient": _THEIRS}]},
    "lock": {"agency": _THEIRS, "locked": True, "moved": 4},
    "unlock": {"agency": _THEIRS, "locked": False, "moved": 4},
    "certificates": {"certificates": [_CERTIFICATE]},
    "certify": _CERTIFICATE,
    "secret": {
        "client_id": _THEIRS,
        "client_secret": "8c1f7a52d0e94b63bb0c7d1e5f2a9648d3b7c05e1fa24896bc3d7e80f1529a4b",
    },
    "revoke": {
        "changed": 1,
        "certificates": [{"fingerprint": _SHA256, "agency": _THEIRS, "revoked_at": _AT}],
    },
    "register": {**_AGENCY, "code": "000.00.00.H99", "certainty": "stated: registered by lan"},
    "redrive": {"agency": _THEIRS, "urgency": 0, "no": 1200, "relayed": True},
    "operator_reset": _MOVED,
    "audit_log": {
        "acts": [
            {"at": _AT, "actor": "lan", "act": "lock", "target": _THEIRS, "why": "asked by phone"}
        ]
    },
    "refusals": {
        "refusals": [
            {
                "at": _AT,
                "caller": _MINE,
                "code": "package.empty",
                "place": "",
                "detail": "The request has no body.",
                "sha256": _SHA256,
                "size": 0,
            }
        ]
    },
    "audit": {
        "clean": True,
        "documents": 1898,
        "events": 28_618,
        "deliveries": 6685,
        "counters": [],
        "states": [],
        "lines": [],
        "left_out": 0,
    },
}

_WHY = {"why": "asked by the agency, ticket 4711"}
_FRAME = frame(_ROW, _PACKAGE.encode()).decode()

#: By operation: an answer that is no JSON.
TEXTS: Mapping[str, str] = {
    "statistics": openapi_statistics.TEXT,
    "packages": _FRAME,
    "package": _PACKAGE,
    "operator_package": _PACKAGE,
    "metrics": '# TYPE axis_deliveries gauge\naxis_deliveries{state="done"} 6685.0\n',
}

#: By operation: named JSON bodies to send.
REQUESTS: Mapping[str, Mapping[str, Any]] = {
    **replays.REQUESTS,
    "confirm": {
        "done": {"deliveries": [_DELIVERY], "result": "done"},
        "range": {"range": {"urgency": 0, "no": 12}, "result": "done"},
        "fail": {"deliveries": [_DELIVERY], "result": "fail", "reason": "Ổ đĩa đầy"},
    },
    "post_status": {
        "one": {"delivery": _DELIVERY, "code": "03", "staff": "Nguyễn Văn An"},
        "by_document": {
            "sender": _MINE,
            "document_id": _DOCUMENT_ID,
            "recipient": _THEIRS,
            "code": "02",
            "reason": "Gửi nhầm đơn vị",
        },
        "many": {"statuses": [{"delivery": _DELIVERY, "code": "01"}]},
    },
    "lock": {"why": _WHY},
    "unlock": {"why": _WHY},
    "revoke": {"why": _WHY},
    "secret": {"why": _WHY},
    "certify": {
        "new": {
            "certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
            **_WHY,
        }
    },
    "operator_reset": {"why": _WHY},
    "redrive": {"lane": {"urgency": 0, "no": 1200, **_WHY}, "all": _WHY},
    "register": {
        "new": {
            "code": "000.00.00.H99",
            "name_vi": "Ủy ban nhân dân tỉnh Mới",
            "name_en": "People's Committee of the New Province",
            "kind": "province",
            "level": "provincial",
            **_WHY,
        }
    },
}
