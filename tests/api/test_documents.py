"""POST /v1/documents: what is accepted, what is refused and how it is told."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from datetime import date
from typing import Any

import jwt
import pytest

from axis.api.receipts import RECEIPT_TYPE
from axis.api.wire import canonical
from axis.core.errors import unavailable
from schemas import rest, rest_operator
from schemas.edxml import Business, Replaced
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    XML,
    World,
    claims,
    package,
    problem,
    status,
    world,
)


async def test_a_package_is_accepted_with_a_signed_receipt(here: World) -> None:
    raw = package(to=(OFFICE, HA_NOI))
    answer = await here.send(raw)
    assert answer.status_code == 201
    receipt = rest.Receipt.model_validate_json(answer.content)
    assert answer.headers["location"] == f"/v1/documents/{receipt.doc}"
    assert "axis-repeated" not in answer.headers
    assert receipt.sha256 == hashlib.sha256(raw).hexdigest()
    assert receipt.verdict == "valid"
    assert receipt.deliveries == [f"{receipt.doc}.{OFFICE}", f"{receipt.doc}.{HA_NOI}"]
    assert receipt.occurred_at == receipt.recorded_at == "2020-01-15T08:00:00+07:00"
    (key,) = jwt.PyJWKSet.from_dict((await here.http.get("/v1/keys")).json()).keys
    decoded = jwt.PyJWS().decode_complete(receipt.receipt, key, algorithms=["EdDSA"])
    signed = decoded["payload"]
    assert decoded["header"]["typ"] == RECEIPT_TYPE
    names = ("version", "doc", "sender", "document_id", "sha256", "seq", "occurred_at")
    said = {name: answer.json()[name] for name in (*names, "recorded_at", "verdict", "deliveries")}
    assert signed == canonical(said)


async def test_the_same_bytes_give_the_same_receipt_for_ever(here: World) -> None:
    first = await here.send(package())
    here.clock.move(86_400)
    here.tokens.clear()
    again = await here.send(package())
    assert (again.status_code, again.headers["axis-repeated"]) == (200, "true")
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]


async def test_a_receipt_is_a_token_for_nothing(here: World) -> None:
    receipt = await here.sent()
    headers = {"authorization": f"Bearer {receipt['receipt']}"}
    answer = await here.http.get("/v1/inbox", headers=headers)
    problem(answer, 401, "auth.bad_token")


async def test_a_unit_s_package_belongs_to_its_agency(here: World) -> None:
    raw = package(sender=LANG_SON, to=("000.00.13.H26", "000.00.14.H26"))
    receipt = (await here.send(raw)).json()
    assert receipt["deliveries"] == [f"{receipt['doc']}.{HA_NOI}"]
    (row,) = (await here.get(HA_NOI, "/v1/inbox")).json()["deliveries"]
    assert row["units"] == ["000.00.13.H26", "000.00.14.H26"]


async def test_other_bytes_for_a_recipient_who_has_the_document_are_a_conflict(
    here: World,
) -> None:
    receipt = await here.sent(to=(OFFICE,))
    told = problem(await here.send(package(subject="Khác")), 409, "document.conflict")
    assert OFFICE in told["detail"]
    assert receipt["doc"] in told["detail_vi"]
    assert told["place"] == "edXMLHeader/MessageHeader/DocumentId"
    assert (await here.send(package(subject="Khác", to=(HA_NOI,)))).status_code == 201


async def test_everybody_who_has_the_document_already_is_named(here: World) -> None:
    await here.sent(to=(OFFICE,))
    await here.sent(to=(HA_NOI,), subject="Gửi thêm")
    raw = package(subject="Khác", to=(HA_NOI, OFFICE))
    told = problem(await here.send(raw), 409, "document.conflict")
    assert f"{HA_NOI}, {OFFICE}" in told["detail"]


async def test_every_unknown_recipient_is_named(here: World) -> None:
    raw = package(to=(OFFICE, "000.00.00.X98", "000.00.00.X99", "000.00.00.999"))
    told = problem(await here.send(raw), 422, "recipient.unknown")
    assert told["detail"] == ("Not in the directory: 000.00.00.X98, 000.00.00.X99, 000.00.00.999.")
    assert told["place"] == "edXMLHeader/MessageHeader/To"
    assert told["vxp"] == 18


async def test_a_recipient_named_twice_is_refused(here: World) -> None:
    problem(await here.send(package(to=(OFFICE, OFFICE))), 422, "recipient.twice")


async def test_locked_agencies_neither_send_nor_receive(here: World) -> None:
    for code in (OFFICE, HA_NOI):
        await here.json(OPERATOR, f"/v1/operator/agencies/{code}/lock", {"why": "test"})
    told = problem(await here.send(package(to=(OFFICE, HA_NOI))), 422, "recipient.locked")
    assert (OFFICE in told["detail"], HA_NOI in told["detail"]) == (True, True)
    raw = package(sender=HA_NOI, to=(LANG_SON,))
    problem(await here.send(raw, HA_NOI), 403, "agency.locked")


async def test_all_faults_are_told_at_once(here: World) -> None:
    await here.json(OPERATOR, f"/v1/operator/agencies/{HA_NOI}/lock", {"why": "test"})
    raw = package(to=("000.00.00.X98", HA_NOI), secret=True)
    told = problem(await here.send(raw), 422, "document.secret")
    codes = [fault["code"] for fault in told["problems"]]
    assert codes == ["document.secret", "recipient.unknown", "recipient.locked"]


async def test_nobody_sends_as_somebody_else(here: World) -> None:
    told = problem(await here.send(package(sender=OFFICE)), 403, "sender.not_caller")
    assert told["place"] == "edXMLHeader/MessageHeader/From/OrganId"
    raw = package().replace(LANG_SON.encode(), b"000.00.00.X99")
    problem(await here.send(raw), 422, "sender.unknown")


@pytest.mark.parametrize("who", [OPERATOR, AUDITOR])
async def test_who_is_no_agency_sends_nothing(here: World, who: str) -> None:
    problem(await here.send(package(), who), 403, "auth.role")


async def test_an_altered_package_is_refused_and_leaves_only_a_refusal(here: World) -> None:
    raw = package().replace("V/v báo cáo".encode(), "V/v cáo báo".encode())
    told = problem(await here.send(raw), 422, "signature.broken")
    assert told["place"] == "edXMLHeader/Signature"
    counts = (await here.get(LANG_SON, "/v1/counts")).json()
    assert (counts["sent"], counts["standing"]) == (0, {})
    (line,) = (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"]
    assert line["code"] == "signature.broken"
    assert line["sha256"] == hashlib.sha256(raw).hexdigest()


async def test_a_signature_of_another_agency_is_not_trusted(here: World) -> None:
    raw = package(sender=OFFICE).replace(OFFICE.encode(), b"\0", 1)
    raw = raw.replace(LANG_SON.encode(), OFFICE.encode()).replace(b"\0", LANG_SON.encode())
    problem(await here.send(raw), 422, "signature.untrusted")


async def test_unsigned_packages_pass_unless_the_axis_is_strict(here: World) -> None:
    answer = await here.send(package(signed=False))
    assert answer.json()["verdict"] == "absent"
    async with world(strict_signatures=True) as strict:
        problem(await strict.send(package(signed=False)), 422, "signature.absent")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "package.empty"),
        (b"\x00\x01\x02", "edxml.not_xml"),
        (b"<a/>", "edxml.root"),
        (b"<!DOCTYPE a><a/>", "edxml.doctype"),
        (b"<a>" * 200 + b"</a>" * 200, "edxml.too_deep"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "edxml.encoding"),
        (b"junk" + package(), "edxml.leading_garbage"),
        (
            package().replace(b"<edXML:Subject>", b"<edXML:Subject><!-- -->" + b"x" * 600),
            "edxml.too_long",
        ),
        (status("01", "x"), "package.kind"),
    ],
)
async def test_a_bad_package_has_a_code_of_its_own(here: World, raw: bytes, code: str) -> None:
    problem(await here.send(raw), 422, code)


async def test_the_future_begins_behind_the_time_that_is_played(there: World) -> None:
    """And neither behind the axis's clock, which is a week ahead, nor behind the machine's."""
    for day, codes in ((9, ["document.future"]), (8, [])):
        raw = package(day=date(2020, 1, day), number=day)
        answer = await there.send(raw, **{"axis-occurred-at": "2020-01-08T23:59:59+07:00"})
        assert answer.status_code == 201, answer.text
        assert [one["code"] for one in answer.json()["warnings"]] == codes


async def test_a_date_in_the_future_is_a_warning(here: World) -> None:
    receipt = (await here.send(package(day=date(2020, 1, 16)))).json()
    (warning,) = receipt["warnings"]
    assert warning["code"] == "document.future"
    assert "2020-01-16" in warning["detail"]
    again = (await here.send(package(day=date(2020, 1, 16)))).json()
    assert again == receipt


async def test_a_package_larger_than_the_limit_is_refused_unread() -> None:
    async with world(package_bytes_max=3000) as small:
        told = problem(await small.send(package()), 413, "package.too_large")
        assert "3000 are allowed" in told["detail"]

        async def chunks() -> Any:
            for number in range(100):
                assert number < 4, "the body was read beyond the limit"
                yield b"x" * 1000

        answer = await small.call(LANG_SON, "POST", "/v1/documents", content=chunks(), headers=XML)
        problem(answer, 413, "package.too_large")
        problem(await small.send(b"", **{"content-length": "9" * 20}), 413, "package.too_large")
        answer = await small.get(AUDITOR, "/v1/operator/refusals")
        rest_operator.Refusals.model_validate_json(answer.content)
        lines = [(r["caller"], r["code"], r["sha256"]) for r in answer.json()["refusals"]]
        assert lines == [(LANG_SON, "package.too_large", "")] * 3
        sizes = [r["size"] for r in answer.json()["refusals"]]
        assert sizes == [2**63 - 1, 4000, len(package())]
    async with world(package_bytes_max=len(package())) as just:
        assert (await just.send(package())).status_code == 201


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "a"])
async def test_a_body_of_another_media_type_is_refused(here: World, kind: str) -> None:
    told = problem(await here.send(package(), **{"content-type": kind}), 415, "request.media_type")
    assert kind.partition(";")[0] in told["detail"]


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/xml", "Application/XML; a=b"])
async def test_packages_come_under_several_media_types(here: World, kind: str) -> None:
    assert (await here.send(package(), **{"content-type": kind})).status_code == 201


async def test_another_time_needs_a_run_that_plays_one(here: World, there: World) -> None:
    at = {"axis-occurred-at": "2019-12-31T23:59:59+07:00"}
    problem(await here.send(package(), **at), 403, "auth.history")
    receipt = (await there.send(package(), **at)).json()
    assert receipt["occurred_at"] == "2019-12-31T23:59:59+07:00"
    assert receipt["recorded_at"] == "2020-01-15T08:00:00+07:00"
    counts = (await there.get(LANG_SON, "/v1/counts", to="2019-12-31")).json()
    assert counts["sent"] == 1


@pytest.mark.parametrize("at", ["", "yesterday", "1999-12-31", "2020-13-01", "9999-12-31T23:59Z"])
async def test_a_malformed_time_is_told(there: World, at: str) -> None:
    answer = await there.send(package(), **{"axis-occurred-at": at})
    assert problem(answer, 422, "request.invalid")["place"] == "Axis-Occurred-At"


async def test_a_store_that_is_away_asks_to_come_back(here: World) -> None:
    here.faults.append(unavailable("axis.disk_full"))
    answer = await here.send(package())
    problem(answer, 507, "axis.disk_full")
    assert answer.headers["retry-after"] == "1"
    assert (await here.send(package())).status_code == 201


async def test_a_refusal_stands_whether_or_not_its_line_can_be_written(here: World) -> None:
    here.faults.append(unavailable("axis.store_away"))
    problem(await here.send(package(to=("000.00.00.X99",))), 422, "recipient.unknown")
    assert (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"] == []


async def test_nothing_is_refused_while_nobody_knows_whether_it_was_accepted(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a repeated POST of what was accepted before its recipient was locked."""

    async def away(*_: object) -> None:
        raise unavailable("axis.store_away")

    monkeypatch.setattr(here.axis.store, "document_of", away)
    problem(await here.send(package(to=("000.00.00.X99",))), 503, "axis.store_away")


