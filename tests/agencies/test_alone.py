"""Two processes never play one agency."""

from __future__ import annotations

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
