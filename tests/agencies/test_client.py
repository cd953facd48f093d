"""A client repeats what got no answer, renews its token, and takes a refusal for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agencies.client import ANSWER_S_MAX, TOKEN_RESERVE_S, Client, Garbled, Refused
from agencies.line import Answer, HttpLine, Line, Unreachable
from axis.core.retry import Backoff
from tests.agencies.seats import Seats
from tests.api.world import LANG_SON, OFFICE, world
from tests.sim import loop

LIFE_S = 900


@dataclass
class Told:
    """Answers what it was given to, one after the other; tokens it makes itself."""

    answers: list[Answer | Unreachable]
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    tokens: int = 0
    life_s: int = LIFE_S

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        if path == "/v1/token":
            self.tokens += 1
            granted = b'{"access_token":"t%d","expires_in":%d}' % (self.tokens, self.life_s)
            return Answer(200, {}, granted)
        assert timeout_s >= ANSWER_S_MAX
        self.asked.append((method, path, headers["Authorization"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Unreachable):
            raise answer
        return answer


def client(line: Line) -> Client:
    return Client(line, LANG_SON, "secret", lambda: 0.5, Backoff(first_s=1.0, most_s=4.0))


OK = Answer(200, {}, b"{}")


def test_it_asks_again_until_there_is_an_answer_and_waits_longer_each_time() -> None:
    async def main() -> None:
        refused = [Answer(status, {}, b"") for status in (503, 507, 408)]
        line = Told([Unreachable(), *refused, Unreachable(), OK])
        assert await client(line).get("/v1/agencies") == {}
        # Three quarters of 1, 2, 4, 4 and 4 seconds.
        assert asyncio.get_running_loop().time() == pytest.approx(0.75 + 1.5 + 3 + 3 + 3)

    loop.run(main())


def test_it_waits_as_long_as_the_axis_says_within_reason() -> None:
    async def main() -> None:
        line = Told(
            [Answer(503, {"retry-after": "2"}, b""), Answer(503, {"retry-after": "99"}, b""), OK]
        )
        await client(line).get("/v1/agencies")
        assert asyncio.get_running_loop().time() == pytest.approx(2 + 4)

    loop.run(main())


def test_a_refusal_is_an_answer() -> None:
    async def main() -> None:
        problem = b'{"code":"document.conflict","detail":"twice"}'
        line = Told([Answer(409, {}, problem)])
        with pytest.raises(Refused, match=r"409 document\.conflict: twice") as caught:
            await client(line).post_document(b"", None)
        assert caught.value.problem["code"] == "document.conflict"
        assert len(line.asked) == 1

    loop.run(main())


def test_a_refusal_that_is_no_json_is_one_too() -> None:
    async def main() -> None:
        with pytest.raises(Refused, match="418"):
            await client(Told([Answer(418, {}, b"<html>")])).get("/")

    loop.run(main())


def test_a_token_is_asked_for_once_and_again_before_it_ends() -> None:
    async def main() -> None:
        line = Told([OK, OK, OK])
        agency = client(line)
        await agency.get("/")
        await asyncio.sleep(LIFE_S - TOKEN_RESERVE_S - 1)
        await agency.get("/")
        await asyncio.sleep(2)
        await agency.get("/")
        assert [token for _, _, token in line.asked] == ["Bearer t1", "Bearer t1", "Bearer t2"]

    loop.run(main())


def test_a_token_that_is_not_taken_is_renewed_once() -> None:
    async def main() -> None:
        line = Told([Answer(401, {}, b""), OK, Answer(401, {}, b""), Answer(401, {}, b"")])
        agency = client(line)
        await agency.get("/")
        assert [token for _, _, token in line.asked] == ["Bearer t1", "Bearer t2"]
        with pytest.raises(Refused, match="401"):
            await agency.get("/")

    loop.run(main())


def test_requests_at_the_same_time_share_one_token() -> None:
    async def main() -> None:
        line = Told([OK] * 10)
        agency = client(line)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(agency.get("/"))
        assert line.tokens == 1

    loop.run(main())


def test_the_real_door_gives_a_page_of_packages_and_the_cursor_behind_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with world() as here:
            receipts = [await here.sent(number=number) for number in (1, 2)]
            office = Seats(here, tmp_path).client(OFFICE)
            page, after = await office.packages("", 0, None)
            assert [package.told["doc"] for package in page] == [r["doc"] for r in receipts]
            assert after == "0:2"
            assert await office.packages(after, 0, None) == ([], "0:2")

    loop.run(main())


def test_what_the_axis_did_not_foresee_is_asked_again_but_not_for_ever() -> None:
    async def main() -> None:
        failed = Answer(500, {}, b'{"code":"axis.internal"}')
        assert await client(Told([*[failed] * 4, OK])).get("/") == {}
        # Other answers in between do not make it patient.
        line = Told([failed, Answer(503, {}, b""), *[failed] * 4, OK])
        with pytest.raises(Refused, match=r"500 axis\.internal"):
            await client(line).get("/")
        assert len(line.answers) == 1

    loop.run(main())


def test_a_token_that_lives_briefly_is_used_for_three_quarters_of_its_life() -> None:
    async def main() -> None:
        line = Told([OK] * 6, life_s=30)
        agency = client(line)
        for _ in range(6):
            await agency.get("/")
            await asyncio.sleep(4.4)
        # From 22.5 seconds on it might end on its way.
        assert [token for _, _, token in line.asked] == ["Bearer t1"] * 6
        line.answers.append(OK)
        await agency.get("/")
        assert line.tokens == 2

    loop.run(main())


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"deliveries":', b"\xff"])
def test_an_answer_that_cannot_be_read_is_an_error_of_the_client(body: bytes) -> None:
    def again() -> Client:
        return client(Told([Answer(200, {}, body)]))

    async def main() -> None:
        for asked in (
            again().get("/"),
            again().waiting(),
            again().post_document(b"", None),
            again().post_documents([(b"", None)]),
            again().confirm([], None),
            again().hear(0, 0),
        ):
            with pytest.raises(Garbled, match="no JSON"):
                await asked
        if body:
            with pytest.raises(Garbled, match="no packages: byte 0"):
                await again().packages("", 0, None)

    loop.run(main())


async def test_without_an_address_nobody_is_reached(tmp_path: Path) -> None:
    async with HttpLine(tmp_path) as line:
        with pytest.raises(Unreachable, match="no axis has left its address"):
            await line.ask("GET", "/", {}, b"", 1.0)
        (tmp_path / "address.json").write_text('{"url": "http://127.0.0.1:9", "pid": 1}')
        with pytest.raises(Unreachable):
            await line.ask("GET", "/", {}, b"", 1.0)
