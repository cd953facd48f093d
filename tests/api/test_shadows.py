"""Shadows at the operator's door: planned like any job, played by whoever takes them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from axis.core.replay import LIVE_JOBS_MAX
from axis.flows import shadowing
from schemas import rest_replays
from tests.api.test_replays import RUNS, WHY, act, done, plan, show
from tests.api.world import AUDITOR, LANG_SON, OFFICE, OPERATOR, World, package, problem

WINDOW = {"since": "2020-01-15T07:00", "until": "2020-01-15T09:00"}
SHADOW: dict[str, Any] = {"kind": "shadow", "recipient": "", "speed": 20, **WINDOW}
TIMES = {
    "sent": "2020-01-15T08:00:00+07:00",
    "accepted": "2020-01-15T08:00:00+07:00",
    "done": "",
    "took_s": None,
}


def verdict(no: int, outcome: str = "same", *differences: str) -> dict[str, Any]:
    return {
        "no": no,
        "outcome": outcome,
        "differences": list(differences),
        "recorded": TIMES,
        "played": TIMES,
    }


async def taken(here: World, job: str, player: str = "one") -> dict[str, Any]:
    answer = await here.json(OPERATOR, f"{RUNS}/{job}/take", {"player": player})
    assert answer.status_code == 200, answer.text
    rest_replays.Taken.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def code(answer: httpx.Response) -> str:
    """The code of a problem."""
    told = answer.json()
    return str(problem(answer, answer.status_code, told["code"])["code"])


async def digest(here: World) -> str:
    return str((await here.get(OPERATOR, "/v1/operator/digest")).json()["sha256"])


EDGES = {
    "since": "0001-01-01T00:00:00+14:00",
    "until": "9999-12-31T23:59:59-14:00",
}


@pytest.mark.parametrize(("place", "edge"), EDGES.items())
async def test_times_at_the_edge_of_the_calendar_are_refused(
    here: World, place: str, edge: str
) -> None:
    window = {**WINDOW, place: edge}
    own = {"kind": "give_back", "why": WHY, **window}
    answers = [
        await here.json(OFFICE, "/v1/replays", own),
        await here.json(OPERATOR, RUNS, {"recipient": OFFICE, **own}),
        await here.json(OPERATOR, RUNS, {**SHADOW, "why": WHY, **window}),
        await here.get(OPERATOR, "/v1/operator/traffic", **window),
    ]
    for answer in answers:
        told = problem(answer, 422, "request.invalid")
        assert told["place"].removeprefix("query.") == place
    found = await here.get(OPERATOR, "/v1/operator/deliveries", since=edge)
    assert problem(found, 422, "request.invalid")["place"] == "query.since"


async def test_a_shadow_is_planned_run_played_and_told(here: World) -> None:
    first, second = await done(here, 1, 2)
    waiting = (await here.sent(number=3))["deliveries"][0]
    before = await digest(here)
    planned = await plan(here, **SHADOW)
    assert (planned["kind"], planned["stage"], planned["speed"]) == ("shadow", "planned", 20)
    assert (planned["documents"], planned["deliveries"]) == (3, 3)
    assert planned["bytes"] == sum(len(package(number=n)) for n in (1, 2, 3))
    # Nobody in these books sees anything, and so nothing is left out.
    assert planned["recipients"] == planned["excluded"] == []
    job = planned["id"]
    ran = (await act(here, job, "run")).json()
    assert (ran["stage"], ran["player"], ran["handed_over"]) == ("running", "", 0)

    lease = await taken(here, job)
    assert lease["run"]["player"] == "one"
    path, epoch = f"{RUNS}/{job}/report", {"epoch": lease["epoch"]}
    answer = await here.json(OPERATOR, path, {**epoch, "handed_over": 2})
    assert answer.json()["handed_over"] == 2
    two = [verdict(1), verdict(3, "different", "state: open, now done")]
    await here.json(OPERATOR, path, {**epoch, "handed_over": 3, "deliveries": two})
    books = {"before": before, "after": before, "past_stands": True, "numbers_since": 0}
    end = {**epoch, "handed_over": 3, "books": books}
    # Not before each has its verdict.
    refused = problem(await here.json(OPERATOR, path, end), 409, "replay.unjudged")
    assert "1 of its deliveries" in refused["detail"]
    await here.json(OPERATOR, path, {**epoch, "handed_over": 3, "deliveries": [verdict(2)]})
    told = (await here.json(OPERATOR, path, end)).json()
    assert (told["stage"], told["player"], told["books"]) == ("finished", "", books)
    shown = await show(here, job)
    assert {name: n for name, n in shown["outcomes"].items() if n} == {"same": 2, "different": 1}

    page = await here.get(OPERATOR, f"{RUNS}/{job}/deliveries")
    rest_replays.Items.model_validate_json(page.content)
    rows = page.json()["deliveries"]
    assert [(row["delivery"], row["outcome"]) for row in rows] == [
        (first, "same"),
        (second, "same"),
        (waiting, "different"),
    ]
    assert rows[2]["differences"] == ["state: open, now done"]
    assert rows[2]["recorded"] == rows[2]["played"] == TIMES
    # The job is beside the books; and each act says who and why.
    assert await digest(here) == before
    log = (await here.get(AUDITOR, "/v1/operator/audit-log")).json()["acts"]
    assert [(one["actor"], one["act"], one["why"]) for one in log] == [
        (OPERATOR, "replay run", WHY),
        (OPERATOR, "replay plan shadow", WHY),
    ]


async def test_its_player_is_held_and_ended_by_the_door(here: World) -> None:
    await done(here, 1)
    job = (await plan(here, **SHADOW))["id"]
    path = f"{RUNS}/{job}"
    assert code(await here.json(OPERATOR, f"{path}/take", {"player": "one"})) == ("replay.stage")
    await act(here, job, "run")
    lease = await taken(here, job)
    other = problem(
        await here.json(OPERATOR, f"{path}/take", {"player": "two"}), 409, "replay.taken"
    )
    assert other["detail"].startswith("one plays the job")
    report = {"epoch": lease["epoch"], "handed_over": 0}
    assert (await act(here, job, "pause")).json()["stage"] == "paused"
    assert code(await here.json(OPERATOR, f"{path}/report", report)) == "replay.lost"
    await act(here, job, "resume")
    # Who comes back has another epoch.
    assert code(await here.json(OPERATOR, f"{path}/report", report)) == "replay.lost"
    assert (await taken(here, job))["epoch"] > lease["epoch"]
    assert (await act(here, job, "abort")).json()["stage"] == "aborted"
    assert code(await here.json(OPERATOR, f"{path}/take", {"player": "one"})) == ("replay.stage")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"since": ""}, "replay.unbounded"),
        ({"until": "2020-03-01"}, "replay.window"),
        ({"until": "2020-01-15T06:00"}, "replay.window"),
        ({"speed": 0.5}, "request.invalid"),
        ({"speed": 1e9}, "request.invalid"),
        ({"state": "done"}, "request.invalid"),
        ({"type": "recall"}, "request.invalid"),
        ({"why": " "}, "reason.missing"),
        ({"why": "\u200b"}, "reason.missing"),
        ({"sender": "000.00.00.X99"}, "agency.unknown"),
    ],
)
async def test_what_no_shadow_can_be_is_refused(
    here: World, fields: dict[str, Any], why: str
) -> None:
    answer = await here.json(OPERATOR, RUNS, {**SHADOW, "why": WHY, **fields})
    assert code(answer) == why
    assert (await here.get(OPERATOR, RUNS)).json() == {"jobs": []}


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "recall"},
        {"state": "done"},
        {"answer": "none"},
        {"cause": "x"},
        {"ids": ["doc_01DYKA4R00N0QB5GZK7V2M9T3C"]},
    ],
)
async def test_of_filters_that_it_does_not_know_it_says_so(
    here: World, fields: dict[str, Any]
) -> None:
    answer = await here.json(OPERATOR, RUNS, {**SHADOW, "why": WHY, **fields})
    told = problem(answer, 422, "request.invalid")
    assert "of filters it knows sender and recipient" in told["detail"]


async def test_sender_and_recipient_narrow_it(here: World) -> None:
    await done(here, 1)
    assert (await plan(here, **{**SHADOW, "sender": LANG_SON}))["deliveries"] == 1
    assert (await plan(here, **{**SHADOW, "sender": OFFICE}))["deliveries"] == 0


async def test_it_is_planned_page_by_page_and_only_so_large(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await done(here, 1, 2, 3)
    monkeypatch.setattr(shadowing, "PAGE_DOCUMENTS", 1)
    monkeypatch.setattr(shadowing, "DELIVERIES_MAX", 3)
    assert (await plan(here, **SHADOW))["deliveries"] == 3
    monkeypatch.setattr(shadowing, "DELIVERIES_MAX", 2)
    assert code(await here.json(OPERATOR, RUNS, {**SHADOW, "why": WHY})) == "replay.too_many"


async def test_shadows_count_among_the_jobs_that_may_be(here: World) -> None:
    for _ in range(LIVE_JOBS_MAX):
        await plan(here, **SHADOW)
    answer = await here.json(OPERATOR, RUNS, {**SHADOW, "why": WHY})
    assert code(answer) == "replay.too_many_jobs"


async def test_only_operators_plan_and_play(here: World) -> None:
    await done(here, 1)
    own = await here.json(LANG_SON, "/v1/replays", {"kind": "shadow", **WINDOW, "why": WHY})
    assert code(own) == "request.invalid"
    job = (await plan(here, **SHADOW))["id"]
    await act(here, job, "run")
    for who in (LANG_SON, AUDITOR):
        for what, body in (("take", {"player": "x"}), ("report", {"epoch": 1, "handed_over": 0})):
            answer = await here.json(who, f"{RUNS}/{job}/{what}", body)
            assert answer.status_code == 403


async def test_what_is_no_shadow_has_no_player(here: World) -> None:
    await done(here, 1)
    job = (await plan(here))["id"]
    answer = await here.json(OPERATOR, f"{RUNS}/{job}/take", {"player": "x"})
    assert code(answer) == "replay.not_played"
    answer = await here.json(OPERATOR, f"{RUNS}/rpl_0/take", {"player": "x"})
    assert code(answer) == "replay.not_found"


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ({"handed_over": -1}, "request.invalid"),
        ({"deliveries": [verdict(0)]}, "request.invalid"),
        ({"deliveries": [verdict(2)]}, "delivery.not_found"),
        ({"deliveries": [verdict(1, "answered")]}, "request.invalid"),
        ({"deliveries": [verdict(1, "different", "x" * 1001)]}, "request.invalid"),
        ({"deliveries": [verdict(1)] * 501}, "request.invalid"),
        ({"books": {"before": "x", "after": "x", "past_stands": True, "numbers_since": 0}}, "request.invalid"),
    ],
)  # fmt: skip
async def test_what_no_player_can_mean_is_refused(
    here: World, report: dict[str, Any], why: str
) -> None:
    await done(here, 1)
    job = (await plan(here, **SHADOW))["id"]
    await act(here, job, "run")
    lease = await taken(here, job)
    body = {"epoch": lease["epoch"], "handed_over": 0, **report}
    assert code(await here.json(OPERATOR, f"{RUNS}/{job}/report", body)) == why
    assert (await show(here, job))["outcomes"]["same"] == 0
