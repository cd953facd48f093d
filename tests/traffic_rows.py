"""Rows of traffic for tests, and the files that hold them."""

from __future__ import annotations

from typing import Any

from schemas.traffic import FORMAT, VERSION, Asking, Header, Row
from schemas.traffic_lines import Chain

SENT, DONE, SAID = (f"2020-01-15T08:{minute}:00+07:00" for minute in (30, 31, 32))
HEADER = Header(
    format=FORMAT,
    version=VERSION,
    run="live",
    exported_at="2020-01-16T00:00:00+07:00",
    asked=Asking(since="2020-01-15T00:00:00+07:00", until="2020-01-16T00:00:00+07:00"),
    packages=False,
)
H37, G22, H26 = (f"000.00.00.{last}" for last in ("H37", "G22", "H26"))


def happening(kind: str, at: str = DONE, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "occurred_at": at, "recorded_at": at, **more}


def share(recipient: str = G22, **more: Any) -> dict[str, Any]:
    """A recipient that has the document and has accepted it."""
    return {
        "recipient": recipient,
        "units": [recipient],
        "no": 1,
        "state": "done",
        "answer": "accepted",
        "request": "none",
        "happened": [
            happening("offered"),
            happening("done"),
            happening("status", code="01"),
            happening("status", SAID, code="03"),
        ],
        **more,
    }


def row(number: int = 1, **more: Any) -> Row:
    """A document of Lạng Sơn to the Government Office that was accepted."""
    return Row.model_validate(
        {
            "seq": number,
            "doc": f"doc_{number:026}",
            "sender": H37,
            "unit": H37,
            "document_id": f"{H37},2020/01/15,{number}/UBND-VP",
            "kind": 0,
            "urgency": 0,
            "type": "Công văn",
            "code": f"{number}/UBND-VP",
            "occurred_at": SENT,
            "recorded_at": SENT,
            "size": 20_000,
            "sha256": f"{number:064x}",
            "verdict": "valid",
            "deliveries": [share()],
            **more,
        }
    )


def lines(*rows: Row, header: Header = HEADER) -> list[bytes]:
    """The lines of a file that holds these rows."""
    chain = Chain()
    return [chain.line(header), *map(chain.line, rows), chain.end()]
