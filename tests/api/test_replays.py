"""Replay jobs through both doors: what a plan says, what running it does, who may see what."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from axis.core.commands import Audit, Lock
from axis.core.replay import LIVE_JOBS_MAX
from axis.flows import planning
from schemas import rest, rest_books, rest_replays
from schemas.edxml import RECALL, Business, Reference
from tests.api.test_receiving import polled
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    package,
    problem,
    until,
)

RUNS, REPLAYS = "/v1/operator/runs", "/v1/replays"
WHY = "khôi phục từ bản sao lưu"
SINCE = "2020-01-15T08:00:00"
GIVE_BACK = {"kind": "give_back", "since": SINCE, "why": WHY}


async def done(here: World, *numbers: int, to: tuple[str, ...] = (OFFICE,)) -> list[str]:
    """Documents of Lạng Sơn that their recipients have confirmed; the ids of the deliveries."""
    found = []
    for number in numbers:
        receipt = await here.sent(number=number, to=to)
        for delivery, recipient in zip(receipt["deliveries"], to, strict=True):
            await confirm(here, recipient, delivery)
            found.append(delivery)
    return found


async def confirm(here: World, who: str, *deliveries: str, failed: str = "") -> None:
    body = {"deliveries": deliveries, "result": "fail" if failed else "done", "reason": failed}
    answer = await here.json(who, "/v1/inbox/confirm", body)
    assert answer.status_code == 200, answer.text


async def plan(here: World, who: str = OPERATOR, door: str = RUNS, **fields: Any) -> dict[str, Any]:
    if door == RUNS:
        fields = {"recipient": OFFICE} | fields
    answer = await here.json(who, door, GIVE_BACK | fields)
    assert answer.status_code == 201, answer.text
    rest_replays.Replay.model_validate_json(answer.content)
    planned: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{door}/{planned['id']}"
    assert (await here.get(who, answer.headers["location"])).json()["id"] == planned["id"]
    return planned


async def act(
    here: World, job: str, what: str, who: str = OPERATOR, door: str = RUNS
) -> httpx.Response:
    return await here.json(who, f"{door}/{job}/{what}", {"why": WHY})


async def show(here: World, job: str, who: str = OPERATOR, door: str = RUNS) -> dict[str, Any]:
    answer = await here.get(who, f"{door}/{job}")
    assert answer.status_code == 200, answer.text
    rest_replays.Replay.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


async def ran(here: World, job: str, who: str = OPERATOR, door: str = RUNS) -> dict[str, Any]:
    """The job when it has been run to its end."""
    assert (await act(here, job, "run", who, door)).status_code == 200
    async with asyncio.timeout(10):
        while (found := await show(here, job, who, door))["stage"] == "running":
            await asyncio.sleep(0)
    return found


async def inbox(here: World, who: str = OFFICE) -> list[dict[str, Any]]:
    answer = await here.get(who, "/v1/inbox")
    rest.Inbox.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


async def counts(here: World) -> Any:
    return (await here.get(LANG_SON, "/v1/counts")).json()


# ---- giving back -------------------------------------------------------------------------------


async def test_a_plan_says_what_would_be_seen_and_moves_nothing(here: World) -> None:
    await done(here, 1, 2)
    waiting = await here.sent(number=3)
    planned = await plan(here, stop_percent=50)
    assert (planned["stage"], planned["deliveries"], planned["documents"]) == ("planned", 2, 2)
    # What is done cannot fail: "already had it" stops nothing.
    assert planned["stop_percent"] == 0
    sizes = sum(len(package(number=number)) for number in (1, 2))
    assert planned["recipients"] == [
        {"agency": OFFICE, "deliveries": 2, "documents": 2, "senders": 1, "bytes": sizes}
    ]
    (left_out,) = planned["excluded"]
    assert left_out["code"] == "delivery.not_done"
    assert left_out["detail"].endswith("this one is waiting.")
    assert (left_out["deliveries"], left_out["examples"]) == (1, waiting["deliveries"])
    assert [row["id"] for row in await inbox(here)] == waiting["deliveries"]
    assert (await show(here, planned["id"]))["outcomes"]["handed_out"] == 0


async def test_what_was_done_comes_again_marked_and_counts_nothing(here: World) -> None:
    first, second = await done(here, 1, 2)
    before = await counts(here)
    job = (await plan(here))["id"]
    found = await ran(here, job)
    assert (found["stage"], found["handed_over"]) == ("finished", 2)
    rows = await inbox(here)
    assert [row["id"] for row in rows] == [first, second]
    for row in rows:
        assert (row["state"], row["attempt"]) == ("done", 2)
        assert row["redelivery"] == {
            "job": job,
            "accepted_at": row["occurred_at"],
            "done_at": "2020-01-15T08:00:00+07:00",
        }
    taken = await here.get(OFFICE, "/v1/inbox/packages")
    assert package(number=1) in taken.content
    await here.settled()
    await confirm(here, OFFICE, first)
    await confirm(here, OFFICE, second, failed="đã có")
    assert await inbox(here) == []
    outcomes = (await show(here, job))["outcomes"]
    assert outcomes == {
        "handed_out": 2,
        "same_digest": 2,
        "silent": 0,
        "answered": 1,
        "already_had": 1,
        "failed": 0,
        "withheld": 0,
        "skipped": 0,
        "same": 0,
        "different": 0,
        "missing": 0,
    }
    assert await counts(here) == before
    audit = (await here.get(OPERATOR, "/v1/operator/audit")).json()
    assert (audit["clean"], audit["states"], audit["counters"]) == (True, [], [])


async def test_each_delivery_has_its_outcome_and_its_history(here: World) -> None:
    first, second = await done(here, 1, 2)
    job = (await plan(here, ids=[first, second], since=""))["id"]
    other = (await plan(here, ids=[second], since=""))["id"]
    await ran(here, other)
    await ran(here, job)
    await confirm(here, OFFICE, first)
    answer = await here.get(AUDITOR, f"{RUNS}/{job}/deliveries")
    rest_replays.Items.model_validate_json(answer.content)
    items = answer.json()
    told = [(i["delivery"], i["outcome"], i["attempt"]) for i in items["deliveries"]]
    assert told == [(first, "answered", 2), (second, "skipped", 0)]
    assert items["deliveries"][1]["problem"]["code"] == "delivery.given_back"
    assert items["next"] == 2
    empty = (await here.get(AUDITOR, f"{RUNS}/{job}/deliveries", after=2)).json()
    assert empty == {"deliveries": [], "next": 2}
    view = await here.get(LANG_SON, f"/v1/documents/{first.partition('.')[0]}")
    rest_books.View.model_validate_json(view.content)
    history = view.json()["history"]
    assert [e["kind"] for e in history] == ["accepted", "done", "given", "kept"]
    assert history[2]["job"] == job


async def test_what_was_recalled_comes_only_when_it_is_named(here: World) -> None:
    first, second = await done(here, 1, 2)
    recalled = Reference(
        organ_id=LANG_SON,
        code="1/UBND",
        document_id=f"{LANG_SON},2020/01/15,1/UBND",
        promulgated=None,
    )
    await here.sent(
        number=9, business=Business(doc_type=RECALL, reason="sai số liệu"), references=(recalled,)
    )
    planned = await plan(here)
    reasons = {out["code"]: out["examples"] for out in planned["excluded"]}
    assert reasons["document.recalled"] == [first]
    assert (await ran(here, planned["id"]))["handed_over"] == 1
    assert second in [row["id"] for row in await inbox(here)]
    named = await plan(here, ids=[first], since="")
    assert (await ran(here, named["id"]))["handed_over"] == 1
    assert first in [row["id"] for row in await inbox(here)]


async def test_what_its_sender_has_asked_back_meanwhile_is_passed_over(here: World) -> None:
    first, second = await done(here, 1, 2)
    job = (await plan(here))["id"]
    asked = {"delivery": first, "code": "13", "reason": "gửi nhầm"}
    assert (await here.json(LANG_SON, "/v1/statuses", asked)).status_code == 201
    await ran(here, job)
    assert [row["id"] for row in await inbox(here)] == [second]
    items = (await here.get(OPERATOR, f"{RUNS}/{job}/deliveries")).json()["deliveries"]
    assert [i.get("problem", {}).get("code") for i in items] == ["document.taken_back", None]
    assert "taken_back" in str((await plan(here))["excluded"])


# ---- putting back ------------------------------------------------------------------------------


async def test_the_parked_ones_of_a_cause_wait_again(here: World) -> None:
    full = [(await here.sent(number=n))["deliveries"][0] for n in (1, 2)]
    other = (await here.sent(number=3))["deliveries"][0]
    await confirm(here, OFFICE, *full, failed="ổ đĩa đầy")
    await confirm(here, OFFICE, other, failed="không đọc được")
    planned = await plan(here, kind="redrive", since="", cause="ổ đĩa đầy")
    assert (planned["deliveries"], planned["excluded"]) == (2, [])
    await ran(here, planned["id"])
    assert [row["id"] for row in await inbox(here)] == full
    await confirm(here, OFFICE, full[0])
    await confirm(here, OFFICE, full[1], failed="ổ đĩa đầy")
    outcomes = (await show(here, planned["id"]))["outcomes"]
    assert (outcomes["answered"], outcomes["failed"], outcomes["same_digest"]) == (1, 1, 0)


async def test_a_cause_alone_leads_to_what_is_parked_for_it_wherever(here: World) -> None:
    receipt = await here.sent(number=1, to=(OFFICE, HA_NOI))
    mine, theirs = receipt["deliveries"]
    other = (await here.sent(number=2))["deliveries"][0]
    await confirm(here, OFFICE, mine, failed="ổ đĩa đầy")
    await confirm(here, HA_NOI, theirs, failed="ổ đĩa đầy")
    await confirm(here, OFFICE, other, failed="không đọc được")
    cause = {"kind": "redrive", "since": "", "recipient": "", "cause": "ổ đĩa đầy"}
    planned = await plan(here, **cause)
    assert (planned["deliveries"], planned["excluded"]) == (2, [])
    # An agency still plans for its own inbox alone.
    own = await plan(here, OFFICE, REPLAYS, kind="redrive", since="", cause="ổ đĩa đầy")
    assert own["deliveries"] == 1
    # Of what is not parked a cause is no bound.
    for fields in ({"state": "done"}, {"kind": "give_back", "since": SINCE}, {"cause": ""}):
        answer = await here.json(OPERATOR, RUNS, GIVE_BACK | cause | fields)
        problem(answer, 422, "replay.unbounded")
    await ran(here, planned["id"])
    assert [row["id"] for row in await inbox(here)] == [mine]
    assert [row["id"] for row in await inbox(here, HA_NOI)] == [theirs]


async def test_a_job_stops_by_itself_when_too_much_fails(here: World) -> None:
    deliveries = [(await here.sent(number=n))["deliveries"][0] for n in range(1, 41)]
    await confirm(here, OFFICE, *deliveries, failed="ổ đĩa đầy")
    planned = await plan(here, kind="redrive", since="", rate=40, stop_percent=30, why="thử lại")
    found = await _failing(here, planned["id"])
    assert found["stage"] == "stopped"
    assert found["ending"].endswith("failed; it stops at 30 %")
    assert 20 <= found["outcomes"]["failed"] == found["handed_over"] < 40
    problem(await act(here, planned["id"], "resume"), 409, "replay.stage")


@pytest.mark.parametrize(
    ("stop_percent", "handed_over"),
    [
        (50, 2),  # of four two are half, whatever the others come to
        (100, 4),  # also of the last it is heard before the job ends
    ],
)
async def test_a_small_job_stops_as_soon_as_the_share_is_reached(
    here: World, stop_percent: int, handed_over: int
) -> None:
    deliveries = [(await here.sent(number=n))["deliveries"][0] for n in range(1, 5)]
    await confirm(here, OFFICE, *deliveries, failed="ổ đĩa đầy")
    planned = await plan(here, kind="redrive", since="", rate=2, stop_percent=stop_percent)
    found = await _failing(here, planned["id"])
    assert (found["stage"], found["handed_over"]) == ("stopped", handed_over)
    told = f"{handed_over} of 4 failed; it stops at {stop_percent} %"
    assert found["ending"] == told


async def test_a_job_below_its_share_of_failures_finishes(here: World) -> None:
    deliveries = [(await here.sent(number=n))["deliveries"][0] for n in (1, 2)]
    await confirm(here, OFFICE, *deliveries, failed="ổ đĩa đầy")
    planned = await plan(here, kind="redrive", since="", stop_percent=50)
    found = await ran(here, planned["id"])
    assert (found["stage"], found["handed_over"]) == ("finished", 2)


async def _failing(here: World, job: str) -> dict[str, Any]:
    """The job when it has been run to its end while its recipient fails all that comes."""
    assert (await act(here, job, "run")).status_code == 200
    async with asyncio.timeout(10):
        while (found := await show(here, job))["stage"] == "running":
            rows = await inbox(here)
            if rows:
                await confirm(here, OFFICE, *(row["id"] for row in rows), failed="ổ đĩa đầy")
            await asyncio.sleep(0)
    return found


# ---- steering ----------------------------------------------------------------------------------


async def test_a_paused_job_goes_on_where_it_was(here: World) -> None:
    await done(here, *range(1, 6))
    job = (await plan(here, rate=1))["id"]
    await act(here, job, "run")
    async with asyncio.timeout(10):
        while not (await show(here, job))["handed_over"]:
            await asyncio.sleep(0)
    paused = (await act(here, job, "pause")).json()
    assert (paused["stage"], paused["handed_over"]) == ("paused", 1)
    assert (await act(here, job, "pause")).json()["stage"] == "paused"
    assert (await act(here, job, "resume")).json()["stage"] == "running"
    aborted = (await act(here, job, "abort")).json()
    assert aborted["stage"] == "aborted"
    assert len(await inbox(here)) == aborted["handed_over"] < 5
    log = (await here.get(AUDITOR, "/v1/operator/audit-log")).json()["acts"]
    # What changed nothing is no act.
    assert [(line["act"], line["target"], line["why"]) for line in reversed(log)] == [
        ("replay plan give_back", job, WHY),
        *((f"replay {what}", job, WHY) for what in ("run", "pause", "resume", "abort")),
    ]


async def test_a_plan_is_good_for_an_hour(here: World) -> None:
    await done(here, 1)
    job = (await plan(here))["id"]
    here.clock.move(3600)
    here.tokens.clear()
    assert (await show(here, job))["stage"] == "expired"
    problem(await act(here, job, "run"), 409, "replay.expired")
    assert await inbox(here) == []


async def test_a_job_of_nothing_is_finished_as_soon_as_it_runs(here: World) -> None:
    job = (await plan(here))["id"]
    assert (await act(here, job, "run")).json()["stage"] == "finished"
    problem(await act(here, job, "pause"), 409, "replay.stage")


# ---- bounds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"recipient": ""}, "replay.unbounded"),
        ({"since": ""}, "replay.unbounded"),
        ({"since": "2019-12-01", "until": "2020-01-15"}, "replay.window"),
        ({"since": "2020-01-16"}, "replay.window"),
        ({"until": "2020-01-14"}, "replay.window"),
        ({"why": " "}, "reason.missing"),
        ({"why": "\u200b"}, "reason.missing"),
        ({"since": "yesterday"}, "request.invalid"),
        ({"ids": ["doc_1"], "since": ""}, "request.invalid"),
        ({"ids": ["doc_01DYKA4R00N0QB5GZK7V2M9T3C"]}, "request.invalid"),
        ({"rate": 0}, "request.invalid"),
        ({"kind": "shadows"}, "request.invalid"),
    ],
)
async def test_a_plan_without_bounds_is_refused(
    here: World, fields: dict[str, Any], code: str
) -> None:
    answer = await here.json(OPERATOR, RUNS, GIVE_BACK | {"recipient": OFFICE} | fields)
    problem(answer, 422, code)
    assert (await here.get(OPERATOR, RUNS)).json() == {"jobs": []}


async def test_a_window_without_an_end_ends_now_or_when_it_is_as_long_as_may_be(
    here: World,
) -> None:
    """Whoever serves the books of another time, or not by the setting that they were made by."""
    (delivery,) = await done(here, 1)
    assert (await plan(here))["until"] == "2020-01-15T08:00:00.000001+07:00"
    here.clock.move(2509 * 86_400)
    here.tokens.clear()
    planned = await plan(here)
    assert (planned["until"], planned["deliveries"]) == ("2020-02-15T08:00:00+07:00", 1)
    assert planned["recipients"][0]["agency"] == delivery.partition(".")[2]


async def test_what_is_named_and_not_there_is_not_found(here: World) -> None:
    (delivery,) = await done(here, 1)
    doc = delivery.partition(".")[0]
    for named in ("doc_01DYKA4R00N0QB5GZK7V2M9T3C", f"{doc}.{HA_NOI}"):
        asked = GIVE_BACK | {"ids": [delivery, named], "since": ""}
        problem(await here.json(OPERATOR, RUNS, asked), 404, "delivery.not_found")
    # With a package that is named whole too; what is there is planned once.
    asked = GIVE_BACK | {"ids": [doc, f"{doc}.{HA_NOI}"], "since": ""}
    problem(await here.json(OPERATOR, RUNS, asked), 404, "delivery.not_found")
    assert (await plan(here, ids=[doc, delivery], since=""))["deliveries"] == 1


async def test_a_plan_has_an_end(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(here, 1, 2)
    monkeypatch.setattr(planning, "DELIVERIES_MAX", 2)
    assert (await plan(here))["deliveries"] == 2
    monkeypatch.setattr(planning, "DELIVERIES_MAX", 1)
    answer = await here.json(OPERATOR, RUNS, GIVE_BACK | {"recipient": OFFICE})
    assert "1" in problem(answer, 422, "replay.too_many")["detail"]


async def test_only_so_many_jobs_may_wait(here: World) -> None:
    jobs = [(await plan(here))["id"] for _ in range(LIVE_JOBS_MAX)]
    answer = await here.json(OPERATOR, RUNS, GIVE_BACK | {"recipient": OFFICE})
    problem(answer, 409, "replay.too_many_jobs")
    await act(here, jobs[0], "abort")
    await plan(here)
    # The agency has its own.
    await plan(here, OFFICE, REPLAYS)
    # A plan that has run out waits no more.
    here.clock.move(3601)
    here.tokens.clear()
    await plan(here)


async def test_nothing_is_given_back_to_an_agency_that_is_locked(here: World) -> None:
    await done(here, 1)
    audit = Audit(actor=OPERATOR, act="lock", target=OFFICE, why="x", now=here.clock.now())
    await here.axis.committer.submit([Lock(code=OFFICE, locked=True, audit=audit)])
    await here.axis.members.load()
    planned = await plan(here)
    assert planned["deliveries"] == 0
    assert [out["code"] for out in planned["excluded"]] == ["delivery.locked"]


async def test_a_lock_withholds_what_is_given_back_and_parks_none_of_it(here: World) -> None:
    await done(here, 1)
    job = (await ran(here, (await plan(here))["id"]))["id"]
    waiting = (await here.sent(number=2))["deliveries"]
    door = f"/v1/operator/agencies/{OFFICE}"
    assert (await here.json(OPERATOR, f"{door}/lock", {"why": WHY})).json()["moved"] == 1
    assert (await show(here, job))["outcomes"]["withheld"] == 1
    assert (await here.json(OPERATOR, f"{door}/unlock", {"why": WHY})).json()["moved"] == 1
    assert [row["id"] for row in await inbox(here)] == waiting


# ---- who ---------------------------------------------------------------------------------------


async def test_an_agency_plays_back_into_its_own_inbox_only(here: World) -> None:
    mine, theirs = await done(here, 1, to=(OFFICE, HA_NOI))
    planned = await plan(here, OFFICE, REPLAYS)
    assert (planned["deliveries"], planned["agency"], planned["actor"]) == (1, OFFICE, OFFICE)
    poll = await polled(here, "/v1/inbox")
    found = await ran(here, planned["id"], OFFICE, REPLAYS)
    assert found["stage"] == "finished"
    # Whoever waits is told at once.
    await until(poll.done)
    assert [row["id"] for row in poll.result().json()["deliveries"]] == [mine]
    assert await inbox(here, HA_NOI) == []
    asked = GIVE_BACK | {"ids": [theirs], "since": ""}
    problem(await here.json(OFFICE, REPLAYS, asked), 404, "delivery.not_found")
    other = GIVE_BACK | {"recipient": HA_NOI}
    problem(await here.json(OFFICE, REPLAYS, other), 422, "request.invalid")


async def test_a_job_is_seen_and_steered_by_whose_it_is(here: World) -> None:
    await done(here, 1)
    own = (await plan(here, OFFICE, REPLAYS))["id"]
    operators = (await plan(here))["id"]
    for who, job in ((HA_NOI, own), (OFFICE, operators), (OFFICE, "rpl_0")):
        problem(await here.get(who, f"{REPLAYS}/{job}"), 404, "replay.not_found")
        problem(await here.get(who, f"{REPLAYS}/{job}/deliveries"), 404, "replay.not_found")
        problem(await act(here, job, "run", who, REPLAYS), 404, "replay.not_found")
    # Who oversees the axis sees them all, and an operator can end each.
    assert [j["id"] for j in (await here.get(AUDITOR, RUNS)).json()["jobs"]] == [operators, own]
    assert (await show(here, own))["agency"] == OFFICE
    assert (await act(here, own, "abort")).json()["stage"] == "aborted"
    assert [j["id"] for j in (await here.get(OFFICE, REPLAYS)).json()["jobs"]] == [own]
    assert (await here.get(HA_NOI, REPLAYS)).json() == {"jobs": []}


async def test_operators_act_and_auditors_read(here: World) -> None:
    await done(here, 1)
    job = (await plan(here))["id"]
    assert (await here.get(AUDITOR, f"{RUNS}/{job}")).status_code == 200
    for who in (AUDITOR, OFFICE):
        problem(await act(here, job, "run", who), 403, "auth.role")
        problem(await here.json(who, RUNS, GIVE_BACK), 403, "auth.role")
    problem(await here.get(OFFICE, RUNS), 403, "auth.role")
    problem(await here.get(OPERATOR, REPLAYS), 403, "auth.role")
    # Without a reason it is run for the reason of its plan.
    assert (await here.json(OPERATOR, f"{RUNS}/{job}/run", {})).status_code == 200
    log = (await here.get(AUDITOR, "/v1/operator/audit-log")).json()["acts"]
    assert (log[0]["act"], log[0]["why"]) == ("replay run", WHY)