async def test_a_package_is_judged_by_the_time_that_it_is_of(there: World) -> None:
    there.clock.move(60)
    path = f"/v1/operator/certificates/{LANG_SON}/revoke"
    assert (await there.json(OPERATOR, path, {"why": "test"})).status_code == 200
    for at, number, answered in (("08:00:59", 1, 201), ("08:01:00", 2, 422)):
        answer = await there.send(package(number), **{"axis-occurred-at": f"2020-01-15T{at}+07:00"})
        assert answer.status_code == answered, answer.text


async def test_a_fault_of_ours_is_told_and_logged(
    here: World, logged: list[MutableMapping[str, Any]]
) -> None:
    here.faults.append(ZeroDivisionError())
    told = problem(await here.send(package()), 500, "axis.internal")
    assert "ZeroDivision" not in str(told)
    assert isinstance(logged[-1]["exc_info"], ZeroDivisionError)
    logged.clear()


async def test_a_replacement_links_what_it_replaces(here: World) -> None:
    old = await here.sent(number=1)
    business = Business(
        doc_type=3, replaced=(Replaced(document_id=old["document_id"], organ_ids=(OFFICE,)),)
    )
    new = await here.sent(number=2, business=business)
    view = (await here.get(LANG_SON, f"/v1/documents/{old['doc']}")).json()
    (link,) = view["linked"]
    assert (link["relation"], link["doc"]) == ("replaces", new["doc"])
    assert link["note"] == "not acted upon yet"
    view = (await here.get(OFFICE, f"/v1/documents/{new['doc']}")).json()
    assert view["kind_name"] == "replacement"
    assert view["links"][0]["document_id"] == old["document_id"]


def test_claims_reads_what_the_signer_wrote() -> None:
    assert claims("e30.eyJhIjoxfQ.x") == {"a": 1}
