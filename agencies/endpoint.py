"""One agency as a recipient: told, takes, checks, confirms, answers.

Two loops share one journal. *Taking* polls for packages, checks each, remembers it, then confirms
the page in one request. *Speaking* says what is due: 01 at once, the clerks' words gathered so that
one request carries many. What was remembered and not yet confirmed or said when the process died
is confirmed and said when it starts again, so every document counts once, whatever came how often.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from agencies import script as scripts
from agencies.clerk import Clerk, Word
from agencies.client import STATUSES_MAX, Client, Package
from agencies.examine import Examiner
from agencies.journal import ReceivedJournal, Taken
from agencies.pace import Pace
from agencies.script import Script
from agencies.switch import Switch
from axis.core.timetable import from_iso

#: Clerks' words that fall due within this time travel together; nobody waits for a 03 that long.
GATHER_S = 0.5
#: How often a switched-off agency looks whether it is on again.
STOPPED_LOOK_S = 0.5
#: Deliveries held back by ``slow`` at once; beyond, the next ones are taken without delay.
HELD_MAX = 1000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Habits:
    """What the recipients of one process have in common.

    ``refusals``: (sender, DocumentId, recipient) to the reason for which the plan has it refused.
    ``wait_s`` is the length of one poll. ``changed`` is called when something has been done.
    """

    examiner: Examiner
    pace: Pace
    refusals: Mapping[tuple[str, str, str], str]
    wait_s: float
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
    #: Words still to say, the next due first, and those on their way to the axis.
    _due: list[Word] = field(default_factory=list)
    _saying: list[Word] = field(default_factory=list)
    #: Something is to be said at once, and takes along whatever else is due.
    _at_once: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    #: Deliveries that a script has us take later: fetched, remembered by nobody yet.
    _held: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Take and answer for ever."""
        await self._go_on()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(tasks))
            tasks.create_task(self._speak())

    @property
    def settled(self) -> int:
        """Deliveries of which everything has been said that is to be said."""
        owing = {word.delivery for word in (*self._due, *self._saying)}
        taken = self.journal.taken.values()
        return sum(bool(t.done or t.failed) and t.delivery not in owing for t in taken)

    # ---- taking -----------------------------------------------------------------------------

    async def _take(self, tasks: asyncio.TaskGroup) -> None:
        pace = self.habits.pace
        after = ""
        while True:
            if self.switch.off:
                self.switch.acknowledge()
                await asyncio.sleep(STOPPED_LOOK_S)
                continue
            page, following = await self.client.packages(
                after, self.habits.wait_s, pace.stated(pace.now_us())
            )
            if not page:
                # From the start: what was put back into its lane has an old number.
                after = ""
            elif not self.switch.off:
                await self._receive(page, tasks)
                # All that was confirmed is gone from the list; what is held would only come again.
                after = following if self._held else ""

    async def _receive(self, page: Sequence[Package], tasks: asyncio.TaskGroup) -> None:
        """Check a page, remember what is new, and confirm it."""
        pace = self.habits.pace
        available_s, at_us = pace.monotonic(), pace.now_us()
        take: list[tuple[Taken, Script]] = []
        again: list[str] = []
        for package in page:
            delivery = str(package.told["id"])
            if delivery in self._held:
                continue
            known = self.journal.taken.get(delivery)
            if known is not None and not known.failed:
                again.append(delivery)
                continue
            taken, script = self._examined(package, available_s, at_us)
            if taken.failed:
                await self._fail(taken)
            elif script.slow_s and len(self._held) < HELD_MAX:
                self._held.add(delivery)
                tasks.create_task(self._take_later(taken, script))
            else:
                take.append((taken, script))
        if again:
            self.journal.again(again)
            await self._confirm(again)
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
        self.journal.failed(taken.delivery, taken.failed)
        pace = self.habits.pace
        at = pace.stated(pace.now_us())
        await self.client.confirm([taken.delivery], at, failed=taken.failed)
        log.info("not taken", action="delivery.failed", delivery=taken.delivery, why=taken.failed)
        self.habits.changed()

    async def _take_later(self, taken: Taken, script: Script) -> None:
        await asyncio.sleep(script.slow_s)
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
        pace = self.habits.pace
        items = await self.client.confirm(deliveries, pace.stated(pace.now_us()))
        for item in items:
            if "problem" in item:
                log.error(
                    "confirmation refused",
                    action="confirm.refused",
                    delivery=item["delivery"],
                    why=item["problem"],
                )
        done = [str(item["delivery"]) for item in items if "problem" not in item]
        self.journal.done(done, pace.monotonic())
        self.habits.changed()

    # ---- speaking ---------------------------------------------------------------------------

    def _plan(self, taken: Taken, script: Script) -> None:
        document = (taken.sender, taken.document_id)
        refusal = self.habits.refusals.get((*document, self.code), "")
        words = self.clerk.words(taken.delivery, document, taken.at_us, script, refusal)
        for word in words:
            if word.code not in taken.said and word.code not in taken.unsaid:
                heapq.heappush(self._due, word)
                self._at_once |= word.due_us == taken.at_us
        self._news.set()

    async def _speak(self) -> None:
        while True:
            await self._until_due()
            if self.switch.off:
                await asyncio.sleep(STOPPED_LOOK_S)
                continue
            self._at_once = False
            now_us = self.habits.pace.now_us()
            while self._due and self._due[0].due_us <= now_us and len(self._saying) < STATUSES_MAX:
                self._saying.append(heapq.heappop(self._due))
            await self._say(self._saying)
            self._saying.clear()
            self.habits.changed()

    async def _until_due(self) -> None:
        """Return when something is to be said at once, or ``GATHER_S`` after the first due."""
        while not self._at_once:
            self._news.clear()
            left_s: float | None = None
            if self._due:
                first = self._due[0]
                left_s = self.habits.pace.left_s(first.due_us) + (GATHER_S if first.turn else 0.0)
                if left_s <= 0:
                    return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._news.wait()

    async def _say(self, words: Sequence[Word]) -> None:
        """Say words, and remember which the axis took and which it refused."""
        results = await self.client.say([self._statement(word) for word in words])
        said: list[tuple[str, str]] = []
        unsaid: list[tuple[str, str, str]] = []
        for word, result in zip(words, results, strict=True):
            problem = result.get("problem")
            if problem is None:
                said.append((word.delivery, word.code))
                continue
            unsaid.append((word.delivery, word.code, str(problem["code"])))
            log.warning(
                "status refused",
                action="status.refused",
                delivery=word.delivery,
                code=word.code,
                why=problem["code"],
            )
        self.journal.said(said, unsaid)

    def _statement(self, word: Word) -> dict[str, str]:
        statement = {"delivery": word.delivery, "code": word.code}
        if word.reason:
            statement["reason"] = word.reason
        if word.staff:
            statement["staff"] = word.staff
        at = self.habits.pace.stated(word.due_us)
        if at is not None:
            statement["occurred_at"] = at
        return statement

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
