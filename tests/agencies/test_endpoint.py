"""A simulated recipient against the real app, in virtual time: taken once, answered as told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agencies.client import CONFIRMED_MAX
from agencies.endpoint import Endpoint
from agencies.journal import Taken, read_received
from agencies.line import Answer, Line
from axis.core.timetable import iso
from tests.agencies.seats import DAY, TOLD_S_MAX, BadLine, Seats, letter
from tests.api.world import LANG_SON, OFFICE, World, world
from tests.sim import loop

Scenario = Callable[[Seats], Awaitable[None]]


def play(folder: Path, scenario: Scenario) -> None:
    """Run a scenario at a fresh axis, in virtual time."""

    async def main() -> None:
        async with world(history=True) as here:
            await scenario(Seats(here, folder))

    loop.run(main())


@asynccontextmanager
async def at_work(endpoint: Endpoint) -> Any:
    running = asyncio.create_task(endpoint.run())
    try:
        yield endpoint
    finally:
        running.cancel()
        await asyncio.wait((running,))
        endpoint.journal.close()
        if not running.cancelled():
            running.result()


async def history(here: World, doc: str) -> list[tuple[str, str, str]]:
    """(kind or code, reason, time of day) of a document, as its sender sees it."""
    view = (await here.get(LANG_SON, f"/v1/documents/{doc}")).json()
    return [(e["code"] or e["kind"], e["reason"], e["occurred_at"][11:16]) for e in view["history"]]


def test_a_document_is_taken_confirmed_and_answered_with_01_and_later_03(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            receipt = await seats.world.sent()
            await seats.until("03")
        what = [kind for kind, _, _ in await history(seats.world, receipt["doc"])]
        assert what == ["accepted", "offered", "done", "01", "03"]
        (taken,) = office.journal.taken.values()
        assert (taken.sha256, taken.said, taken.arrivals) == (receipt["sha256"], {"01", "03"}, 1)
        assert office.settled == 1

    play(tmp_path, scenario)


def test_what_it_does_happens_at_the_times_of_the_day_that_is_played(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)):
            receipt = await seats.world.sent()
            await seats.until("03")
        times = {kind: at for kind, _, at in await history(seats.world, receipt["doc"])}
        assert times["done"] == times["01"] == "07:00"
        assert "07:01" < times["03"] <= "21:30"

    play(tmp_path, scenario)


def test_the_plan_has_a_delivery_refused_with_its_reason(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        document_id = f"{LANG_SON},2020/01/15,7/UBND"
        seats.refusals[LANG_SON, document_id, OFFICE] = "Thiếu phụ lục"
        async with at_work(seats.endpoint(OFFICE)):
            receipt = await seats.world.sent()
            await seats.until("02")
        told = [(kind, why) for kind, why, _ in await history(seats.world, receipt["doc"])]
        assert told[-2:] == [("01", ""), ("02", "Thiếu phụ lục")]

    play(tmp_path, scenario)


async def send(seats: Seats, content: str) -> str:
    """Send a letter whose Content tells its recipient what to do; its id."""
    at = iso(DAY.opens_us)
    answer = await seats.world.send(letter(content), **{"axis-occurred-at": at})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["doc"])


def test_a_script_is_obeyed(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)):
            doc = await send(seats, "sim: 01 after 60s, 02 after 2m reason='sai thẩm quyền'")
            await seats.until("02")
        told = await history(seats.world, doc)
        # A second is a minute of this run, and delays are real seconds.
        assert told[-2:] == [("01", "", "08:00"), ("02", "sai thẩm quyền", "10:00")]

    play(tmp_path, scenario)


def test_slow_delays_the_taking(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)):
            doc = await send(seats, "sim: slow 30s")
            await seats.until("01")
        times = {kind: at for kind, _, at in await history(seats.world, doc)}
        assert (times["offered"], times["done"], times["01"]) == ("07:00", "07:30", "07:30")

    play(tmp_path, scenario)


def test_others_are_taken_while_a_slow_one_is_held(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            await send(seats, "sim: slow 60s, 01")
            other = await seats.world.sent(number=8)
            await seats.until("01")
            assert [t.delivery.partition(".")[0] for t in office.journal.taken.values()] == [
                other["doc"]
            ]
            await seats.until("01")

    play(tmp_path, scenario)


def test_silent_takes_and_says_nothing(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            doc = await send(seats, "sim: silent")
            await seats.world.sent(number=8)
            await seats.until("03")
            assert office.settled == 2
        assert [kind for kind, _, _ in await history(seats.world, doc)] == [
            "accepted",
            "offered",
            "done",
        ]

    play(tmp_path, scenario)


def test_fail_parks_a_delivery_and_the_second_time_it_is_taken(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            doc = await send(seats, "sim: fail reason='đĩa đầy'")
            await seats.until("parked")
            assert office.settled == 1
            reset = f"/v1/deliveries/{doc}.{OFFICE}/reset"
            assert (await seats.world.json(OFFICE, reset, None)).status_code == 200
            await seats.until("03")
        told = [(kind, why) for kind, why, _ in await history(seats.world, doc)]
        assert ("parked", "đĩa đầy") in told
        assert [kind for kind, _ in told][-4:] == ["offered", "done", "01", "03"]

    play(tmp_path, scenario)


def test_a_line_that_is_not_understood_is_no_instruction(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)):
            await send(seats, "sim: 01 soon")
            await seats.until("03")

    with structlog.testing.capture_logs() as lines:
        play(tmp_path, scenario)
    assert [(line["action"], line["line"]) for line in lines] == [
        ("script.not_understood", "sim: 01 soon")
    ]


def test_an_agency_that_is_switched_off_takes_nothing_until_it_is_on(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        office = seats.endpoint(OFFICE)
        office.switch.turn_off()
        async with at_work(office):
            receipt = await seats.world.sent()
            # Nothing tells a sender of what does not happen; an hour of the day is enough.
            await asyncio.sleep(60)
            assert office.switch.seen
            assert [kind for kind, _, _ in await history(seats.world, receipt["doc"])] == [
                "accepted"
            ]
            office.switch.turn_on()
            await seats.until("01")

    play(tmp_path, scenario)


def test_what_it_was_to_take_later_waits_while_it_is_switched_off(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            doc = await send(seats, "sim: slow 30s, 01")
            async with asyncio.timeout(TOLD_S_MAX):
                while not office.holding:
                    await asyncio.sleep(1)
            office.switch.turn_off()
            await asyncio.sleep(120)
            assert not office.journal.taken
            assert [kind for kind, _, _ in await history(seats.world, doc)][-1] == "offered"
            office.switch.turn_on()
            await seats.until("01")

    play(tmp_path, scenario)


class Altering:
    """Flips a byte in every package on its way."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        answer = await self._line.ask(method, path, headers, body, timeout_s)
        if not path.startswith("/v1/inbox/packages"):
            return answer
        return Answer(answer.status, answer.headers, answer.body.replace(b"V/v b", b"V/v B"))


