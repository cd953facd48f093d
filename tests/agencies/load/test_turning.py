"""The rate changed while a test runs: what is drawn, what is answered, and what is never done."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agencies.load.course import CONSTANT, course, moments
from agencies.load.impossible import Impossible
from agencies.load.record import Record
from agencies.load.spool import Letter
from agencies.load.turning import ASKED, Said, Turning, ask, busy, told
from axis.core.timetable import MICROSECONDS
from tests.agencies.load.steps import letters

SECONDS = 600.0
COURSE = course(CONSTANT, seconds=SECONDS, rate=2, first=2, times=1, every_s=1, burst_s=1)
#: An answer that never comes would be waited for for ever.
DEADLINE_S = 60.0


class Builder:
    """Builds letters as soon as ``go`` is set; remembers what was asked for, and expected."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.built: list[tuple[int, int]] = []
        self.expected: list[Letter] = []

    async def build(self, first: int, documents: int) -> list[Letter]:
        self.built.append((first, documents))
        await self.go.wait()
        return letters(first + documents, 0.0)[first:]

    def expect(self, _record: Record, found: Sequence[Letter]) -> None:
        self.expected += found


def turning(
    folder: Path, heard: list[Mapping[str, Any]] | None = None, builder: Builder | None = None
) -> tuple[Turning, Record]:
    """A test of ten minutes with twice its documents built, and its record."""
    deck = letters(round(COURSE.documents * 2), 0.0)
    said: list[Mapping[str, Any]] = [] if heard is None else heard
    more = builder or Builder()
    made = Turning(COURSE, 1, deck, folder, said.append, more.build, more.expect)
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


async def test_what_is_missing_for_a_change_is_built_and_expected_before_it_is_sent(
    tmp_path: Path,
) -> None:
    builder = Builder()
    made, record = turning(tmp_path, None, builder)
    record.begin(time.monotonic() - 10)
    was = len(made.deck)
    await made.turn(record, 3)
    ((first, documents),) = builder.built
    assert first == was
    assert builder.expected == made.deck[was:]
    assert len(made.deck) == was + documents
    # All that is drawn has a package, and next to none is built for nothing.
    due = moments(COURSE, 1, made.changes)
    assert len(record.letters) == len(due)
    assert len(made.deck) - len(due) <= 2 * COURSE.rate(0)
    assert [letter.index for letter in record.letters] == list(range(len(due)))


async def test_what_is_built_already_is_not_built_again(tmp_path: Path) -> None:
    builder = Builder()
    made, record = turning(tmp_path, None, builder)
    record.begin(time.monotonic() - 10)
    await made.turn(record, 1.9)
    assert not builder.built


async def test_while_packages_are_built_it_says_so_and_changes_nothing(tmp_path: Path) -> None:
    builder = Builder()
    builder.go.clear()
    made, record = turning(tmp_path, None, builder)
    record.begin(time.monotonic())
    before = record.letters
    running = asyncio.create_task(made.run(record))
    try:
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(3):
                await asyncio.sleep(0)
            ask(tmp_path, 3)
            while not busy(tmp_path):
                await asyncio.sleep(0)
            assert "packages are missing for that" in busy(tmp_path)
            assert told(tmp_path) is None
            assert record.letters == before
            builder.go.set()
            while (said := told(tmp_path)) is None:
                await asyncio.sleep(0)
    finally:
        running.cancel()
    assert said.done
    assert not busy(tmp_path)


async def test_what_cannot_be_built_changes_nothing(tmp_path: Path) -> None:
    class Full(Builder):
        async def build(self, first: int, documents: int) -> list[Letter]:
            raise Impossible("the disk is full; a smaller change would do")

    made, record = turning(tmp_path, None, Full())
    record.begin(time.monotonic())
    before = record.letters
    said = await answered(made, record, lambda: ask(tmp_path, 3))
    assert not said.done
    assert "the disk is full" in said.words
    assert record.letters == before
    assert not made.changes
    assert not busy(tmp_path)


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
