"""``python -m agencies.history.play``: a process that plays a part of the history.

The parent holds the other end of stdin; its end, which is also the parent's death, and SIGTERM end
the process. It goes on behind the last day that was finished (``agencies.history.progress``), and
writes JSON lines to stdout: how far it is behind each day, and at last ``{"finished": true}``, or
``{"otherwise": …}`` when something came about otherwise than planned.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import uvloop

from agencies import world
from agencies.examine import Examiner
from agencies.history.ahead import Stretch
from agencies.history.part import Part, documents
from agencies.history.player import Otherwise, Player
from agencies.history.progress import Progress
from agencies.history.seats import take_seats
from agencies.line import HttpLine
from agencies.process import spare_collector, tell, while_parent_lives
from agencies.sizes import PROFILES, SMALL
from agencies.tempo import Tempo
from agencies.traffic import Planned
from axis.core.timetable import DAY_US, MICROSECONDS, day_number, day_of_number, day_start_us

#: With a speed the hours of a day are played one by one, each at its time.
HOUR_US = 3600 * MICROSECONDS
#: Days behind the last one by which every clerk has answered: two working days, and Tết may lie
#: between.
ANSWERED_DAYS = 31


def main() -> None:
    """Play until the part is over or the parent is gone."""
    arguments = _arguments()
    uvloop.run(while_parent_lives(_play(arguments)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agencies.history.play")
    parser.add_argument("--home", type=Path, required=True, help="folder of the run")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", default="1/1")
    parser.add_argument("--size", choices=PROFILES, default=SMALL.name)
    parser.add_argument("--speed", type=float, help="times as fast as it happened; none: no wait")
    return parser.parse_args()


async def _play(arguments: argparse.Namespace) -> None:
    spare_collector()
    i, n = map(int, arguments.sample.split("/"))
    part = Part(first=arguments.first, last=arguments.last, only=arguments.only, sample=(i, n))
    progress = Progress.load(arguments.home)
    tempo = Tempo(arguments.speed)

    async def due(stretch: Stretch) -> None:
        if stretch.plan:
            await tempo.due(stretch.first_us)

    def finished(stretch: Stretch) -> None:
        # Only whole days are remembered: within one nothing need be.
        day = _day_ended(stretch)
        if day is not None:
            progress.day = day
            progress.save(arguments.home)
            tell({"day": day.isoformat(), **_counts(progress)})

    async with HttpLine(arguments.home / "axis") as line:
        seats = take_seats(arguments.home, line)
        examiner = Examiner(world.read_certificates(arguments.home))
        player = Player(seats, examiner, arguments.seed, PROFILES[arguments.size], progress)
        stretches = _stretches(
            part, arguments.seed, progress.day, by_hour=arguments.speed is not None
        )
        try:
            await player.play(stretches, due, finished)
        except* Otherwise as found:
            tell({"otherwise": str(_first(found))})
        else:
            tell({"finished": True, **_counts(progress)})
    # One that ended would be started again; the parent ends it when nothing is left to do.
    await asyncio.Event().wait()


def _stretches(part: Part, seed: int, done: date | None, *, by_hour: bool) -> Iterator[Stretch]:
    """The days not yet finished, and behind the last one a time in which clerks still answer."""
    first = part.first if done is None else done + timedelta(days=1)
    if first <= part.last:
        left = Part(first=first, last=part.last, only=part.only, sample=part.sample)
        for day, plan in documents(left, seed):
            yield from _hours(day, plan) if by_hour else [_whole(day, plan)]
    end = day_start_us(part.last + timedelta(days=1))
    yield Stretch(end, end + ANSWERED_DAYS * DAY_US - 1, ())


def _whole(day: date, plan: Sequence[Planned]) -> Stretch:
    start = day_start_us(day)
    return Stretch(start, start + DAY_US - 1, plan)


def _hours(day: date, plan: Sequence[Planned]) -> Iterator[Stretch]:
    start = day_start_us(day)
    for first in range(start, start + DAY_US, HOUR_US):
        some = [planned for planned in plan if first <= planned.at_us < first + HOUR_US]
        yield Stretch(first, first + HOUR_US - 1, some)


def _day_ended(stretch: Stretch) -> date | None:
    """The day that ends with a stretch, if one does."""
    day = day_of_number(day_number(stretch.last_us))
    return day if stretch.last_us == day_start_us(day) + DAY_US - 1 else None


def _first(found: BaseException) -> BaseException:
    return _first(found.exceptions[0]) if isinstance(found, BaseExceptionGroup) else found


def _counts(progress: Progress) -> Mapping[str, int]:
    names = ("sent", "received", "said", "heard", "again", "size")
    return {**{name: getattr(progress, name) for name in names}, "owed": len(progress.owed)}


if __name__ == "__main__":
    main()
