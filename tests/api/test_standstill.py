"""When publishing stands still, as one process sees it by looking."""

from __future__ import annotations

import pytest

from axis.api.standstill import STILL_S_MAX, Standstill
from axis.lanes import Pace
from tests.contract.books import A, B, C

#: How often somebody asks.
LOOK_S = 5.0


class Looking:
    """Looks every few seconds; ``published`` is told, and grows as a test says."""

    def __init__(self, relays: int = 1) -> None:
        self.published = {A: 100, B: 100, C: 100}
        self.relays = relays
        self._still = Standstill()
        self._now_s = 0.0

    def look(self, *waiting: str) -> bool:
        self._now_s += LOOK_S
        pace = Pace(self.relays, dict(self.published))
        return self._still.look(int(self._now_s * 1e6), waiting, pace)

    def until_still(self, *waiting: str) -> float | None:
        """The seconds until it stands still while these wait; None if it never does."""
        begun_s = self._now_s
        while self._now_s < begun_s + 10 * STILL_S_MAX:
            if self.look(*waiting):
                return self._now_s - begun_s
        return None


def test_nothing_waits_and_nothing_stands_still() -> None:
    for relays in (0, 1):
        assert Looking(relays).until_still() is None


@pytest.mark.parametrize(("relays", "waiting"), [(0, [A]), (0, [A, B]), (1, [A, B])])
def test_what_nobody_publishes_stands_still_soon(relays: int, waiting: list[str]) -> None:
    found = Looking(relays).until_still(*waiting)
    assert found is not None
    assert found <= STILL_S_MAX + 2 * LOOK_S


def test_a_topic_that_takes_nothing_is_not_the_bus() -> None:
    looking = Looking()
    assert looking.until_still(A) is None
    for _ in range(20):
        looking.published[B] += 1
        assert not looking.look(A, C)
    # Both waited while others were published, and one that comes behind them is alone.
    assert looking.until_still(A, C) is None
    assert looking.until_still(A, B, C) is None
    looking.relays = 0
    assert looking.until_still(A, B, C) is not None


def test_what_is_told_once_more_is_not_old() -> None:
    looking = Looking()
    looking.published = dict.fromkeys(looking.published, 0)
    for _ in range(50):
        looking.published[A] += 1
        assert not looking.look(A, B, C)
    looking.published = {code: reach + 1 for code, reach in looking.published.items()}
    assert not looking.look(A, B, C)
    # And one that ends in the middle of it is seen.
    assert looking.until_still(A, B, C) is not None


def test_a_rewound_lane_that_was_published_long_ago_waits_from_now_on() -> None:
    looking = Looking()
    for _ in range(50):
        assert not looking.look()
    looking.published = dict.fromkeys(looking.published, 0)
    found = looking.until_still(A, B)
    assert found is not None
    assert found > STILL_S_MAX


def test_what_moves_again_stands_still_no_more() -> None:
    looking = Looking(relays=0)
    assert looking.until_still(A, B)
    looking.published[A] += 1
    assert not looking.look(A, B)
