"""What may become of a delivery, one of each, as rows of a record tell it."""

from __future__ import annotations

from typing import Any

from schemas.traffic import Row
from tests.traffic_rows import DONE, H26, H37, SAID, happening, row, share

_DONE, _ARRIVED = happening("done"), happening("status", code="01")

COURSES: tuple[dict[str, Any], ...] = (
    {"state": "waiting", "answer": "none", "happened": []},
    {"state": "offered", "answer": "none", "happened": [happening("offered")]},
    {"answer": "none", "happened": [_DONE]},
    {
        "state": "parked",
        "answer": "none",
        "reason": "đĩa đầy",
        "happened": [happening("offered"), happening("parked", reason="đĩa đầy")],
    },
    {
        "state": "parked",
        "answer": "none",
        "reason": "locked",
        "happened": [happening("parked", reason="locked", by="operator")],
    },
    {
        "answer": "arrived",
        "happened": [
            happening("parked", reason="đĩa đầy"),
            happening("reset", by="operator"),
            happening("done", SAID),
            happening("status", SAID, code="01"),
        ],
    },
    {
        "answer": "refused",
        "reason": "gửi nhầm",
        "happened": [_DONE, _ARRIVED, happening("status", SAID, code="02", reason="gửi nhầm")],
    },
    {
        "answer": "arrived",
        "request": "refused",
        "reason": "đã xử lý",
        "happened": [
            _DONE,
            _ARRIVED,
            happening("status", DONE, code="13", by=H37),
            happening("status", SAID, code="16", reason="đã xử lý"),
        ],
    },
    {
        "answer": "completed",
        "request": "agreed",
        "happened": [
            _DONE,
            happening("status", code="13", by=H37),
            happening("status", code="15"),
            happening("status", code="13", by=H37),
            happening("status", code="15"),
            happening("status", SAID, code="06"),
        ],
    },
)


def every_course() -> list[Row]:
    """A document for each course, each to somebody else too, and an update that is agreed to."""
    rows = [
        row(n, deliveries=[share(**course), share(H26, no=n)])
        for n, course in enumerate(COURSES, 1)
    ]
    agreed = [_DONE, happening("status", SAID, code="15")]
    update = row(
        90,
        kind=2,
        links=[{"relation": "updates", "sender": H37, "document_id": rows[0].document_id}],
        deliveries=[share(happened=agreed, answer="none", request="agreed")],
    )
    return [*rows, update]
