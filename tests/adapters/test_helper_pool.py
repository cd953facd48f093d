"""Helper processes examine as this process does, and may die without taking anything along."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from axis.adapters import helper_line
from axis.adapters import helper_pool as helper_pool_module
from axis.adapters.arena import Arena
from axis.adapters.examiner import INLINE_BYTES_MAX, InlineExaminer
from axis.adapters.helper import ANSWER, EXAMINE, SIGN
from axis.adapters.helper_line import Helper, HelperDied, Line
from axis.adapters.helper_pool import (
    AT_A_TIME,
    LOOK_S,
    SIGNED_TOGETHER,
    HelperPool,
    PooledSigner,
    _Pace,
    helper_pool,
)
from axis.adapters.signer import AxisSigner, load_signer
from axis.core.retry import Backoff
from axis.ports import Examiner
from schemas.examine import examine
from schemas.examined import heard
from schemas.xmldsig import sign
from tests.schemas.xmldsig_cases import EC, package

SIGNED = sign(package(), EC.key, EC.der)
LARGE = SIGNED.replace(b"</edXML>", b"<!--" + b"x" * INLINE_BYTES_MAX + b"--></edXML>")
#: Nothing here takes long; a test that waits in vain fails instead of hanging.
DEADLINE_S = 60
PACKAGES = [SIGNED, package(), SIGNED.replace(b"118/UBND", b"119/UBND"), b"", b"<a/>", LARGE]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "axis" / "signer.pem"


@pytest.fixture
def own(key: Path) -> AxisSigner:
    return load_signer(key)


@pytest.fixture(params=["here", "in helpers"])
async def examiner(request: pytest.FixtureRequest, own: AxisSigner) -> AsyncIterator[Examiner]:
    if request.param == "here":
        yield InlineExaminer()
    else:
        async with helper_pool(2, own) as pool:
            yield pool


@pytest.fixture
async def pool(own: AxisSigner) -> AsyncIterator[HelperPool]:
    async with helper_pool(1, own) as pool:
        yield pool


def _pid(pool: HelperPool) -> int:
    process = pool._helpers[0]._process
    assert process is not None
    return process.pid


def _line(helper: Helper) -> Line:
    assert helper._line is not None
    return helper._line


async def test_wherever_a_package_is_examined_the_same_is_found(examiner: Examiner):
    for raw in PACKAGES:
        assert await examiner.examine(raw) == examine(raw)


async def test_many_at_once_are_each_answered_with_their_own(examiner: Examiner):
    many = [raw + b" " * n for n in range(30) for raw in PACKAGES]
    found = await asyncio.gather(*map(examiner.examine, many))
    assert found == [examine(raw) for raw in many]


async def test_what_a_busy_helper_has_no_room_for_is_examined_here(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
):
    here: list[bytes] = []

    async def examined(_: Any, raw: bytes, **__: object) -> Any:
        here.append(raw)
        return examine(raw)

    monkeypatch.setattr(InlineExaminer, "examine", examined)
    os.kill(_pid(pool), signal.SIGSTOP)
    try:
        asked = [
            asyncio.create_task(pool.examine(SIGNED + b" " * n, alone=False))
            for n in range(AT_A_TIME + 3)
        ]
        while len(here) < 3:
            await asyncio.sleep(0)
        assert sum(task.done() for task in asked) <= 3
    finally:
        os.kill(_pid(pool), signal.SIGCONT)
    found = await asyncio.gather(*asked)
    assert found == [examine(SIGNED + b" " * n) for n in range(AT_A_TIME + 3)]
    assert len(here) == 3


async def test_the_loop_examines_one_that_comes_alone_in_each_turn_unless_it_is_pressed(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool._pace, "pressed", lambda: False)
    shared = _line(pool._helpers[0])._arena
    for begun in (1, 2):
        await asyncio.gather(*[pool.examine(SIGNED) for _ in range(2)])
        assert shared.begun == begun
    monkeypatch.setattr(pool._pace, "pressed", lambda: True)
    await pool.examine(SIGNED)
    assert shared.begun == 3


async def test_what_waits_goes_to_a_helper_as_soon_as_that_has_room(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
):
    # The loop itself comes to none of them.
    monkeypatch.setattr(helper_pool_module, "PRESSED_TURN_S", 3600)
    monkeypatch.setattr(pool._pace, "pressed", lambda: True)
    many = [SIGNED + b" " * n for n in range(AT_A_TIME + 3)]
    async with asyncio.timeout(DEADLINE_S):
        found = await asyncio.gather(*[pool.examine(raw, alone=False) for raw in many])
    assert found == [examine(raw) for raw in many]
    assert _line(pool._helpers[0])._arena.begun == len(many)


async def test_a_turn_is_that_of_the_one_who_has_waited_longest_and_still_does(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(helper_pool_module, "PRESSED_TURN_S", 3600)
    monkeypatch.setattr(pool._pace, "pressed", lambda: True)
    (helper,) = pool._helpers
    gone, first, second = [asyncio.create_task(pool._turn()) for _ in range(3)]
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    pool._next(helper)
    async with asyncio.timeout(DEADLINE_S):
        assert await first is helper
    assert not second.done()
    second.cancel()


async def test_helpers_share_what_comes_at_once(own: AxisSigner):
    async with helper_pool(2, own) as pool:
        await asyncio.gather(*[pool.examine(SIGNED, alone=False) for _ in range(8)])
        assert [_line(helper)._arena.begun for helper in pool._helpers] == [4, 4]


def test_a_loop_is_pressed_above_six_tenths_of_its_core(monkeypatch: pytest.MonkeyPatch):
    now_s = used_s = 0.0
    clock = SimpleNamespace(perf_counter=lambda: now_s, thread_time=lambda: used_s)
    monkeypatch.setattr("axis.adapters.helper_pool.time", clock)
    pace = _Pace()

    def pressed(looks: float, share: float) -> bool:
        nonlocal now_s, used_s
        now_s += looks * LOOK_S
        used_s += looks * LOOK_S * share
        return pace.pressed()

    assert not pressed(1.5, 0.59)
    assert pressed(1.5, 0.61)
    assert pressed(0.5, 0.0), "it was looked at just now"
    assert not pressed(1.0, 0.0)


@pytest.mark.parametrize("pressed", [False, True])
async def test_the_loop_takes_no_more_than_one_at_a_time(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch, pressed: bool
):
    monkeypatch.setattr(helper_pool_module, "PRESSED_TURN_S", 0)
    monkeypatch.setattr(pool._pace, "pressed", lambda: pressed)
    (helper,) = pool._helpers

    async def answered() -> None:
        pool._next(helper)

    # The first is taken by the helper before the loop comes to it; two more come after that.
    asked = [pool._turn(), answered(), pool._turn(), pool._turn()]
    tasks = [asyncio.create_task(one) for one in asked]
    left: list[int] = []
    while pool._waiting or not left:
        await asyncio.sleep(0)
        left.append(len(pool._waiting))
    assert {1, 2} <= set(left), "two were taken in one turn of the loop"
    assert await asyncio.gather(*tasks) == [helper, None, None, None]


async def test_a_helper_that_dies_costs_the_package_it_was_at_and_no_other(pool: HelperPool):
    first = _pid(pool)
    os.kill(first, signal.SIGSTOP)
    asked = [
        asyncio.create_task(pool.examine(SIGNED + b" " * n, alone=False)) for n in range(AT_A_TIME)
    ]
    await asyncio.sleep(0)
    # As it says itself when it begins one: it had not told of the first two, and was at the third.
    _line(pool._helpers[0])._arena.begun += 3
    os.kill(first, signal.SIGKILL)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers.pop(2), HelperDied)
    assert answers == [examine(SIGNED + b" " * n) for n in range(AT_A_TIME) if n != 2]
    assert _pid(pool) != first


async def test_a_helper_that_dies_between_packages_costs_none(pool: HelperPool):
    assert await pool.examine(SIGNED, alone=False) == examine(SIGNED)
    shared = _line(pool._helpers[0])._arena
    os.kill(_pid(pool), signal.SIGKILL)
    assert await pool.examine(package(), alone=False) == examine(package())
    assert shared is not _line(pool._helpers[0])._arena
    with pytest.raises(ValueError, match="closed"):
        shared.get(8, 1)


async def test_a_large_package_is_examined_by_a_helper_also_when_it_comes_alone(pool: HelperPool):
    assert await pool.examine(LARGE) == examine(LARGE)
    assert _line(pool._helpers[0])._arena.begun == 1


async def test_a_helper_that_hangs_is_ended_and_costs_nothing_that_it_had_not_begun(
    pool: HelperPool, own: AxisSigner
):
    assert await pool.examine(SIGNED, alone=False) == examine(SIGNED)
    first = _pid(pool)
    os.kill(first, signal.SIGSTOP)
    _line(pool._helpers[0]).look_s = 0.05
    many = [SIGNED + b" " * n for n in range(3)]
    payloads = [b"%d" % n for n in range(SIGNED_TOGETHER)]
    signing = asyncio.create_task(PooledSigner(own, pool).sign_all(payloads, "t"))
    found = await asyncio.gather(*[pool.examine(raw, alone=False) for raw in many])
    assert found == [examine(raw) for raw in many]
    assert await signing == [own.sign(one, "t") for one in payloads]
    assert _pid(pool) != first


@pytest.mark.parametrize("gets_on", ["begins", "answers"])
async def test_a_helper_hangs_when_two_looks_in_a_row_find_it_where_it_was(gets_on: str):
    arena, hung = Arena.new(), list[str]()
    line = Line(arena, lambda _: None, lambda: hung.append("hung"))
    line.sign(b"1")
    unanswered = line.sign(b"2")
    line.examine(SIGNED)
    line._look()
    if gets_on == "begins":
        arena.begun += 1
    else:
        line.data_received(ANSWER.pack(SIGN, 0))
    line._look()
    assert not hung
    line._look()
    assert hung == ["hung"]
    line.connection_lost(None)
    assert unanswered.result() is None


async def test_a_helper_that_is_asked_for_nothing_does_not_hang():
    hung = list[str]()
    line = Line(Arena.new(), lambda _: None, lambda: hung.append("hung"))
    line.sign(b"1")
    line._look()
    line.data_received(ANSWER.pack(SIGN, 0))
    line._look()
    line.sign(b"2")
    line._look()
    assert not hung
    line.connection_lost(None)


@pytest.mark.parametrize("no_python", ["false", "missing"])
async def test_what_no_helper_can_be_started_for_is_examined_here(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch, no_python: str
):
    await pool.examine(SIGNED, alone=False)
    os.kill(_pid(pool), signal.SIGKILL)
    with monkeypatch.context() as broken, capture_logs() as lines:
        broken.setattr(sys, "executable", shutil.which(no_python) or no_python)
        broken.setattr(helper_line, "PAUSE", Backoff(first_s=3600.0, most_s=3600.0))
        many = [SIGNED + b" " * n for n in range(AT_A_TIME + 3)]
        for _ in range(3):
            async with asyncio.timeout(DEADLINE_S):
                found = await asyncio.gather(*[pool.examine(raw, alone=False) for raw in many])
            assert found == [examine(raw) for raw in many]
        # The one that was killed, and two that came to nothing: then it waits.
        assert [line["starts_failed"] for line in lines] == [0, 1, 2]
        assert await pool.sign([b"text"] * SIGNED_TOGETHER) == [None] * SIGNED_TOGETHER
    # When it has waited, and can be started again, it is.
    (helper,) = pool._helpers
    helper._again_s = 0.0
    assert await pool.examine(SIGNED, alone=False) == examine(SIGNED)
    assert _line(helper)._arena.begun == 1


async def test_an_axis_that_begins_where_no_helper_can_be_started_does_it_all(
    own: AxisSigner, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "missing")
        with capture_logs() as lines:
            async with helper_pool(2, own) as pool:
                assert await pool.examine(SIGNED, alone=False) == examine(SIGNED)
    assert [line["starts_failed"] for line in lines[:2]] == [1, 1]


async def test_a_helper_that_cannot_be_started_leaves_it_to_the_others(own: AxisSigner):
    async with helper_pool(2, own) as pool:
        first, second = pool._helpers
        await first.examine(SIGNED)
        first._again_s = math.inf
        assert first._process is not None
        first._process.kill()
        while first.able:
            await asyncio.sleep(0)
        await asyncio.gather(*[pool.examine(SIGNED, alone=False) for _ in range(AT_A_TIME)])
        assert _line(second)._arena.begun == AT_A_TIME


async def test_more_than_the_shared_memory_holds_comes_all_the_same(pool: HelperPool):
    many = [SIGNED + b" " * (n * 1024) for n in range(1, AT_A_TIME)] + [LARGE] * 20
    found = await asyncio.gather(*[pool.examine(raw, alone=False) for raw in many])
    assert found == [examine(raw) for raw in many]
    assert not _line(pool._helpers[0])._arena._held, "all of it was given back"


@pytest.mark.parametrize("at_once", [1, 2, 5, 7, 64])
async def test_answers_may_come_in_pieces(at_once: int):
    arena = Arena.new()
    line = Line(arena, lambda _: None, lambda: None)
    answers = [b"first", b"", b"the third"]
    asked = [line.sign(b"%d" % number) for number in range(len(answers))]
    stream = b"".join(ANSWER.pack(SIGN, len(answer)) + answer for answer in answers)
    for start in range(0, len(stream), at_once):
        line.data_received(stream[start : start + at_once])
    assert [one.result() for one in asked] == answers
    arena.close()


async def test_an_answer_that_is_no_examination_ends_the_wait_for_it_and_for_nothing_else():
    begun: list[int] = []
    line = Line(Arena.new(), begun.append, lambda: None)
    first, second, signed = line.examine(SIGNED), line.examine(package()), line.sign(b"text")
    line._arena.begun += 1
    with pytest.raises(ValueError, match="unpack"):
        line.data_received(ANSWER.pack(EXAMINE, 2) + b"[]")
    # What the loop does when that is raised.
    line.connection_lost(None)
    assert begun == [1]
    assert isinstance(first.exception(), HelperDied)
    assert (second.result(), signed.result()) == (None, None)


async def test_helpers_sign_as_the_axis_does(pool: HelperPool, own: AxisSigner):
    signer = PooledSigner(own, pool)
    for count in (1, SIGNED_TOGETHER):
        payloads = [b"%d" % n for n in range(count)]
        assert await signer.sign_all(payloads, "t") == [own.sign(one, "t") for one in payloads]


async def test_a_few_receipts_are_signed_here_unless_the_loop_is_pressed(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
):
    many = [b"text"] * SIGNED_TOGETHER
    monkeypatch.setattr(pool._pace, "pressed", lambda: False)
    assert await pool.sign(many[1:]) == [None] * (SIGNED_TOGETHER - 1)
    assert None not in await pool.sign(many)
    monkeypatch.setattr(pool._pace, "pressed", lambda: True)
    assert None not in await pool.sign(many[1:])


async def test_what_a_dead_helper_did_not_sign_is_signed_here(pool: HelperPool, own: AxisSigner):
    os.kill(_pid(pool), signal.SIGSTOP)
    payloads = [b"%d" % n for n in range(SIGNED_TOGETHER)]
    signing = asyncio.create_task(PooledSigner(own, pool).sign_all(payloads, "t"))
    await asyncio.sleep(0)
    os.kill(_pid(pool), signal.SIGKILL)
    assert await signing == [own.sign(one, "t") for one in payloads]


async def test_a_helper_that_is_started_anew_signs_with_no_other_key(
    pool: HelperPool, own: AxisSigner, key: Path
):
    await pool.examine(SIGNED, alone=False)
    key.unlink()
    os.kill(_pid(pool), signal.SIGKILL)
    # The next one is started for this.
    await pool.examine(SIGNED, alone=False)
    payloads = [b"%d" % n for n in range(SIGNED_TOGETHER)]
    signed = await PooledSigner(own, pool).sign_all(payloads, "t")
    assert signed == [own.sign(one, "t") for one in payloads]
    assert not key.exists()


async def test_who_no_longer_waits_leaves_the_others_their_answers(pool: HelperPool):
    os.kill(_pid(pool), signal.SIGSTOP)
    gone = asyncio.create_task(pool.examine(SIGNED, alone=False))
    stays = asyncio.create_task(pool.examine(package(), alone=False))
    await asyncio.sleep(0)
    gone.cancel()
    os.kill(_pid(pool), signal.SIGCONT)
    assert await stays == examine(package())


async def test_who_no_longer_waits_when_a_helper_dies_leaves_the_others_their_answers(
    pool: HelperPool,
):
    os.kill(_pid(pool), signal.SIGSTOP)
    gone = asyncio.create_task(pool.examine(SIGNED, alone=False))
    stays = asyncio.create_task(pool.examine(package(), alone=False))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    os.kill(_pid(pool), signal.SIGKILL)
    async with asyncio.timeout(DEADLINE_S):
        assert await stays == examine(package())


async def test_what_waits_when_the_pool_ends_is_told_so(own: AxisSigner):
    async with helper_pool(1, own) as pool:
        os.kill(_pid(pool), signal.SIGSTOP)
        asked = [asyncio.create_task(pool.examine(SIGNED, alone=False)) for _ in range(2)]
        await asyncio.sleep(0)
        pool._helpers[0].close()
        found = await asyncio.gather(*asked, return_exceptions=True)
        os.kill(_pid(pool), signal.SIGCONT)
    assert [type(one) for one in found] == [HelperDied, HelperDied]


async def test_ctrl_c_at_a_terminal_reaches_no_helper(pool: HelperPool):
    assert os.getsid(_pid(pool)) == _pid(pool)


async def test_helpers_end_with_their_pool(own: AxisSigner):
    with capture_logs() as lines:
        async with helper_pool(2, own) as pool:
            processes = [helper._process for helper in pool._helpers]
    assert lines == [], "none of them died"
    assert [process and process.returncode for process in processes] == [0, 0]


async def test_a_helper_that_does_not_end_is_killed(
    own: AxisSigner, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(helper_line, "END_S", 0.1)
    async with helper_pool(1, own) as pool:
        process = pool._helpers[0]._process
        os.kill(_pid(pool), signal.SIGSTOP)
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_each_start_that_comes_to_nothing_waits_longer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("random.random", lambda: 1.0)
    monkeypatch.setattr(helper_line, "PAUSE", Backoff(first_s=1000.0, most_s=3000.0))
    helper, able, until_s = Helper(b""), [], []
    for _ in range(5):
        helper._ended(0)
        able.append(helper.able)
        until_s.append(helper._again_s)
    # One may be an accident.
    assert able == [True, False, False, False, False]
    assert until_s[2] - until_s[1] > 500
    assert until_s[3] - until_s[2] > 500
    assert until_s[4] - until_s[3] < 500, "there is a longest wait"


@pytest.mark.parametrize("evil", [b"", b"\x80\x05N.", b"[]", b'["", 1, "", null, [], []]', b"{}"])
def test_only_examinations_are_believed(evil: bytes):
    with pytest.raises((ValueError, TypeError)):
        heard(evil)
