"""What the tapes hold, in the words of the simulation's history, so that its checkers judge it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agencies.world import OPERATOR_ID
from tests.nemesis.run import Run
from tests.nemesis.tape import Heard
from tests.sim.history import (
    Confirmed,
    Event,
    History,
    Page,
    Receipt,
    Refusal,
    Seen,
    Spoken,
    Streamed,
)

_Place = tuple[int, int]


def history_of(run: Run) -> History:
    """The history of a run: every answer that settles something, in the order of the answers."""
    history = History(lambda: 0.0)
    passed = _Passed(run)
    lines: list[tuple[float, object]] = [(0.0, sent) for sent in run.sent]
    for one in run.heard:
        if one.answered:
            lines += [(one.ended, record) for record in _records(one, passed)]
    lines += run.events
    lines.append((run.healed_s, Event("heal")))
    lines.sort(key=lambda line: line[0])
    history.lines = [*lines, (float("inf"), run.final)]
    return history


def _records(one: Heard, passed: _Passed) -> Iterator[object]:
    address = urlsplit(one.path)
    match one.method, address.path:
        case "POST", "/v1/documents":
            yield _document(one)
        case "GET", "/v1/inbox/packages" if one.status == 200:
            yield _page(one, passed, parse_qs(address.query))
        case "POST", "/v1/inbox/confirm" if one.status == 200:
            result, items = one.said["result"], tuple(one.got["items"])
            yield Confirmed(
                agency=one.who, result=result, items=items, began=one.began, ended=one.ended
            )
        case "POST", "/v1/statuses" if one.status == 200:
            for said, result in zip(one.said["statuses"], one.got["results"], strict=True):
                yield _spoken(one, said, result, passed)
        case "GET", "/v1/statuses" if one.status == 200:
            yield Streamed(
                agency=one.who,
                after=int(parse_qs(address.query)["after"][0]),
                events=tuple(one.got["statuses"]),
                following=one.got["next"],
                began=one.began,
                ended=one.ended,
            )
        case "GET", "/v1/counts" if one.status == 200 and one.who == OPERATOR_ID:
            yield Seen(what="counts", body=one.got)
        case "GET", "/v1/operator/audit" if one.status == 200:
            yield Seen(what="audit", body=one.got)


def _document(one: Heard) -> Receipt | Refusal:
    if one.status in (200, 201):
        return Receipt(
            sender=one.who,
            sha256=one.said,
            status=one.status,
            header=one.repeated,
            body=one.got,
            began=one.began,
            ended=one.ended,
        )
    return Refusal(
        sender=one.who,
        sha256=one.said,
        status=one.status,
        code=one.got["code"],
        detail=one.got["detail"],
        began=one.began,
        ended=one.ended,
    )


def _page(one: Heard, passed: _Passed, query: Mapping[str, Sequence[str]]) -> Page:
    rows = [{name: value for name, value in row.items() if name != "got"} for row in one.got]
    return Page(
        agency=one.who,
        rows=tuple(rows),
        got=tuple(row["got"] for row in one.got),
        missing=passed.missing(one, query.get("after", [""])[0]),
        began=one.began,
        ended=one.ended,
    )


def _spoken(
    one: Heard, said: Mapping[str, Any], result: Mapping[str, Any], passed: _Passed
) -> Spoken:
    row = passed.rows[said["delivery"]]
    taken = "problem" not in result
    return Spoken(
        agency=one.who,
        delivery=said["delivery"],
        sender=row["sender"],
        document_id=row["document_id"],
        recipient=said["delivery"].partition(".")[2],
        code=said["code"],
        reason=said.get("reason", ""),
        door="id",
        sha256="",
        status=result["status"],
        seq=result["seq"] or 0 if taken else 0,
        repeated=taken and result["repeated"],
        error="" if taken else result["problem"]["code"],
        began=one.began,
        ended=one.ended,
    )


class _Passed:
    """What recipients had spoken of by when: it need not be offered to them any more."""

    def __init__(self, run: Run) -> None:
        heard = run.heard
        pages = [one.got for one in heard if one.status == 200 and "/inbox/packages" in one.path]
        self.rows = {
            row["id"]: row for rows in (*run.final.inboxes.values(), *pages) for row in rows
        }
        #: agency: place: when it first spoke of it.
        self._spoken: defaultdict[str, dict[_Place, float]] = defaultdict(dict)
        for one in sorted(heard, key=lambda one: one.began):
            for delivery in _named(one):
                row = self.rows.get(delivery)
                if row is not None:
                    place = (row["urgency"], row["no"])
                    self._spoken[one.who].setdefault(place, one.began)

    def missing(self, one: Heard, after: str) -> tuple[_Place, ...]:
        """Numbers below the highest of their lane on a page that are neither on it, nor before its
        cursor, nor were spoken of until it came.
        """
        start = {int(u): int(n) for u, _, n in (p.partition(":") for p in after.split(",") if p)}
        here = {(row["urgency"], row["no"]) for row in one.got}
        spoken = self._spoken[one.who]
        found = []
        for urgency in sorted({urgency for urgency, _ in here}):
            last = max(no for lane, no in here if lane == urgency)
            for no in range(start.get(urgency, 0) + 1, last):
                place = (urgency, no)
                if place not in here and spoken.get(place, one.ended) >= one.ended:
                    found.append(place)
        return tuple(found)


def _named(one: Heard) -> Sequence[str]:
    """The deliveries that a request speaks of."""
    if one.method != "POST" or not isinstance(one.said, dict):
        return ()
    if "statuses" in one.said:
        return [said["delivery"] for said in one.said["statuses"]]
    return one.said.get("deliveries") or ()
