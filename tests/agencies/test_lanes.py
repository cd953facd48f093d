"""How an agency reads its lanes: in order, each number once, whatever a topic brings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.lanes import Lanes, Next
from schemas.bus import HINT, PARKED, WAITING, WITHDRAWN, Message


def message(no: int, kind: str = WAITING, package: bytes = b"x") -> Message:
    return Message(type=kind, id=f"d{no}", source="/axis", no=no, subject=f"d{no}", package=package)


@pytest.fixture
def lanes() -> Lanes:
    """Lane 0 is read up to 5."""
    lanes = Lanes()
    lanes.seen(0, 5)
    return lanes


def test_the_next_number_is_taken_and_lower_ones_are_dropped(lanes: Lanes):
    assert [lanes.read(0, message(no)) for no in (6, 5, 6, 7)] == [
        Next.TAKE,
        Next.DROP,
        Next.DROP,
        Next.TAKE,
    ]


def test_a_gap_is_left_to_the_inbox_until_that_has_been_read(lanes: Lanes):
    assert [lanes.read(0, message(no)) for no in (8, 9)] == [Next.LOOK, Next.DROP]
    lanes.seen(0, 10)
    lanes.caught_up()
    assert [lanes.read(0, message(no)) for no in (10, 11)] == [Next.DROP, Next.TAKE]


def test_a_lane_of_which_nothing_is_known_begins_with_the_inbox(lanes: Lanes):
    assert lanes.read(3, message(1)) is Next.LOOK
    lanes.caught_up()
    assert lanes.read(3, message(2)) is Next.TAKE
    assert lanes.read(0, message(6)) is Next.TAKE


@pytest.mark.parametrize("told", [message(6, package=b""), message(6, HINT)])
def test_a_message_without_a_package_sends_to_the_inbox(lanes: Lanes, told: Message):
    assert lanes.read(0, told) is Next.LOOK
    # The next one has its package, but would overtake.
    assert lanes.read(0, message(7)) is Next.DROP


@pytest.mark.parametrize("kind", [PARKED, WITHDRAWN])
def test_a_tombstone_fills_its_number(lanes: Lanes, kind: str):
    assert lanes.read(0, message(6, kind, b"")) is Next.DROP
    assert lanes.read(0, message(7)) is Next.TAKE


def test_what_is_put_back_with_its_old_number_is_looked_for(lanes: Lanes):
    assert lanes.read(0, message(6)) is Next.TAKE
    assert lanes.read(0, message(6, PARKED, b"")) is Next.DROP
    assert lanes.read(0, message(6)) is Next.LOOK


@given(st.integers(0, 2**32), st.integers(1, 30))
def test_all_is_dealt_with_once_and_in_order(seed: int, count: int):
    """The law, against a topic that loses, repeats and sends without packages."""
    dice = random.Random(seed)
    lanes, open_ones, handed = Lanes(), list(range(1, count + 1)), []
    sent = sorted(no for no in range(1, count + 1) for _ in range(dice.choice((0, 1, 1, 2))))

    def look() -> None:
        for no in open_ones:
            lanes.seen(0, no)
        handed.extend(open_ones)
        open_ones.clear()
        lanes.caught_up()

    looks = 0
    for no in sent:
        step = lanes.read(0, message(no, package=dice.choice((b"", b"x", b"x"))))
        if step is Next.TAKE and no in open_ones:
            open_ones.remove(no)
            handed.append(no)
        if step is Next.LOOK:
            looks += 1
            # The axis has committed only so much by now.
            later = [n for n in open_ones if n > no + 2]
            open_ones[:] = [n for n in open_ones if n <= no + 2]
            look()
            open_ones[:] = later
    look()
    assert handed == list(range(1, count + 1))
