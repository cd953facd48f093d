"""Rows of traffic: what an axis writes passes every check, and what cannot have been is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from axis.adapters.memory_store import MemoryStore
from axis.core.commands import ById
from axis.core.document import Addressee, Link
from axis.core.lifecycle import Step
from axis.core.questions import Window
from axis.core.timetable import from_iso
from axis.core.traffic import CLOCKS_APART_US, Checks, row_of
from schemas.codes import agencies
from schemas.traffic import Asking, Header, Row
from schemas.traffic_lines import read
from tests.contract.books import CODES, NOON, A, B, Scribe, agency
from tests.contract.recipes import Recipe, groups, written
from tests.traffic_rows import (
    DONE,
    G22,
    H26,
    H37,
    HEADER,
    SAID,
    SENT,
    happening,
    lines,
    row,
    share,
)

KNOWN = {row.code for row in agencies()}
NOW = from_iso("2020-01-17")


def fault(found: Row, header: Header = HEADER) -> tuple[str, dict[str, str]] | None:
    checks = Checks(header, KNOWN, NOW)
    assert checks.header_fault is None
    refused = checks.fault(found)
    return None if refused is None else (refused.code, dict(refused.detail))


def code_of(found: Row) -> str:
    told = fault(found)
    return "" if told is None else told[0]


@given(groups)
def test_whatever_the_books_hold_makes_rows_that_can_have_been(groups_of: list[list[Recipe]]):
    async def rows() -> list[Row]:
        store = MemoryStore()
        await store.enrol([agency(code) for code in CODES], [], [])
        for commands in written(groups_of):
            await store.apply(commands)
        window = Window(since=0, until=2**62)
        return [row_of(extract) for extract in (await store.extract(window, 0, 999)).found]

    asked = Asking(since="2020-01-01", until="2020-12-31")
    checks = Checks(HEADER.model_copy(update={"asked": asked}), CODES, NOON + 10**12)
    found = asyncio.run(rows())
    assert found
    for one in found:
        refused = checks.fault(one)
        # These books have things done on the day before they are sent; no others do.
        assert refused is None or refused.code == "traffic.time", refused


def test_however_much_is_said_of_a_document_it_makes_a_row_that_is_read():
    """A package of 20,000 elements names thousands, and nothing bounds what happens to one."""
    scribe = Scribe()
    many = scribe.accept(links=[Link("recalls", A, f"{n}/UBND") for n in range(5000)], kind=1)
    units = tuple(f"{n:03}.{m:02}.H02" for n in range(500) for m in range(10))
    many = replace(many, recipients=(Addressee(B, units),))
    again = [
        scribe.move(step, ById(many.id, B), reason="đầy đĩa")
        for _ in range(5001)
        for step in (Step.FAIL, Step.RESET)
    ]

    async def extracted() -> Row:
        store = MemoryStore()
        await store.enrol([agency(code) for code in CODES], [], [])
        await store.apply([many, *again])
        (found,) = (await store.extract(Window(since=0, until=2**62), 0, 9)).found
        return row_of(found)

    made = asyncio.run(extracted())
    assert (len(made.links), len(made.deliveries[0].units)) == (5000, 5000)
    assert len(made.deliveries[0].happened) == 10_002
    assert Checks(HEADER, CODES, NOW).fault(made) is None
    assert list(read(lines(made))) == [HEADER, made]


def test_a_row_that_can_have_been_passes():
    assert fault(row()) is None


@pytest.mark.parametrize(
    ("more", "strange"),
    [
        ({"sender": "000.00.00.X99", "unit": "000.00.00.X99"}, "000.00.00.X99"),
        ({"sender": "000.00.00.X99", "unit": H37}, "000.00.00.X99"),
        ({"deliveries": [share("000.00.00.X99", units=[H37])]}, "000.00.00.X99"),
    ],
)
def test_unknown_agencies_are_named(more: dict[str, Any], strange: str):
    told = fault(row(**more))
    assert told == ("traffic.agency", {"message": "Not among the agencies", "codes": strange})


@pytest.mark.parametrize(
    ("more", "strange"),
    [
        ({"unit": "000.00.13.H38"}, "000.00.13.H38"),
        ({"unit": "nonsense"}, "nonsense"),
        ({"deliveries": [share(units=["000.00.13.H26"])]}, "000.00.13.H26"),
    ],
)
def test_of_a_unit_of_another_it_is_not_said_that_it_is_none(more: dict[str, Any], strange: str):
    told = fault(row(**more))
    message = "No unit of the agency that it stands with"
    assert told == ("traffic.agency", {"message": message, "codes": strange})


def test_of_strangers_without_number_and_end_some_are_named():
    shares = [share(f"{n}" + "9" * 10_000, units=[]) for n in range(100)]
    told = fault(row(sender="X" * 100_000, deliveries=shares))
    assert told is not None
    assert 0 < len(told[1]["codes"]) < 1000


def test_units_belong_to_their_agency():
    units = ["000.00.13.G22", "01.02.G22", G22]
    assert fault(row(unit="000.00.20.H37", deliveries=[share(units=units)])) is None


def test_a_recipient_stands_in_a_row_once():
    assert code_of(row(deliveries=[share(), share()])) == "traffic.row"
    assert code_of(row(deliveries=[share(), share(H26)])) == ""


#: Nothing has happened to it yet, so it may be of any time.
WAITS: dict[str, Any] = {"deliveries": [share(state="waiting", answer="none", happened=[])]}
EARLY, LATE = "2020-01-15T08:00:00+07:00", "2020-01-18T08:00:00+07:00"


@pytest.mark.parametrize(
    "more",
    [
        {"occurred_at": "2020-01-14T23:59:59+07:00", **WAITS},
        {"occurred_at": "2020-01-16T00:00:00+07:00", **WAITS},
        {"occurred_at": "1999-01-15T08:30:00+07:00", **WAITS},
        {"occurred_at": "soon", **WAITS},
        {"occurred_at": "9999-12-31T23:59:59-14:00", **WAITS},
        {"recorded_at": "", **WAITS},
        {"recorded_at": LATE, **WAITS},
        {"deliveries": [share(happened=[happening("done", EARLY)], answer="none")]},
        {"deliveries": [share(happened=[happening("done", recorded_at=EARLY)], answer="none")]},
        {
            "deliveries": [
                share(happened=[happening("offered", EARLY)], state="offered", answer="none")
            ]
        },
        {"deliveries": [share(happened=[happening("done", recorded_at=LATE)], answer="none")]},
        {"deliveries": [share(happened=[happening("done", "99")], answer="none")]},
        # Recorded, as it says, before it occurs.
        {
            "deliveries": [
                share(happened=[happening("done", LATE, recorded_at=SENT)], answer="none")
            ]
        },
    ],
)
def test_impossible_times_are_refused(more: dict[str, Any]):
    assert code_of(row(**more)) == "traffic.time"


AT_NIGHT, TOMORROW = "2020-01-15T20:31:00+07:00", "2020-01-16T20:31:00+07:00"


@pytest.mark.parametrize(
    "second",
    [
        # Stated 36 hours before the one in front of it; recorded a few minutes before it.
        happening("status", DONE, code="01", recorded_at=TOMORROW),
        happening("status", TOMORROW, code="01", recorded_at="2020-01-16T20:25:59+07:00"),
    ],
)
def test_what_happens_lies_behind_what_happened_before_it(second: dict[str, Any]):
    answered = share(happened=[happening("done", TOMORROW), second], answer="arrived")
    told = fault(row(deliveries=[answered]))
    assert told is not None
    assert told[0] == "traffic.time"
    assert told[1]["message"] == "what lies before it was later"


@pytest.mark.parametrize(
    "happened",
    [
        # A day that passes in seconds, on a machine that is slow.
        [happening("done", AT_NIGHT), happening("status", DONE, code="01", recorded_at=AT_NIGHT)],
        # Of two processes whose clocks differ by less than the five minutes.
        [
            happening("done", recorded_at="2020-01-15T08:35:00+07:00"),
            happening("status", DONE, code="01"),
        ],
        # Another day is played: the axis hands out, and operators put back, by their own time.
        [
            happening("offered", TOMORROW),
            happening("parked", TOMORROW, by="op", reason="locked"),
            happening("reset", TOMORROW, by="op"),
            happening("done", DONE, recorded_at=TOMORROW),
            happening("status", DONE, code="01", recorded_at=TOMORROW),
        ],
        # Handed out at the time at which its recipient began to wait for it.
        [
            happening("offered", EARLY, recorded_at=DONE),
            happening("done"),
            happening("status", DONE, code="01"),
        ],
    ],
)
def test_what_an_axis_writes_of_other_times_passes(happened: list[dict[str, Any]]):
    assert fault(row(deliveries=[share(happened=happened, answer="arrived")])) is None


def test_a_row_of_any_moment_of_the_window_passes():
    for at in ("2020-01-15T00:00:00+07:00", "2020-01-15T23:59:59.999999+07:00"):
        assert fault(row(occurred_at=at, recorded_at=at, **WAITS)) is None


def test_clocks_of_one_axis_need_not_agree_to_the_second():
    at = "2020-01-15T08:26:00+07:00"
    assert from_iso(SENT) - from_iso(at) < CLOCKS_APART_US
    assert fault(row(deliveries=[share(happened=[happening("done", at)], answer="none")])) is None


@pytest.mark.parametrize(
    ("since", "until"),
    [("2020-01-16", "2020-01-15"), ("never", "2020-01-15"), ("", ""), ("2020-01-01", "2021-01-02")],
)
def test_a_window_that_is_none_is_refused(since: str, until: str):
    header = HEADER.model_copy(update={"asked": Asking(since=since, until=until)})
    refused = Checks(header, KNOWN, NOW).header_fault
    assert refused is not None
    assert refused.code == "traffic.time"


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("now", "its times are none"),
        ("", "its times are none"),
        ("0001-01-01T00:00:00+14:00", "its times are none"),
        ("2020-01-17T00:05:00.000001+07:00", "that is in the future"),
    ],
)
def test_a_file_was_exported_at_some_time(at: str, message: str):
    refused = Checks(HEADER.model_copy(update={"exported_at": at}), KNOWN, NOW).header_fault
    assert refused is not None
    assert (refused.code, refused.detail["message"]) == ("traffic.time", message)
    assert refused.detail["found"] == at


def asked_for(**more: str) -> Header:
    """The header of a file that was asked for by some filter."""
    return HEADER.model_copy(update={"asked": HEADER.asked.model_copy(update=more)})


@pytest.mark.parametrize("party", ["sender", "recipient"])
def test_a_file_is_asked_for_of_agencies(party: str):
    refused = Checks(asked_for(**{party: "000.00.00.X99"}), KNOWN, NOW).header_fault
    assert refused is not None
    assert (refused.code, refused.detail["codes"]) == ("traffic.agency", "000.00.00.X99")


@pytest.mark.parametrize("more", [{}, {"sender": H37}, {"recipient": H26}, {"type": "CÔNG VĂN"}])
def test_a_row_that_was_asked_for_passes(more: dict[str, str]):
    assert fault(row(deliveries=[share(), share(H26)]), asked_for(**more)) is None


@pytest.mark.parametrize(
    "more", [{"sender": G22}, {"recipient": H37}, {"type": "Báo cáo"}, {"sender": H37, "type": "x"}]
)
def test_a_row_that_was_not_asked_for_is_refused(more: dict[str, str]):
    told = fault(row(), asked_for(**more))
    assert told is not None
    assert told[0] == "traffic.row"
    assert told[1]["message"].endswith("that was asked for")


def test_a_document_is_not_recorded_before_it_occurs():
    # By more than clocks may differ.
    assert fault(row(recorded_at="2020-01-15T08:25:00+07:00")) is None
    assert code_of(row(recorded_at="2020-01-15T08:24:59+07:00")) == "traffic.time"


def test_rows_come_in_the_order_of_their_numbers():
    checks = Checks(HEADER, KNOWN, NOW)
    for number, code in ((2, ""), (5, ""), (5, "traffic.order"), (4, "traffic.order"), (6, "")):
        refused = checks.fault(row(number))
        assert ("" if refused is None else refused.code) == code, number


def test_a_document_that_is_yet_to_be_sent_is_refused():
    asked = Asking(since="2020-01-15", until="2020-01-20")
    told = fault(row(occurred_at=LATE, **WAITS), HEADER.model_copy(update={"asked": asked}))
    assert told is not None
    assert (told[0], told[1]["found"]) == ("traffic.time", LATE)
    assert told[1]["message"] == "that is in the future"


@pytest.mark.parametrize(
    ("again", "what"),
    [
        ({"doc": row(1).doc}, "id"),
        ({"sha256": row(1).sha256, "document_id": row(1).document_id}, "package"),
    ],
)
def test_a_document_stands_in_a_file_once(again: dict[str, Any], what: str):
    checks = Checks(HEADER, KNOWN, NOW)
    assert checks.fault(row(1)) is None
    # The same bytes of another name, of another kind or to other agencies are another package.
    assert checks.fault(row(2, sha256=row(1).sha256)) is None
    refused = checks.fault(row(3, **again))
    assert refused is not None
    assert refused.code == "traffic.row"
    assert f"its {what} is that of an earlier row" in refused.detail["message"]


def test_a_new_document_of_one_name_reaches_a_recipient_once():
    checks = Checks(HEADER, KNOWN, NOW)
    name = row(1).document_id
    assert checks.fault(row(1)) is None
    # To others, of another kind, or of another sender it is no other document of theirs.
    assert checks.fault(row(2, document_id=name, deliveries=[share(H26)])) is None
    asked = share(answer="none", request="open", happened=[happening("done")])
    assert checks.fault(row(3, document_id=name, kind=2, deliveries=[asked])) is None
    assert checks.fault(row(4, document_id=name, sender=H26, unit=H26)) is None
    refused = checks.fault(row(5, document_id=name, deliveries=[share()]))
    assert refused is not None
    assert refused.code == "traffic.row"
    assert refused.detail["message"] == f"{G22} has a document of its name in an earlier row"


def course(*happened: dict[str, Any], **more: Any) -> str:
    return code_of(row(deliveries=[share(happened=list(happened), **more)]))


said = happening("status", SAID, code="03")
arrived = happening("status", DONE, code="01")
done = happening("done")
parked = happening("parked", reason="đĩa đầy")


def test_what_can_have_happened_passes():
    assert course(state="waiting", answer="none") == ""
    assert course(happening("offered"), state="offered", answer="none") == ""
    assert course(done, answer="none") == ""
    assert course(parked, state="parked", answer="none") == ""
    assert course(parked, happening("reset"), done, arrived, answer="arrived") == ""
    asked = happening("status", code="13", by="000.00.00.H37")
    agreed = happening("status", code="15")
    assert course(done, asked, answer="none", request="open") == ""
    assert course(done, asked, agreed, answer="none", request="agreed") == ""
    assert course(asked, state="waiting", answer="none", request="open") == ""
    assert course(state="withdrawn", answer="none") == ""


@pytest.mark.parametrize(
    "happened",
    [
        [done, done],
        [happening("reset"), done],
        [done, parked],
        [parked, parked],
        [arrived],
        [done, said, arrived],
        [done, happening("status", code="02")],
        [done, happening("status", code="99")],
        [done, happening("status", code="15")],
        [done, happening("status", code="13")],
        [done, happening("status", code="03", by="000.00.00.H37")],
        [done, happening("status", code="02", reason="nhầm"), said],
    ],
)
def test_what_cannot_have_happened_is_refused(happened: list[dict[str, Any]]):
    assert course(*happened) == "traffic.state"


refused = happening("status", code="02", reason="nhầm")
asked_back = happening("status", code="13", by=H37)


@pytest.mark.parametrize(
    ("happened", "states", "message"),
    [
        ([arrived], {"state": "waiting", "answer": "arrived"}, "01 was said before it was done"),
        ([done, refused | {"reason": " "}], {"answer": "refused"}, "02 has no reason"),
        (
            [done, refused, asked_back],
            {"answer": "refused", "request": "open"},
            "13 cannot follow",
        ),
        ([done, arrived | {"code": "99"}], {"answer": "none"}, "there is no status '99'"),
        (
            [done, arrived | {"code": "15"}],
            {"answer": "none", "request": "agreed"},
            "15 answers nothing",
        ),
        ([done, arrived | {"by": H37}], {"answer": "arrived"}, f"01 is not said by {H37}"),
    ],
)
def test_a_course_that_leads_where_the_row_stands_is_refused_for_its_step(
    happened: list[dict[str, Any]], states: dict[str, str], message: str
):
    told = fault(row(deliveries=[share(happened=happened, **states)]))
    assert told is not None
    assert (told[0], told[1]["message"]) == ("traffic.state", message)


@pytest.mark.parametrize(
    "states",
    [
        {"state": "waiting", "answer": "accepted"},
        {"state": "done", "answer": "arrived"},
        {"state": "done", "answer": "accepted", "request": "open"},
        {"state": "withdrawn", "answer": "accepted"},
    ],
)
def test_a_row_stands_where_its_happenings_lead(states: dict[str, str]):
    assert course(done, arrived, said, **states) == "traffic.state"


def test_an_update_opens_a_request():
    agreed = happening("status", code="15")
    deliveries = [share(happened=[done, agreed], answer="none", request="agreed")]
    assert code_of(row(kind=2, deliveries=deliveries)) == ""
    assert code_of(row(kind=0, deliveries=deliveries)) == "traffic.state"
