"""What a play holds in memory: told by month, and set against the month in which all is warm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agencies.history.part import Part
from axis.cli import history_memory
from axis.cli.children import Child
from axis.cli.history_memory import Memory, growth
from axis.cli.history_playing import Play
from axis.settings import Settings


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux tells it in /proc")
def test_each_process_is_seen_with_all_that_came_from_it() -> None:
    memory = Memory()
    memory.look(1, {"axis": os.getpid(), "agencies": None})
    gone = 2**22 + 1
    memory.look(2, {"axis": os.getpid(), "agencies": gone})
    first, second = memory.by_month()
    assert first["month"] == 1
    assert first["axis"] > 10
    assert second == {"month": 2, "axis": pytest.approx(first["axis"], rel=0.5)}


def test_a_month_is_told_by_the_middle_of_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([100.0, 900.0, 110.0, 50.0])
    monkeypatch.setattr(history_memory, "family", lambda pid: [pid])
    monkeypatch.setattr(history_memory, "memory_mb", lambda _: next(seen))
    memory = Memory()
    for month in (1, 1, 1, 2):
        memory.look(month, {"axis": 1})
    assert memory.by_month() == [{"month": 1, "axis": 110.0}, {"month": 2, "axis": 50.0}]


def test_days_in_which_clerks_only_answer_are_no_month(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(history_memory, "family", lambda pid: [pid])
    monkeypatch.setattr(history_memory, "memory_mb", lambda _: 100.0)
    play = Play(Settings(var=tmp_path, run="history"), Part(), 1, None, silent=True)
    monkeypatch.setattr(Child, "pid", 1)
    play._children = (Child("axis", [], tmp_path),)
    for day in ("2020-02-03", "2020-02-04", "2020-02-05", "2020-03-20"):
        play._heard(play._children[0], {"day": day})
    assert play.memory.by_month() == [{"month": 11, "axis": 100.0}]


def test_month_eleven_is_set_against_month_two_where_both_were_played(
    capsys: pytest.CaptureFixture[str],
) -> None:
    months = [
        {"month": 2, "axis": 200.0, "agencies": 80.0},
        {"month": 3, "axis": 400.0, "agencies": 80.0},
        {"month": 11, "axis": 210.0},
    ]
    assert growth(months) == {"axis": 1.05}
    assert growth(months[:2]) == {}
    history_memory.show(months)
    said = capsys.readouterr().out
    assert "In month 11 axis held 1.05 times what it held in month 2." in said
    history_memory.show(months[:1])
    assert capsys.readouterr().out == ""