def test_altered_bytes_are_answered_with_fail(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        seats.line = Altering(seats.line)
        async with at_work(seats.endpoint(OFFICE)):
            receipt = await seats.world.sent(subject="V/v b")
            await seats.until("parked")
        reason = (await history(seats.world, receipt["doc"]))[-1][1]
        assert reason.startswith("the digest is ")

    play(tmp_path, scenario)


class Refusing:
    """Lets nobody say that a package cannot be taken."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if b'"fail"' in body:
            return Answer(422, {"content-type": "application/problem+json"}, b'{"code":"any"}')
        return await self._line.ask(method, path, headers, body, timeout_s)


def test_a_refused_answer_keeps_no_other_from_being_taken(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        seats.line = Refusing(seats.line)
        async with at_work(seats.endpoint(OFFICE)):
            await send(seats, "sim: fail")
            await seats.world.sent(number=8)
            await seats.until("03")

    with structlog.testing.capture_logs() as lines:
        play(tmp_path, scenario)
    assert [(line["action"], line["why"]) for line in lines] == [
        ("confirm.refused", {"code": "any"})
    ]


class Doubling:
    """Brings every page of packages twice, as a proxy that repeats an answer would."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._again: Answer | None = None

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if not path.startswith("/v1/inbox/packages"):
            return await self._line.ask(method, path, headers, body, timeout_s)
        if self._again is not None:
            answer, self._again = self._again, None
            return answer
        answer = await self._line.ask(method, path, headers, body, timeout_s)
        self._again = answer if answer.body else None
        return answer


def test_a_second_arrival_is_confirmed_again_and_not_counted(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        seats.line = Doubling(seats.line)
        async with at_work(seats.endpoint(OFFICE)) as office:
            await seats.world.sent()
            await seats.until("03")
        (taken,) = office.journal.taken.values()
        assert taken.arrivals == 2
        counts = (await seats.world.get(OFFICE, "/v1/counts", agency=OFFICE)).json()
        assert (counts["received"], counts["statuses"]) == (1, {"01": 1, "03": 1})

    play(tmp_path, scenario)


async def begin_giving_back(here: World, delivery: str) -> str:
    """Have a delivery of the office's given back; the job."""
    asked = {"kind": "give_back", "ids": [delivery], "why": "khôi phục"}
    job = str((await here.json(OFFICE, "/v1/replays", asked)).json()["id"])
    await here.json(OFFICE, f"/v1/replays/{job}/run", {"why": "khôi phục"})
    return job


async def give_back(here: World, delivery: str) -> dict[str, Any]:
    """Give a delivery of the office's back; what came of it once it is answered."""
    job = await begin_giving_back(here, delivery)
    async with asyncio.timeout(TOLD_S_MAX):
        while True:
            await asyncio.sleep(1)
            shown = (await here.get(OFFICE, f"/v1/replays/{job}")).json()
            if shown["stage"] == "finished" and not shown["outcomes"]["silent"]:
                outcomes: dict[str, Any] = shown["outcomes"]
                return outcomes


def test_an_agency_that_lost_nothing_says_that_it_has_what_is_given_back(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)) as office:
            receipt = await seats.world.sent()
            await seats.until("03")
            (delivery,) = receipt["deliveries"]
            outcomes = await give_back(seats.world, delivery)
        assert (outcomes["handed_out"], outcomes["already_had"]) == (1, 1)
        assert office.journal.taken[delivery].arrivals == 2
        lines = await history(seats.world, receipt["doc"])
        assert [line[:2] for line in lines[-3:]] == [
            ("given", ""),
            ("handed", ""),
            ("had", "already had it"),
        ]
        counts = (await seats.world.get(OFFICE, "/v1/counts", agency=OFFICE)).json()
        assert (counts["received"], counts["statuses"]) == (1, {"01": 1, "03": 1})

    play(tmp_path, scenario)


def test_a_refused_word_about_what_is_given_back_keeps_no_other_from_being_taken(
    tmp_path: Path,
) -> None:
    async def scenario(seats: Seats) -> None:
        seats.line = Refusing(seats.line)
        async with at_work(seats.endpoint(OFFICE)) as office:
            receipt = await seats.world.sent()
            await seats.until("03")
            (delivery,) = receipt["deliveries"]
            await begin_giving_back(seats.world, delivery)
            async with asyncio.timeout(TOLD_S_MAX):
                while not office.holding:
                    await asyncio.sleep(1)
                await seats.world.sent(number=8)
                while office.settled < 2:
                    await asyncio.sleep(1)

    with structlog.testing.capture_logs() as lines:
        play(tmp_path, scenario)
    refused = [line for line in lines if line["action"] == "confirm.refused"]
    assert [line["why"] for line in refused] == [{"code": "any"}]


def test_an_agency_that_restored_a_backup_takes_what_is_given_back(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        async with at_work(seats.endpoint(OFFICE)):
            receipt = await seats.world.sent()
            await seats.until("03")
        (tmp_path / OFFICE / "received.jsonl").write_bytes(b"")
        (delivery,) = receipt["deliveries"]
        async with at_work(seats.endpoint(OFFICE)) as office:
            outcomes = await give_back(seats.world, delivery)
            assert (outcomes["handed_out"], outcomes["answered"]) == (1, 1)
            assert office.journal.taken[delivery].done
        counts = (await seats.world.get(OFFICE, "/v1/counts", agency=OFFICE)).json()
        assert (counts["received"], counts["statuses"]) == (1, {"01": 1, "03": 1})

    play(tmp_path, scenario)


class Gone:
    """Never answers one kind of request."""

    def __init__(self, line: Line, path: str, *, done: bool) -> None:
        self._line, self._path, self._done = line, path, done

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if (method, path) != ("POST", self._path):
            return await self._line.ask(method, path, headers, body, timeout_s)
        if self._done:
            await self._line.ask(method, path, headers, body, timeout_s)
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize("path", ["/v1/inbox/confirm", "/v1/statuses"])
@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
def test_killed_between_any_two_steps_it_goes_on_from_its_journal(
    tmp_path: Path, path: str, done: bool
) -> None:
    async def scenario(seats: Seats) -> None:
        good = seats.line
        seats.line = Gone(good, path, done=done)
        async with at_work(seats.endpoint(OFFICE)) as first:
            await seats.world.sent()
            await asyncio.sleep(5)
            assert len(first.journal.taken) == 1
        seats.line = good
        async with at_work(seats.endpoint(OFFICE)) as second:
            await seats.until("03")
            assert second.settled == 1
        counts = (await seats.world.get(OFFICE, "/v1/counts", agency=OFFICE)).json()
        assert (counts["received"], counts["statuses"]) == (1, {"01": 1, "03": 1})

    play(tmp_path, scenario)


def test_it_goes_on_from_more_than_one_request_confirms(tmp_path: Path) -> None:
    async def scenario(seats: Seats) -> None:
        earlier = seats.endpoint(OFFICE)
        many = [f"doc_{n}.{OFFICE}" for n in range(CONFIRMED_MAX + 1)]
        earlier.journal.took(
            Taken(one, LANG_SON, "7/UBND", "ab" * 32, 20_000, DAY.opens_us, 0.0, "sim: silent")
            for one in many
        )
        earlier.journal.close()
        async with at_work(seats.endpoint(OFFICE)):
            await seats.world.sent()
            await seats.until("03")

    with structlog.testing.capture_logs() as lines:
        play(tmp_path, scenario)
    # Each was asked for: these books do not know them.
    assert [line["action"] for line in lines] == ["confirm.refused"] * (CONFIRMED_MAX + 1)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_over_a_line_that_loses_a_third_everything_still_counts_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("bad")
    lost = 0

    async def scenario(seats: Seats) -> None:
        nonlocal lost
        line = BadLine(seats.line, random.Random(seed), 0.33)
        good, seats.line = seats.line, line
        async with at_work(seats.endpoint(OFFICE)) as office:
            for number in range(1, 6):
                await seats.world.sent(number=number)
            async with asyncio.timeout(TOLD_S_MAX):
                while office.settled < 5:
                    await asyncio.sleep(1)
        lost = line.lost
        seats.line = good
        counts = (await seats.world.get(OFFICE, "/v1/counts", agency=OFFICE)).json()
        assert (counts["received"], counts["statuses"]) == (5, {"01": 5, "03": 5})
        assert [line["difference"] for line in counts["balances"]] == [0, 0]
        assert len(read_received(folder / OFFICE)) == 5

    play(folder, scenario)
    # Dice that lose nothing, one throw in some thousand, are no example of a bad line.
    assume(lost)
