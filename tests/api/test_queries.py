"""Query parameters: each operation takes those that it declares, once each unless it says so."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest
from starlette.types import Receive, Scope, Send

from axis.api.queries import only
from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, problem

#: What may be given more than once.
MANY = {("/v1/counts", "agency"), ("/v1/statistics", "agency")}


async def test_every_operation_refuses_parameters_that_it_does_not_know(here: World) -> None:
    for path, methods in here.app.openapi()["paths"].items():
        for method, operation in methods.items():
            asked = path.replace("{act}", "run").replace("{", "").replace("}", "")
            who = OPERATOR if "operator" in path else OFFICE
            answer = await here.call(who, method.upper(), f"{asked}?limt=5&%C3%A9=")
            told = problem(answer, 422, "request.invalid")
            assert [one["place"] for one in told["problems"]] == ["query.limt", "query.é"], path
            known = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            takes = ", ".join(sorted(known)) or "none"
            assert told["detail"].endswith(f"which takes {takes}."), path
            for name in known:
                twice = f"{asked}?{name}=1&{name}=1"
                told = (await here.call(who, method.upper(), twice)).json()
                more = [
                    one["place"]
                    for one in told.get("problems", ())
                    if "more than once" in one["detail"]
                ]
                assert more == ([] if (path, name) in MANY else [f"query.{name}"]), twice


async def test_a_head_is_asked_like_a_get(here: World) -> None:
    for path in ("/v1/inbox", "/v1/counts"):
        assert (await here.call(OFFICE, "HEAD", f"{path}?x=1")).status_code == 422
        assert (await here.call(OFFICE, "HEAD", path)).status_code == 200


async def test_pages_are_asked_whatever_browsers_like(here: World) -> None:
    for path in ("/docs", "/openapi.json", "/docs/assets/favicon.png"):
        assert (await here.http.get(f"{path}?v=1")).status_code == 200


@pytest.mark.parametrize("query", ["%ff=1", "é=1", "limit=1&\x7f%f0=2"])
@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/counts"])
async def test_what_cannot_be_read_is_refused(here: World, path: str, query: str) -> None:
    # Whatever a client makes of such a query comes as it is.
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    token = f"Bearer {await here.token(OFFICE)}".encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"authorization", token)],
    }
    await here.app(scope, None, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 422
    assert b'"place":"query"' in sent[1]["body"]


async def test_names_may_be_written_as_addresses_write_them(here: World) -> None:
    assert (await here.call(OFFICE, "GET", "/v1/inbox?%6cimit=5")).status_code == 200
    answer = await here.call(OFFICE, "GET", "/v1/inbox?%6cimit=5&limit=6")
    assert problem(answer, 422, "request.invalid")["place"] == "query.limit"


async def test_what_is_wrong_with_names_is_told_up_to_a_bound(here: World) -> None:
    query = "&".join(f"{quote('é' * 80)}{number}=" for number in range(12))
    told = problem(await here.call(OFFICE, "GET", f"/v1/inbox?{query}"), 422, "request.invalid")
    assert told["place"] == f"query.{'é' * 60}"
    query = "&".join(f"n{number}=" for number in range(1000))
    told = problem(await here.call(OFFICE, "GET", f"/v1/inbox?{query}"), 422, "request.invalid")
    assert len(told["problems"]) == 100


@pytest.mark.parametrize("path", ["/v1/counts", "/v1/statistics"])
async def test_days_end_after_they_begin(here: World, path: str) -> None:
    days = {"from": "2020-01-16", "to": "2020-01-15"}
    told = problem(await here.get(LANG_SON, path, **days), 422, "request.invalid")
    assert told["place"] == "query.from"
    assert "2020-01-15" in told["detail_vi"]
    one = {"from": "2020-01-15", "to": "2020-01-15"}
    assert (await here.get(LANG_SON, path, **one)).status_code == 200


async def test_a_kind_of_agency_is_one_that_there_is(here: World) -> None:
    answer = await here.get(LANG_SON, "/v1/statistics", kind="provinces")
    told = problem(answer, 422, "request.invalid")
    assert told["place"] == "query.kind"
    assert "ministry" in told["detail"]
    assert "province" in told["detail_vi"]
    assert (await here.get(LANG_SON, "/v1/statistics", kind="province")).status_code == 200


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    pass


async def test_what_is_known_costs_next_to_nothing() -> None:
    app = only(_nothing, ("after", "limit", "wait", "state"))
    scope = {"query_string": b"after=0:12,3:1&limit=200&wait=50"}
    begun = time.perf_counter()
    for _ in range(1000):
        await app(scope, None, None)  # type: ignore[arg-type]
    # A microsecond or two; a tenth of a millisecond would be a machine that stood still.
    assert time.perf_counter() - begun < 0.1
