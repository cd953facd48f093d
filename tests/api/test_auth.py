"""Tokens: how they are got, what they say, when they end."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.adapters.signer import AxisSigner
from axis.api import auth, bodies
from axis.api.auth import TOKEN_TYPE
from axis.api.wire import canonical
from schemas import rest
from tests.api.world import (
    LANG_SON,
    OFFICE,
    OPERATOR,
    START,
    World,
    claims,
    credentials,
    problem,
    secret,
    world,
)

GRANT = {"grant_type": "client_credentials"}


def basic(client: str, key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{client}:{key}".encode()).decode()}


async def ask(here: World, form: Any, **headers: str) -> httpx.Response:
    return await here.http.post("/v1/token", data=form, headers=headers)


async def use(here: World, value: str) -> httpx.Response:
    return await here.http.get("/v1/agencies", headers={"authorization": value})


async def test_a_secret_is_exchanged_for_a_token(here: World) -> None:
    by_form = await ask(here, credentials(LANG_SON))
    token = rest.Token.model_validate_json(by_form.content)
    assert (token.expires_in, token.scope) == (900, "agency")
    assert by_form.headers["cache-control"] == "no-store"
    now = START // 1_000_000
    said = {"sub": LANG_SON, "roles": ["agency"], "iat": now, "exp": now + 900}
    assert claims(token.access_token) == said
    by_header = await ask(here, GRANT, **basic(LANG_SON, secret(LANG_SON)))
    assert by_header.json() == by_form.json()
    assert (await use(here, f"Bearer {token.access_token}")).status_code == 200
    assert (await use(here, f"bearer {token.access_token}")).status_code == 200


async def test_a_run_of_another_time_gives_agencies_history(there: World) -> None:
    assert (await ask(there, credentials(LANG_SON))).json()["scope"] == "agency history"
    assert (await ask(there, credentials(OPERATOR))).json()["scope"] == "operator"


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (LANG_SON, ""),
        (LANG_SON, secret(OFFICE)),
        ("nobody", secret("nobody")),
        ("", ""),
        ("\0", "x"),
    ],
)
async def test_a_wrong_id_or_secret_gets_nothing(here: World, client: str, key: str) -> None:
    by_form = await ask(here, GRANT | {"client_id": client, "client_secret": key})
    by_header = await ask(here, GRANT, **basic(client, key))
    for answer in (by_form, by_header):
        assert problem(answer, 401, "auth.bad_client")["error"] == "invalid_client"
        assert answer.headers["www-authenticate"] == 'Basic realm="axis"'


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ?", "Basic w7/DvzpiYWQ=x", "Bearer x", "Basic /w=="]
)
async def test_a_malformed_header_is_a_wrong_client(here: World, header: str) -> None:
    problem(await ask(here, GRANT, authorization=header), 401, "auth.bad_client")


async def test_only_client_credentials_are_granted(here: World) -> None:
    form = credentials(LANG_SON) | {"grant_type": "password"}
    told = problem(await ask(here, form), 400, "auth.grant")
    assert told["error"] == "unsupported_grant_type"


async def test_a_grant_type_that_is_missing_is_an_invalid_request(here: World) -> None:
    without = credentials(LANG_SON)
    del without["grant_type"]
    for form in (without, without | {"grant_type": ""}):
        told = problem(await ask(here, form), 400, "request.form")
        assert (told["place"], told["error"]) == ("grant_type", "invalid_request")


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope"])
async def test_no_field_of_a_form_is_given_twice(here: World, name: str) -> None:
    form = {**credentials(LANG_SON), "scope": "agency"}
    form[name] = [form[name], ""]  # type: ignore[assignment]
    told = problem(await ask(here, form), 400, "request.form")
    assert (told["place"], told["error"]) == (name, "invalid_request")


async def test_a_token_request_is_a_small_form(here: World) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    async def raw(body: bytes, kind: dict[str, str]) -> httpx.Response:
        return await here.http.post("/v1/token", content=body, headers=kind)

    kind = {"content-type": "application/json"}
    for answer, status, code in (
        (await raw(b"{}", kind), 415, "request.media_type"),
        (await raw(b"", {}), 400, "request.empty"),
        (await raw(b"", form), 400, "request.empty"),
        (await raw(b"\xff", form), 400, "request.form"),
        (await raw(b"a=%ff", form), 400, "request.form"),
        (await raw(b"a=b&" * 20, form), 400, "request.form"),
        (await raw(b"x" * 9000, form), 413, "request.too_large"),
    ):
        assert problem(answer, status, code)["error"] == "invalid_request"


async def test_only_what_is_refused_for_good_has_an_error_of_oauth(here: World) -> None:
    here.app.state.bodies.small.take("", bodies.SMALL_BYTES_MAX // bodies.SHARES)
    assert "error" not in problem(await ask(here, credentials(LANG_SON)), 503, "axis.busy")
    here.app.state.bodies.small.give("", bodies.SMALL_BYTES_MAX // bodies.SHARES)
    assert "error" not in problem(await here.http.get("/v1/agencies"), 401, "auth.missing")


async def test_without_a_token_nothing_is_told(here: World) -> None:
    for method, path in (
        ("GET", "/v1/inbox"),
        ("POST", "/v1/documents"),
        ("POST", "/v1/documents/bulk"),
        ("GET", "/v1/inbox/packages"),
        ("POST", "/v1/inbox/confirm"),
        ("POST", "/v1/statuses"),
        ("GET", "/v1/documents/doc_x"),
        ("GET", "/v1/operator/waiting"),
    ):
        answer = await here.http.request(method, path)
        problem(answer, 401, "auth.missing")
        assert answer.headers["www-authenticate"] == 'Bearer realm="axis"'


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", "Bearer x.y.z", "Bearer é", "Bearer " + "a" * 5000, "Token x"]
)
async def test_what_is_no_token_of_ours_is_refused(here: World, value: str) -> None:
    for path in ("/v1/inbox", "/v1/inbox/packages"):
        headers = [(b"authorization", value.encode())]
        answer = await here.http.get(path, headers=headers)
        assert answer.status_code == 401
        wrong = "" if value.startswith("Token") else ', error="invalid_token"'
        assert answer.headers["www-authenticate"] == f'Bearer realm="axis"{wrong}'


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/replays", "/v1/operator/waiting"])
async def test_a_token_without_the_role_has_not_enough_scope(here: World, path: str) -> None:
    answer = await here.get(LANG_SON if "operator" in path else OPERATOR, path)
    problem(answer, 403, "auth.role")
    told = 'Bearer realm="axis", error="insufficient_scope"'
    assert answer.headers["www-authenticate"] == told


async def test_another_time_is_a_scope_too(here: World) -> None:
    at = {"axis-occurred-at": "2020-01-15T08:00:00+07:00"}
    answer = await here.send(b"", **at)
    problem(answer, 403, "auth.history")
    assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_a_token_of_another_axis_is_refused(here: World) -> None:
    other = AxisSigner(Ed25519PrivateKey.from_private_bytes(b"\2" * 32))
    payload = canonical({"sub": OPERATOR, "roles": ["operator"], "iat": 0, "exp": 2**40})
    problem(await use(here, f"Bearer {other.sign(payload, TOKEN_TYPE)}"), 401, "auth.bad_token")
    own = here.axis.signer.sign(payload, "axis-receipt+jws")
    problem(await use(here, f"Bearer {own}"), 401, "auth.bad_token")


async def test_a_token_ends_also_when_it_is_known(here: World) -> None:
    value = f"Bearer {await here.token(LANG_SON)}"
    assert (await use(here, value)).status_code == 200
    here.clock.move(899)
    assert (await use(here, value)).status_code == 200
    here.clock.move(1)
    for _ in range(2):
        answer = await use(here, value)
        problem(answer, 401, "auth.expired")
        assert answer.headers["www-authenticate"] == 'Bearer realm="axis", error="invalid_token"'


async def test_a_token_is_verified_once(here: World) -> None:
    asked = 0

    class Counting(AxisSigner):
        def verify(self, jws: str, typ: str) -> bytes | None:
            nonlocal asked
            asked += 1
            return super().verify(jws, typ)

    here.app.state.auth._signer = Counting(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    value = f"Bearer {await here.token(LANG_SON)}"
    for _ in range(5):
        await use(here, value)
    assert asked == 1


async def test_known_tokens_are_bounded(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "TOKENS_MAX", 3)
    for code in ("G01", "G02", "G03", "G04", "G05"):
        value = f"Bearer {await here.token(f'000.00.00.{code}')}"
        assert (await use(here, value)).status_code == 200
    assert len(here.app.state.auth._known) == 3


async def test_a_token_is_known_by_itself_however_it_is_spaced(here: World) -> None:
    token = await here.token(LANG_SON)
    for spaces in range(5):
        value = f"bEARER {' ' * spaces}{token}{chr(9) * spaces}"
        assert (await use(here, value)).status_code == 200
    assert list(here.app.state.auth._known) == [token.encode()]


@pytest.mark.parametrize("more", ["!!!!", "====", "\xa0\xa0\xa0\xa0", "a" * auth.TOKEN_BYTES_MAX])
async def test_no_other_spelling_of_a_token_is_one(here: World, more: str) -> None:
    value = f"Bearer {await here.token(LANG_SON)}{more}".encode("latin-1")
    answer = await here.http.get("/v1/inbox", headers=[(b"authorization", value)])
    problem(answer, 401, "auth.bad_token")
    assert not here.app.state.auth._known


async def test_a_token_lives_as_long_as_the_settings_say() -> None:
    async with world(token_seconds=30) as brief:
        assert (await ask(brief, credentials(LANG_SON))).json()["expires_in"] == 30
