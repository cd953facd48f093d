"""Processes of agencies beside a running axis: everything taken and answered once, over Kafka or REST."""

from __future__ import annotations

import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from agencies.share import Share, chosen
from agencies.world import agency_dir
from axis.broker.jars import lacking
from axis.settings import Settings
from benchmarks.packages import Signed
from schemas.codes import agencies
from tests import kafka as kafkas
from tests.acceptance.conftest import until
from tests.acceptance.correspondents import LANG_SON, OFFICE, Agency, eventually
from tests.acceptance.crews import RECEIVED, SENT, crew, lines, once, small_day, taken
from tests.acceptance.senders import Axis, Senders, running, sending, set_up, told_by
from tests.kafka import Kafka

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

#: Some of the day's packages are smaller, some larger.
INLINE_BYTES_MAX = 20_500
INLINE = {"AXIS_KAFKA_INLINE_BYTES_MAX": f"{INLINE_BYTES_MAX}"}


@pytest.fixture
async def settings(tmp_path: Path, kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if not kafka.real:
        pytest.skip(f"only a real Kafka makes topics when it is asked to: {kafka.told}")
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", kafka.bootstrap)
    return await set_up(tmp_path, "", f"crew-{secrets.token_hex(6)}", monkeypatch)


@pytest.fixture
async def senders(settings: Settings) -> AsyncIterator[Senders]:
    async with sending(settings) as made:
        yield made


async def _log_in(senders: Senders, axis: Axis, packages: Sequence[Signed]) -> None:
    await senders.login(axis, sorted({one.sender for one in packages}))


def _exact(settings: Settings) -> None:
    """Every delivery of the day was taken and answered once, in journals and books."""
    until(lambda: _answered(settings) == RECEIVED, "all answers")
    found = taken(settings.home)
    assert len(found) == RECEIVED
    once([*found.values()])


def _answered(settings: Settings) -> int:
    return sum({"01", "03"} <= one.said for one in taken(settings.home).values())


def _books(settings: Settings) -> None:
    counts = told_by("counts")
    assert (counts["sent"], counts["received"]) == (SENT, RECEIVED)
    assert counts["statuses"] == {"01": RECEIVED, "03": RECEIVED}
    assert {line["difference"] for line in counts["balances"]} == {0}
    assert told_by("audit")["clean"]


@pytest.mark.parametrize("over", ["kafka", "rest"])
async def test_shares_side_by_side_take_and_answer_a_day_once(
    settings: Settings, senders: Senders, over: str
) -> None:
    packages = small_day(settings.home)
    assert {len(one.body) <= INLINE_BYTES_MAX for one in packages} == {True, False}
    how = ("--over", over)
    with running(settings, "axis", given=INLINE) as axis:
        await _log_in(senders, axis, packages)
        with (
            crew(settings, "--share", "1/2", "--but", "G22", *how) as first,
            crew(settings, "--share", "2/2", "--but", "G22", *how) as second,
            crew(settings, "--only", "G22", "--url", axis.url, *how) as third,
        ):
            await senders.post_all([axis], packages)
            _exact(settings)
            # Each came in once.
            assert {one.arrivals for one in taken(settings.home).values()} == {1}
            assert [one.end() for one in (first, second, third)] == [0, 0, 0]
            received = [int(one.said.split("Stopped: ")[1].split()[0]) for one in (first, second)]
            assert sum(received) + _received_by(settings, OFFICE) == RECEIVED
        assert axis.end() == 0
    _books(settings)


def _received_by(settings: Settings, code: str) -> int:
    return Counter(delivery.partition(".")[2] for delivery in taken(settings.home))[code]


async def test_processes_that_are_killed_or_ended_lose_and_double_nothing(
    settings: Settings, senders: Senders
) -> None:
    """Over Kafka; ``test_demo`` kills those that poll."""
    packages = small_day(settings.home)
    how = ("--over", "kafka")
    with running(settings, "axis", given=INLINE) as axis:
        await _log_in(senders, axis, packages)
        with (
            crew(settings, "--share", "1/2", *how) as first,
            crew(settings, "--share", "2/2", *how) as second,
        ):
            await senders.post_all([axis], packages[:30])
            until(lambda: lines(settings.home) >= 40, "some lines in the journals")
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            assert second.end(signal.SIGTERM) == 0
            # What it has taken it has confirmed, and said that it arrived.
            mine = chosen([row.code for row in agencies()], Share(2, 2))
            for delivery, one in taken(settings.home).items():
                if delivery.partition(".")[2] in mine:
                    assert (one.done, "01" in one.said) == (True, True)
        await senders.post_all([axis], packages[30:45])
        with (
            crew(settings, "--share", "1/3", *how),
            crew(settings, "--share", "2/3", *how) as killed,
            crew(settings, "--share", "3/3", *how),
        ):
            await senders.post_all([axis], packages[45:])
            assert killed.end(signal.SIGKILL) == -signal.SIGKILL
            with crew(settings, "--share", "2/3", *how):
                _exact(settings)
        assert axis.end() == 0
    _books(settings)


async def test_a_broker_that_goes_and_comes_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := lacking():
        (pytest.fail if kafkas.required() else pytest.skip)(why)
    with kafkas.broker(tmp_path / "kafka") as broker:
        monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", broker.bootstrap)
        settings = await set_up(tmp_path, "", "crew", monkeypatch)
        async with sending(settings) as senders:
            with running(settings, "axis", given=INLINE) as axis:
                agency = Agency(senders, axis, settings.home)
                await senders.login(axis, (LANG_SON, OFFICE))
                with crew(settings, "--only", "G22", "--over", "kafka") as reading:
                    number = await _until_read_from_topic(agency, 1)
                    broker.kill()
                    # It comes to the inbox all the same, and the agency looks by itself.
                    await agency.sent(number)
                    await _until_none_waits(agency)
                    broker.start()
                    last = await _until_read_from_topic(agency, number + 1)
                    assert reading.end() == 0
                assert axis.end() == 0
        found = taken(settings.home)
        assert len(found) == last - 1
        assert all(one.done and "01" in one.said for one in found.values())


async def _until_none_waits(agency: Agency) -> None:
    async def look() -> bool:
        return await agency.waiting() == []

    await eventually(look, "the agency to take what waits")


async def _until_read_from_topic(agency: Agency, number: int) -> int:
    """Send until a letter has come by its record: then it was never handed out by the inbox."""
    while True:
        receipt = await agency.sent(number)
        number += 1
        await _until_none_waits(agency)
        path = f"/v1/documents/{receipt['doc']}"
        view = (await agency.senders.ask(agency.axis, LANG_SON, "GET", path)).json()
        kinds = [one["kind"] for one in view["history"]]
        assert "done" in kinds
        if "offered" not in kinds:
            return number


async def test_nobody_is_played_twice_and_bad_usage_is_told(settings: Settings) -> None:
    with running(settings, "axis"), crew(settings, "--only", "G22") as playing:
        states = {one["code"]: one["state"] for one in told_by("agencies")["agencies"]}
        assert [code for code, state in states.items() if state == "running"] == [OFFICE]
        with (
            pytest.raises(AssertionError, match=f"another process plays {OFFICE}"),
            crew(settings, "--only", "H37,G22"),
        ):
            pass
        assert playing.end(signal.SIGHUP) == 0
        assert "Stopped: 0 received" in playing.said
    for bad in (["--share", "3/2"], ["--only", "H99"], ["--but", "H99"]):
        with pytest.raises(AssertionError, match="Invalid value"), crew(settings, *bad):
            pass
    (agency_dir(settings.home, OFFICE) / "secret").unlink()
    with (
        pytest.raises(AssertionError, match="axis init makes it"),
        crew(settings, "--only", "G22"),
    ):
        pass
