"""Examples of traffic and of a digest, for the API pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_AT, _LATER = "2020-01-15T08:30:00+07:00", "2020-01-15T08:31:12.250000+07:00"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_TIMES = {"occurred_at": _LATER, "recorded_at": _LATER}

_ROW: Mapping[str, Any] = {
    "seq": 4711,
    "doc": "doc_01DYKA4R00N0QB5GZK7V2M9T3C",
    "sender": "000.00.00.H37",
    "unit": "000.00.00.H37",
    "document_id": "000.00.00.H37,2020/01/15,7/UBND-VP",
    "kind": 0,
    "urgency": 0,
    "type": "Công văn",
    "code": "7/UBND-VP",
    "occurred_at": _AT,
    "recorded_at": _AT,
    "size": 20_137,
    "sha256": _SHA256,
    "verdict": "valid",
    "deliveries": [
        {
            "recipient": "000.00.00.G22",
            "units": ["000.00.00.G22"],
            "no": 12,
            "state": "done",
            "answer": "refused",
            "request": "none",
            "reason": "Gửi nhầm đơn vị",
            "happened": [
                {"kind": "offered", **_TIMES},
                {"kind": "done", **_TIMES},
                {"kind": "status", "code": "01", **_TIMES},
                {"kind": "status", "code": "02", "reason": "Gửi nhầm đơn vị", **_TIMES},
            ],
        }
    ],
}
_SECTION = {"rows": 1898, "sha256": _SHA256}

#: By operation: the body of its answer, as JSON.
ANSWERS: Mapping[str, Any] = {
    "traffic": {"rows": [_ROW], "after": 4711},
    "digest": {
        "seq": 28_618,
        "sha256": _SHA256,
        "upto": 28_618,
        "past": _SHA256,
        "sections": {"documents": _SECTION, "events": {**_SECTION, "rows": 26_720}},
    },
}
