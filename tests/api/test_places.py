"""Where a fault lies: every fault has its place, and all that can be told is told at once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from schemas.edxml import MARK_PLACE
from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, package, problem

NOBODY = "000.00.00.X99"


def places(answer: httpx.Response, status: int = 422, code: str = "request.invalid") -> list[str]:
    return [fault["place"] for fault in problem(answer, status, code)["problems"]]


async def confirm(here: World, body: Any) -> httpx.Response:
    return await here.json(OFFICE, "/v1/inbox/confirm", body)


async def say(here: World, body: Any) -> httpx.Response:
    return await here.json(OFFICE, "/v1/statuses", body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["result", "body"]),
        ({"deliveries": "x", "reason": 1, "x": 1}, ["result", "reason", "deliveries", "x"]),
        ({"result": "", "range": {"to": 1}}, ["result", "range.urgency", "range.no", "range.to"]),
        ({"result": "done", "range": []}, ["range"]),
        (
            {"result": "done", "deliveries": [1, "x", {}, {"delivery": "x", "at": 1}]},
            [
                "deliveries[0]",
                "deliveries[2].delivery",
                "deliveries[2].occurred_at",
                "deliveries[3].occurred_at",
                "deliveries[3].at",
            ],
        ),
    ],
    ids=range(5),
)
async def test_all_that_a_confirmation_lacks_is_told(
    here: World, body: Any, found: list[str]
) -> None:
    assert places(await confirm(here, body)) == found


async def test_faults_of_a_confirmation_have_an_end(here: World) -> None:
    assert len(places(await confirm(here, {"result": "done", "deliveries": [1] * 1000}))) == 100


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["sender", "document_id", "recipient", "code"]),
        ({"sender": LANG_SON}, ["document_id", "recipient", "code"]),
        ({"delivery": 5, "staff": 1}, ["delivery", "code", "staff"]),
        ({"delivery": "x", "x": 1, "y": 2, "code": "01"}, ["x", "y"]),
    ],
    ids=range(4),
)
async def test_all_that_a_status_lacks_is_told(here: World, body: Any, found: list[str]) -> None:
    assert places(await say(here, body)) == found
    (told,) = (await say(here, {"statuses": [body]})).json()["results"]
    inner = [fault["place"] for fault in told["problem"]["problems"]]
    assert inner == [f"statuses[0].{place}" for place in found]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/inbox?wait=x&limit=y&after=z&state=gone", ["after", "limit", "wait", "state"]),
        ("/v1/inbox/packages?wait=x&max_bytes=y&limit=0", ["max_bytes", "limit", "wait"]),
        ("/v1/statuses?wait=x&limit=y", ["limit", "wait"]),
    ],
)
async def test_all_that_is_wrong_with_a_query_is_told(
    here: World, path: str, found: list[str]
) -> None:
    answer = await here.call(OFFICE, "GET", path)
    assert places(answer) == [f"query.{name}" for name in found]


async def test_what_is_null_is_not_named(here: World) -> None:
    receipt = await here.sent()
    (delivery,) = receipt["deliveries"]
    nulls = dict.fromkeys(("sender", "document_id", "recipient", "reason", "staff", "occurred_at"))
    answer = await say(here, {"delivery": delivery, "code": "01", **nulls})
    assert answer.status_code == 201, answer.text
    document = {"sender": LANG_SON, "document_id": receipt["document_id"], "recipient": OFFICE}
    answer = await say(here, {"delivery": None, "code": "01", **document})
    assert (answer.status_code, answer.json()["delivery"]) == (200, delivery)


@pytest.mark.parametrize("name", ["sender", "document_id", "recipient"])
async def test_a_delivery_is_named_in_one_way(here: World, name: str) -> None:
    answer = await say(here, {"delivery": "x", name: "y", "code": "01"})
    told = problem(answer, 422, "request.invalid")
    assert told["detail"] == (
        "delivery: name either delivery, or sender, document_id and recipient."
    )
    assert places(answer) == ["delivery"]


async def test_an_agency_that_there_is_none_of_has_a_place(here: World) -> None:
    document = {"sender": LANG_SON, "document_id": "x", "recipient": OFFICE, "code": "01"}
    for field in ("sender", "recipient"):
        asked = document | {field: NOBODY}
        assert places(await say(here, asked), 404, "agency.unknown") == [field]
        (told,) = (await say(here, {"statuses": [asked]})).json()["results"]
        assert told["problem"]["place"] == f"statuses[0].{field}"
    window = {"since": "2020-01-15", "until": "2020-01-16"}
    for who, path, name, more in (
        (OFFICE, "/v1/counts", "agency", {}),
        (OFFICE, "/v1/statistics", "agency", {}),
        (OFFICE, "/v1/documents", "sender", {"document_id": "x"}),
        (OPERATOR, "/v1/operator/deliveries", "from", {}),
        (OPERATOR, "/v1/operator/deliveries", "to", {}),
        (OPERATOR, "/v1/operator/traffic", "from", window),
        (OPERATOR, "/v1/operator/traffic", "to", window),
        (OPERATOR, "/v1/operator/certificates", "agency", {}),
    ):
        answer = await here.get(who, path, **more, **{name: NOBODY})
        assert places(answer, 404, "agency.unknown") == [f"query.{name}"], path
    answer = await here.get(OFFICE, "/v1/counts", agency=[NOBODY, OFFICE, "x"])
    assert places(answer, 404, "agency.unknown") == ["query.agency"] * 2
    for field in ("sender", "recipient"):
        plan = {"kind": "give_back", field: NOBODY, "why": "test"}
        answer = await here.json(OPERATOR, "/v1/operator/runs", plan)
        assert places(answer, 404, "agency.unknown") == [field]


async def test_what_cannot_be_confirmed_has_a_place(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    gone = delivery.replace(OFFICE, LANG_SON)
    body = {"deliveries": ["x", delivery, gone], "result": "done"}
    items = (await confirm(here, body)).json()["items"]
    found = [item.get("problem", {}) for item in items]
    assert [one.get("code") for one in found] == ["delivery.not_found", None, "delivery.not_found"]
    assert [one.get("place") for one in found] == ["deliveries[0]", None, "deliveries[2]"]


async def test_a_delivery_that_there_is_none_of_has_a_place(here: World) -> None:
    answer = await say(here, {"delivery": "x", "code": "01"})
    assert places(answer, 404, "delivery.not_found") == ["delivery"]
    (told,) = (await say(here, {"statuses": [{"delivery": "x", "code": "01"}]})).json()["results"]
    assert told["problem"]["place"] == "statuses[0].delivery"


async def test_the_mark_of_a_secret_document_is_the_place(here: World) -> None:
    answer = await here.send(package(secret=True))
    assert places(answer, 422, "document.secret") == [MARK_PLACE]
