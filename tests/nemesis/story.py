"""A recorded run of three documents in which all went well, for planting what did not.

A sends two to B and one to B and C; each is sent twice, taken, confirmed, and answered with 01 and
03, which A reads. The numbers of lanes, events and counters fit each other as those of books do.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agencies.world import OPERATOR_ID
from schemas.bus import STATUS, STATUSES_PARTITION, WAITING, Message
from tests.nemesis.run import Run
from tests.nemesis.tape import Heard
from tests.sim.history import Final, Sent

A, B, C = "000.00.00.H37", "000.00.00.G22", "000.00.00.G12"
#: The recipients of each document, in the order of sending.
TO: Sequence[Sequence[str]] = ((B,), (B, C), (B,))


class Story:
    """Tells it; ``run`` is what a run of it would have recorded."""

    def __init__(self) -> None:
        self._now = 0.0
        self._seq = 0
        self._heard: list[Heard] = []
        self._sent: list[Sent] = []
        self._rows: dict[str, list[dict[str, Any]]] = {A: [], B: [], C: []}
        self._views: dict[str, dict[str, Any]] = {}
        self._stream: list[dict[str, Any]] = []

    def run(self) -> Run:
        """From the first document to the last look."""
        for number, recipients in enumerate(TO, start=1):
            self._send(number, recipients)
        for agency in (B, C):
            self._take(agency)
        self._ask(A, "GET", "/v1/statuses?after=0&limit=1000&wait=20", None, self._page_of_stream())
        counts, audit = self._counts(), {"clean": True}
        self._ask(OPERATOR_ID, "GET", "/v1/counts", None, counts)
        self._ask(OPERATOR_ID, "GET", "/v1/operator/audit", None, audit)
        inboxes = {code: tuple(rows) for code, rows in self._rows.items()}
        return Run(
            sent=self._sent,
            heard=self._heard,
            final=Final(
                inboxes=inboxes, views=self._views, counts=counts, audit=audit, refusals=()
            ),
            memories={code: _memory(rows) for code, rows in self._rows.items()},
            topics=self._topics(),
            events=(),
            healed_s=self._now,
            relayed=True,
        )

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _ask(
        self,
        who: str,
        method: str,
        path: str,
        said: object,
        got: object,
        status: int = 200,
        text: str = "",
        *,
        repeated: bool = False,
    ) -> None:
        began, self._now = self._now + 0.1, self._now + 0.2
        self._heard.append(
            Heard(
                who=who,
                door="axis-1",
                method=method,
                path=path,
                said=said,
                began=began,
                ended=self._now,
                status=status,
                got=got,
                text=text,
                repeated=repeated,
            )
        )

    def _send(self, number: int, recipients: Sequence[str]) -> None:
        doc, seq = f"doc_{number}", self._next()
        sha256 = hashlib.sha256(doc.encode()).hexdigest()
        sent = Sent(
            sender=A,
            unit=A,
            sha256=sha256,
            document_id=f"{A},{number}",
            kind=0,
            urgency=0,
            size=len(doc),
            subject=f"V/v {number}",
            recipients={code: (code,) for code in recipients},
        )
        self._sent.append(sent)
        signed = {
            "doc": doc,
            "sender": A,
            "document_id": sent.document_id,
            "sha256": sha256,
            "seq": seq,
            "deliveries": [f"{doc}.{code}" for code in recipients],
        }
        payload = base64.urlsafe_b64encode(json.dumps(signed).encode()).decode().rstrip("=")
        receipt = {**signed, "warnings": [], "receipt": f"e30.{payload}.c2ln"}
        for status in (201, 200):
            self._ask(
                A,
                "POST",
                "/v1/documents",
                sha256,
                receipt,
                status,
                json.dumps(receipt),
                repeated=status == 200,
            )
        self._views[doc] = {
            "sender": A,
            "document_id": sent.document_id,
            "kind": 0,
            "sha256": sha256,
            "seq": seq,
            "receipt": receipt["receipt"],
            "history": [],
            "deliveries": [{"recipient": code} for code in recipients],
        }
        for code in recipients:
            self._rows[code].append(_row(sent, doc, code, len(self._rows[code]) + 1))

    def _take(self, agency: str) -> None:
        rows = self._rows[agency]
        page = [{**row, "got": row["sha256"]} for row in rows]
        self._ask(agency, "GET", "/v1/inbox/packages?after=&wait=20", None, page)
        for row in rows:
            self._event(row, "offered")
            self._event(row, "done")
            row.update(state="done", answer="accepted")
        ids = [row["id"] for row in rows]
        items = [{"delivery": one, "state": "done", "changed": True} for one in ids]
        said = {"deliveries": ids, "result": "done", "reason": ""}
        self._ask(agency, "POST", "/v1/inbox/confirm", said, {"changed": len(ids), "items": items})
        for code in ("01", "03"):
            results = [
                {"status": 201, "seq": self._event(row, "status", code), "repeated": False}
                for row in rows
            ]
            self._say(agency, ids, code, results)
        # It had been killed before it knew of its first word, and says it again.
        self._say(agency, ids, "01", [{"status": 200, "seq": None, "repeated": True} for _ in ids])

    def _say(
        self, agency: str, ids: Sequence[str], code: str, results: Sequence[Mapping[str, Any]]
    ) -> None:
        statuses = [{"delivery": one, "code": code} for one in ids]
        self._ask(agency, "POST", "/v1/statuses", {"statuses": statuses}, {"results": results})

    def _event(self, row: Mapping[str, Any], kind: str, code: str = "") -> int:
        event = {
            "seq": self._next(),
            "kind": kind,
            "code": code,
            "reason": "",
            "recipient": row["id"].partition(".")[2],
            "actor": row["id"].partition(".")[2],
        }
        self._views[row["doc"]]["history"].append(event)
        if kind == "status":
            self._stream.append({**event, "delivery": row["id"]})
        return self._seq

    def _page_of_stream(self) -> dict[str, Any]:
        return {"statuses": self._stream, "next": self._stream[-1]["seq"]}

    def _counts(self) -> dict[str, Any]:
        deliveries = sum(map(len, self._rows.values()))
        standing = ("deliveries", "transport.done", "business.accepted")
        return {
            "sent": len(self._views),
            "received": deliveries,
            "statuses": dict(Counter(event["code"] for event in self._stream)),
            "standing": dict.fromkeys(standing, deliveries),
            "balances": [{"line": "transport", "difference": 0}],
        }

    def _topics(self) -> dict[tuple[str, int], list[Message]]:
        found = {(code, 0): [*map(notice, rows)] for code, rows in self._rows.items() if rows}
        told = Message(type=STATUS, id="1", source="/axis", no=self._stream[-1]["seq"])
        return {**found, (A, STATUSES_PARTITION): [told]}


def notice(row: Mapping[str, Any], **changed: Any) -> Message:
    """What a topic says of a delivery, with whatever is to be wrong."""
    told = {"type": WAITING, "id": row["id"], "source": "/axis", "subject": row["id"]}
    return Message(**{**told, "no": row["no"], "sha256": row["sha256"], **changed})


def _row(sent: Sent, doc: str, code: str, no: int) -> dict[str, Any]:
    return {
        "id": f"{doc}.{code}",
        "doc": doc,
        "sender": A,
        "unit": A,
        "units": [code],
        "kind": 0,
        "document_id": sent.document_id,
        "urgency": 0,
        "no": no,
        "sha256": sent.sha256,
        "size": sent.size,
        "subject": sent.subject,
        "state": "waiting",
        "answer": "none",
        "request": "none",
        "attempt": 1,
        "reason": "",
    }


def _memory(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"took": row["id"], "sha256": row["sha256"]} for row in rows]
