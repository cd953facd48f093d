"""``python -m agencies.replays.play``: a process that plays the score in the folder of its run.

The parent holds the other end of stdin; its end, which is also the parent's death, and SIGTERM end
the process. It goes on behind the last stretch that was finished, and writes JSON lines to stdout:
how far it is, and at last ``{"finished": true}``.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import uvloop

from agencies import world
from agencies.examine import Examiner
from agencies.history.seats import Seat, take_seats
from agencies.line import HttpLine
from agencies.process import spare_collector, tell, while_parent_lives
from agencies.replays.player import Player
from agencies.replays.rebuilt import rebuilt
from agencies.replays.score import Score
from agencies.tempo import Tempo
from axis.core.timetable import MICROSECONDS, iso
from schemas.traffic import Row

#: With a speed, what happened within so many real seconds is played together.
TOGETHER_S = 0.5
#: How often progress is told.
REPORT_S = 0.25


def main() -> None:
    """Play until all is done or the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m agencies.replays.play")
    parser.add_argument("--home", type=Path, required=True, help="folder of the run")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--speed", type=float, help="times as fast as it happened; none: no wait")
    arguments = parser.parse_args()
    uvloop.run(while_parent_lives(_play(arguments)))


async def _play(arguments: argparse.Namespace) -> None:
    spare_collector()
    speed: float | None = arguments.speed
    span_us = None if speed is None else max(1, int(TOGETHER_S * speed * MICROSECONDS))
    told_s = time.monotonic()

    def build(row: Row, seat: Seat) -> bytes:
        return rebuilt(row, arguments.seed, seat.key, seat.certificate_der)

    with Score(arguments.home) as score:

        def finished() -> None:
            nonlocal told_s
            if time.monotonic() - told_s >= REPORT_S:
                told_s = time.monotonic()
                tell(_counts(score))

        async with HttpLine(arguments.home / "axis") as line:
            seats = take_seats(arguments.home, line)
            examiner = Examiner(world.read_certificates(arguments.home))
            tempo = Tempo(speed, score.state.until_us)
            await Player(seats, examiner, score, build).play(span_us, tempo.due, finished)
        tell({"finished": True, **_counts(score)})
    # One that ended would be started again; the parent ends it when nothing is left to do.
    await asyncio.Event().wait()


def _counts(score: Score) -> Mapping[str, int | str]:
    state = score.state
    return {"sent": state.sent, "received": state.received, "at": iso(state.upto_us)}


if __name__ == "__main__":
    main()
