"""Whatever comes in, one clear problem goes out: bodies, addresses, headers, methods."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from axis.api.bodies import JSON_BYTES_MAX
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
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"NaN",
        b'{"why": NaN}',
        b'{"why": Infinity}',
        b'{"why": "\xff"}',
        b'{"why": "\\ud800"}',
        b'{"\\uD83D": 1}',
        b'{"why": ["\\u0000"]}',
        b'{"why": ' + b"9" * 5000 + b"}",
        b'{"why": 1e999}',
        b"[" * 100_000,
        b'{"a":' * 5000,
        b'\xef\xbb\xbf{"why": 1}',
    ],
    ids=range(18),
)
async def test_json_that_is_none_is_one_clear_problem(
    here: World, who: str, path: str, body: bytes
) -> None:
    told = problem(await post(here, who, path, body), 422, "request.invalid")
    assert told["place"]
    assert len(told["detail"]) < 300


@pytest.mark.parametrize(("who", "path"), DOORS)
async def test_a_json_body_is_bounded(here: World, who: str, path: str) -> None:
    body = b'{"why": "' + b"x" * JSON_BYTES_MAX + b'"}'
    problem(await post(here, who, path, body), 413, "package.too_large")


@pytest.mark.parametrize(("who", "path"), DOORS)
async def test_a_json_door_wants_json(here: World, who: str, path: str) -> None:
    answer = await post(here, who, path, b"a=b", **{"content-type": "text/plain"})
    assert problem(answer, 422, "request.invalid")["place"] == "Content-Type"


async def test_text_outside_ascii_is_text(here: World) -> None:
    body = json.dumps({"deliveries": ["😀 \\u0000"], "result": "done"}).encode()
    answer = await post(here, OFFICE, "/v1/inbox/confirm", body)
    assert answer.json()["items"][0]["delivery"] == "😀 \\u0000"


async def test_headers_and_addresses_are_bounded(here: World) -> None:
    for path in ("/v1/inbox", "/v1/inbox/packages", "/v1/health"):
        headers = {f"x-{n}": "x" * 1000 for n in range(17)}
        answer = await here.call(OFFICE, "GET", path, headers=headers)
        assert problem(answer, 422, "request.invalid")["place"] == "headers"
        answer = await here.call(OFFICE, "GET", f"{path}?x={'x' * 9000}")
        assert problem(answer, 422, "request.invalid")["place"] == "address"


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/agencies", "/v1/documents"])
async def test_a_request_has_one_caller(here: World, path: str) -> None:
    # One reader of headers takes the first of two, another the last.
    tokens = [await here.token(who) for who in (LANG_SON, OFFICE)]
    headers = [("authorization", f"Bearer {token}") for token in tokens]
    answer = await here.http.get(path, headers=headers)
    assert problem(answer, 422, "request.invalid")["place"] == "Authorization"


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity", "chunked, chunked"])
async def test_a_body_has_no_coding_but_chunks(here: World, coding: str) -> None:
    answer = await here.send(package(), **{"transfer-encoding": coding})
    assert coding in problem(answer, 501, "request.unserved")["detail"]
    # Where the body ends is not known.
    assert answer.headers["connection"] == "close"
    assert (await here.send(package(), **{"transfer-encoding": "Chunked"})).status_code == 201


async def test_a_body_says_that_it_is_not_encoded_in_any_letters(here: World) -> None:
    assert (await here.send(package(), **{"content-encoding": "Identity"})).status_code == 201
    answer = await here.send(package(), **{"content-encoding": "gzip"})
    assert problem(answer, 422, "request.invalid")["place"] == "Content-Encoding"


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/inbox", "/v1/inbox/", "/v1//inbox"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_there_is_nothing_at_other_addresses(here: World, path: str, method: str) -> None:
    problem(await here.http.request(method, path), 404, "request.route")
    head = await here.http.head(path)
    assert (head.status_code, head.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/documents", "GET, HEAD, OPTIONS, POST"),
        ("/v1/documents/bulk", "GET, HEAD, OPTIONS, POST"),
        ("/v1/inbox/packages", "GET, OPTIONS"),
        ("/v1/inbox/confirm", "OPTIONS, POST"),
        ("/v1/statuses", "GET, HEAD, OPTIONS, POST"),
        ("/v1/token", "OPTIONS, POST"),
        ("/v1/health", "GET, HEAD, OPTIONS"),
        ("/v1/deliveries/x/package", "GET, OPTIONS"),
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
