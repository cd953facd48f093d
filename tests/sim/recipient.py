"""An agency as a recipient: it polls, takes, checks, confirms, and says what becomes of it all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.edxml import UPDATE
from schemas.frames import frames
from tests.sim.history import Confirmed, Fetched, Page, Streamed
from tests.sim.network import Silence
from tests.sim.session import Session, read_json
from tests.sim.words import Word, say, say_many

#: What a clerk says of a document, in the order in which it may be said.
_CHAIN = ("01", "03", "04", "05", "06")

#: Virtual seconds after which one who put a delivery back asks what became of it, and how often
#: it does: an agency may be locked for half the run.
_LOOK_S, _LOOKS_MAX = 8.0, 8


@dataclass(slots=True)
class Copy:
    """A package that this recipient has."""

    row: Mapping[str, Any]
    #: Set whenever an inbox offers it.
    offered: asyncio.Event = field(default_factory=asyncio.Event)
    settled: bool = False

    @property
    def id(self) -> str:
        name: str = self.row["id"]
        return name

    @property
    def place(self) -> tuple[int, int]:
        return self.row["urgency"], self.row["no"]


class Recipient:
    """Reads one agency's inbox and status stream, and answers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._world = session.world
        self._dice = session.dice
        self._tasks: asyncio.TaskGroup | None = None
        #: By delivery id: what it has, as a real agency keeps it on its disk.
        self.copies: dict[str, Copy] = {}
        #: Places that this recipient has spoken of: they need not be offered any more.
        self._touched: set[tuple[int, int]] = set()
        self.cursor = 0
        self._answered: set[int] = set()
        #: What was given back and is being answered, by delivery and attempt.
        self._again: set[tuple[str, int]] = set()
        #: Requests being answered.
        self._answering = 0

    @property
    def at_rest(self) -> bool:
        """Everything it has is settled."""
        return not self._answering and all(copy.settled for copy in self.copies.values())

    async def run(self) -> None:
        """Poll for ever."""
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._poll())
            self._tasks.create_task(self._read_statuses())

    # ---- inbox --------------------------------------------------------------------------------

    async def _poll(self) -> None:
        after = ""
        while True:
            query: dict[str, object] = {"limit": self._dice.choice((1, 2, 5, 200))}
            if after:
                query["after"] = after
            else:
                # Behind a cursor one does not wait: what is put back lies before it.
                query["wait"] = self._dice.choice((0, 3, 20, 50))
            try:
                if self._dice.chance(0.2):
                    after = await self._look(query)
                else:
                    after = await self._take(query)
            except Silence:
                after = ""
            await self._world.rest(self._dice, 0.1, 2.0)

    async def _take(self, query: dict[str, object]) -> str:
        """A page with its packages; the cursor behind it, "" when it was the last."""
        if self._dice.chance(0.3):
            query["max_bytes"] = self._dice.choice((1, 5000))
        began = self._world.now_s
        wait_s = float(str(query.get("wait", 0)))
        answer = await self._session.ask("GET", "/v1/inbox/packages", query=query, wait_s=wait_s)
        if answer.status != 200:
            self._world.fail("misjudged", f"inbox: {answer.status} {answer.body!r}")
            return ""
        found = list(frames(answer.body))
        got = tuple(hashlib.sha256(body).hexdigest() for _, body in found)
        self._note_page([row for row, _ in found], got, query, began)
        for row, _ in found:
            self._have(row)
        return answer.headers["axis-next"] if found else ""

    async def _look(self, query: dict[str, object]) -> str:
        """A page without packages; they are fetched one by one."""
        began = self._world.now_s
        wait_s = float(str(query.get("wait", 0)))
        answer = await self._session.ask("GET", "/v1/inbox", query=query, wait_s=wait_s)
        page = read_json(answer)
        rows = page["deliveries"]
        self._note_page(rows, ("",) * len(rows), query, began)
        for row in rows:
            fetched = await self._session.ask("GET", f"/v1/deliveries/{row['id']}/package")
            got = hashlib.sha256(fetched.body).hexdigest()
            stated = (fetched.headers.get("etag", ""), fetched.headers.get("content-digest", ""))
            self._world.history.add(
                Fetched(
                    agency=self._session.name,
                    delivery=row["id"],
                    got=got,
                    stated=stated,
                    ended=self._world.now_s,
                )
            )
            self._have(row)
        return page["next"] if rows else ""

    def _note_page(
        self,
        rows: Sequence[Mapping[str, Any]],
        got: tuple[str, ...],
        query: Mapping[str, object],
        began: float,
    ) -> None:
        seen = {}
        for pair in filter(None, str(query.get("after", "")).split(",")):
            urgency, _, no = pair.partition(":")
            seen[int(urgency)] = int(no)
        here = {(row["urgency"], row["no"]) for row in rows}
        highest = {urgency: max(n for u, n in here if u == urgency) for urgency, _ in here}
        missing = tuple(
            (urgency, no)
            for urgency, last in sorted(highest.items())
            for no in range(seen.get(urgency, 0) + 1, last)
            if (urgency, no) not in here and (urgency, no) not in self._touched
        )
        self._world.history.add(
            Page(
                agency=self._session.name,
                rows=tuple(rows),
                got=got,
                missing=missing,
                began=began,
                ended=self._world.now_s,
            )
        )

    def _have(self, row: Mapping[str, Any]) -> None:
        copy = self.copies.get(row["id"])
        if copy is None:
            copy = self.copies[row["id"]] = Copy(row)
            assert self._tasks is not None
            self._tasks.create_task(self._treat(copy))
        copy.offered.set()
        again = (copy.id, row["attempt"])
        if "redelivery" in row and again not in self._again:
            self._again.add(again)
            assert self._tasks is not None
            self._answering += 1
            self._tasks.create_task(self._have_again(copy))

    async def _have_again(self, copy: Copy) -> None:
        """It is given back what it has: it says so, or takes it as if it had been lost."""
        await self._world.rest(self._dice, 0, 3.0)
        result = self._dice.choice(("done", "fail"))
        item = await self._confirm([copy], result, "đã có")
        if (item["state"], item["changed"]) != ("done", False):
            self._world.fail("misjudged", f"{result} of {copy.id}, given back: {item}", copy.id)
        self._answering -= 1

    # ---- what becomes of a package ------------------------------------------------------------

    async def _treat(self, copy: Copy) -> None:
        await self._world.rest(self._dice, 0, 3.0)
        for _ in range(self._dice.choice((0, 0, 0, 0, 1, 2))):
            await self._fail_once(copy)
        if self._dice.chance(0.2):
            # Whoever speaks of a document has it: the first status confirms it.
            await self._say(copy, ["01"])
        elif self._dice.chance(0.3):
            await self._confirm_range(copy)
        await self._confirm([copy], "done")
        await self._say(copy, self._words(copy))
        copy.settled = True

    async def _fail_once(self, copy: Copy) -> None:
        copy.offered.clear()
        item = await self._confirm([copy], "fail", "đĩa đầy")
        if item["state"] == "done":
            return
        await self._world.rest(self._dice, 0, 3.0)
        if self._dice.chance(0.3):
            # Managed after all: done without a reset.
            return
        if self._dice.chance(0.7):
            await self._put_back(copy)
        # Otherwise it is an operator who puts it back.
        await self._offered_again(copy)

    async def _offered_again(self, copy: Copy) -> None:
        """Wait until an inbox offers it anew, or it is done: another act may have confirmed it."""
        for _ in range(_LOOKS_MAX):
            try:
                await asyncio.wait_for(copy.offered.wait(), _LOOK_S)
                return
            except TimeoutError:
                answer = await self._session.insist("GET", f"/v1/documents/{copy.row['doc']}")
            states = {one["id"]: one["state"] for one in read_json(answer)["deliveries"]}
            if states[copy.id] == "done":
                return
        self._world.fail("late", f"{copy.id} was put back and never offered again", copy.id)

    async def _put_back(self, copy: Copy) -> None:
        while True:
            answer = await self._session.insist("POST", f"/v1/deliveries/{copy.id}/reset")
            if answer.status == 200:
                return
            code = read_json(answer)["code"]
            if code == "delivery.not_parked":
                # Put back by somebody else, or confirmed with a range.
                if "done" in read_json(answer)["detail"]:
                    copy.offered.set()
                return
            if code != "delivery.locked":
                self._world.fail("misjudged", f"reset of {copy.id}: {code}", copy.id)
                return
            await self._world.rest(self._dice, 0.5, 2.0)

    async def _confirm(
        self, copies: Sequence[Copy], result: str, reason: str = ""
    ) -> Mapping[str, Any]:
        """Confirm these by id, and others that are ready with them; what the first came to."""
        self._touched.update(copy.place for copy in copies)
        body = {"deliveries": [copy.id for copy in copies], "result": result, "reason": reason}
        return (await self._confirmed(body, result))[0]

    async def _confirm_range(self, copy: Copy) -> None:
        """A whole lane up to where this recipient has everything."""
        urgency, _ = copy.place
        have = {no for u, no in (other.place for other in self.copies.values()) if u == urgency}
        upto = 0
        while upto + 1 in have:
            upto += 1
        self._touched.update((urgency, no) for no in range(1, upto + 1))
        body = {"range": {"urgency": urgency, "no": upto}, "result": "done"}
        await self._confirmed(body, "done")

    async def _confirmed(self, body: object, result: str) -> list[Mapping[str, Any]]:
        began = self._world.now_s
        answer = await self._session.post_json("/v1/inbox/confirm", body)
        told = read_json(answer)
        if answer.status != 200:
            self._world.fail("misjudged", f"confirm {body}: {told}", self._session.name)
            return [{"state": "done"}]
        confirmed = Confirmed(
            agency=self._session.name,
            result=result,
            items=tuple(told["items"]),
            began=began,
            ended=self._world.now_s,
        )
        self._world.history.add(confirmed)
        return list(told["items"])

    # ---- statuses -----------------------------------------------------------------------------

    def _words(self, copy: Copy) -> list[str]:
        """The codes that this recipient will say of it, some of them out of place."""
        if self._dice.chance(0.2):
            codes = self._dice.choice((["02"], ["01", "02"]))
        else:
            codes = [code for code in _CHAIN if self._dice.chance(0.5)]
        if copy.row["kind"] == UPDATE and self._dice.chance(0.7):
            codes.append(self._dice.choice(("15", "16")))
        if self._dice.chance(0.25):
            wrong = self._dice.choice(("01", "02", "03", "05", "07", "13", "15", "16"))
            codes.insert(self._dice.randint(0, len(codes)), wrong)
        return codes

    async def _say(self, copy: Copy, codes: Sequence[str]) -> None:
        named = (copy.row["sender"], copy.row["document_id"])
        self._touched.update(
            other.place
            for other in self.copies.values()
            if (other.row["sender"], other.row["document_id"]) == named
        )
        words = [self._word(copy, code) for code in codes]
        if len(words) > 1 and self._dice.chance(0.3):
            await say_many(self._session, words)
            return
        for word in words:
            await self._world.rest(self._dice, 0, 3.0)
            for _ in range(2 if self._dice.chance(0.1) else 1):
                await say(self._session, word)

    def _word(self, copy: Copy, code: str) -> Word:
        reason = "không đúng thẩm quyền" if code in ("02", "16") else ""
        return Word(
            doc=copy.row["doc"],
            sender=copy.row["sender"],
            document_id=copy.row["document_id"],
            recipient=self._session.name,
            code=code,
            reason="" if self._dice.chance(0.05) else reason,
            by_name=self._dice.chance(0.4),
        )

    async def _read_statuses(self) -> None:
        """Read the stream behind the cursor; the cursor moves when a page is safely kept."""
        while True:
            query: dict[str, object] = {
                "after": self.cursor,
                "limit": self._dice.choice((1, 3, 200)),
                "wait": self._dice.choice((0, 3, 20, 50)),
            }
            began = self._world.now_s
            try:
                answer = await self._session.ask(
                    "GET", "/v1/statuses", query=query, wait_s=float(str(query["wait"]))
                )
            except Silence:
                await self._world.rest(self._dice, 0.1, 2.0)
                continue
            page = read_json(answer)
            self._world.history.add(
                Streamed(
                    agency=self._session.name,
                    after=self.cursor,
                    events=tuple(page["statuses"]),
                    following=page["next"],
                    began=began,
                    ended=self._world.now_s,
                )
            )
            for event in page["statuses"]:
                self._asked(event)
            if not self._dice.chance(self._world.weather.forgetful):
                self.cursor = page["next"]
            await self._world.rest(self._dice, 0.1, 2.0)

    def _asked(self, event: Mapping[str, Any]) -> None:
        """A sender asks a document back: answer it once, now or never."""
        if event["code"] != "13" or event["seq"] in self._answered:
            return
        self._answered.add(event["seq"])
        if self._dice.chance(0.7):
            assert self._tasks is not None
            self._answering += 1
            self._tasks.create_task(self._answer(event))

    async def _answer(self, event: Mapping[str, Any]) -> None:
        await self._world.rest(self._dice, 0, 4.0)
        code = self._dice.choice(("15", "16"))
        word = Word(
            doc=event["doc"],
            sender=event["sender"],
            document_id=event["document_id"],
            recipient=self._session.name,
            code=code,
            reason="đã giải quyết" if code == "16" else "",
        )
        while event["delivery"] not in self.copies:
            # Who answers has read the document: saying 15 of it confirms it.
            await asyncio.sleep(0.5)
        self._touched.add(self.copies[event["delivery"]].place)
        await say(self._session, word)
        self._answering -= 1
