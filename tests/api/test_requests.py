"""Whatever comes in, one clear problem goes out: bodies, addresses, headers, methods."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from axis.api.bodies import JSON_BYTES_MAX
from axis.api.problems import FAULTS_MAX
from tests.api.world import LANG_SON, OFFICE, OPERATOR, XML, World, package, problem

JSON = {"content-type": "application/json"}
DOORS = [
    (OFFICE, "/v1/inbox/confirm"),
    (OFFICE, "/v1/statuses"),
    (OPERATOR, "/v1/operator/agencies"),
    (OPERATOR, "/v1/operator/agencies/000.00.00.G22/lock"),
    (OPERATOR, "/v1/operator/deliveries/doc_x.y/reset"),
]


async def post(here: World, who: str, path: str, body: bytes, **headers: str) -> httpx.Response:
    return await here.call(who, "POST", path, content=body, headers=JSON | headers)


@pytest.mark.parametrize(("who", "path"), DOORS)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b'{"why": "\\ud800"}',
        b'{"\\uD83D": 1}',
        b'{"why": ["\\u0000"]}',
        b'{"why": ' + b"9" * 5000 + b"}",
        b'{"why": 1e999}',
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"why": "\\udE00\\ud83D"}',
        b'{"why": "\\ud83d\\ud83d\\ude00"}',
        b'{"why": "\\\\\\u0000"}',
    ],
    ids=range(13),
)
async def test_json_that_no_request_is_makes_one_clear_problem(
    here: World, who: str, path: str, body: bytes
) -> None:
    told = problem(await post(here, who, path, body), 422, "request.invalid")
    assert told["place"]
    assert len(told["detail"]) < 300


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 5000])
async def test_json_that_is_deep_and_has_no_end_makes_one_clear_problem(
    here: World, body: bytes
) -> None:
    """Which of the two is said first is the version of Python's."""
    answer = await post(here, OFFICE, "/v1/statuses", body)
    assert answer.json()["code"] in ("request.invalid", "request.json")
    problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("value", [True, False, "1", 1.5, [1]])
async def test_what_is_no_number_in_json_is_taken_for_none(here: World, value: Any) -> None:
    """Of a lane that ``true`` names, class 1 would be published again."""
    for who, path, name in (
        (OPERATOR, f"/v1/operator/agencies/{OFFICE}/redrive", "urgency"),
        (OPERATOR, f"/v1/operator/agencies/{OFFICE}/redrive", "no"),
        (OFFICE, "/v1/replays", "rate"),
        (OFFICE, "/v1/replays", "stop_percent"),
    ):
        asked = {"why": "x", name: value} | ({"kind": "redrive"} if who == OFFICE else {})
        told = problem(await here.json(who, path, asked), 422, "request.invalid")
        assert [fault["place"] for fault in told["problems"]] == [name]


async def test_faults_are_told_up_to_a_bound(here: World) -> None:
    path = "/v1/operator/runs/rpl_x/report"
    told = problem(
        await here.json(OPERATOR, path, {"deliveries": [{}] * 60}), 422, "request.invalid"
    )
    assert len(told["problems"]) == FAULTS_MAX
    assert "input" not in str(told)


async def test_a_name_that_is_no_field_is_cut(here: World) -> None:
    told = problem(
        await here.json(OFFICE, "/v1/replays", {"k" * 100_000: 1, "kind": "redrive"}),
        422,
        "request.invalid",
    )
    assert told["place"] == "k" * 60


@pytest.mark.parametrize(
    ("value", "most"),
    [
        ({f"f{n}": 1 for n in range(33)}, "more than 32 fields"),
        ({"deliveries": [{}, {"played": {f"f{n}": 1 for n in range(33)}}]}, "more than 32 fields"),
        ({"ids": [1] * 100_000}, "more than 100000 values"),
        ({"ids": [[[]] * 50_000, [[]] * 50_000]}, "more than 100000 values"),
        (json.loads('{"ids":' * 32 + "[1]" + "}" * 32), "nested too deep"),
    ],
    ids=["fields", "inner fields", "values", "inner values", "depth"],
)
async def test_json_with_more_in_it_than_any_request_has_makes_one_fault(
    here: World, value: Any, most: str
) -> None:
    """And never reaches a model, which makes a fault of each."""
    told = problem(await here.json(OFFICE, "/v1/replays", value), 422, "request.invalid")
    (fault,) = told["problems"]
    assert most in fault["detail"]


@pytest.mark.parametrize(("who", "path"), DOORS)
async def test_a_json_body_is_bounded(here: World, who: str, path: str) -> None:
    body = b'{"why": "' + b"x" * JSON_BYTES_MAX + b'"}'
    problem(await post(here, who, path, body), 413, "request.too_large")


async def test_text_outside_ascii_is_text(here: World) -> None:
    body = json.dumps({"deliveries": ["😀 \\u0000"], "result": "done"}).encode()
    answer = await post(here, OFFICE, "/v1/inbox/confirm", body)
    assert answer.json()["items"][0]["delivery"] == "😀 \\u0000"


