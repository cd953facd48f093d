"""What a record asks of an agency that has come so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.lanes import Ask, Lanes
from schemas import bus

BOOKS = "/axis/live/0123456789ab"


def waiting(no: int, package: bytes = b"<edxml/>", **rest: Any) -> bus.Message:
    what: dict[str, Any] = {"package": package} if package else {"dataref": "/v1/any"}
    return bus.Message(
        type=bus.WAITING, id=f"d{no}", no=no, subject=f"d{no}", **{"source": BOOKS} | what | rest
    )


def other(kind: str, no: int, source: str = BOOKS) -> bus.Message:
    return bus.Message(type=kind, id=f"{kind}{no}", source=source, no=no)


def nobody(_: str) -> bool:
    return False


def everybody(_: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("record", "known", "ask"),
    [
        (waiting(4), nobody, Ask.TAKE),
        (waiting(4, package=b""), nobody, Ask.FETCH),
        (waiting(5), nobody, Ask.LOOK),
        (waiting(3), everybody, Ask.NOTHING),
        # It failed, or was parked before it was taken, and was put back.
        (waiting(2), nobody, Ask.LOOK),
        # It was put back, or is given back to one that has it.
        (waiting(2, attempt=2), everybody, Ask.LOOK),
        (other(bus.PARKED, 4), nobody, Ask.PASS),
        (other(bus.WITHDRAWN, 4), nobody, Ask.PASS),
        (other(bus.PARKED, 5), nobody, Ask.LOOK),
        (other(bus.PARKED, 3), nobody, Ask.NOTHING),
        (other(bus.STATUS, 1), nobody, Ask.HEAR),
    ],
    ids=lambda value: f"{value.type}-{value.no}" if isinstance(value, bus.Message) else None,
)
def test_behind_number_three(record: bus.Message, known: Any, ask: Ask) -> None:
    lanes = Lanes(BOOKS, {0: 3})
    assert lanes.hear(0, record, known) is ask
    assert lanes.last[0] == (3 if record.type == bus.STATUS else max(3, record.no))


def test_other_books_have_other_numbers() -> None:
    lanes = Lanes(BOOKS, {0: 70, 3: 2})
    assert lanes.hear(0, waiting(1, source="/axis/live/ffffffffffff"), everybody) is Ask.LOOK
    assert lanes == Lanes("/axis/live/ffffffffffff", {0: 1})
    # And other attempts: the second one of a number is news in each.
    lanes.attempts[0, 1] = 2
    assert lanes.hear(0, waiting(2), everybody) is Ask.LOOK
    assert lanes.hear(0, waiting(1, attempt=2), everybody) is Ask.LOOK


def test_what_is_reached_already_is_not_gone_back_from() -> None:
    lanes = Lanes(BOOKS, {0: 3})
    lanes.reached({0: 2, 1: 4})
    assert lanes.last == {0: 3, 1: 4}


def test_each_attempt_is_looked_for_once_however_often_it_is_told() -> None:
    lanes = Lanes(BOOKS, {0: 3})
    told = [1, 2, 2, 3, 2, 3, 1]
    asked = [lanes.hear(0, waiting(2, attempt=attempt), everybody) for attempt in told]
    looked = [attempt for attempt, ask in zip(told, asked, strict=True) if ask is Ask.LOOK]
    assert looked == [2, 3]


def test_a_lane_says_nothing_of_another() -> None:
    lanes = Lanes(BOOKS, {0: 3})
    assert lanes.hear(1, waiting(1), nobody) is Ask.TAKE
    assert lanes.hear(0, waiting(4), nobody) is Ask.TAKE


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12)), max_size=60))
def test_nothing_is_taken_twice_nor_passed_over_in_silence(told: list[tuple[int, int]]) -> None:
    """Whatever comes in whatever order: each number was taken once, or the inbox was read since."""
    lanes = Lanes(BOOKS)
    taken: dict[int, set[int]] = {lane: set() for lane in range(3)}
    lanes.hear(0, other(bus.STATUS, 1), nobody)

    def known(lane: int) -> Callable[[str], bool]:
        return lambda delivery: int(delivery[1:]) in taken[lane]

    for lane, no in told:
        ask = lanes.hear(lane, waiting(no), known(lane))
        if ask is Ask.TAKE:
            assert no not in taken[lane]
            taken[lane].add(no)
        elif ask is Ask.LOOK:
            # All that was committed by then: at least what was heard of.
            taken[lane] |= set(range(1, lanes.last[lane] + 1))
        assert taken[lane] == set(range(1, lanes.last.get(lane, 0) + 1))
