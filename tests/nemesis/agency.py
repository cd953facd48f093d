"""``python -m tests.nemesis.agency``: a share of the real agencies, with a recorder in their line.

They play a day as ``python -m agencies`` does, at several axes at once. Beside them somebody sends
what was accepted once more, and an operator looks at the books now and then. The parent holds the
other end of stdin, which is this process's life, and writes one line when the day begins. Progress
goes to stdout as JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from agencies import world
from agencies.client import Client
from agencies.crew import BACKOFF, Crew, Orders, hours
from agencies.drive import package
from agencies.line import HttpLine
from agencies.pace import Pace
from agencies.process import parent_pipe, tell
from agencies.share import chosen, share_of
from schemas.codes import agencies
from tests.nemesis.day import Day
from tests.nemesis.recorder import Door, RecordingLine
from tests.nemesis.tape import Tape

#: Mean seconds between two documents sent once more; seconds between two looks at the books, and
#: how many of these ask for their proof.
AGAIN_S, LOOK_S, PROOF_EVERY = 0.4, 2.0, 5


@dataclass(frozen=True, slots=True)
class Beside:
    """What is asked beside the agencies' own business."""

    crew: Crew
    line: RecordingLine
    pace: Pace
    home: Path

    async def send_again(self, plan: Day) -> None:
        """Send what has its receipt once more, for ever."""
        dice = self.line.dice
        while True:
            await asyncio.sleep(dice.expovariate(1 / AGAIN_S))
            done = [office for office in self.crew.offices.values() if office.journal.sent]
            if done:
                office = dice.choice(done)
                planned = plan.documents[dice.choice(list(office.journal.sent))]
                raw = package(planned, office.key, office.certificate_der)
                await office.client.post_document(raw, self.pace.stated(planned.at_us))

    async def look(self) -> None:
        """Ask the books whether they balance, for ever."""
        secret = world.read_secret(self.home / "operator")
        operator = Client(self.line, world.OPERATOR_ID, secret, self.line.dice.random, BACKOFF)
        looks = 0
        while True:
            await asyncio.sleep(LOOK_S)
            looks += 1
            await operator.get("/v1/counts")
            if looks % PROOF_EVERY == 0:
                await operator.get("/v1/operator/audit")


def main() -> None:
    """Play a share of the agencies until the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.nemesis.agency", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the run's world")
    parser.add_argument("--share", required=True, help="1/2: the first of two processes")
    parser.add_argument("--doors", type=Path, required=True, help="a folder for each axis")
    parser.add_argument("--tape", type=Path, required=True, help="where to record")
    parser.add_argument("--day", required=True, help="the day to play, as JSON")
    parser.add_argument("--looks", action="store_true", help="look at the books too")
    asked = parser.parse_args()
    structlog.configure(
        processors=[structlog.processors.TimeStamper(), structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(_play(asked))


async def _play(asked: argparse.Namespace) -> None:
    parent = await parent_pipe()
    line = await parent.readline()
    if not line:
        return
    day = Day(**json.loads(asked.day))
    orders = Orders(
        home=asked.home,
        codes=chosen([row.code for row in agencies()], share_of(asked.share)),
        seed=day.seed,
        plan=day.documents,
        leaves_us=hours(day.date).leaves_us,
    )
    pace = day.pace(json.loads(line)["origin_s"])
    async with AsyncExitStack() as stack:
        doors = [
            Door(folder.name, await stack.enter_async_context(HttpLine(folder)))
            for folder in sorted(asked.doors.iterdir())
        ]
        recording = RecordingLine(doors, Tape(asked.tape), random.Random(f"{asked.tape.name}"))
        crew = Crew(orders, recording, pace, tell)
        beside = Beside(crew, recording, pace, asked.home)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crew.run(stop))
            besides = [tasks.create_task(beside.send_again(day))]
            if asked.looks:
                besides.append(tasks.create_task(beside.look()))
            await parent.read()
            stop.set()
            for task in besides:
                task.cancel()


if __name__ == "__main__":
    main()
