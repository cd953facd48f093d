"""The rate changed while a test runs: what is drawn, what is answered, and what is never done."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agencies.load.course import CONSTANT, course, moments
from agencies.load.impossible import Impossible
from agencies.load.record import Record
from agencies.load.turning import ASKED, Said, Turning, ask, told
from axis.core.timetable import MICROSECONDS
from tests.agencies.load.steps import letters

SECONDS = 600.0
COURSE = course(CONSTANT, seconds=SECONDS, rate=2, first=2, times=1, every_s=1, burst_s=1)
#: An answer that never comes would be waited for for ever.
DEADLINE_S = 60.0


def turning(folder: Path, heard: list[Mapping[str, Any]] | None = None) -> tuple[Turning, Record]:
    """A test of ten minutes with twice its documents built, and its record."""
    deck = letters(round(COURSE.documents * 2), 0.0)
    said: list[Mapping[str, Any]] = [] if heard is None else heard
    made = Turning(COURSE, 1, deck, folder, said.append)
    return made, Record(made.letters())


async def answered(made: Turning, record: Record, asking: Callable[[], object]) -> Said:
    """What a test that runs says to ``asking``."""
    running = asyncio.create_task(made.run(record))
    try:
        # One turn to wait for the beginning, one to look at what was asked before it.
        for _ in range(3):
            await asyncio.sleep(0)
        asking()
        async with asyncio.timeout(DEADLINE_S):
            while (said := told(made.folder)) is None:
                await asyncio.sleep(0)
    finally:
        running.cancel()
    return said


async def test_what_is_still_to_come_is_drawn_as_seed_and_changes_say(tmp_path: Path) -> None:
    heard: list[Mapping[str, Any]] = []
    made, record = turning(tmp_path, heard)
    record.begin(time.monotonic() - 10)
    before = record.letters
    words = await made.turn(record, 1.5)
    (change,) = made.changes
    due = moments(COURSE, 1, [change])
    assert [round(letter.after_s * MICROSECONDS) for letter in record.letters] == list(due)
    kept = sum(letter.after_s < change.at_s for letter in before)
    assert record.letters[:kept] == before[:kept]
    assert f"{len(due) - kept:,} documents are still to come" in words
    assert heard == [{"turned": {"at": change.at_s, "times": 1.5, "documents": len(due)}}]


async def test_no_more_is_promised_than_was_built(tmp_path: Path) -> None:
    made, record = turning(tmp_path)
    record.begin(time.monotonic())
    before = record.letters
    with pytest.raises(Impossible, match=r"built for 2\.\d\d times the rest, not 3"):
        await made.turn(record, 3)
    assert record.letters == before
    assert not made.changes


async def test_what_is_over_is_not_changed(tmp_path: Path) -> None:
    made, record = turning(tmp_path)
    record.begin(time.monotonic() - SECONDS)
    with pytest.raises(Impossible, match="is over"):
        await made.turn(record, 1.5)


async def test_who_asks_is_answered(tmp_path: Path) -> None:
    made, record = turning(tmp_path)
    record.begin(time.monotonic())
    said = await answered(made, record, lambda: ask(tmp_path, 0.5))
    assert said.done
    assert "the rate is 0.5 times what was planned" in said.words
    assert [change.times for change in made.changes] == [0.5]


async def test_what_was_asked_before_it_began_to_send_is_never_done(tmp_path: Path) -> None:
    made, record = turning(tmp_path)
    # Whoever asked was told by now that nothing is changed.
    ask(tmp_path, 1.5)
    said = await answered(made, record, lambda: record.begin(time.monotonic()))
    assert not said.done
    assert "begun" in said.words
    assert not made.changes


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1.5", "{}", '{"times": null}', '{"times": "much"}', '{"times": NaN}', "\xff"],
)
async def test_what_is_no_change_is_answered_so(tmp_path: Path, text: str) -> None:
    made, record = turning(tmp_path)
    record.begin(time.monotonic())
    asked = tmp_path / ASKED
    said = await answered(made, record, lambda: asked.write_text(text, encoding="latin-1"))
    assert not said.done
    assert "would do" in said.words
    assert not made.changes


def test_only_a_change_within_reason_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="would do"):
        ask(tmp_path, float("nan"))
    assert told(tmp_path) is None
    ask(tmp_path, 1.5)
    assert json.loads((tmp_path / ASKED).read_bytes()) == {"times": 1.5}
