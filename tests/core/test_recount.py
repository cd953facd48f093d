"""A recount folds the history into counters and rows, and nothing in it goes unseen or fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from axis.core import fold
from axis.core.document import Addressee, Delivery, Document, Event, Place
from axis.core.lifecycle import AGAIN, TRANSPORT, Again, Business, Request, Transport
from axis.core.recount import LINES_MAX, Recount
from axis.core.tally import Since
from axis.core.timeliness import ACCEPTANCE

A, B, C = "000.00.00.H01", "000.00.00.H02", "000.00.00.H03"
DAY_US = 86_400_000_000

DOCUMENT = Document(
    seq=1,
    id="doc_1",
    sender=A,
    unit=A,
    document_id="1/UBND",
    kind=0,
    urgency=0,
    sha256="",
    size=0,
    recipients=(Addressee(B, (B,), 1), Addressee(C, (C,), 1)),
    occurred_at=DAY_US,
    recorded_at=DAY_US,
    verdict="valid",
)
ACCEPTED = Event(1, "accepted", 1, "", A, DAY_US, DAY_US)


def _event(seq: int, kind: str, recipient: str = B, code: str = "", **body: str) -> Event:
    return Event(
        seq=seq,
        kind=kind,
        doc=1,
        recipient=recipient,
        actor=recipient,
        occurred_at=2 * DAY_US,
        recorded_at=3 * DAY_US,
        code=code,
        addressee=fold.addressee(kind, code, A, recipient),
        body=body,
    )


HISTORY = [
    ACCEPTED,
    _event(2, "offered"),
    _event(3, "parked", reason="bad zip"),
    _event(4, "reset"),
    _event(5, "done"),
    _event(6, "status", code="03", state="accepted"),
    _event(7, "status", code="15"),
    _event(8, "parked", C, reason="locked"),
]
ROWS = [
    Delivery(
        Place(B, 0, 1),
        1,
        "doc_1",
        A,
        0,
        Transport.DONE,
        Business.ACCEPTED,
        Request.AGREED,
        said=1 << 3 | 1 << 15,
        attempt=2,
        arrived_at=2 * DAY_US,
    ),
    Delivery(Place(C, 0, 1), 1, "doc_1", A, 0, Transport.PARKED, reason="locked"),
]


def _recount(events: list[Event], rows: list[Delivery], since: int = 0) -> Recount:
    recount = Recount({ACCEPTANCE: Since(since, 1)})
    items: list[Document | Event | Delivery] = [DOCUMENT, *events, *rows]
    for item in items:
        recount.take(item)
    recount.close(events[-1].seq)
    return recount


def test_a_recount_folds_the_history_into_counters_and_rows() -> None:
    recount = _recount(HISTORY, ROWS)
    assert (recount.lines.told, recount.states) == ([], [])
    assert {key: n for key, n in recount.tally.items() if n} == {
        (A, 1, "sent"): 1,
        (A, 1, "sending.undated"): 1,
        (B, 2, "received"): 1,
        (B, 2, "acceptance.untimed"): 1,
        (B, 2, "said.03"): 1,
        (B, 2, "said.15"): 1,
        (B, 0, "deliveries"): 1,
        (B, 0, "transport.done"): 1,
        (B, 0, "business.accepted"): 1,
        (C, 0, "deliveries"): 1,
        (C, 0, "transport.parked"): 1,
    }


@pytest.mark.parametrize(("since", "counted"), [(5, True), (6, False)])
def test_what_arrived_before_that_was_kept_has_no_time(since: int, counted: bool) -> None:
    rows = [ROWS[0]._replace(arrived_at=None), ROWS[1]]
    recount = _recount(HISTORY, rows, since=since)
    assert recount.lines.told == []
    assert ((B, 2, "acceptance.untimed") in recount.tally) is counted


def test_deliveries_of_one_agency_are_counted_together() -> None:
    recount = Recount()
    second = DOCUMENT._replace(seq=2, id="doc_2", recipients=(Addressee(B, (B,), 2),))
    for item in (DOCUMENT, second, ACCEPTED, ACCEPTED._replace(seq=2, doc=2), _event(3, "done")):
        recount.take(item)
    recount.close()
    standing = {key[2]: n for key, n in recount.tally.items() if key[:2] == (B, 0)}
    assert standing == {
        "deliveries": 2,
        "transport.done": 1,
        "transport.waiting": 1,
        "business.none": 1,
    }


def test_a_reason_stays_until_the_delivery_is_put_back() -> None:
    parked = ROWS[1]
    asked = _event(9, "status", C, "13")._replace(actor=A, addressee=C)
    open_ = parked._replace(request=Request.OPEN, said=1 << 13)
    assert _recount([*HISTORY, asked], [ROWS[0], open_]).lines.told == []
    put_back = parked._replace(transport=Transport.WAITING, reason="", attempt=2)
    for reset in (_event(9, "reset", C), _event(9, "reset", C, reason="x")):
        assert _recount([*HISTORY, reset], [ROWS[0], put_back]).lines.told == []


def test_giving_back_counts_nowhere_and_is_known() -> None:
    given = [_event(9, "given", job="rpl_1"), _event(10, "handed")]
    handed = ROWS[0]._replace(again=Again.HANDED, attempt=3)
    recount = _recount([*HISTORY, *given], [handed, ROWS[1]])
    assert recount.lines.told == []
    assert recount.tally == _recount(HISTORY, ROWS).tally
    for kind in ("kept", "had", "withheld"):
        ended = _recount([*HISTORY, *given, _event(11, kind)], [ROWS[0], ROWS[1]])
        assert ended.lines.told == ["delivery doc_1.000.00.00.H02: attempt is 2, by its events 3"]
        assert ended.states == ["doc_1.000.00.00.H02"]
        assert ended.tally == recount.tally


Plant = Callable[[list[Event]], list[Event]]


def _at(seq: int, **changed: Any) -> Plant:
    return lambda events: [e._replace(**changed) if e.seq == seq else e for e in events]


PLANTS: dict[str, tuple[Plant, str]] = {
    "lost events": (lambda events: [events[0], *events[2:]], "event 2: missing"),
    "the last events": (
        lambda events: [*events[:-1], events[-1]._replace(seq=12)],
        "event 8 to 11: missing",
    ),
    "a doubled event": (
        lambda events: [*events, _event(9, "done")],
        "event 9: done of doc_1.000.00.00.H02, which is done",
    ),
    "an event of nobody": (_at(2, recipient=A), "event 2: document doc_1 has no recipient"),
    "an event of nothing": (_at(2, doc=7), "event 2: there is no document with the number 7"),
    "an unknown kind": (_at(2, kind="zzz"), "event 2: zzz of doc_1.000.00.00.H02, which is waitin"),
    "an unknown code": (_at(7, code="99"), "event 7: status 99 of doc_1.000.00.00.H02"),
    "no code": (_at(7, code=None), "event 7: "),
    "a wrong day": (_at(5, occurred_at=9 * DAY_US), "delivery doc_1.000.00.00.H02: arrived_at is"),
    "no time": (_at(5, occurred_at="noon"), "event 5: cannot be understood"),
    "a lost state": (_at(6, body={}), "event 6: says '' of 000.00.00.H02, which has come to 'acc"),
    "an unknown state": (_at(6, body={"state": "zzz"}), "event 6: says 'zzz' of 000.00.00.H02"),
    "a state too many": (_at(7, body={"state": "zzz"}), "event 7: says 'zzz' of 000.00.00.H02"),
    "no details": (_at(6, body=7), "event 6: cannot be understood"),
    "a stranger": (_at(6, actor=C), "event 6: said by '000.00.00.H03', and only '000.00.00.H02'"),
    "no stream": (
        _at(3, addressee=""),
        "event 3: in the stream of '', and belongs to '000.00.00.H",
    ),
    "a stream": (
        _at(5, addressee=A),
        "event 5: in the stream of '000.00.00.H01', and belongs to ''",
    ),
    "another reason": (_at(8, body={"reason": "x"}), "H03: reason is 'locked', by its events 'x'"),
    "no acceptance": (_at(1, kind="offered"), "document doc_1: no event 1 accepts it"),
    "a late acceptance": (_at(1, occurred_at=7), "event 1: is not how document doc_1 was accepted"),
    "another's acceptance": (_at(1, doc=7), "event 1: accepts a document with the number 7"),
    "a second acceptance": (
        lambda events: [*events, ACCEPTED._replace(seq=9)],
        "event 9: accepts a document with the number 1",
    ),
    "acceptance by a recipient": (_at(1, recipient=B), "event 1: is not how document doc_1 was"),
    "acceptance in a stream": (_at(1, addressee=A), "event 1: is not how document doc_1 was"),
}


@pytest.mark.parametrize("name", PLANTS)
def test_a_history_that_is_not_the_one_that_was_written_is_told(name: str) -> None:
    plant, words = PLANTS[name]
    told = _recount(plant(HISTORY), ROWS).lines.told
    assert any(words in line for line in told), told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("place", Place(B, 4, 1)),
        ("place", Place(B, 0, 9)),
        ("place", Place(A, 0, 1)),
        ("doc", 9),
        ("transport", Transport.OFFERED),
        ("business", Business.NONE),
        ("request", Request.OPEN),
        ("said", 0),
        ("reason", "x" * 1000),
        ("attempt", 1),
        ("again", Again.GIVEN),
        ("arrived_at", None),
    ],
)
def test_a_row_that_is_not_what_its_events_say_is_told(field: str, value: Any) -> None:
    recount = _recount(HISTORY, [ROWS[0]._replace(**{field: value}), ROWS[1]])
    row = "doc_1.000.00.00.H01" if value == Place(A, 0, 1) else "doc_1.000.00.00.H02"
    line = recount.lines.told[0]
    assert line.startswith(f"delivery {row}: ")
    assert len(line) < 200
    assert recount.states == [row]


def test_an_event_out_of_its_order_is_missed_once() -> None:
    swapped = [*HISTORY[:2], HISTORY[3], HISTORY[2], *HISTORY[4:]]
    told = _recount(swapped, ROWS).lines.told
    assert [line for line in told if line.endswith("missing")] == ["event 3: missing"]


def test_rows_are_ticked_off() -> None:
    missing = "delivery doc_1.000.00.00.H02: missing; its document says 000.00.00.H02/0:1"
    assert _recount(HISTORY, ROWS[1:]).lines.told == [missing]
    (twice,) = _recount(HISTORY, [*ROWS, ROWS[1]]).lines.told
    assert twice == "delivery doc_1.000.00.00.H03: there twice"


def test_documents_follow_each_other_in_every_lane() -> None:
    recount = Recount()
    for seq, no in ((1, 1), (5, 3), (6, 4), (7, 4)):
        to = (Addressee(B, (), no),)
        recount.take(DOCUMENT._replace(seq=seq, id=f"doc_{seq}", recipients=to))
    assert recount.lines.told == [
        "document doc_5: number 3 in lane 000.00.00.H02/0, where 2 follows",
        "document doc_7: number 4 in lane 000.00.00.H02/0, where 5 follows",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"recorded_at": "noon"},
        {"recipients": ((B, (), 2**70),)},
        {"recipients": ((["x"], (), 1),)},
        {"meta": {"promulgated": "yesterday"}},
        {"urgency": None},
    ],
)
def test_a_document_that_is_none_is_told(changed: dict[str, Any]) -> None:
    changed = changed.copy()
    if "recipients" in changed:
        changed["recipients"] = tuple(Addressee(*one) for one in changed["recipients"])
    recount = Recount()
    recount.take(DOCUMENT._replace(**changed))
    recount.take(ACCEPTED)
    recount.close()
    assert recount.lines.told[0].startswith("document doc_1: cannot be understood: ")


def test_the_head_is_the_last_number() -> None:
    recount = Recount()
    recount.take(DOCUMENT)
    recount.take(ACCEPTED)
    recount.close(0)
    assert recount.lines.told[0] == "head 0: the last number given is 0, and there is an event 1"
    empty = Recount()
    empty.close(2)
    assert empty.lines.told == ["event 1 to 2: missing"]


def test_so_many_lines_and_no_more() -> None:
    recount = Recount()
    for seq in range(1, 2 * LINES_MAX + 1):
        recount.take(_event(2 * seq, "done"))
    recount.close()
    assert len(recount.lines.told) == LINES_MAX
    assert recount.lines.left_out == 3 * LINES_MAX


def test_steps_that_leave_the_same_line_lead_to_the_same_state() -> None:
    for table, told in ((TRANSPORT, fold.TOLD), (AGAIN, fold.AGAIN_TOLD)):
        led: dict[object, set[object]] = {}
        for (state, step), target in table.items():
            led.setdefault((state, told[step]), set()).add(target)
        assert all(len(targets) == 1 for targets in led.values())
