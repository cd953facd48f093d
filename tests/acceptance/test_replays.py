"""Giving back while the axis that does it is killed: each delivery comes once more, and once."""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from agencies.journal import RECEIVED_FILE, read_received
from agencies.world import OPERATOR_ID, agency_dir, read_secret
from axis.settings import Settings
from benchmarks.packages import Signed
from tests.acceptance.conftest import until
from tests.acceptance.crews import RECEIVED, crew, small_day, taken
from tests.acceptance.senders import Axis, running, sending, set_up, told_by
from tests.kafka import Kafka

pytestmark = pytest.mark.acceptance

#: Deliveries a second: the job takes some five seconds, so that one may die in the middle.
RATE = 40
#: The busiest recipient of the small day.
OFFICE = "000.00.00.G22"


async def _sent(settings: Settings, axis: Axis, packages: Sequence[Signed]) -> list[str]:
    """Post a day; the ids of its packages."""
    async with sending(settings) as senders:
        await senders.login(axis, sorted({one.sender for one in packages}))
        await senders.post_all([axis], packages)
    return [json.loads(next(iter(receipts)))["doc"] for receipts in senders.receipts.values()]


def _planned(docs: Sequence[str]) -> str:
    """A job that gives all of them back."""
    named = [part for doc in docs for part in ("--id", doc)]
    words = ("replay", "plan", "--deliver-again", "--reason", "khôi phục", "--rate", f"{RATE}")
    planned = told_by(*words, *named)
    assert (planned["documents"], planned["deliveries"]) == (len(docs), RECEIVED)
    assert planned["excluded"] == []
    return str(planned["id"])


def _run_half_way(settings: Settings, axis: Axis, job: str) -> None:
    """Run a job, and return when it is in the middle. A command takes as long as half of it."""
    http = httpx.Client(base_url=f"{axis.url}/v1", trust_env=False)
    with http:
        secret = read_secret(settings.home / "operator")
        asked = {"grant_type": "client_credentials", "client_id": OPERATOR_ID}
        token = http.post("/token", data=asked | {"client_secret": secret}).json()
        http.headers["authorization"] = f"Bearer {token['access_token']}"
        path = f"/operator/runs/{job}"
        assert http.post(f"{path}/run", json={}).json()["stage"] == "running"

        def half_way() -> bool:
            shown = http.get(path).json()
            assert shown["stage"] == "running", "it was over before it could be disturbed"
            return bool(shown["handed_over"] > RECEIVED // 5)

        until(half_way, "the middle of the job")


def _given_back(job: str) -> Any:
    """The job when every recipient has answered."""

    def look() -> Any:
        shown = told_by("replay", "show", job, "--deliveries")
        quiet = shown["stage"] == "finished" and not shown["outcomes"]["silent"]
        return shown if quiet else None

    return until(look, "everything to be given back and answered")


def _once_more_and_once(shown: Any) -> None:
    assert shown["handed_over"] == len(shown["items"]) == RECEIVED
    # Each began to wait for the second time, and for no third.
    assert {item["attempt"] for item in shown["items"]} == {2}
    assert shown["outcomes"]["skipped"] == 0


@pytest.mark.long
async def test_a_job_goes_on_exactly_though_its_axis_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await set_up(tmp_path, "", f"again-{secrets.token_hex(6)}", monkeypatch)
    with ExitStack() as stack:
        axis = stack.enter_context(running(settings, "axis"))
        with crew(settings) as agencies:
            docs = await _sent(settings, axis, small_day(settings.home))
            until(lambda: told_by("counts")["received"] == RECEIVED, "all to be taken")
            agencies.end()
        # One of them goes back to a backup in which nothing was.
        lost = agency_dir(settings.home, OFFICE) / RECEIVED_FILE
        lost.write_bytes(b"")
        before = told_by("counts")

        job = _planned(docs)
        _run_half_way(settings, axis, job)
        axis.end(signal.SIGKILL)
        axis = stack.enter_context(running(settings, "again"))
        shown = until(lambda: _ended(job), "the end of the job")
        _once_more_and_once(shown)
        assert shown["outcomes"]["silent"] == RECEIVED
        assert told_by("counts") == before

        stack.enter_context(crew(settings))
        shown = _given_back(job)
        outcomes = shown["outcomes"]
        assert outcomes["handed_out"] == outcomes["same_digest"] == RECEIVED
        # The others have it: they say so, or what they had still to say of it.
        assert outcomes["answered"] + outcomes["already_had"] == RECEIVED
        theirs = [item for item in shown["items"] if item["delivery"].endswith(OFFICE)]
        assert {item["outcome"] for item in theirs} == {"answered"}
        assert len(read_received(lost.parent)) == len(theirs) > 0
        after = told_by("counts")
        assert (after["sent"], after["received"]) == (before["sent"], before["received"])
        assert {line["difference"] for line in after["balances"]} == {0}
        assert told_by("audit")["clean"]


def _ended(job: str) -> Any:
    shown = told_by("replay", "show", job, "--deliveries")
    return shown if shown["stage"] == "finished" else None


@pytest.mark.long
async def test_in_the_large_form_another_process_goes_on_and_topics_tell(
    tmp_path: Path,
    kafka: Kafka,
    postgres_url: str,
    postgres_run: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over PostgreSQL and Kafka, with two workers of which the one that drives is killed."""
    if not kafka.real:
        pytest.skip(f"only a real Kafka makes topics when it is asked to: {kafka.told}")
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", kafka.bootstrap)
    settings = await set_up(tmp_path, postgres_url, postgres_run, monkeypatch)
    with running(settings, "axis", workers=2) as axis, crew(settings, "--over", "kafka"):
        docs = await _sent(settings, axis, small_day(settings.home))
        until(lambda: told_by("counts")["statuses"].get("03") == RECEIVED, "all answers")
        before = told_by("counts")

        job = _planned(docs)
        _run_half_way(settings, axis, job)
        (driver,) = _drivers(axis)
        os.kill(driver, signal.SIGKILL)
        shown = _given_back(job)
        _once_more_and_once(shown)
        assert Counter(item["outcome"] for item in shown["items"]) == {"already_had": RECEIVED}
        first, *others = _drivers(axis)
        assert first == driver
        assert others
        assert driver not in others
        assert told_by("counts") == before
        assert {one.arrivals for one in taken(settings.home).values()} == {2}
        assert told_by("audit")["clean"]


def _drivers(axis: Axis) -> list[int]:
    """The processes that have taken the job, in turn."""
    return [int(line["by"].rsplit(".", 2)[1]) for line in axis.said("replay.taken")]
