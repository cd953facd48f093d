"""Who takes part: secrets and certificates that operators give to agencies while an axis serves."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from agencies.keys import AgencyKey, make_agency, make_another, make_authority
from axis.core.directory import Agency
from axis.core.errors import unavailable
from axis.core.topic import Topic
from axis.core.trust import fingerprint_of
from axis.flows.members import DIRECTORY
from schemas import rest_members, xmldsig
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    authority,
    credentials,
    key_of,
    package,
    problem,
    until,
)

DOOR = "/v1/operator"
WHY = {"why": "theo công văn 12/VPCP"}
NEW = "000.00.00.H99"
NAMED = {"name_vi": "Tỉnh Mới", "name_en": "New", "kind": "province", "level": "provincial"}


def pem_of(key: AgencyKey) -> str:
    return key.certificate_pem.decode()


def signed(key: AgencyKey, number: int = 1, **rest: Any) -> bytes:
    raw = package(number, signed=False, **rest)
    return xmldsig.sign(raw, key.private_key, key.certificate_der)


async def act(here: World, path: str, who: str = OPERATOR, **body: Any) -> httpx.Response:
    return await here.json(who, f"{DOOR}/{path}", body)


async def certify(here: World, code: str, pem: str) -> httpx.Response:
    return await act(here, f"agencies/{code}/certificates", certificate=pem, **WHY)


async def acts(here: World) -> list[tuple[str, str]]:
    log = (await here.get(AUDITOR, f"{DOOR}/audit-log")).json()
    return [(line["act"], line["target"]) for line in log["acts"]]


async def test_a_registered_agency_comes_in_with_its_secret_and_signs(here: World) -> None:
    await act(here, "agencies", code=NEW, **NAMED, **WHY)
    receipt = await here.sent(to=(NEW,))
    problem(await here.http.post("/v1/token", data=credentials(NEW)), 401, "auth.bad_client")
    answer = await act(here, f"agencies/{NEW}/secret", **WHY)
    assert answer.headers["cache-control"] == "no-store"
    given = rest_members.Secret.model_validate_json(answer.content)
    here.tokens[NEW] = await token(here, NEW, given.client_secret)
    inbox = (await here.get(NEW, "/v1/inbox")).json()
    assert [line["id"] for line in inbox["deliveries"]] == receipt["deliveries"]
    key = make_another(authority(), NEW, "Tỉnh Mới")
    raw = signed(key, sender=NEW, to=(OFFICE,))
    problem(await here.send(raw, NEW), 422, "signature.untrusted")
    answer = await certify(here, NEW, pem_of(key))
    assert answer.status_code == 201
    line = rest_members.CertificateLine.model_validate_json(answer.content)
    assert (line.agency, line.revoked_at) == (NEW, None)
    assert (await here.send(raw, NEW)).json()["verdict"] == "valid"
    assert await acts(here) == [("trust", line.fingerprint), ("secret", NEW), ("register", NEW)]


async def test_what_could_not_be_read_behind_a_change_is_read_again(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, away = here.axis.store.agencies, [unavailable("axis.store_away")] * 2

    async def agencies() -> list[Agency]:
        if away:
            raise away.pop()
        return await read()

    monkeypatch.setattr(here.axis.store, "agencies", agencies)
    problem(await act(here, "agencies", code=NEW, **NAMED, **WHY), 503, "axis.store_away")
    problem(await here.send(package(to=(NEW,))), 422, "recipient.unknown")
    # As it looks by itself, seconds later: first while the store is away still.
    assert len(away) == 1
    await here.axis.bus.publish([Topic(DIRECTORY, statuses=False)])
    await until(lambda: not away)
    await here.axis.bus.publish([Topic(DIRECTORY, statuses=False)])
    await until(lambda: here.axis.members.directory.get(NEW))
    await here.sent(to=(NEW,))


async def token(here: World, who: str, secret: str) -> str:
    answer = await here.http.post("/v1/token", data={**credentials(who), "client_secret": secret})
    return str(answer.json()["access_token"])


async def test_a_renewed_secret_opens_and_the_one_before_does_not(here: World) -> None:
    await here.token(LANG_SON)
    given = (await act(here, f"agencies/{LANG_SON}/secret", **WHY)).json()
    assert given["client_id"] == LANG_SON
    problem(await here.http.post("/v1/token", data=credentials(LANG_SON)), 401, "auth.bad_client")
    assert await token(here, LANG_SON, given["client_secret"])
    # What was given out lives to its end, and the books hold no secret.
    assert (await here.get(LANG_SON, "/v1/inbox")).status_code == 200
    client = await here.axis.store.client(LANG_SON)
    assert client is not None
    assert client.secret_sha256 == hashlib.sha256(given["client_secret"].encode()).hexdigest()
    assert (client.roles, client.renewed_at) == (("agency",), here.clock.now())
    again = (await act(here, f"agencies/{LANG_SON}/secret", **WHY)).json()
    assert again["client_secret"] != given["client_secret"]


async def test_an_agency_whose_key_is_lost_signs_with_another(here: World) -> None:
    await act(here, f"certificates/{LANG_SON}/revoke", **WHY)
    lost = fingerprint_of(key_of(LANG_SON).certificate_der)
    # A revocation is final, also where the same certificate is brought again.
    told = problem(
        await certify(here, LANG_SON, pem_of(key_of(LANG_SON))), 409, "certificate.exists"
    )
    assert (told["place"], LANG_SON in told["detail"]) == ("certificate", True)
    key = make_another(authority(), LANG_SON, "Lạng Sơn")
    assert (await certify(here, LANG_SON, pem_of(key))).status_code == 201
    problem(await here.send(package(1)), 422, "signature.untrusted")
    assert (await here.send(signed(key, 2))).status_code == 201
    # It speaks for nobody else.
    problem(
        await here.send(signed(key, 3, sender=OFFICE, to=(HA_NOI,)), OFFICE),
        422,
        "signature.untrusted",
    )
    answer = await here.get(AUDITOR, f"{DOOR}/certificates", agency=LANG_SON)
    found = rest_members.Certificates.model_validate_json(answer.content).certificates
    assert {one.fingerprint: one.revoked_at is not None for one in found} == {
        lost: True,
        fingerprint_of(key.certificate_der): False,
    }


async def test_the_trust_list_is_told_whole_or_of_one_agency(here: World) -> None:
    answer = await here.get(OPERATOR, f"{DOOR}/certificates")
    listed = rest_members.Certificates.model_validate_json(answer.content).certificates
    assert {LANG_SON, OFFICE, HA_NOI} <= {one.agency for one in listed}
    assert all(one.not_before < one.not_after for one in listed)
    found = await here.get(OPERATOR, f"{DOOR}/certificates", agency="000.00.00.X99")
    problem(found, 404, "agency.unknown")


def _foreign() -> str:
    return pem_of(make_agency(make_authority("another"), LANG_SON, "Lạng Sơn"))


def _root() -> str:
    root: bytes = authority().certificate_pem
    return root.decode()


@pytest.mark.parametrize(
    ("pem", "why", "why_vi"),
    [
        ("rubbish", "not a certificate", "không phải chứng thư số"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "not a certificate", ""),
        ("chứng thư", "not a certificate", "không phải chứng thư số"),
        (_foreign(), "not issued by the trust root", "không do gốc tin cậy cấp"),
        (_root(), "authority's certificate", "cơ quan cấp"),
    ],
    ids=["rubbish", "empty", "letters", "foreign", "root"],
)
async def test_a_certificate_that_cannot_be_trusted_is_told(
    here: World, pem: str, why: str, why_vi: str
) -> None:
    told = problem(await certify(here, LANG_SON, pem), 422, "certificate.bad")
    assert told["place"] == "certificate"
    assert why in told["detail"]
    assert why_vi in told["detail_vi"]
    assert await acts(here) == []


async def test_of_a_chain_the_first_is_the_agencys(here: World) -> None:
    key = make_another(authority(), LANG_SON, "Lạng Sơn")
    answer = await certify(here, LANG_SON, f"Chứng thư số:\n{pem_of(key)}{_root()}")
    assert answer.json()["fingerprint"] == fingerprint_of(key.certificate_der)


@pytest.mark.parametrize("path", [f"agencies/{NEW}/secret", f"agencies/{NEW}/certificates"])
async def test_who_is_not_in_the_directory_is_given_nothing(here: World, path: str) -> None:
    body = {"certificate": pem_of(key_of(LANG_SON))} if path.endswith("s") else {}
    problem(await act(here, path, **body, **WHY), 404, "agency.unknown")
    assert await here.axis.store.client(NEW) is None


async def test_lists_are_for_those_who_oversee_and_acts_for_operators(here: World) -> None:
    problem(await here.get(LANG_SON, f"{DOOR}/certificates"), 403, "auth.role")
    body = {"certificate": pem_of(key_of(LANG_SON)), **WHY}
    for who in (AUDITOR, LANG_SON):
        answer = await act(here, f"agencies/{LANG_SON}/secret", who, **WHY)
        problem(answer, 403, "auth.role")
        answer = await act(here, f"agencies/{LANG_SON}/certificates", who, **body)
        problem(answer, 403, "auth.role")
    key = make_another(authority(), LANG_SON, "Lạng Sơn")
    for path, rest in (("secret", {}), ("certificates", {"certificate": pem_of(key)})):
        problem(await act(here, f"agencies/{LANG_SON}/{path}", **rest), 422, "reason.missing")
    assert await acts(here) == []
