"""The agencies of one process at work together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from agencies import world
from agencies.brokers import Brokers
from agencies.clerk import Clerk
from agencies.client import Client
from agencies.drive import LOOK_S_MAX, LOOK_US, Office, Reader, drive
from agencies.endpoint import Endpoint, Habits
from agencies.examine import Examiner
from agencies.journal import ReceivedJournal, SentJournal
from agencies.lanes import Lanes
from agencies.line import Line
from agencies.pace import Pace
from agencies.switch import Switch
from agencies.traffic import Planned
from agencies.ways import News, Polled, Told, Way
from axis.core.retry import Backoff
from axis.core.timetable import DAY_US, MICROSECONDS, day_start_us

#: How often progress is told while there is any.
REPORT_S = 0.25
#: One poll of the inbox. The demo's agencies are told at once; those that answer a person look
#: anew this often for what was put back into its lane, and whether they are switched off.
DEMO_WAIT_S, ANSWER_WAIT_S = 20.0, 3.0
#: A person does not wait 25 minutes: a clerk's 03 comes after five seconds, twenty at the most.
ANSWER_SPEED = 300.0
ANSWER_LONGEST_US = int(20 * ANSWER_SPEED * MICROSECONDS)
#: Seconds for what is in hand when a process is to end: an axis that is there takes milliseconds.
FINISH_S_MAX = 4.0
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
    """What a process is to do, and for which agencies (``codes``).

    They ask the axis for packages, or read their topics where ``brokers`` says how. ``plan`` is
    empty where the agencies only answer. ``leaves_us`` is when desks are cleared, ``longest_us``
    the longest that anything lies on one (microseconds of the run's time).
    """

    home: Path
    codes: tuple[str, ...]
    brokers: Brokers | None = None
    seed: int = world.SEED
    plan: Sequence[Planned] = ()
    leaves_us: int = 2**62
    longest_us: int = DAY_US


class Crew:
    """The agencies of one process. ``report`` is told how far they are."""

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
        self._told: dict[str, Told] = {}
        self._to_send = self._to_take = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Send and answer until ``stop`` is set, and finish then what is in hand.

        Whatever one of the agencies dies of ends all of them.
        """
        with ExitStack() as journals:
            self._gather(journals)
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(self._work())
                await stop.wait()
                # What was not finished is gone on with by the next process.
                with suppress(TimeoutError):
                    async with asyncio.timeout(FINISH_S_MAX), asyncio.TaskGroup() as finishing:
                        for endpoint in self.endpoints:
                            finishing.create_task(endpoint.finish())
                working.cancel()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for endpoint in self.endpoints:
                tasks.create_task(endpoint.client.sign_in())
        mine = [p for p in self._orders.plan if p.sender in self.offices]
        async with asyncio.TaskGroup() as tasks:
            if self._orders.brokers is not None:
                # Not above: whoever polls starts without the libraries of Kafka.
                from agencies.topics import Topics

                tasks.create_task(Topics(self._orders.brokers, self._told).run(), name="topics")
            for endpoint in self.endpoints:
                tasks.create_task(endpoint.run(), name=endpoint.code)
            for reader in self.readers:
                tasks.create_task(reader.run())
            tasks.create_task(drive(mine, self.offices, self._pace, self._changed.set))
            tasks.create_task(self._tell())

    def _gather(self, journals: ExitStack) -> None:
        refusals = {
            (planned.sender, planned.document_id, refusal.agency): refusal.reason
            for planned in self._orders.plan
            for refusal in planned.refused_by
        }
        habits = Habits(
            examiner=Examiner(world.read_certificates(self._orders.home)),
            pace=self._pace,
            refusals=refusals,
            changed=self._changed.set,
        )
        for code in self._orders.codes:
            self._seat(code, habits, journals)
        codes = frozenset(self._orders.codes)
        self._to_send = sum(planned.sender in codes for planned in self._orders.plan)
        self._to_take = sum(len(codes & set(p.recipients)) for p in self._orders.plan)

    def _seat(self, code: str, habits: Habits, journals: ExitStack) -> None:
        """One agency with all it has."""
        orders = self._orders
        folder, played = world.agency_dir(orders.home, code), bool(orders.plan)
        die = random.Random(code).random
        client = Client(self._line, code, world.read_secret(folder), die, BACKOFF)
        received = ReceivedJournal(folder)
        journals.callback(received.close)
        clerk = Clerk(code, orders.seed, self._pace, orders.leaves_us, orders.longest_us)
        way: Way = Polled(DEMO_WAIT_S if played else ANSWER_WAIT_S)
        news: News | None = None
        if orders.brokers is not None:
            way = told = Told(Lanes(received.source, dict(received.reach)))
            self._told[code], news = told, told.statuses
        self.endpoints.append(Endpoint(code, client, clerk, received, habits, Switch(folder), way))
        if played:
            sent = SentJournal(folder)
            journals.callback(sent.close)
            self.offices[code] = Office(client, *world.read_key(orders.home, code), sent)
        if played or news is not None:
            look_s = min(LOOK_S_MAX, self._pace.seconds(LOOK_US))
            self.readers.append(Reader(client, look_s, self._changed.set, news))

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
