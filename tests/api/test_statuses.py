"""POST and GET /v1/statuses: who may say what, in which order, and who is told."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from axis.core.errors import unavailable
from schemas import rest_books, rest_statuses
from schemas.edxml import Business
from schemas.xmldsig import sign
from tests.api.test_receiving import polled
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    XML,
    World,
    key_of,
    problem,
    status,
)


async def say(here: World, who: str = OFFICE, **body: Any) -> httpx.Response:
    return await here.json(who, "/v1/statuses", body)


async def said(here: World, who: str = OFFICE, **body: Any) -> dict[str, Any]:
    answer = await say(here, who, **body)
    assert answer.status_code == 201, answer.text
    rest_statuses.Said.model_validate_json(answer.content)
    taken: dict[str, Any] = answer.json()
    return taken


async def lines(here: World, who: str = LANG_SON, **params: Any) -> list[dict[str, Any]]:
    answer = await here.get(who, "/v1/statuses", **params)
    rest_statuses.StatusStream.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["statuses"]
    return found


async def test_a_recipient_says_its_way_through_and_the_sender_is_told(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    for code, state in (("01", "arrived"), ("03", "accepted"), ("05", "processing")):
        taken = await said(here, delivery=delivery, code=code, staff="Nguyễn Văn An")
        assert (taken["state"], taken["code"], taken["repeated"]) == (state, code, False)
    found = await lines(here)
    assert [(line["kind"], line["code"]) for line in found] == [
        ("status", "01"),
        ("status", "03"),
        ("status", "05"),
    ]
    assert {(line["delivery"], line["actor"], line["staff"]) for line in found} == {
        (delivery, OFFICE, "Nguyễn Văn An")
    }
    assert "note" not in found[0]


async def test_a_status_implies_that_the_delivery_is_done(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await said(here, delivery=delivery, code="01")
    counts = (await here.get(OFFICE, "/v1/counts")).json()
    assert (counts["received"], counts["statuses"]) == (1, {"01": 1})


async def test_saying_it_again_changes_nothing(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await said(here, delivery=delivery, code="01")
    again = await say(here, delivery=delivery, code="01")
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert len(await lines(here)) == 1


async def test_a_document_is_named_by_its_own_name_too(here: World) -> None:
    receipt = await here.sent()
    taken = await said(
        here,
        sender="000.00.13.H37",
        document_id=receipt["document_id"],
        recipient=OFFICE,
        code="02",
        reason="Gửi nhầm",
    )
    assert (taken["delivery"], taken["state"]) == (receipt["deliveries"][0], "refused")
    (line,) = await lines(here)
    assert line["reason"] == "Gửi nhầm"


async def test_a_status_that_was_said_before_has_no_place_of_its_own(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    first = await said(here, delivery=delivery, code="01")
    await here.sent(number=2)
    again = (await say(here, delivery=delivery, code="01")).json()
    assert isinstance(first["seq"], int)
    assert (again["seq"], again["repeated"]) == (None, True)


async def test_a_name_that_several_open_packages_bear_names_none(here: World) -> None:
    receipt = await here.sent()
    business = Business(doc_type=2, document_id=receipt["document_id"], info_changed=True)
    update = await here.sent(business=business)
    named = {
        "sender": LANG_SON,
        "document_id": receipt["document_id"],
        "recipient": OFFICE,
        "code": "01",
    }
    problem(await say(here, **named), 409, "delivery.ambiguous")
    problem(await say(here, HA_NOI, **named), 404, "delivery.not_found")
    await said(here, delivery=update["deliveries"][0], code="01")
    assert (await said(here, **named | {"code": "03"}))["delivery"] == update["deliveries"][0]


async def test_the_stream_goes_on_behind_its_cursor(here: World) -> None:
    for number in range(5):
        (delivery,) = (await here.sent(number=number))["deliveries"]
        await said(here, delivery=delivery, code="01")
    first = (await here.get(LANG_SON, "/v1/statuses", limit=3)).json()
    assert len(first["statuses"]) == 3
    assert first["next"] == first["statuses"][-1]["seq"]
    second = (await here.get(LANG_SON, "/v1/statuses", after=first["next"])).json()
    assert len(second["statuses"]) == 2
    third = (await here.get(LANG_SON, "/v1/statuses", after=second["next"])).json()
    assert third == {"statuses": [], "next": second["next"]}


async def test_a_poll_of_the_stream_is_woken_by_a_status(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    poll = await polled(here, "/v1/statuses", LANG_SON)
    await said(here, delivery=delivery, code="01")
    assert [line["code"] for line in (await poll).json()["statuses"]] == ["01"]


async def test_a_request_of_the_sender_is_carried_and_answered(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await said(here, delivery=delivery, code="03")
    await said(here, LANG_SON, delivery=delivery, code="13")
    (asked,) = await lines(here, OFFICE)
    assert (asked["code"], asked["note"]) == ("13", "not acted upon yet")
    await said(here, delivery=delivery, code="16", reason="Đã xử lý")
    answered = (await lines(here))[-1]
    assert (answered["code"], answered["note"]) == ("16", "not acted upon yet")
    (row,) = (await here.get(OFFICE, "/v1/inbox", state="all")).json()["deliveries"]
    assert (row["request"], row["answer"]) == ("refused", "accepted")
    seen = (await here.get(LANG_SON, f"/v1/documents/{row['doc']}")).json()
    rest_books.View.model_validate(seen)
    noted = {line["code"]: line["note"] for line in seen["history"] if "note" in line}
    assert noted == dict.fromkeys(("13", "16"), "not acted upon yet")


async def test_a_refusal_of_both_is_repeated_whichever_came_last(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await said(here, LANG_SON, delivery=delivery, code="13")
    words = [{"code": "02", "reason": "sai nơi nhận"}, {"code": "16", "reason": "đã chuyển"}]
    for word in words:
        await said(here, delivery=delivery, **word)
    for word in words:
        answer = await say(here, delivery=delivery, **word)
        assert (answer.status_code, answer.json()["repeated"]) == (200, True)
    assert len([line for line in await lines(here) if line["code"] in ("02", "16")]) == 2


async def test_an_update_asks_for_an_answer(here: World) -> None:
    business = Business(doc_type=2, document_id=f"{LANG_SON},2020/01/15,7/UBND", info_changed=True)
    (delivery,) = (await here.sent(business=business))["deliveries"]
    assert (await said(here, delivery=delivery, code="15"))["state"] == "none"


@pytest.mark.parametrize(
    ("before", "body", "status_code", "code"),
    [
        (["03"], {"code": "02", "reason": "x"}, 409, "lifecycle.backwards"),
        (["05"], {"code": "04"}, 409, "lifecycle.backwards"),
        (["06"], {"code": "05"}, 409, "lifecycle.ended"),
        ([], {"code": "15"}, 409, "lifecycle.not_asked"),
        ([], {"code": "13"}, 403, "status.not_yours"),
        ([], {"code": "07"}, 422, "status.unknown_code"),
        ([], {"code": ""}, 422, "status.unknown_code"),
        ([], {"code": "02"}, 422, "status.reason_missing"),
        ([], {"code": "02", "reason": "\u200b"}, 422, "status.reason_missing"),
    ],
)
async def test_illegal_statuses_have_codes_of_their_own(
    here: World, before: list[str], body: dict[str, str], status_code: int, code: str
) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    for step in before:
        await said(here, delivery=delivery, code=step)
    problem(await say(here, delivery=delivery, **body), status_code, code)


async def test_only_those_it_concerns_speak_of_a_document(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    problem(await say(here, HA_NOI, delivery=delivery, code="01"), 404, "delivery.not_found")
    problem(await say(here, LANG_SON, delivery=delivery, code="01"), 403, "status.not_yours")
    problem(await say(here, OPERATOR, delivery=delivery, code="01"), 403, "auth.role")
    named = {"sender": LANG_SON, "document_id": "x", "recipient": OFFICE, "code": "01"}
    problem(await say(here, **named), 404, "delivery.not_found")
    problem(await say(here, **named | {"sender": "000.00.00.X99"}), 404, "agency.unknown")
    problem(await say(here, **named | {"recipient": "?"}), 404, "agency.unknown")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"code": "01"}, "sender"),
        ({"sender": LANG_SON, "code": "01"}, "document_id"),
        ({"delivery": 5, "code": "01"}, "delivery"),
        ({"delivery": "x" * 65, "code": "01"}, "delivery"),
        ({"sender": LANG_SON, "document_id": "x" * 201, "code": "01"}, "document_id"),
    ],
)
async def test_a_status_that_names_nothing_is_told(
    here: World, body: dict[str, Any], place: str
) -> None:
    assert problem(await say(here, **body), 422, "request.invalid")["place"] == place


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", 1), ("code", "001"), ("reason", []), ("staff", "x" * 201), ("stuff", "x")],
)
async def test_a_field_of_the_wrong_kind_is_told(here: World, field: str, value: Any) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    body = {"delivery": delivery, "code": "01"} | {field: value}
    assert problem(await say(here, **body), 422, "request.invalid")["place"] == field


async def test_many_statuses_are_decided_each_by_itself(here: World) -> None:
    (first,) = (await here.sent(number=1))["deliveries"]
    (second,) = (await here.sent(number=2))["deliveries"]
    statuses: list[Any] = [
        {"delivery": first, "code": "01"},
        {"delivery": first, "code": "01"},
        {"delivery": "?", "code": "01"},
        {"delivery": second, "code": "02"},
        {"delivery": second, "code": "03", "when": "now"},
        5,
        {"delivery": second, "code": "06"},
    ]
    answer = await say(here, statuses=statuses)
    assert answer.status_code == 200
    rest_statuses.StatusResults.model_validate_json(answer.content)
    found = answer.json()["results"]
    assert [item["status"] for item in found] == [201, 200, 404, 422, 422, 422, 201]
    assert found[1]["repeated"] is True
    assert [item["problem"]["place"] for item in found[4:6]] == [
        "statuses[4].when",
        "statuses[5]",
    ]
    assert [line["code"] for line in await lines(here)] == ["01", "06"]


async def test_a_list_of_statuses_has_limits(here: World) -> None:
    wrong: tuple[Any, ...] = ({}, [{}] * 1001, None)
    for bad in wrong:
        answer = await say(here, statuses=bad)
        assert problem(answer, 422, "request.invalid")["place"] == "statuses"
    answer = await say(here, statuses=[], code="01")
    assert problem(answer, 422, "request.invalid")["place"] == "code"
    assert (await say(here, statuses=[])).json() == {"results": []}
    assert len((await say(here, statuses=[{}] * 1000)).json()["results"]) == 1000


async def test_a_status_package_is_taken(here: World) -> None:
    receipt = await here.sent()
    raw = status("03", receipt["document_id"])
    first = await here.call(OFFICE, "POST", "/v1/statuses", content=raw, headers=XML)
    assert first.status_code == 201
    assert rest_statuses.Said.model_validate_json(first.content).state == "accepted"
    again = await here.call(OFFICE, "POST", "/v1/statuses", content=raw, headers=XML)
    assert (again.status_code, again.json()["code"]) == (200, "03")
    seen = (await here.get(LANG_SON, f"/v1/documents/{receipt['doc']}")).json()["history"][-1]
    assert (seen["unit"], seen["stated_at"]) == (OFFICE, "2020-01-15T09:00:00")


async def test_of_a_reason_what_does_not_show_is_not_told(here: World) -> None:
    for number, (reason, told) in enumerate(((" bản in \n", "bản in"), ("\u200b \u00a0", ""))):
        (delivery,) = (await here.sent(number=number))["deliveries"]
        await said(here, delivery=delivery, code="01", reason=reason)
        assert (await lines(here))[-1]["reason"] == told


async def test_bad_status_packages_have_codes_of_their_own(here: World) -> None:
    receipt = await here.sent()

    async def post(raw: bytes, who: str = OFFICE) -> httpx.Response:
        return await here.call(who, "POST", "/v1/statuses", content=raw, headers=XML)

    name = receipt["document_id"]
    problem(await post(b""), 422, "package.empty")
    problem(await post(b"<a/>"), 422, "edxml.root")
    problem(await post(b"x" * 70_000), 413, "package.too_large")
    problem(await post(await package_of(here, receipt)), 422, "package.kind")
    problem(await post(status("01", name), HA_NOI), 403, "sender.not_caller")
    problem(await post(status("01", "other")), 404, "delivery.not_found")
    problem(await post(status("01", name, sender="000.00.00.X99")), 422, "sender.unknown")
    problem(await post(status("01", name, about="000.00.00.X99")), 422, "recipient.unknown")
    raw = status("01", name).replace(b">01<", b">77<")
    problem(await post(raw), 422, "status.unknown_code")
    # Each leaves its line, the newest first.
    refused = (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"]
    assert [(line["caller"], line["code"]) for line in refused][::-1] == [
        (OFFICE, "package.empty"),
        (OFFICE, "edxml.root"),
        (OFFICE, "package.too_large"),
        (OFFICE, "package.kind"),
        (HA_NOI, "sender.not_caller"),
        (OFFICE, "delivery.not_found"),
        (OFFICE, "sender.unknown"),
        (OFFICE, "recipient.unknown"),
        (OFFICE, "status.unknown_code"),
    ]
    assert refused[0]["sha256"] == hashlib.sha256(raw).hexdigest()
    assert refused[6]["sha256"] == ""


async def test_what_a_status_package_breaks_has_its_place(here: World) -> None:
    receipt = await here.sent()
    name = receipt["document_id"]

    async def refused(who: str, raw: bytes, status_code: int, code: str) -> str:
        answer = await here.call(who, "POST", "/v1/statuses", content=raw, headers=XML)
        return str(problem(answer, status_code, code)["place"]).rpartition("/")[2]

    # A recipient who asks for the document back, a sender who says that it has it.
    assert await refused(OFFICE, status("13", name), 403, "status.not_yours") == "StatusCode"
    theirs = status("03", name, sender=LANG_SON, about=OFFICE)
    assert await refused(LANG_SON, theirs, 403, "status.not_yours") == "StatusCode"
    assert await refused(OFFICE, status("01", "other"), 404, "delivery.not_found") == "ResponseFor"
    # Whom it does not concern learns nothing of it.
    stranger = status("13", name, sender=HA_NOI)
    assert await refused(HA_NOI, stranger, 404, "delivery.not_found") == "ResponseFor"
    await said(here, delivery=receipt["deliveries"][0], code="03")
    assert await refused(OFFICE, status("02", name), 409, "lifecycle.backwards") == "StatusCode"


async def test_a_status_package_may_be_signed_but_not_falsely(here: World) -> None:
    receipt = await here.sent()
    raw, key = status("03", receipt["document_id"]), key_of(OFFICE)

    async def post(raw: bytes) -> httpx.Response:
        return await here.call(OFFICE, "POST", "/v1/statuses", content=raw, headers=XML)

    signed = sign(raw, key.private_key, key.certificate_der)
    problem(await post(signed.replace(b">03<", b">01<")), 422, "signature.broken")
    foreign = key_of(HA_NOI)
    raw_foreign = sign(raw, foreign.private_key, foreign.certificate_der)
    problem(await post(raw_foreign), 422, "signature.untrusted")
    assert (await lines(here)) == []
    assert (await post(signed)).status_code == 201


async def test_a_status_package_is_judged_by_the_time_that_it_is_of(there: World) -> None:
    receipt, key = await there.sent(), key_of(OFFICE)
    there.clock.move(60)
    path = f"/v1/operator/certificates/{OFFICE}/revoke"
    assert (await there.json(OPERATOR, path, {"why": "test"})).status_code == 200
    raw = sign(status("01", receipt["document_id"]), key.private_key, key.certificate_der)
    for at, answered in (("08:01:00", 422), ("08:00:59", 201)):
        headers = XML | {"axis-occurred-at": f"2020-01-15T{at}+07:00"}
        answer = await there.call(OFFICE, "POST", "/v1/statuses", content=raw, headers=headers)
        assert answer.status_code == answered, answer.text


async def package_of(here: World, receipt: dict[str, Any]) -> bytes:
    path = f"/v1/deliveries/{receipt['deliveries'][0]}/package"
    return (await here.get(LANG_SON, path)).content


async def test_another_media_type_is_refused(here: World) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await here.call(OFFICE, "POST", "/v1/statuses", content=b"a=b", headers=headers)
    problem(answer, 415, "request.media_type")


async def test_a_status_may_state_its_time_in_a_run_that_plays_another(
    here: World, there: World
) -> None:
    at = "2020-01-16T10:00:00+07:00"
    (delivery,) = (await here.sent())["deliveries"]
    answer = await say(here, delivery=delivery, code="01", occurred_at=at)
    assert problem(answer, 403, "auth.history")["place"] == "occurred_at"
    (delivery,) = (await there.sent())["deliveries"]
    await said(there, delivery=delivery, code="01", occurred_at=at)
    answer = await there.json(
        OFFICE,
        "/v1/statuses",
        {"delivery": delivery, "code": "03"},
        **{"axis-occurred-at": "2020-01-17T10:00:00+07:00"},
    )
    assert answer.status_code == 201
    times = [line["occurred_at"] for line in await lines(there)]
    assert times == [at, "2020-01-17T10:00:00+07:00"]
    answer = await say(there, delivery=delivery, code="04", occurred_at="soon")
    problem(answer, 422, "request.invalid")


async def test_a_busy_axis_asks_to_come_back(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    here.faults.append(unavailable("axis.busy"))
    answer = await say(here, delivery=delivery, code="01")
    problem(answer, 503, "axis.busy")
    assert answer.headers["retry-after"] == "1"
