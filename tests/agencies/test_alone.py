"""Two processes never play one agency."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from agencies.alone import PlayedElsewhere, alone, played

A, B, C = "000.00.00.H37", "000.00.00.G22", "000.00.00.H26"


def test_others_may_be_played_beside_and_nobody_twice(tmp_path: Path) -> None:
    assert played(tmp_path) == set()
    with alone(tmp_path, [A, B]):
        with alone(tmp_path, [C]):
            assert played(tmp_path) == {A, B, C}
        with pytest.raises(PlayedElsewhere, match=A), alone(tmp_path, [C, A], seconds=0):
            pass
        # Who was refused holds nothing.
        assert played(tmp_path) == {A, B}
    assert played(tmp_path) == set()
    with alone(tmp_path, [A]):
        assert played(tmp_path) == {A}


def test_of_two_that_begin_at_the_same_moment_one_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for an agency holds none that comes behind it, so somebody always goes on."""
    with ExitStack() as first:
        first.enter_context(alone(tmp_path, [B]))

        def goes_on(_: float) -> None:
            first.enter_context(alone(tmp_path, [A], seconds=0))
            assert played(tmp_path) == {A, B}
            first.close()

        monkeypatch.setattr(time, "sleep", goes_on)
        with alone(tmp_path, [A, B]):
            assert played(tmp_path) == {A, B}


def test_whoever_is_refused_is_told_all_that_others_play(tmp_path: Path) -> None:
    with (
        alone(tmp_path, [B, A]),
        pytest.raises(PlayedElsewhere, match=f"plays {B}, {A}$"),
        alone(tmp_path, [A, C, B], seconds=0),
    ):
        pass
