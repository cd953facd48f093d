"""A recipient that reads its topic, against the real app, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.drive import Reader
from agencies.journal import ReceivedJournal
from agencies.lanes import Lanes
from agencies.line import Answer, Line
from agencies.ways import LOOK_AGAIN_S, PACKAGES_MAX, News, Told
from schemas import bus
from tests.agencies.seats import Seats, letter
from tests.agencies.test_endpoint import at_work
from tests.api.world import LANG_SON, OFFICE, OPERATOR, package, world
from tests.sim import loop

BOOKS = "/axis/live/0123456789ab"
#: Virtual seconds in which an agency has done what it was told to do.
SOON_S = 5.0


@dataclass
class Counting:
    """A line that remembers what was asked."""

    line: Line
    asked: list[str] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        self.asked.append(path.partition("?")[0])
        return await self.line.ask(method, path, headers, body, timeout_s)


@dataclass
class Office:
    """The Government Office, which reads its topic; and the topic, which only the test writes."""

    seats: Seats
    told: Told
    line: Counting
    number: int = 0

    async def post(self, raw: bytes | None = None) -> dict[str, Any]:
        """A letter to it of which nothing is told; what the inbox shows of it."""
        self.number += 1
        answer = await self.seats.world.send(raw or package(self.number))
        assert answer.status_code == 201, answer.text
        (delivery,) = answer.json()["deliveries"]
        rows = (await self.seats.world.get(OFFICE, "/v1/inbox", limit=1000)).json()["deliveries"]
        return next(row for row in rows if row["id"] == delivery)

    async def record(self, raw: bytes | None = None, *, inside: bool = True) -> bus.Message:
        """A letter to it, and the record that tells of it."""
        raw = raw or package(self.number + 1)
        row = await self.post(raw)
        return bus.Message(
            type=bus.WAITING,
            id=row["id"],
            source=BOOKS,
            no=row["no"],
            subject=row["id"],
            time=row["occurred_at"],
            sender=row["sender"],
            document_id=row["document_id"],
            sha256=row["sha256"],
            size=len(raw),
            **({"package": raw} if inside else {"dataref": bus.dataref(row["id"])}),
        )

    async def waiting(self) -> int:
        rows = (await self.seats.world.get(OFFICE, "/v1/inbox", limit=1000)).json()["deliveries"]
        return len(rows)

    async def until_empty(self, seconds: float = SOON_S) -> None:
        """Wait until nothing waits for it."""
        async with asyncio.timeout(seconds):
            while await self.waiting():
                await asyncio.sleep(0.1)


def play(folder: Path, scenario: Callable[[Office, Any], Awaitable[None]]) -> None:
    """Run a scenario while the office works and has read its empty inbox once."""

    async def main() -> None:
        async with world(history=True) as here:
            seats = Seats(here, folder)
            line = Counting(seats.line)
            seats.line = line
            told = Told(Lanes(BOOKS))
            told.anew()
            async with at_work(seats.endpoint(OFFICE, told)) as endpoint:
                await asyncio.sleep(1)
                await scenario(Office(seats, told, line), endpoint)

    loop.run(main())


def test_a_package_in_its_record_is_checked_taken_and_answered_without_the_inbox(
    tmp_path: Path,
) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        records = [await office.record() for _ in range(3)]
        office.line.asked.clear()
        for record in records:
            office.told.hear(0, record)
        await office.until_empty()
        await office.seats.until("03")
        asked = set(office.line.asked) - {"/v1/token"}
        assert "/v1/inbox/packages" not in asked
        taken = endpoint.journal.taken
        assert [*taken] == [record.subject for record in records]
        assert {(one.arrivals, one.done) for one in taken.values()} == {(1, True)}
        assert [one.sha256 for one in taken.values()] == [record.sha256 for record in records]
        assert endpoint.journal.reach == {0: 3}
        for record in records:
            office.told.hear(0, record)
        office.line.asked.clear()
        await asyncio.sleep(1)
        assert office.line.asked == []

    play(tmp_path, scenario)


def test_what_is_only_pointed_at_is_taken_in_pages(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        records = [await office.record(inside=False) for _ in range(20)]
        office.line.asked.clear()
        for record in records:
            office.told.hear(0, record)
        await office.until_empty()
        assert len(endpoint.journal.taken) == 20
        # The page has all that was pointed at.
        assert office.line.asked.count("/v1/inbox/packages") == 1
        assert office.line.asked.count("/v1/inbox/confirm") == 1

    play(tmp_path, scenario)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_record_that_is_lost_is_missed_and_looked_for(tmp_path: Path, lost: int) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        records = [await office.record() for _ in range(3)]
        del records[lost]
        for record in records:
            office.told.hear(0, record)
        await office.until_empty(LOOK_AGAIN_S + SOON_S)
        assert len(endpoint.journal.taken) == 3
        assert endpoint.journal.reach == {0: 3}

    play(tmp_path, scenario)


def test_an_agency_that_is_told_of_nothing_looks_by_itself(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        await office.post()
        await office.until_empty(LOOK_AGAIN_S + SOON_S)
        assert len(endpoint.journal.taken) == 1

    play(tmp_path, scenario)


def test_a_tombstone_passes_its_number_and_what_is_put_back_is_taken(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        first = await office.record(letter("sim: fail reason='đĩa hỏng'", 1))
        office.told.hear(0, first)
        await office.until_empty()
        assert endpoint.journal.taken[first.subject].failed == "đĩa hỏng"
        office.told.hear(0, bus.Message(type=bus.PARKED, id="p", source=BOOKS, no=1))
        second = await office.record()
        office.line.asked.clear()
        office.told.hear(0, bus.Message(type=bus.PARKED, id="p", source=BOOKS, no=1))
        office.told.hear(0, second)
        await office.until_empty()
        assert "/v1/inbox/packages" not in office.line.asked

        doc, _, code = first.subject.partition(".")
        body = {"why": "nó được sửa rồi"}
        path = f"/v1/operator/deliveries/{doc}.{code}/reset"
        answer = await office.seats.world.json(OPERATOR, path, body)
        assert answer.status_code == 200, answer.text
        assert await office.waiting() == 1
        office.told.hear(0, first._replace())
        await office.until_empty()
        one = endpoint.journal.taken[first.subject]
        assert (one.done, one.failed) == (True, "")

    play(tmp_path, scenario)


def test_what_is_given_back_is_looked_for_and_answered(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        first = await office.record()
        office.told.hear(0, first)
        await office.until_empty()
        here = office.seats.world
        asked = {"kind": "give_back", "ids": [first.subject], "why": "khôi phục"}
        job = (await here.json(OPERATOR, "/v1/operator/runs", asked)).json()["id"]
        path = f"/v1/operator/runs/{job}"
        await here.json(OPERATOR, f"{path}/run", {"why": "khôi phục"})
        async with asyncio.timeout(SOON_S):
            while not await office.waiting():
                await asyncio.sleep(0.1)
        # As the relay tells of it, twice.
        for _ in range(2):
            office.told.hear(0, first._replace(attempt=2))
        await office.until_empty()
        outcomes = (await here.get(OPERATOR, path)).json()["outcomes"]
        assert (outcomes["handed_out"], outcomes["already_had"]) == (1, 1)
        assert endpoint.journal.taken[first.subject].arrivals == 2

    play(tmp_path, scenario)


def test_a_package_that_was_altered_on_its_way_is_not_taken(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        record = await office.record()
        altered = record.package.replace(b"UBND", b"UBNE", 1)
        office.told.hear(0, record._replace(package=altered))
        await office.until_empty()
        one = endpoint.journal.taken[record.subject]
        assert not one.done
        assert one.failed.startswith("the digest is")

    play(tmp_path, scenario)


def test_what_an_agency_that_was_switched_off_was_told_is_in_its_inbox(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        endpoint.switch.turn_off()
        await asyncio.sleep(3)
        assert endpoint.switch.seen
        for _ in range(3):
            office.told.hear(0, await office.record())
        await asyncio.sleep(60)
        assert endpoint.journal.taken == {}
        endpoint.switch.turn_on()
        await office.until_empty()
        assert len(endpoint.journal.taken) == 3

    play(tmp_path, scenario)


def test_more_than_may_wait_is_read_from_the_inbox(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        records = [await office.record() for _ in range(5)]
        for no in range(6, PACKAGES_MAX + 50):
            records.append(records[4]._replace(no=no))
        for record in records:
            office.told.hear(0, record)
        assert len(office.told._packages) == PACKAGES_MAX
        await office.until_empty()
        assert len(endpoint.journal.taken) == 5

    play(tmp_path, scenario)


def test_a_process_goes_on_where_the_journal_says(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        for _ in range(2):
            office.told.hear(0, await office.record())
        await office.until_empty()
        office.told.hear(0, bus.Message(type=bus.PARKED, id="p", source=BOOKS, no=3))
        await asyncio.sleep(1)
        again = ReceivedJournal(tmp_path / OFFICE)
        assert (again.source, again.reach) == (BOOKS, {0: 3})
        assert again.taken == endpoint.journal.taken
        again.close()

    play(tmp_path, scenario)


def test_one_that_is_to_end_finishes_what_it_has_in_hand(tmp_path: Path) -> None:
    async def scenario(office: Office, endpoint: Any) -> None:
        office.told.hear(0, await office.record())
        await asyncio.sleep(0)
        await endpoint.finish()
        (one,) = endpoint.journal.taken.values()
        assert (one.done, one.said) == (True, {"01"})
        # Nothing more is taken; it waits for the next process.
        office.told.hear(0, await office.record())
        await asyncio.sleep(60)
        assert await office.waiting() == 1
        assert len(endpoint.journal.taken) == 1

    play(tmp_path, scenario)


def test_a_status_wakes_the_reader_of_the_stream(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(history=True) as here:
            seats = Seats(here, tmp_path)
            news = News()
            reader = Reader(seats.client(LANG_SON), 0.0, lambda: None, news)
            running = asyncio.create_task(reader.run())
            await asyncio.sleep(1)
            receipt = await here.sent()
            said = {"statuses": [{"delivery": receipt["deliveries"][0], "code": "01"}]}
            assert (await here.json(OFFICE, "/v1/statuses", said)).status_code == 200
            await asyncio.sleep(1)
            assert reader.heard == set()
            news.tell()
            await asyncio.sleep(1)
            assert reader.heard == {(receipt["deliveries"][0], "01")}
            running.cancel()
            await asyncio.wait((running,))

    loop.run(main())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_becomes_of_the_records_every_letter_is_taken_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Lost, doubled, late, in any order, with packages and without."""
    dice = random.Random(seed)

    async def scenario(office: Office, endpoint: Any) -> None:
        late: list[tuple[int, bus.Message]] = []
        for _ in range(12):
            urgency = dice.choice((0, 0, 3))
            office.number += 1
            raw = package(office.number, urgency=urgency)
            record = await office.record(raw, inside=dice.random() < 0.7)
            late += [(urgency, record)] * dice.choice((0, 1, 1, 1, 2))
            while late and dice.random() < 0.6:
                office.told.hear(*late.pop(dice.choice((0, 0, 0, -1))))
            await asyncio.sleep(dice.choice((0, 0, 0.01, 1)))
        for one in late:
            office.told.hear(*one)
        await office.until_empty(LOOK_AGAIN_S + SOON_S)
        taken = endpoint.journal.taken
        assert len(taken) == 12
        assert all(one.done for one in taken.values())
        await office.seats.until("03")
        assert {one.failed for one in taken.values()} == {""}

    play(tmp_path_factory.mktemp("ways"), scenario)
