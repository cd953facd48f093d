"""The agencies of one process at work together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from agencies import world
from agencies.clerk import Clerk
from agencies.client import Client
from agencies.drive import LOOK_S_MAX, LOOK_US, Office, Reader, drive
from agencies.endpoint import Endpoint, Habits
from agencies.examine import Examiner
from agencies.journal import ReceivedJournal, SentJournal
from agencies.line import Line
from agencies.pace import Pace
from agencies.switch import Switch
from agencies.traffic import Planned
from axis.core.retry import Backoff
from axis.core.timetable import DAY_US, MICROSECONDS, day_start_us
from schemas.codes import agencies

#: How often progress is told while there is any.
REPORT_S = 0.25
#: One poll of the inbox. The demo's agencies are told at once; those that answer a person look
#: anew this often for what was put back into its lane, and whether they are switched off.
DEMO_WAIT_S, ANSWER_WAIT_S = 20.0, 3.0
#: A person does not wait 25 minutes: a clerk's 03 comes after five seconds, twenty at the most.
ANSWER_SPEED = 300.0
ANSWER_LONGEST_US = int(20 * ANSWER_SPEED * MICROSECONDS)
#: An axis that is started again is back within two seconds; its clients look more often.
BACKOFF = Backoff(first_s=0.05, most_s=0.5)

_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Hours:
    """A day in the run's time, microseconds UTC. Assumed: office software sends from 7 to 21."""

    opens_us: int
    closes_us: int
    #: When the last clerk has cleared the desk.
    leaves_us: int
    last_us: int


def hours(day: date) -> Hours:
    """The hours of a Viet Nam day."""
    start = day_start_us(day)
    last = day_start_us(day + timedelta(days=1)) - 1
    return Hours(start + 7 * _HOUR_US, start + 21 * _HOUR_US, start + 43 * _HOUR_US // 2, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a process is to do. ``share`` of ``shares``, counted from 1, by place in the directory.

    ``plan`` is empty where the agencies only answer. ``leaves_us`` is when desks are cleared,
    ``longest_us`` the longest that anything lies on one (microseconds of the run's time).
    """

    home: Path
    share: int = 1
    shares: int = 1
    mine: str = ""
    seed: int = world.SEED
    plan: Sequence[Planned] = ()
    leaves_us: int = 2**62
    longest_us: int = DAY_US

    @property
    def codes(self) -> tuple[str, ...]:
        """The agencies of this share, without the chair that a person has."""
        every = [row.code for row in agencies()]
        return tuple(c for c in every[self.share - 1 :: self.shares] if c != self.mine)


class Crew:
    """The agencies of one share. ``report`` is told how far they are."""

    def __init__(
        self,
        orders: Orders,
        line: Line,
        pace: Pace,
        report: Callable[[Mapping[str, int | bool]], None],
    ) -> None:
        self._orders = orders
        self._line = line
        self._pace = pace
        self._report = report
        self._changed = asyncio.Event()
        self.endpoints: list[Endpoint] = []
        self.offices: dict[str, Office] = {}
        self.readers: list[Reader] = []
        self._to_send = self._to_take = 0

    async def run(self) -> None:
        """Send and answer for ever; whatever one of the agencies dies of ends all of them."""
        with ExitStack() as journals:
            self._gather(journals)
            async with asyncio.TaskGroup() as tasks:
                for endpoint in self.endpoints:
                    tasks.create_task(endpoint.client.sign_in())
            mine = [p for p in self._orders.plan if p.sender in self.offices]
            async with asyncio.TaskGroup() as tasks:
                for endpoint in self.endpoints:
                    tasks.create_task(endpoint.run(), name=endpoint.code)
                for reader in self.readers:
                    tasks.create_task(reader.run())
                tasks.create_task(drive(mine, self.offices, self._pace, self._changed.set))
                tasks.create_task(self._tell())

    def _gather(self, journals: ExitStack) -> None:
        home, played = self._orders.home, bool(self._orders.plan)
        refusals = {
            (planned.sender, planned.document_id, refusal.agency): refusal.reason
            for planned in self._orders.plan
            for refusal in planned.refused_by
        }
        habits = Habits(
            examiner=Examiner(world.read_certificates(home)),
            pace=self._pace,
            refusals=refusals,
            wait_s=DEMO_WAIT_S if played else ANSWER_WAIT_S,
            changed=self._changed.set,
        )
        for code in self._orders.codes:
            folder = world.agency_dir(home, code)
            die = random.Random(code).random
            client = Client(self._line, code, world.read_secret(folder), die, BACKOFF)
            received = ReceivedJournal(folder)
            journals.callback(received.close)
            orders = self._orders
            clerk = Clerk(code, orders.seed, self._pace, orders.leaves_us, orders.longest_us)
            endpoint = Endpoint(code, client, clerk, received, habits, Switch(folder))
            self.endpoints.append(endpoint)
            if played:
                sent = SentJournal(folder)
                journals.callback(sent.close)
                self.offices[code] = Office(client, *world.read_key(home, code), sent)
                look_s = min(LOOK_S_MAX, self._pace.seconds(LOOK_US))
                self.readers.append(Reader(client, look_s, self._changed.set))
        codes = frozenset(self._orders.codes)
        self._to_send = sum(planned.sender in codes for planned in self._orders.plan)
        self._to_take = sum(len(codes & set(p.recipients)) for p in self._orders.plan)

    async def _tell(self) -> None:
        while True:
            self._report(self.progress())
            await asyncio.sleep(REPORT_S)
            await self._changed.wait()
            self._changed.clear()

    def progress(self) -> Mapping[str, int | bool]:
        """How far these agencies are, with what earlier processes of theirs did.

        ``finished``: all planned documents have their answer, all that was planned for these
        agencies is answered, and all answers to their own documents have come back.
        """
        sent = [one for office in self.offices.values() for one in office.journal.sent.values()]
        # Two statuses come back for every delivery: 01, and 03 or 02.
        to_hear = 2 * sum(len(one.deliveries) for one in sent)
        heard = sum(len(reader.heard) for reader in self.readers)
        settled = sum(endpoint.settled for endpoint in self.endpoints)
        done = (len(sent), settled, heard) == (self._to_send, self._to_take, to_hear)
        return {
            "sent": len(sent),
            "received": sum(len(e.journal.taken) for e in self.endpoints),
            "said": sum(len(t.said) for e in self.endpoints for t in e.journal.taken.values()),
            "heard": heard,
            "finished": bool(self._orders.plan) and done,
        }