NUMBERS = [
    (OFFICE, "/v1/statuses", "after"),
    (OFFICE, "/v1/inbox", "limit"),
    (OFFICE, "/v1/replays", "limit"),
    (OFFICE, "/v1/replays/rpl_x/deliveries", "after"),
    (OFFICE, f"/v1/documents?sender={OFFICE}&document_id=x", "after"),
    (OFFICE, f"/v1/documents?sender={OFFICE}&document_id=x", "limit"),
    (OPERATOR, "/v1/operator/audit-log", "limit"),
    (OPERATOR, "/v1/operator/digest", "upto"),
    (OPERATOR, "/v1/operator/traffic?since=2020-01-15&until=2020-01-16", "after"),
]


@pytest.mark.parametrize(("who", "path", "name"), NUMBERS)
@pytest.mark.parametrize("text", ["1.0", "1_0", "+1", " 1", "1e0", "\u0661", "", "-1", "9" * 20])
async def test_numbers_of_queries_are_digits(
    here: World, who: str, path: str, name: str, text: str
) -> None:
    asked = f"{path}{'&' if '?' in path else '?'}{urlencode({name: text})}"
    told = problem(await here.call(who, "GET", asked), 422, "request.invalid")
    assert told["place"] == f"query.{name}"


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/packages", "/v1/statuses"])
async def test_seconds_are_taken_as_programs_write_them(here: World, path: str) -> None:
    for text in ("0", "0.0", "0.010000000000000009", "5.551115123125783e-17", "1e-05"):
        answer = await here.call(OFFICE, "GET", f"{path}?wait={text}")
        assert answer.status_code == 200, text
    for text in ("-1", "50.000001", "5e1", "nan", "inf", ".5", "1.", "1_0", "\u0661", ""):
        asked = f"{path}?{urlencode({'wait': text})}"
        told = problem(await here.call(OFFICE, "GET", asked), 422, "request.invalid")
        assert told["place"] == "query.wait", text


@pytest.mark.parametrize("path", ["/v1/counts", "/v1/statistics"])
@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "text", ["1577836800", "2020-01-15T00:00:00", "20200115", "2020-1-15", "2020-02-30", " ", ""]
)
async def test_days_of_queries_are_days(here: World, path: str, name: str, text: str) -> None:
    asked = f"{path}{'&' if '?' in path else '?'}{urlencode({name: text})}"
    told = problem(await here.call(OFFICE, "GET", asked), 422, "request.invalid")
    assert told["place"] == f"query.{name}"
    assert told["detail_vi"] == f"query.{name}: không phải ngày YYYY-MM-DD."
    good = asked.replace(urlencode({name: text}), urlencode({name: "2020-01-15"}))
    assert (await here.call(OFFICE, "GET", good)).status_code == 200


async def test_headers_and_addresses_are_bounded(here: World) -> None:
    for path in ("/v1/inbox", "/v1/inbox/packages", "/v1/health"):
        headers = {f"x-{n}": "x" * 1000 for n in range(17)}
        answer = await here.call(OFFICE, "GET", path, headers=headers)
        assert "16384" in problem(answer, 431, "request.head_too_large")["detail"]
        answer = await here.call(OFFICE, "GET", f"{path}?x={'x' * 9000}")
        assert "8192" in problem(answer, 414, "request.address_too_long")["detail"]


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/agencies", "/v1/documents"])
async def test_a_request_has_one_caller(here: World, path: str) -> None:
    # One reader of headers takes the first of two, another the last.
    tokens = [await here.token(who) for who in (LANG_SON, OFFICE)]
    headers = [("authorization", f"Bearer {token}") for token in tokens]
    answer = await here.http.get(path, headers=headers)
    assert problem(answer, 422, "request.invalid")["place"] == "Authorization"


@pytest.mark.parametrize("name", ["Host", "Content-Type", "Axis-Occurred-At"])
async def test_what_a_request_has_once_is_not_given_twice(here: World, name: str) -> None:
    token = f"Bearer {await here.token(LANG_SON)}"
    twice = [("authorization", token), (name, "application/xml"), (name, "application/xml")]
    answer = await here.http.post("/v1/documents", content=package(), headers=twice)
    told = problem(answer, 400, "request.malformed")
    assert told["detail"] == f"This is not HTTP: {name} is given twice."
    assert told["detail_vi"] == f"Đây không phải HTTP hợp lệ: {name} được ghi hai lần."
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(("version", "status"), [("1.1", 400), ("1.0", 200)])
async def test_since_http_1_1_a_request_says_whom_it_is_meant_for(
    here: World, version: str, status: int
) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/health", "query_string": b""}
    await here.app({**scope, "http_version": version, "headers": []}, receive, send)
    head, body = sent
    assert head["status"] == status
    assert ("Host is missing" in body["body"].decode()) == (status == 400)


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity", "chunked, chunked"])
async def test_a_body_has_no_coding_but_chunks(here: World, coding: str) -> None:
    answer = await here.send(package(), **{"transfer-encoding": coding})
    assert coding in problem(answer, 501, "request.unserved")["detail"]
    # Where the body ends is not known.
    assert answer.headers["connection"] == "close"
    assert (await here.send(package(), **{"transfer-encoding": "Chunked"})).status_code == 201


