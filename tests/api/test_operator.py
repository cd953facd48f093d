"""The operator's door: who may do what, and that every act is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from axis.books import Torn
from axis.core.trust import fingerprint_of
from schemas import rest, rest_books, rest_members, rest_operator, rest_proof, rest_relay
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    key_of,
    package,
    problem,
)

DOOR = "/v1/operator"
READS = ["waiting", "deliveries", "audit-log", "refusals", "audit"]
WHY = {"why": "yêu cầu của đơn vị"}
NEW = {
    "code": "000.00.00.H99",
    "name_vi": "Tỉnh Mới",
    "name_en": "New Province",
    "kind": "province",
    "level": "provincial",
}


async def read(here: World, path: str, model: Any, **params: Any) -> dict[str, Any]:
    answer = await here.get(AUDITOR, f"{DOOR}/{path}", **params)
    assert answer.status_code == 200, answer.text
    model.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


async def act(here: World, path: str, who: str = OPERATOR, **body: Any) -> httpx.Response:
    return await here.json(who, f"{DOOR}/{path}", body)


async def acts(here: World) -> list[tuple[str, str, str]]:
    log = await read(here, "audit-log", rest_operator.Acts)
    return [(line["actor"], line["act"], line["target"]) for line in log["acts"]]


@pytest.mark.parametrize("path", READS)
async def test_reads_are_for_operators_and_auditors(here: World, path: str) -> None:
    for who in (OPERATOR, AUDITOR):
        assert (await here.get(who, f"{DOOR}/{path}")).status_code == 200
    told = problem(await here.get(LANG_SON, f"{DOOR}/{path}"), 403, "auth.role")
    assert "operator or auditor" in told["detail"]
    problem(await here.http.get(f"{DOOR}/{path}"), 401, "auth.missing")


async def test_acts_are_for_operators_alone(here: World) -> None:
    receipt = await here.sent()
    for path in (
        f"agencies/{OFFICE}/lock",
        f"agencies/{OFFICE}/unlock",
        f"agencies/{OFFICE}/redrive",
        f"certificates/{OFFICE}/revoke",
        "agencies",
        f"deliveries/{receipt['deliveries'][0]}/reset",
    ):
        for who in (AUDITOR, LANG_SON):
            problem(await act(here, path, who, **WHY), 403, "auth.role")
    path = f"{DOOR}/documents/{receipt['doc']}/package"
    problem(await here.get(AUDITOR, path, **WHY), 403, "auth.role")
    assert await acts(here) == []


async def test_every_act_needs_a_reason(here: World) -> None:
    receipt = await here.sent()
    for path, body in (
        (f"agencies/{OFFICE}/lock", {}),
        (f"agencies/{OFFICE}/unlock", {"why": "\u200b"}),
        (f"certificates/{OFFICE}/revoke", {"why": " "}),
        ("agencies", NEW),
        (f"deliveries/{receipt['deliveries'][0]}/reset", {"why": ""}),
    ):
        told = problem(await act(here, path, **body), 422, "reason.missing")
        assert told["place"] == "why"
    answer = await here.get(OPERATOR, f"{DOOR}/documents/{receipt['doc']}/package")
    assert problem(answer, 422, "reason.missing")["place"] == "query.why"
    assert await acts(here) == []


async def test_a_lock_parks_and_an_unlock_puts_back(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    answer = await act(here, f"agencies/{OFFICE}/lock", **WHY)
    rest_operator.Locked.model_validate_json(answer.content)
    assert answer.json() == {"agency": OFFICE, "locked": True, "moved": 1}
    (line,) = (await here.get(LANG_SON, "/v1/statuses")).json()["statuses"]
    assert (line["kind"], line["delivery"], line["reason"]) == ("parked", delivery, "locked")
    answer = await act(here, f"agencies/{OFFICE}/unlock", **WHY)
    assert answer.json() == {"agency": OFFICE, "locked": False, "moved": 1}
    assert await acts(here) == [(OPERATOR, "unlock", OFFICE), (OPERATOR, "lock", OFFICE)]
    problem(await act(here, "agencies/000.00.00.X99/lock", **WHY), 404, "agency.unknown")


async def test_an_act_meant_for_a_unit_is_for_no_whole_agency(here: World) -> None:
    for path in ("agencies/{}/lock", "agencies/{}/redrive", "certificates/{}/revoke"):
        problem(await act(here, path.format("000.00.13.H37"), **WHY), 404, "agency.unknown")
    assert await acts(here) == []
    assert not here.axis.members.agency(LANG_SON).locked


async def test_what_is_signed_after_a_revocation_is_refused(here: World) -> None:
    before = package(1)
    receipt = (await here.send(before)).json()
    here.clock.move(60)
    fingerprint = fingerprint_of(key_of(LANG_SON).certificate_der)
    answer = await act(here, f"certificates/{fingerprint.upper()}/revoke", **WHY)
    rest_members.Revoked.model_validate_json(answer.content)
    revoked = {
        "fingerprint": fingerprint,
        "agency": LANG_SON,
        "revoked_at": "2020-01-15T08:01:00+07:00",
    }
    assert answer.json() == {"changed": 1, "certificates": [revoked]}
    told = problem(await here.send(package(2)), 422, "signature.untrusted")
    assert "revoked" in told["detail"]
    # A repeated POST is safe for ever, and others are not concerned.
    assert (await here.send(before)).json() == receipt
    assert (await here.send(package(3, sender=OFFICE, to=(HA_NOI,)), OFFICE)).status_code == 201
    here.clock.move(60)
    again = await act(here, f"certificates/{LANG_SON}/revoke", **WHY)
    assert again.json() == {"changed": 0, "certificates": [revoked]}
    assert await acts(here) == [
        (OPERATOR, "revoke", LANG_SON),
        (OPERATOR, "revoke", fingerprint),
    ]
    unknown = {"f" * 64: "certificate.unknown", "000.00.00.X99": "agency.unknown"}
    for named, code in (*unknown.items(), ("000.00.00.H01", "certificate.unknown")):
        problem(await act(here, f"certificates/{named}/revoke", **WHY), 404, code)


async def test_an_operator_puts_a_parked_delivery_back(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    path = f"deliveries/{delivery}/reset"
    problem(await act(here, path, **WHY), 409, "delivery.not_parked")
    assert await acts(here) == [(OPERATOR, "reset refused", delivery)]
    body = {"deliveries": [delivery], "result": "fail", "reason": "đĩa đầy"}
    await here.json(OFFICE, "/v1/inbox/confirm", body)
    answer = await act(here, path, **WHY)
    rest.Moved.model_validate_json(answer.content)
    assert answer.json() == {"delivery": delivery, "state": "waiting", "changed": True}
    assert (await acts(here))[0] == (OPERATOR, "reset", delivery)
    problem(await act(here, "deliveries/x/reset", **WHY), 404, "delivery.not_found")
    await here.json(OFFICE, "/v1/inbox/confirm", body)
    await act(here, f"agencies/{OFFICE}/lock", **WHY)
    problem(await act(here, path, **WHY), 409, "delivery.locked")


async def test_waiting_shows_what_is_open_and_how_old(here: World) -> None:
    await here.sent()
    here.clock.move(90)
    await here.sent(number=2, to=(OFFICE, HA_NOI))
    here.clock.move(30.5)
    found = await read(here, "waiting", rest_operator.Waiting)
    ages = {row["agency"]: (row["waiting"], row["oldest_age_s"]) for row in found["agencies"]}
    assert ages == {OFFICE: (2, 120.5), HA_NOI: (1, 30.5)}


async def test_deliveries_are_found_by_what_is_known_of_them(here: World) -> None:
    for number, to in ((1, (OFFICE,)), (2, (HA_NOI,)), (3, (OFFICE, HA_NOI))):
        await here.sent(number=number, to=to, subject=f"Về việc thứ {number}")
        here.clock.move(300)
    said = {"range": {"urgency": 0, "no": 1}, "result": "done"}
    await here.json(OFFICE, "/v1/inbox/confirm", said)

    async def find(**params: Any) -> list[tuple[str, str]]:
        found = await read(here, "deliveries", rest_operator.Finds, **params)
        return [(row["document_id"][-6:-5], row["recipient"]) for row in found["deliveries"]]

    assert len(await find()) == 4
    assert await find(to=OFFICE) == [("3", OFFICE), ("1", OFFICE)]
    assert await find(state="done") == [("1", OFFICE)]
    assert len(await find(answer="none", **{"from": LANG_SON})) == 4
    assert await find(**{"from": HA_NOI}) == []
    assert await find(text="thứ 2") == [("2", HA_NOI)]
    assert sorted(await find(since="2020-01-15T08:10:00+07:00")) == [("3", OFFICE), ("3", HA_NOI)]
    assert len(await find(limit=1)) == 1


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"since": "soon"}, "query.since"),
        ({"since": "2020-01-15T10:00:00 07:00"}, "query.since"),
        ({"state": "lost"}, "query.state"),
        ({"limit": "0"}, "query.limit"),
        ({"text": "\0"}, "query.text"),
    ],
)
async def test_a_search_is_checked(here: World, params: dict[str, str], place: str) -> None:
    answer = await here.get(AUDITOR, f"{DOOR}/deliveries", **params)
    assert problem(answer, 422, "request.invalid")["place"] == place


async def test_a_search_for_an_unknown_agency_is_told(here: World) -> None:
    answer = await here.get(AUDITOR, f"{DOOR}/deliveries", to="000.00.00.X99")
    problem(answer, 404, "agency.unknown")


async def test_an_agency_is_added_once_and_can_be_written_to(here: World) -> None:
    problem(await here.send(package(to=(NEW["code"],))), 422, "recipient.unknown")
    answer = await act(here, "agencies", **NEW, **WHY)
    assert answer.status_code == 201
    rest_books.AgencyLine.model_validate_json(answer.content)
    assert answer.json()["certainty"] == f"stated: registered by {OPERATOR}"
    problem(await act(here, "agencies", **NEW, **WHY), 409, "agency.exists")
    assert (await here.send(package(to=(NEW["code"],)))).status_code == 201
    assert await acts(here) == [(OPERATOR, "register", NEW["code"])]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "000.00.13.H99"),
        ("code", "000.00.00.123"),
        ("code", "H99"),
        ("code", 5),
        ("name_vi", ""),
        ("name_en", "x" * 201),
        ("size", 5),
    ],
)
async def test_a_new_agency_is_checked(here: World, field: str, value: Any) -> None:
    answer = await act(here, "agencies", **NEW | WHY | {field: value})
    assert problem(answer, 422, "request.invalid")["place"] == field


async def test_package_bytes_are_read_with_a_recorded_reason(here: World) -> None:
    raw = package()
    receipt = (await here.send(raw)).json()
    path = f"{DOOR}/documents/{receipt['doc']}/package"
    answer = await here.get(OPERATOR, path, **WHY)
    assert (answer.status_code, answer.content) == (200, raw)
    assert answer.headers["etag"] == f'"{receipt["sha256"]}"'
    assert await acts(here) == [(OPERATOR, "read package", receipt["doc"])]
    (row,) = (await here.get(OFFICE, "/v1/inbox")).json()["deliveries"]
    assert row["state"] == "waiting"
    path = f"{DOOR}/documents/doc_01DYKBDQM0000000000000ZZZZ/package"
    problem(await here.get(OPERATOR, path, **WHY), 404, "document.not_found")
    problem(await here.get(OPERATOR, path, why="\0"), 422, "request.invalid")


async def test_refusals_are_listed_with_their_sentence(here: World) -> None:
    await here.send(b"<a/>")
    found = await read(here, "refusals", rest_operator.Refusals)
    (line,) = found["refusals"]
    assert (line["caller"], line["code"], line["size"]) == (LANG_SON, "edxml.root", 4)
    assert "edXML" in line["detail"]


async def test_the_books_are_proved(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await here.json(OFFICE, "/v1/statuses", {"delivery": delivery, "code": "01"})
    proof = await read(here, "audit", rest_proof.Proof)
    assert (proof["clean"], proof["documents"], proof["deliveries"]) == (True, 1, 1)


async def test_a_damage_to_the_books_is_named(here: World) -> None:
    receipt = await here.sent()
    (delivery,) = receipt["deliveries"]
    books: Any = here.axis.store
    kept = books._books.packages
    kept[receipt["sha256"]] = kept[receipt["sha256"]][:-1] + b"?"
    assert (await read(here, "audit", rest_proof.Proof))["clean"] is True
    proof = await read(here, "audit", rest_proof.Proof, packages="true")
    assert (proof["clean"], proof["left_out"]) == (False, 0)
    (line,) = proof["lines"]
    assert line.startswith(f"package of document {receipt['doc']}: its bytes are ")
    kept.clear()
    (place,) = books._books.deliveries
    row = books._books.deliveries[place]
    books._books.deliveries[place] = row._replace(reason="x")
    proof = await read(here, "audit", rest_proof.Proof)
    assert proof["states"] == [delivery]
    altered, gone = sorted(proof["lines"])
    assert altered == f"delivery {delivery}: reason is 'x', by its events ''"
    assert gone.startswith(f"package of document {receipt['doc']}: its bytes are gone: ")


async def test_there_is_no_digest_of_books_that_cannot_be_read(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history() -> AsyncIterator[Torn]:
        yield Torn("event", "8", "its row is no event")

    monkeypatch.setattr(here.axis.store, "history", history)
    told = problem(await here.get(AUDITOR, f"{DOOR}/digest"), 500, "axis.books_damaged")
    assert "event 8: its row is no event" in told["detail"]
    proof = await read(here, "audit", rest_proof.Proof)
    assert proof["lines"] == ["event 8: its row is no event"]


async def test_a_counter_that_is_off_is_found(here: World) -> None:
    await here.sent()
    books: Any = here.axis.store
    books._books.tally[LANG_SON, 0, "deliveries"] += 1
    proof = await read(here, "audit", rest_proof.Proof)
    assert proof["clean"] is False
    (off,) = proof["counters"]
    assert off == {
        "agency": LANG_SON,
        "day": 0,
        "metric": "deliveries",
        "books": 1,
        "recounted": 0,
    }


async def test_lanes_are_published_again_with_a_reason(here: World) -> None:
    path = f"agencies/{OFFICE}/redrive"
    problem(await act(here, path), 422, "reason.missing")
    problem(await act(here, "agencies/000.00.00.X99/redrive", **WHY), 404, "agency.unknown")
    problem(await act(here, path, urgency=5, **WHY), 422, "request.invalid")
    answer = await act(here, path, urgency=3, no=7, **WHY)
    # An embedded axis publishes nowhere, and says so.
    assert answer.json() == {"agency": OFFICE, "urgency": 3, "no": 7, "relayed": False}
    answer = await act(here, path, **WHY)
    assert (answer.json()["urgency"], answer.json()["no"]) == (None, 1)
    rest_relay.Redriven.model_validate_json(answer.content)
    assert await acts(here) == [
        (OPERATOR, "redrive", f"{OFFICE} from 1"),
        (OPERATOR, "redrive", f"{OFFICE} lane 3 from 7"),
    ]
