"""Recorded traffic played against the real app in virtual time: cut off anywhere, over bad lines."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.client import Client
from agencies.examine import Examiner
from agencies.history.seats import Seat
from agencies.line import Line
from agencies.replays.player import Player
from agencies.replays.rebuilt import rebuilt
from agencies.replays.score import Score
from agencies.tempo import Tempo
from axis.core.comparison import Compared, compared
from axis.core.errors import unavailable
from axis.core.questions import Window
from axis.core.timetable import from_iso
from axis.core.traffic import row_of
from schemas.traffic import Row
from tests.agencies.courses import every_course
from tests.agencies.seats import CERTIFICATES, AppLine, BadLine
from tests.api.world import HA_NOI, LANG_SON, OFFICE, World, key_of, secret, world
from tests.sim import loop
from tests.traffic_rows import HEADER, share
from tests.traffic_rows import row as row_with

MINUTE_US = 60_000_000
ALL = Window(since=0, until=2**62)
#: Virtual seconds in which every play ends, however bad its line is.
END_S_MAX = 3600.0


def seats(line: Line, dice: random.Random) -> dict[str, Seat]:
    return {
        code: Seat(
            Client(line, code, secret(code), dice.random),
            key_of(code).private_key,
            key_of(code).certificate_der,
        )
        for code in (LANG_SON, OFFICE, HA_NOI)
    }


def build(row: Row, seat: Seat) -> bytes:
    return rebuilt(row, 1, seat.key, seat.certificate_der)


def fill(home: Path, rows: list[Row]) -> None:
    with Score.begin(home) as score:
        for row in rows:
            score.add(row, None)
        score.complete(from_iso(HEADER.asked.until))


async def play(
    home: Path,
    line: Line,
    dice: random.Random,
    *,
    seconds: float = END_S_MAX,
    span_us: int | None = None,
    tempo: Tempo = Tempo(None),  # noqa: B008 - it remembers nothing without a speed
) -> bool:
    """Play on, for so many virtual seconds; whether it came to the end."""
    with Score(home) as score:
        player = Player(seats(line, dice), Examiner(CERTIFICATES), score, build)
        playing = asyncio.create_task(player.play(span_us, tempo.due, lambda: None))
        await asyncio.wait([playing], timeout=seconds)
        if playing.done():
            playing.result()
            return True
        playing.cancel()
        await asyncio.wait([playing])
        return False


async def compare(here: World, home: Path) -> list[Compared]:
    """Every delivery of the score against the books."""
    await here.settled()
    found = (await here.axis.store.extract(ALL, 0, 999)).found
    rows = {extract.document.id: row_of(extract) for extract in found}
    with Score(home) as score:
        return [
            one
            for played in score.played()
            for one in compared(played.row, rows.get(played.doc), played.refused, same_bytes=False)
        ]


def must_be_the_same(found: list[Compared]) -> None:
    assert [(one.recipient, one.differences) for one in found if one.verdict != "same"] == []


def test_every_course_is_played_as_it_was(tmp_path: Path) -> None:
    rows = every_course()

    async def main() -> None:
        async with world(history=True) as here:
            fill(tmp_path, rows)
            assert await play(tmp_path, AppLine(here.http), random.Random(1))
            found = await compare(here, tmp_path)
            must_be_the_same(found)
            assert len(found) == sum(len(row.deliveries) for row in rows)
            said = [
                one
                for row in rows
                for one_share in row.deliveries
                for one in one_share.happened
                if one.kind == "status"
            ]
            with Score(tmp_path) as score:
                state = score.state
                assert (state.sent, state.said, state.heard) == (len(rows), len(said), len(said))
                assert all(one.troubles == [] for one in score.played())

    loop.run(main())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.integers(0, 2**32),
    st.sampled_from((0.0, 0.1, 0.3)),
    st.lists(st.floats(0.0, 3.0), max_size=6),
    st.none() | st.just(MINUTE_US),
)
def test_a_play_that_is_cut_off_and_loses_answers_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    share_lost: float,
    cuts: list[float],
    span_us: int | None,
) -> None:
    home = tmp_path_factory.mktemp("score")
    dice = random.Random(seed)

    async def main() -> None:
        async with world(history=True) as here:
            fill(home, every_course())
            line = BadLine(AppLine(here.http), dice, share_lost)
            for seconds in cuts:
                if await play(home, line, dice, seconds=seconds, span_us=span_us):
                    break
            assert await play(home, line, dice, span_us=span_us)
            must_be_the_same(await compare(here, home))
            with Score(home) as score:
                assert [one.troubles for one in score.played() if one.troubles] == []

    loop.run(main())


def test_what_the_axis_refuses_is_noted_and_the_rest_goes_on(tmp_path: Path) -> None:
    # The second is another new document of the same name; the third has a recipient it refuses.
    rows = [row_with(1), row_with(2, document_id=row_with(1).document_id), row_with(3)]

    async def main() -> None:
        async with world(history=True) as here:
            fill(tmp_path, rows)
            assert await play(tmp_path, AppLine(here.http), random.Random(1))
            found = await compare(here, tmp_path)
            assert [one.verdict for one in found] == ["same", "missing", "same"]
            assert found[1].differences[0].startswith("document.conflict: ")

    loop.run(main())


def test_what_a_store_that_is_away_did_not_take_is_handed_in_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(history=True) as here:
            fill(tmp_path, every_course())
            here.faults += [unavailable("axis.store_away")] * 3
            assert await play(tmp_path, AppLine(here.http), random.Random(1))
            assert here.faults == []
            must_be_the_same(await compare(here, tmp_path))

    loop.run(main())


def test_a_status_that_is_refused_is_noted_with_its_delivery(tmp_path: Path) -> None:
    # No check has passed this row: 15 answers nothing.
    happened = [
        {"kind": kind, "code": code, "occurred_at": at, "recorded_at": at}
        for kind, code, at in (
            ("done", "", "2020-01-15T08:31:00+07:00"),
            ("status", "15", "2020-01-15T08:32:00+07:00"),
        )
    ]
    rows = [row_with(1, deliveries=[share(happened=happened, answer="none", request="agreed")])]

    async def main() -> None:
        async with world(history=True) as here:
            fill(tmp_path, rows)
            assert await play(tmp_path, AppLine(here.http), random.Random(1))
            (one,) = await compare(here, tmp_path)
            assert one.verdict == "different"
            with Score(tmp_path) as score:
                (played,) = score.played()
            assert played.troubles == [
                (OFFICE, "say 15: lifecycle.not_asked: 15 answers a request, and none is open.")
            ]

    loop.run(main())


def test_time_passes_at_the_speed_within_the_window_and_not_behind_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(history=True) as here:
            fill(tmp_path, [row_with(1), row_with(2, occurred_at="2020-01-15T09:30:00+07:00")])
            now = asyncio.get_running_loop().time
            begun = now()
            until_us = from_iso("2020-01-15T09:00:00")
            line = AppLine(here.http)
            dice = random.Random(1)
            assert await play(tmp_path, line, dice, span_us=1, tempo=Tempo(10.0, until_us))
            # Two minutes pass from sending to accepting; what lies behind the window is done at
            # once.
            assert 12.0 <= now() - begun < 13.0

    loop.run(main())
