"""The open-loop sender and the reader of statuses, at the real app in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.drive import IN_FLIGHT_MAX, Reader, drive, package
from agencies.journal import read_sent
from agencies.line import Answer, Line
from axis.core.timetable import from_iso
from tests.agencies.seats import DAY, SPEED, TOLD_S_MAX, BadLine, Seats, planned
from tests.api.world import HA_NOI, LANG_SON, OFFICE, START, world
from tests.sim import loop


def play(folder: Path, scenario: Callable[[Seats], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(history=True) as here:
            here.clock.at = START
            await scenario(Seats(here, folder))

    loop.run(main())


def nothing() -> None:
    """Nobody is told of progress."""


def test_every_document_leaves_at_its_moment_and_says_so(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        office, plan = seats.office(LANG_SON), planned(5)
        await drive(plan, {LANG_SON: office}, seats.pace, nothing)
        assert asyncio.get_running_loop().time() == pytest.approx(4 * 60 / SPEED)
        for one in plan:
            sent = office.journal.sent[one.index]
            view = (await seats.world.get(LANG_SON, f"/v1/documents/{sent.doc}")).json()
            assert from_iso(view["occurred_at"]) == one.at_us
            assert set(sent.deliveries) == {f"{sent.doc}.{OFFICE}", f"{sent.doc}.{HA_NOI}"}
            assert view["verdict"] == "valid"

    play(tmp_path, scenario)


def test_what_has_its_answer_is_not_sent_again(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        first, plan = seats.office(LANG_SON), planned(6)
        await drive(plan[:4], {LANG_SON: first}, seats.pace, nothing)
        first.journal.close()
        second = seats.office(LANG_SON)
        await drive(plan, {LANG_SON: second}, seats.pace, nothing)
        assert read_sent(tmp_path / LANG_SON) == second.journal.sent
        lines = (tmp_path / LANG_SON / "sent.jsonl").read_text().splitlines()
        assert len(lines) == 6

    play(tmp_path, scenario)


def test_a_document_sent_again_is_the_same_bytes_and_gets_the_same_receipt(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        office, (one,) = seats.office(LANG_SON), planned(1)
        raw = package(one, office.key, office.certificate_der)
        assert raw == package(one, office.key, office.certificate_der)
        first = await office.client.post_document(raw, None)
        assert await office.client.post_document(raw, None) == first

    play(tmp_path, scenario)


def test_a_refused_document_is_remembered_and_the_others_go_on(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        office, plan = seats.office(LANG_SON), list(planned(3))
        plan[1] = replace(plan[1], number=plan[0].number, notation=plan[0].notation)
        await drive(plan, {LANG_SON: office}, seats.pace, nothing)
        refused = [sent.refused for sent in office.journal.sent.values()]
        assert refused[0] == refused[2] == ""
        assert refused[1].startswith("409 document.conflict")

    play(tmp_path, scenario)


class Stalled:
    """An axis that stands still until it is let go, and counts who waits."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.go = asyncio.Event()
        self.waiting = 0

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if path == "/v1/documents":
            self.waiting += 1
            await self.go.wait()
        return await self._line.ask(method, path, headers, body, timeout_s)


def test_documents_in_flight_are_bounded_and_lateness_counts_from_the_plan(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        line = seats.line = Stalled(seats.line)
        office, plan = seats.office(LANG_SON), planned(IN_FLIGHT_MAX + 10, gap_s=1.0)
        sending = asyncio.create_task(drive(plan, {LANG_SON: office}, seats.pace, nothing))
        await asyncio.sleep(100)
        assert line.waiting == IN_FLIGHT_MAX
        line.go.set()
        await sending
        late = [s.answered_s - s.started_s for s in office.journal.sent.values()]
        assert len(late) == len(plan)
        assert min(late) > 98
        assert office.journal.sent[plan[-1].index].started_s == pytest.approx(
            (plan[-1].at_us - DAY.opens_us) / 1e6 / SPEED
        )

    play(tmp_path, scenario)


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_over_a_bad_line_every_document_is_in_the_books_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("bad")

    async def scenario(seats: Seats) -> None:
        good = seats.line
        seats.line = BadLine(good, random.Random(seed), 0.4)
        await drive(planned(8), {LANG_SON: seats.office(LANG_SON)}, seats.pace, nothing)
        seats.line = good
        counts = (await seats.world.get(LANG_SON, "/v1/counts")).json()
        assert (counts["sent"], counts["standing"]["deliveries"]) == (8, 16)

    play(folder, scenario)


def test_statuses_come_back_to_the_sender_and_each_counts_once(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        seats.line = BadLine(seats.line, random.Random(1), 0.2)
        office = seats.office(LANG_SON)
        reader = Reader(office.client, 0.5, nothing)
        recipients = [seats.endpoint(code) for code in (OFFICE, HA_NOI)]
        tasks = [asyncio.create_task(one.run()) for one in recipients]
        tasks.append(asyncio.create_task(reader.run()))
        await drive(planned(4), {LANG_SON: office}, seats.pace, nothing)
        async with asyncio.timeout(TOLD_S_MAX):
            while len(reader.heard) < 16:
                await asyncio.sleep(1)
        deliveries = {d for sent in office.journal.sent.values() for d in sent.deliveries}
        assert reader.heard == {(d, code) for d in deliveries for code in ("01", "03")}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    play(tmp_path, scenario)