@pytest.mark.parametrize(
    "path", ["/docs//", "/v1/health/", "/v1", "/v2/inbox", "/v1/inbox/", "/v1//inbox"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_there_is_nothing_at_other_addresses(here: World, path: str, method: str) -> None:
    problem(await here.http.request(method, path), 404, "request.route")
    head = await here.http.head(path)
    assert (head.status_code, head.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/documents", "GET, HEAD, OPTIONS, POST"),
        ("/v1/documents/bulk", "OPTIONS, POST"),
        ("/v1/inbox/packages", "GET, OPTIONS"),
        ("/v1/inbox/confirm", "OPTIONS, POST"),
        ("/v1/statuses", "GET, HEAD, OPTIONS, POST"),
        ("/v1/token", "OPTIONS, POST"),
        ("/v1/health", "GET, HEAD, OPTIONS"),
        ("/v1/deliveries/x/package", "GET, OPTIONS"),
        ("/v1/operator/traffic", "GET, OPTIONS"),
        ("/v1/replays/rpl_x", "GET, HEAD, OPTIONS"),
        ("/v1/replays/rpl_x/run", "OPTIONS, POST"),
        ("/v1/replays/rpl_x/deliveries", "GET, HEAD, OPTIONS"),
        ("/v1/operator/runs/rpl_x/deliveries", "GET, HEAD, OPTIONS"),
        ("/v1/operator/runs/rpl_x/report", "OPTIONS, POST"),
        ("/docs/assets/swagger-ui.css", "GET, HEAD, OPTIONS"),
    ],
)
async def test_an_address_says_which_methods_it_takes(here: World, path: str, allowed: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"):
        answer = await here.http.request(method, path)
        told = problem(answer, 405, "request.method")
        assert method in told["detail"]
        assert answer.headers["allow"] == allowed
    answer = await here.http.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    ("who", "method", "path", "allowed"),
    [
        (OFFICE, "GET", "/v1/documents/bulk", "OPTIONS, POST"),
        (OFFICE, "POST", "/v1/replays/rpl_x/deliveries", "GET, HEAD, OPTIONS"),
        (OPERATOR, "POST", "/v1/operator/runs/rpl_x/deliveries", "GET, HEAD, OPTIONS"),
    ],
)
async def test_an_address_is_not_taken_for_one_that_another_template_makes(
    here: World, who: str, method: str, path: str, allowed: str
) -> None:
    answer = await here.call(who, method, path, **({"json": {}} if method == "POST" else {}))
    assert method in problem(answer, 405, "request.method")["detail"]
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/docs/"])
async def test_people_who_come_by_the_front_door_are_led_to_the_pages(
    here: World, path: str
) -> None:
    for method in ("GET", "HEAD"):
        answer = await here.http.request(method, path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    problem(await here.http.post(path), 405, "request.method")
    assert (await here.http.get(path, follow_redirects=True)).status_code == 200


async def test_head_is_get_without_a_body(here: World) -> None:
    for path in ("/v1/health", "/openapi.json", "/docs", "/docs/assets/favicon.png"):
        got = await here.http.get(path)
        head = await here.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
    answer = await here.http.head("/v1/inbox")
    assert (answer.status_code, answer.content) == (401, b"")
    receipt = await here.sent()
    path = f"/v1/deliveries/{receipt['deliveries'][0]}/package"
    for untouched in (path, "/v1/inbox/packages"):
        assert (await here.call(OFFICE, "HEAD", untouched)).status_code == 405
    await here.settled()
    (row,) = (await here.get(OFFICE, "/v1/inbox")).json()["deliveries"]
    assert row["state"] == "waiting"
    asked = "/v1/operator/traffic?since=2020-01-15&until=2020-01-16&packages=true&why=x"
    assert (await here.call(OPERATOR, "HEAD", asked)).status_code == 405
    assert (await here.get(OPERATOR, "/v1/operator/audit-log")).json()["acts"] == []


async def test_a_client_that_goes_away_leaves_nothing(here: World) -> None:
    messages = iter(
        [
            {"type": "http.request", "body": package()[:100], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    token = f"Bearer {await here.token(LANG_SON)}".encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/documents",
        "query_string": b"",
        "headers": [(b"authorization", token), (b"content-type", b"application/xml")],
    }
    await here.app(scope, receive, send)
    assert sent == []
    assert here.app.state.bodies.held_bytes == 0
    assert (await here.get(LANG_SON, "/v1/counts")).json()["sent"] == 0


async def test_what_is_held_is_given_back_whatever_happens(here: World) -> None:
    for raw in (package(), b"<a/>", b""):
        await here.send(raw)
    await here.call(LANG_SON, "POST", "/v1/documents/bulk", content=b"x", headers=XML)
    await post(here, OFFICE, "/v1/statuses", b"x")
    await post(here, OPERATOR, "/v1/operator/agencies", b"x")
    assert here.app.state.bodies.held_bytes == 0
