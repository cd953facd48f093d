"""One agency as a recipient: takes, checks, confirms, answers.

Packages come in one way or another (``agencies.ways``). It checks each, remembers it in its
journal, then confirms the page in one request; its voice (``agencies.voice``) says the statuses.
What was remembered and not yet confirmed or said when the process died is confirmed and said when
it starts again, so every document counts once, whatever came how often.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from agencies import script as scripts
from agencies.clerk import Clerk
from agencies.client import CONFIRMED_MAX, Client, Package, Refused
from agencies.examine import Examiner
from agencies.journal import ReceivedJournal, Taken
from agencies.pace import Pace
from agencies.script import Script
from agencies.switch import STOPPED_LOOK_S, Switch
from agencies.voice import Voice
from agencies.ways import Way
from axis.core.timetable import from_iso

#: Deliveries held back by ``slow`` at once; beyond, the next ones are taken without delay.
HELD_MAX = 1000
#: What an agency says to a delivery that is given back and that it has.
ALREADY_HAD = "already had it"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Habits:
    """What the recipients of one process have in common.

    ``refusals``: (sender, DocumentId, recipient) to the reason for which the plan has it refused.
    ``changed`` is called when something has been done.
    """

    examiner: Examiner
    pace: Pace
    refusals: Mapping[tuple[str, str, str], str]
    changed: Callable[[], None] = lambda: None


@dataclass
class Endpoint:
    """The software of one recipient. ``run`` ends only with its process."""

    code: str
    client: Client
    clerk: Clerk
    journal: ReceivedJournal
    habits: Habits
    switch: Switch
    way: Way
    _voice: Voice = field(init=False)
    _tasks: asyncio.TaskGroup = field(init=False)
    #: Held while a page is in hand, and for ever once it has finished.
    _hand: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Deliveries that wait at the axis though they were fetched: a script has us take them later,
    #: or the axis did not hear that we cannot.
    _held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        pace, changed = self.habits.pace, self.habits.changed
        self._voice = Voice(self.client, self.journal, pace, self.switch, changed)

    async def run(self) -> None:
        """Take and answer for ever."""
        await self._go_on()
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self.way(self))
            self._tasks.create_task(self._voice.run())

    async def finish(self) -> None:
        """Take nothing more: what is in hand is remembered, confirmed and, where due, answered."""
        await self._hand.acquire()
        await self._voice.finish()

    @property
    def settled(self) -> int:
        """Deliveries of which everything has been said that is to be said."""
        owing = self._voice.owing
        taken = self.journal.taken.values()
        return sum(bool(t.done or t.failed) and t.delivery not in owing for t in taken)

    # ---- taking (``agencies.ways.Recipient``) -------------------------------------------------

    @property
    def holding(self) -> bool:
        """Whether packages that were fetched are in the inbox still, to be taken later."""
        return bool(self._held)

    def knows(self, delivery: str) -> bool:
        """Whether a delivery is taken, or about to be."""
        taken = self.journal.taken.get(delivery)
        return delivery in self._held or (taken is not None and not taken.failed)

    async def off(self) -> bool:
        """Whether it is switched off; then some time has passed."""
        if not self.switch.off:
            return False
        self.switch.acknowledge()
        await asyncio.sleep(STOPPED_LOOK_S)
        return True

    async def page(self, after: str, wait_s: float) -> tuple[Sequence[Package], str]:
        """A page of the inbox behind the cursor ``after``, and the cursor behind it."""
        pace = self.habits.pace
        return await self.client.packages(after, wait_s, pace.stated(pace.now_us()))

    async def receive(self, page: Sequence[Package]) -> None:
        """Check a page, remember what is new, and confirm it; nothing while it is switched off."""
        async with self._hand:
            if not self.switch.off:
                await self._receive(page)

    async def _receive(self, page: Sequence[Package]) -> None:
        pace = self.habits.pace
        available_s, at_us = pace.monotonic(), pace.now_us()
        take: list[tuple[Taken, Script]] = []
        again: list[str] = []
        had: list[tuple[Taken, Package]] = []
        for package in page:
            delivery = str(package.told["id"])
            if delivery in self._held:
                continue
            known = self.journal.taken.get(delivery)
            if known is not None and not known.failed:
                if "redelivery" in package.told:
                    had.append((known, package))
                else:
                    again.append(delivery)
                continue
            taken, script = self._examined(package, available_s, at_us)
            if taken.failed:
                await self._fail(taken)
            elif script.slow_s and len(self._held) < HELD_MAX:
                self._held.add(delivery)
                self._tasks.create_task(self._take_later(taken, script))
            else:
                take.append((taken, script))
        if again:
            self.journal.again(again)
            await self._confirm(again)
        if had:
            await self._had(had)
        if take:
            await self._keep(take)

    def _examined(self, package: Package, available_s: float, at_us: int) -> tuple[Taken, Script]:
        told = package.told
        sender = str(told["sender"])
        finding = self.habits.examiner.examine(
            package.raw, str(told["sha256"]), sender, from_iso(str(told["occurred_at"]))
        )
        taken = Taken(
            delivery=str(told["id"]),
            sender=sender,
            document_id=str(told["document_id"]),
            sha256=finding.sha256,
            size=len(package.raw),
            at_us=at_us,
            available_s=available_s,
            urgency=int(told["urgency"]),
            no=int(told["no"]),
            failed=finding.fault,
        )
        script = scripts.USUAL if finding.fault else self._script(taken, finding.content)
        if script.end == "fail" and told["attempt"] == 1:
            taken.failed = script.reason
        elif script.end == "fail":
            # It was put back: this time it is taken and answered as always.
            script, taken.script = scripts.USUAL, ""
        return taken, script

    def _script(self, taken: Taken, content: str) -> Script:
        try:
            script = scripts.parse(content)
        except scripts.NotUnderstood as error:
            log.warning(
                "line not understood",
                action="script.not_understood",
                delivery=taken.delivery,
                line=str(error),
            )
            return scripts.USUAL
        if script is not scripts.USUAL:
            taken.script = content
        return script

    async def _fail(self, taken: Taken) -> None:
        """Tell the axis that this delivery cannot be taken, and why."""
        self.journal.took([taken])
        if await self._said_failed([taken.delivery], taken.failed):
            log.info(
                "not taken", action="delivery.failed", delivery=taken.delivery, why=taken.failed
            )
        self.habits.changed()

    async def _said_failed(self, deliveries: Sequence[str], why: str) -> bool:
        """Whether the axis heard that these are not taken. Those of which it refuses to hear wait
        on, and keep no other from being taken.
        """
        pace = self.habits.pace
        try:
            await self.client.confirm(deliveries, pace.stated(pace.now_us()), failed=why)
        except Refused as error:
            for delivery in deliveries:
                self._held.add(delivery)
                _refused(delivery, error.problem)
            return False
        return True

    async def _had(self, found: Sequence[tuple[Taken, Package]]) -> None:
        """Answer what is given back and was never lost: it is here, and the same or not."""
        answers: dict[str, list[str]] = {}
        for known, package in found:
            same = hashlib.sha256(package.raw).hexdigest() == known.sha256
            reason = ALREADY_HAD if same else f"{ALREADY_HAD}, with other bytes"
            answers.setdefault(reason, []).append(known.delivery)
        self.journal.again([known.delivery for known, _ in found])
        for reason, deliveries in answers.items():
            await self._said_failed(deliveries, reason)
        self.habits.changed()

    async def _take_later(self, taken: Taken, script: Script) -> None:
        await asyncio.sleep(script.slow_s)
        while self.switch.off:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(STOPPED_LOOK_S)
        async with self._hand:
            taken.at_us = self.habits.pace.now_us()
            await self._keep([(taken, script)])
        self._held.discard(taken.delivery)

    async def _keep(self, take: Sequence[tuple[Taken, Script]]) -> None:
        """Remember deliveries, confirm them, and plan what to say."""
        self.journal.took([taken for taken, _ in take])
        await self._confirm([taken.delivery for taken, _ in take])
        for taken, script in take:
            self._plan(taken, script)

    async def _confirm(self, deliveries: Sequence[str]) -> None:
        # What an earlier process left may be more than one request takes.
        for start in range(0, len(deliveries), CONFIRMED_MAX):
            await self._confirm_some(deliveries[start : start + CONFIRMED_MAX])

    async def _confirm_some(self, deliveries: Sequence[str]) -> None:
        pace = self.habits.pace
        items = await self.client.confirm(deliveries, pace.stated(pace.now_us()))
        for item in items:
            if "problem" in item:
                _refused(str(item["delivery"]), item["problem"])
        done = [str(item["delivery"]) for item in items if "problem" not in item]
        self.journal.done(done, pace.monotonic())
        self.habits.changed()

    def _plan(self, taken: Taken, script: Script) -> None:
        """Say of a delivery what is to be said and was not said before."""
        document = (taken.sender, taken.document_id)
        refusal = self.habits.refusals.get((*document, self.code), "")
        words = self.clerk.words(taken.delivery, document, taken.at_us, script, refusal)
        told = taken.said | taken.unsaid.keys()
        self._voice.add([word for word in words if word.code not in told], taken.at_us)

    # ---- going on ---------------------------------------------------------------------------

    async def _go_on(self) -> None:
        """Pick up what an earlier process of this agency left undone."""
        unconfirmed = [t for t in self.journal.taken.values() if not t.done and not t.failed]
        if unconfirmed:
            await self._confirm([taken.delivery for taken in unconfirmed])
        now_us = self.habits.pace.now_us()
        for taken in self.journal.taken.values():
            if not taken.failed:
                # A machine that was started anew counts its time from the beginning.
                taken.at_us = min(taken.at_us, now_us)
                script = scripts.parse(taken.script) if taken.script else scripts.USUAL
                self._plan(taken, script)


def _refused(delivery: str, problem: Mapping[str, object]) -> None:
    log.error("confirmation refused", action="confirm.refused", delivery=delivery, why=problem)
