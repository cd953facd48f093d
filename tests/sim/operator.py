"""Operators: they lock and unlock, put parked deliveries back, and look at the books all along."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

from tests.sim.history import Locked, Seen
from tests.sim.session import Session, read_json
from tests.sim.world import World

_WHY = {"why": "diễn tập"}
_RUNS = "/v1/operator/runs"


class Operator:
    """One operator. What it watches must hold at any moment, whatever else is going on."""

    def __init__(self, session: Session, agencies: Sequence[str]) -> None:
        self.session = session
        self._world: World = session.world
        self._dice = session.dice
        self._agencies = agencies
        self.has_unlocked = True
        #: Until the storm is over and its last job too: one may begin at the moment of the heal.
        self.gives_back = True

    async def run(self) -> None:
        """Lock, mend and look for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lock())
            group.create_task(self._mend())
            group.create_task(self._look())
            group.create_task(self._give_back())

    async def _lock(self) -> None:
        while not self._world.healed.is_set() and self._world.weather.lock_s:
            await self._until_healed(self._dice.uniform(1, 2 * self._world.weather.lock_s))
            if self._world.healed.is_set():
                return
            agency = self._dice.choice(self._agencies)
            self.has_unlocked = False
            await self._set(agency, "lock")
            await self._until_healed(self._dice.uniform(0, self._world.weather.lock_s))
            await self._set(agency, "unlock")
            self.has_unlocked = True

    async def _until_healed(self, most_s: float) -> None:
        try:
            await asyncio.wait_for(self._world.healed.wait(), most_s)
        except TimeoutError:
            return

    async def _set(self, agency: str, act: str) -> None:
        began = self._world.now_s
        answer = await self.session.post_json(f"/v1/operator/agencies/{agency}/{act}", _WHY)
        if answer.status != 200:
            self._world.fail("misjudged", f"{act} {agency}: {answer.body!r}", agency)
        self._world.history.add(
            Locked(agency=agency, locked=act == "lock", began=began, ended=self._world.now_s)
        )

    async def _mend(self) -> None:
        """Put back what failed. What a lock has parked comes back with the unlocking."""
        while True:
            await self._world.rest(self._dice, 1, 6.0)
            await asyncio.sleep(0.5)
            for row in await self._find({"state": "parked"}):
                if row["reason"] == "locked":
                    continue
                if self._world.healed.is_set() or self._dice.chance(0.3):
                    path = f"/v1/operator/deliveries/{row['id']}/reset"
                    answer = await self.session.post_json(path, _WHY)
                    code = "" if answer.status == 200 else read_json(answer)["code"]
                    if code not in ("", "delivery.not_parked", "delivery.locked"):
                        self._world.fail("misjudged", f"reset of {row['id']}: {code}", row["id"])

    async def _give_back(self) -> None:
        """Give back what is done, now and then, and follow each job to its end."""
        while not self._world.healed.is_set():
            await self._until_healed(self._dice.uniform(2.0, 12.0))
            done = await self._find({"state": "done", "limit": self._dice.choice((1, 3, 9))})
            if not done:
                continue
            rate = self._dice.choice((1, 10, 1000))
            ids = [row["id"] for row in done]
            asked = {"kind": "give_back", "ids": ids, "rate": rate, **_WHY}
            answer = await self.session.post_json(_RUNS, asked)
            if answer.status == 201:
                await self._run(read_json(answer)["id"])
            elif read_json(answer)["code"] != "replay.too_many_jobs":
                self._world.fail("misjudged", f"plan of {asked}: {answer.body!r}")
        self.gives_back = False

    async def _run(self, job: str) -> None:
        """Run a job, stop and go on as it comes, until it has ended."""
        path = f"{_RUNS}/{job}"
        answer = await self.session.post_json(f"{path}/run", _WHY)
        if answer.status != 200:
            # The axis's clock may have gone an hour ahead since the plan.
            if read_json(answer)["code"] != "replay.expired":
                self._world.fail("misjudged", f"run of {job}: {answer.body!r}")
            return
        stage = read_json(answer)["stage"]
        while stage in ("running", "paused"):
            await self._world.rest(self._dice, 0.5, 2.0)
            if self._dice.chance(0.2):
                act = "resume" if stage == "paused" else self._dice.choice(("pause", "abort"))
                await self.session.post_json(f"{path}/{act}", _WHY)
            elif stage == "paused" and self._world.healed.is_set():
                await self.session.post_json(f"{path}/resume", _WHY)
            stage = read_json(await self.session.insist("GET", path))["stage"]

    async def _find(self, query: dict[str, object]) -> list[dict[str, Any]]:
        answer = await self.session.insist("GET", "/v1/operator/deliveries", query=query)
        rows: list[dict[str, Any]] = read_json(answer)["deliveries"]
        return rows

    async def _look(self) -> None:
        looks = (self._audit, self._counts, self._waiting, self._package, self._health)
        while True:
            await self._world.rest(self._dice, 1, 8.0)
            await asyncio.sleep(0.5)
            await self._dice.choice(looks)()

    async def _audit(self) -> None:
        answer = await self.session.insist("GET", "/v1/operator/audit")
        self._world.history.add(Seen(what="audit", body=read_json(answer)))

    async def _counts(self) -> None:
        answer = await self.session.insist("GET", "/v1/counts")
        self._world.history.add(Seen(what="counts", body=read_json(answer)))

    async def _waiting(self) -> None:
        answer = await self.session.insist("GET", "/v1/operator/waiting")
        self._world.history.add(Seen(what="waiting", body=read_json(answer)))

    async def _health(self) -> None:
        for path in ("/v1/health", "/v1/ready"):
            await self.session.insist("GET", path)

    async def _package(self) -> None:
        """The bytes of a package, with a reason."""
        for row in (await self._find({"limit": 1}))[:1]:
            path = f"/v1/operator/documents/{row['doc']}/package"
            answer = await self.session.insist("GET", path, query=_WHY)
            got = hashlib.sha256(answer.body).hexdigest()
            if answer.status != 200 or got != row["sha256"]:
                self._world.fail("altered", f"{row['doc']} as an operator reads it", row["doc"])
