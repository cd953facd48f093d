"""What came of a played day: the books, the agencies' own journals and the plan, held together.

Pure of processes: it reads journals from a run's folder and what ``GET /v1/counts`` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agencies.journal import Sent, Taken, read_received, read_sent
from agencies.traffic import Planned
from agencies.world import agency_dir
from axis.core.document import split_delivery_id
from axis.core.spread import percentile
from schemas.codes import agencies


@dataclass(frozen=True, slots=True)
class Journals:
    """What the agencies remember: documents by place in the plan, deliveries by recipient."""

    sent: Mapping[int, Sent]
    received: Mapping[str, Mapping[str, Taken]]

    @property
    def taken(self) -> Iterable[Taken]:
        """Every delivery that came in."""
        return (one for journal in self.received.values() for one in journal.values())


def read_journals(home: Path) -> Journals:
    """All journals of a run."""
    sent: dict[int, Sent] = {}
    received: dict[str, Mapping[str, Taken]] = {}
    for row in agencies():
        folder = agency_dir(home, row.code)
        sent.update(read_sent(folder))
        received[row.code] = read_received(folder)
    return Journals(sent, received)


def read_indexes(home: Path) -> set[int]:
    """The documents that have their answer, by place in the plan."""
    return {index for row in agencies() for index in read_sent(agency_dir(home, row.code))}


def differences(
    plan: Sequence[Planned], counts: Mapping[str, Any], journals: Journals, heard: int
) -> list[str]:
    """Everything that is not exactly as planned, in sentences; empty when all is well."""
    return [
        *_of_books(plan, counts, heard),
        *_of_senders(plan, journals.sent),
        *_of_recipients(journals),
        *_of_agencies(counts, journals),
    ]


def _of_books(plan: Sequence[Planned], counts: Mapping[str, Any], heard: int) -> list[str]:
    received = sum(len(planned.recipients) for planned in plan)
    refused = sum(len(planned.refused_by) for planned in plan)
    said = counts["statuses"]
    expected = {
        "documents sent": (len(plan), counts["sent"]),
        "deliveries received": (received, counts["received"]),
        "01 arrived": (received, said.get("01", 0)),
        "02 refused": (refused, said.get("02", 0)),
        "03 accepted": (received - refused, said.get("03", 0)),
        "statuses that came back to their senders": (2 * received, heard),
    }
    found = [
        f"{what}: {n} in the books, {planned} planned"
        for what, (planned, n) in expected.items()
        if planned != n
    ]
    found += [
        f"the {line['line']} line is off by {line['difference']}"
        for line in counts["balances"]
        if line["difference"]
    ]
    return found


def _of_senders(plan: Sequence[Planned], sent: Mapping[int, Sent]) -> list[str]:
    found = []
    for planned in plan:
        one = sent.get(planned.index)
        if one is None:
            found.append(f"{planned.document_id} was not sent")
        elif one.refused:
            found.append(f"{planned.document_id} was refused: {one.refused}")
        elif _recipients(one.deliveries) != set(planned.recipients):
            found.append(f"{planned.document_id} ({one.doc}) has other recipients than planned")
    return found


def _recipients(deliveries: Iterable[str]) -> set[str]:
    return {parts[1] for parts in map(split_delivery_id, deliveries) if parts is not None}


def _of_recipients(journals: Journals) -> list[str]:
    """Every delivery that a receipt names came in once, whole, to the one it was for."""
    digest_of = {d: one.sha256 for one in journals.sent.values() for d in one.deliveries}
    found = []
    for code, taken in journals.received.items():
        for delivery, one in taken.items():
            if delivery not in digest_of or not delivery.endswith(f".{code}"):
                found.append(f"{code} received {delivery}, which no receipt names")
            elif one.sha256 != digest_of[delivery]:
                found.append(f"{delivery} came in with other bytes than were sent")
            elif not one.done:
                found.append(f"{delivery} was not confirmed: {one.failed or 'no answer'}")
            found += [f"{delivery}: {code} was refused, {why}" for code, why in one.unsaid.items()]
    come = {one.delivery for one in journals.taken}
    found += [f"{delivery} never came" for delivery in digest_of if delivery not in come]
    return found


def _of_agencies(counts: Mapping[str, Any], journals: Journals) -> list[str]:
    """The books of each agency say what its own journal says."""
    sent: Counter[str] = Counter()
    for one in journals.sent.values():
        sent[one.document_id.partition(",")[0]] += not one.refused
    books = {row["agency"]: row for row in counts["rows"]}
    found = []
    for code, taken in journals.received.items():
        row = books.get(code, {"sent": 0, "received": 0})
        own = (sent[code], sum(one.done for one in taken.values()))
        if own != (row["sent"], row["received"]):
            found.append(
                f"{code} remembers {own[0]} sent, {own[1]} received; "
                f"the books say {row['sent']} and {row['received']}"
            )
    return found


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast what was sent in one go was: ``documents``, and how long sending them took.

    Latencies count from the planned moment of sending, per delivery; ``bytes_sent`` is of all.
    """

    available_ms: tuple[float, float]
    done_ms: tuple[float, float]
    documents: int
    sending_s: float
    bytes_sent: int


def speed(journals: Journals, begun_s: float) -> Speed:
    """Median and 99th percentile from POST to available and to done, and how long it all took.

    Of what was to leave since ``begun_s``: a day that was stopped rests until it goes on.
    """
    sent = [one for one in journals.sent.values() if one.started_s >= begun_s]
    started = {d: one.started_s for one in sent for d in one.deliveries}
    known = [one for one in journals.taken if one.delivery in started and one.done]
    available = sorted((one.available_s - started[one.delivery]) * 1e3 for one in known)
    done = sorted((one.done_s - started[one.delivery]) * 1e3 for one in known)
    first = min((one.started_s for one in sent), default=0.0)
    last = max((one.answered_s for one in sent), default=0.0)
    return Speed(
        available_ms=_pair(available),
        done_ms=_pair(done),
        documents=len(sent),
        sending_s=last - first,
        bytes_sent=sum(one.size for one in journals.sent.values()),
    )


def _pair(ordered: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile; 0 where there are none."""
    return percentile(ordered, 50) or 0.0, percentile(ordered, 99) or 0.0


#: The kinds of the directory as people name them, in the order of the table.
KINDS: Mapping[str, str] = {
    "ministry": "ministries",
    "ministerial-level agency": "ministerial level",
    "government-attached agency": "under Government",
    "party office": "Party Office",
    "province": "provinces",
    "centrally-run city": "cities",
}


def by_kind(counts: Mapping[str, Any]) -> list[tuple[str, int, int, int, int, int, int]]:
    """(kind, agencies, sent, received, 01, 02, 03) for each kind of agency."""
    books = {row["agency"]: row for row in counts["rows"]}
    table = []
    for kind, name in KINDS.items():
        codes = [row.code for row in agencies() if row.kind == kind]
        rows = [books[code] for code in codes if code in books]
        said = [sum(row["statuses"].get(code, 0) for row in rows) for code in ("01", "02", "03")]
        sent, received = (sum(row[name] for row in rows) for name in ("sent", "received"))
        table.append((name, len(codes), sent, received, said[0], said[1], said[2]))
    return table
