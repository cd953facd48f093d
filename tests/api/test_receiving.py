"""Inbox, packages, confirmations, resets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import httpx
import pytest

from axis.api import hot
from axis.api.pools import Pool
from axis.core import places
from axis.flows.handover import STREAM_BYTES_MAX
from schemas import rest
from schemas.frames import MEDIA_TYPE, frames
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    package,
    problem,
    until,
)

NOBODY = "doc_01DYKBDQM0000000000000ZZZZ.000.00.00.G22"


async def inbox(here: World, who: str = OFFICE, **params: Any) -> dict[str, Any]:
    answer = await here.get(who, "/v1/inbox", **params)
    assert answer.status_code == 200, answer.text
    rest.Inbox.model_validate_json(answer.content)
    page: dict[str, Any] = answer.json()
    return page


async def states(here: World, who: str = OFFICE) -> list[str]:
    await here.settled()
    rows = (await inbox(here, who, state="all"))["deliveries"]
    return [row["state"] for row in rows]


async def take(here: World, who: str = OFFICE, **params: Any) -> httpx.Response:
    answer = await here.get(who, "/v1/inbox/packages", **params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    return answer


async def confirm(here: World, who: str = OFFICE, **body: Any) -> dict[str, Any]:
    answer = await here.json(who, "/v1/inbox/confirm", body)
    assert answer.status_code == 200, answer.text
    rest.Confirmed.model_validate_json(answer.content)
    confirmed: dict[str, Any] = answer.json()
    return confirmed


async def polled(here: World, path: str, who: str = OFFICE) -> asyncio.Task[httpx.Response]:
    """A long poll that is waiting."""
    await here.token(who)
    poll = asyncio.create_task(here.get(who, path, wait=50))
    bus: Any = here.axis.bus
    await until(lambda: any(topic.recipient == who for topic in bus.listeners.topics))
    assert not poll.done()
    return poll


async def test_an_inbox_comes_most_urgent_first_in_pages(here: World) -> None:
    for number, urgency in enumerate([0, 2, 0, 2], start=1):
        await here.sent(number=number, urgency=urgency)
    first = await inbox(here, limit=3)
    assert [(row["urgency"], row["no"]) for row in first["deliveries"]] == [(2, 1), (2, 2), (0, 1)]
    assert first["next"] == "0:1,2:2"
    second = await inbox(here, after=first["next"])
    assert [(row["urgency"], row["no"]) for row in second["deliveries"]] == [(0, 2)]
    assert (await inbox(here, after=second["next"])) == {"deliveries": [], "next": "0:2,2:2"}


async def test_an_inbox_shows_the_states_asked_for(here: World) -> None:
    done, failed, _ = [(await here.sent(number=n))["deliveries"] for n in (1, 2, 3)]
    await confirm(here, deliveries=done, result="done")
    await confirm(here, deliveries=failed, result="fail", reason="Ổ đĩa đầy")
    seen = {
        state: [row["no"] for row in (await inbox(here, state=state))["deliveries"]]
        for state in ("open", "parked", "done", "all")
    }
    assert seen == {"open": [3], "parked": [2], "done": [1], "all": [1, 2, 3]}
    (row,) = (await inbox(here, state="parked"))["deliveries"]
    assert row["reason"] == "Ổ đĩa đầy"


async def test_packages_come_as_the_very_bytes_with_their_facts(here: World) -> None:
    sent = [package(number=n) for n in (1, 2)]
    for raw in sent:
        await here.send(raw)
    answer = await take(here)
    found = list(frames(answer.content))
    assert [body for _, body in found] == sent
    for header, body in found:
        line = rest.Delivery.model_validate(header)
        assert line.sha256 == hashlib.sha256(body).hexdigest()
        assert (line.size, line.state) == (len(body), "waiting")
    assert answer.headers["axis-next"] == "0:2"
    assert await states(here) == ["offered", "offered"]
    again = await take(here)
    assert [header["state"] for header, _ in frames(again.content)] == ["offered", "offered"]
    assert (await take(here, after="0:2")).content == b""


async def test_a_page_of_packages_ends_where_it_is_full(here: World) -> None:
    for number in (1, 2, 3):
        await here.sent(number=number)
    size = len(package(number=1))
    for most, expected in ((1, 1), (2 * size + 20, 2), (10 * size, 3)):
        answer = await take(here, max_bytes=most)
        assert len(list(frames(answer.content))) == expected
    assert len(list(frames((await take(here, limit=2)).content))) == 2


async def test_a_large_page_goes_out_in_pieces(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot, "PIECE_BYTES", 4000)
    sent = [package(number=n) for n in range(5)]
    for raw in sent:
        await here.send(raw)
    answer = await take(here)
    assert [body for _, body in frames(answer.content)] == sent
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_page_is_held_until_it_is_taken(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot, "PIECE_BYTES", 4000)
    raw = [package(number=n) for n in range(5)]
    for one in raw:
        await here.send(one)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/inbox/packages",
        "query_string": b"max_bytes=67108864",
        "headers": [(b"authorization", f"Bearer {await here.token(OFFICE)}".encode())],
    }
    sent: list[bytes] = []
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))
        begun.set()
        await goes_on.wait()

    slow = asyncio.create_task(here.app(scope, receive, send))
    await begun.wait()
    pages: Pool = here.app.state.pages
    assert pages.held_bytes == sum(map(len, raw))
    goes_on.set()
    await slow
    assert pages.held_bytes == 0
    assert [body for _, body in frames(b"".join(sent))] == raw
    # No piece is more than twice what a slow reader may hold up.
    assert max(map(len, sent)) < 2 * 4000


async def test_a_page_beyond_what_its_recipient_may_hold_is_not_even_read(here: World) -> None:
    raw = package()
    pages: Pool = here.app.state.pages
    # One of the largest size is under way, but for one byte less than another package has.
    pages.take(OFFICE, STREAM_BYTES_MAX - len(raw) + 1)
    # Asked for before anything was there.
    poll = await polled(here, "/v1/inbox/packages")
    await here.send(raw)
    answer = await poll
    problem(answer, 503, "axis.busy")
    assert answer.headers["retry-after"] == "1"
    assert await states(here) == ["waiting"]
    # Others have theirs, and it has its own as soon as there is room.
    assert (await here.call(HA_NOI, "GET", "/v1/inbox/packages")).status_code == 200
    pages.give(OFFICE, 1)
    assert [body for _, body in frames((await take(here)).content)] == [raw]
    assert await states(here) == ["offered"]


async def test_a_poll_is_woken_by_a_document(here: World) -> None:
    for path in ("/v1/inbox/packages", "/v1/inbox"):
        poll = await polled(here, path)
        receipt = await here.sent(subject=path, number=len(path))
        answer = await poll
        assert receipt["doc"] in answer.text
        await confirm(here, deliveries=receipt["deliveries"], result="done")


async def test_a_shutdown_ends_polls_at_once(here: World) -> None:
    polls = [
        await polled(here, "/v1/inbox/packages"),
        await polled(here, "/v1/inbox", HA_NOI),
        await polled(here, "/v1/statuses", LANG_SON),
    ]
    here.axis.polls.close()
    packages, page, stream = [await poll for poll in polls]
    assert (packages.content, packages.headers["axis-next"]) == (b"", "")
    assert page.json() == {"deliveries": [], "next": ""}
    assert stream.json() == {"statuses": [], "next": 0}
    late = await here.get(OFFICE, "/v1/inbox", wait=50)
    assert late.json() == {"deliveries": [], "next": ""}


async def test_a_lock_wakes_the_senders_and_an_unlocking_the_recipient(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    sender = await polled(here, "/v1/statuses?wait=50", LANG_SON)
    await here.json(OPERATOR, f"/v1/operator/agencies/{OFFICE}/lock", {"why": "bảo trì"})
    await until(sender.done)
    assert [told["kind"] for told in sender.result().json()["statuses"]] == ["parked"]
    recipient = await polled(here, "/v1/inbox?wait=50")
    await here.json(OPERATOR, f"/v1/operator/agencies/{OFFICE}/unlock", {"why": "xong"})
    await until(recipient.done)
    assert [found["id"] for found in recipient.result().json()["deliveries"]] == [delivery]


async def test_polls_that_wait_are_counted(here: World) -> None:
    polls = [await polled(here, "/v1/inbox?wait=50", who) for who in (OFFICE, HA_NOI)]
    assert "axis_waiting_polls 2.0" in (await here.http.get("/metrics")).text
    here.axis.polls.close()
    await asyncio.gather(*polls)
    assert "axis_waiting_polls 0.0" in (await here.http.get("/metrics")).text


async def test_a_poll_does_not_wait_for_what_is_there(here: World) -> None:
    await here.sent()
    here.axis.polls.close()
    assert len((await inbox(here, wait=0))["deliveries"]) == 1


async def test_one_package_comes_with_digest_and_tag(here: World) -> None:
    raw = package()
    receipt = (await here.send(raw)).json()
    path = f"/v1/deliveries/{receipt['deliveries'][0]}/package"
    answer = await here.get(OFFICE, path)
    assert (answer.status_code, answer.content) == (200, raw)
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    assert answer.headers["content-digest"] == f"sha-256=:{digest}:"
    assert answer.headers["etag"] == f'"{receipt["sha256"]}"'
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["content-disposition"] == f'attachment; filename="{receipt["doc"]}.edxml"'
    assert await states(here) == ["offered"]
    for tags in (f'"{receipt["sha256"]}"', f'W/"x", W/"{receipt["sha256"]}"', "*"):
        kept = await here.call(OFFICE, "GET", path, headers={"if-none-match": tags})
        assert (kept.status_code, kept.content) == (304, b"")
        assert kept.headers["etag"] == answer.headers["etag"]
    other = await here.call(OFFICE, "GET", path, headers={"if-none-match": '"x"'})
    assert other.content == raw


async def test_a_sender_may_see_its_own_package_and_takes_nothing_by_it(here: World) -> None:
    receipt = await here.sent()
    path = f"/v1/deliveries/{receipt['deliveries'][0]}/package"
    assert (await here.get(LANG_SON, path)).status_code == 200
    assert await states(here) == ["waiting"]
    problem(await here.get(HA_NOI, path), 404, "delivery.not_found")
    problem(await here.get(OPERATOR, path), 403, "auth.role")


@pytest.mark.parametrize("name", [NOBODY, "x", "doc_x.y", NOBODY + "%00", "%ff", "a" * 300])
async def test_what_is_not_there_is_not_found(here: World, name: str) -> None:
    problem(await here.get(OFFICE, f"/v1/deliveries/{name}/package"), 404, "delivery.not_found")
    answer = await here.call(OFFICE, "POST", f"/v1/deliveries/{name}/reset")
    problem(answer, 404, "delivery.not_found")


async def test_done_is_said_for_one_and_again_without_effect(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    first = await confirm(here, deliveries=[delivery], result="done")
    assert first == {
        "changed": 1,
        "items": [{"delivery": delivery, "state": "done", "changed": True}],
    }
    again = await confirm(here, deliveries=[delivery], result="done")
    assert again["changed"] == 0
    assert (await here.get(OFFICE, "/v1/counts")).json()["received"] == 1


async def test_a_range_and_a_lock_go_on_behind_what_is_moved_at_a_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TOGETHER_MAX", 2)
    for number in range(1, 6):
        await here.sent(number=number)
    for act in ("lock", "unlock"):
        path = f"/v1/operator/agencies/{OFFICE}/{act}"
        assert (await here.json(OPERATOR, path, {"why": "thử"})).json()["moved"] == 5
    await take(here)
    await here.settled()
    answer = await confirm(here, range={"urgency": 0, "no": 4}, result="done")
    assert [item["changed"] for item in answer["items"]] == [True] * 4
    assert await states(here) == ["done"] * 4 + ["offered"]
    log = (await here.get(AUDITOR, "/v1/operator/audit-log")).json()["acts"]
    assert [line["act"] for line in log if "lock" in line["act"]] == ["unlock", "lock"]


async def test_what_failed_for_a_reason_called_locked_is_put_back_by_no_unlock(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await confirm(here, deliveries=[delivery], result="fail", reason=" locked ")
    for act in ("lock", "unlock"):
        path = f"/v1/operator/agencies/{OFFICE}/{act}"
        await here.json(OPERATOR, path, {"why": "thử"})
    assert await states(here) == ["parked"]


async def test_done_is_said_for_a_range_of_a_lane(here: World) -> None:
    for number in (1, 2, 3):
        await here.sent(number=number)
    answer = await confirm(here, range={"urgency": 0, "no": 2}, result="done")
    assert [item["changed"] for item in answer["items"]] == [True, True]
    assert await states(here) == ["done", "done", "waiting"]
    assert await confirm(here, range={"urgency": 4, "no": 9}, result="done") == {
        "changed": 0,
        "items": [],
    }


async def test_each_delivery_of_a_confirmation_is_answered_by_itself(here: World) -> None:
    (mine,) = (await here.sent(number=1))["deliveries"]
    (theirs,) = (await here.sent(number=2, to=(HA_NOI,)))["deliveries"]
    answer = await confirm(here, deliveries=[theirs, NOBODY, "?", mine], result="done")
    assert answer["changed"] == 1
    *missing, own = answer["items"]
    assert [item["delivery"] for item in missing] == [theirs, NOBODY, "?"]
    assert {item["problem"]["code"] for item in missing} == {"delivery.not_found"}
    assert own == {"delivery": mine, "state": "done", "changed": True}
    assert await states(here, HA_NOI) == ["waiting"]


async def test_a_failure_is_parked_told_to_the_sender_and_reset(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await confirm(here, deliveries=[delivery], result="fail", reason="Ổ đĩa đầy")
    (line,) = (await here.get(LANG_SON, "/v1/statuses")).json()["statuses"]
    assert (line["kind"], line["reason"], line["code"]) == ("parked", "Ổ đĩa đầy", "")
    path = f"/v1/deliveries/{delivery}/reset"
    problem(await here.call(HA_NOI, "POST", path), 404, "delivery.not_found")
    problem(await here.call(LANG_SON, "POST", path), 404, "delivery.not_found")
    answer = await here.call(OFFICE, "POST", path)
    rest.Moved.model_validate_json(answer.content)
    assert answer.json() == {"delivery": delivery, "state": "waiting", "changed": True}
    told = problem(await here.call(OFFICE, "POST", path), 409, "delivery.not_parked")
    assert "waiting" in told["detail"]
    assert (await inbox(here))["deliveries"][0]["attempt"] == 2


async def test_a_reset_waits_for_the_lock_to_go(here: World) -> None:
    (delivery,) = (await here.sent())["deliveries"]
    await here.json(OPERATOR, f"/v1/operator/agencies/{OFFICE}/lock", {"why": "test"})
    answer = await here.call(OFFICE, "POST", f"/v1/deliveries/{delivery}/reset")
    problem(answer, 409, "delivery.locked")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"deliveries": []}, "result"),
        ({"deliveries": [], "result": "maybe"}, "result"),
        ({"deliveries": [], "result": 1}, "result"),
        ({"result": "done"}, "body"),
        ({"deliveries": [], "range": {"urgency": 0, "no": 1}, "result": "done"}, "body"),
        ({"deliveries": "x", "result": "done"}, "deliveries"),
        ({"deliveries": [1], "result": "done"}, "deliveries[0]"),
        ({"deliveries": ["x", {"delivery": "x"}], "result": "done"}, "deliveries[1].occurred_at"),
        ({"deliveries": [{"occurred_at": "x"}], "result": "done"}, "deliveries[0].delivery"),
        ({"deliveries": ["x"] * 1001, "result": "done"}, "deliveries"),
        ({"range": 1, "result": "done"}, "range"),
        ({"range": {"urgency": 5, "no": 1}, "result": "done"}, "range.urgency"),
        ({"range": {"urgency": 0, "no": 10**400}, "result": "done"}, "range.no"),
        ({"range": {"urgency": 0, "no": -1}, "result": "done"}, "range.no"),
        ({"range": {"urgency": True, "no": 1}, "result": "done"}, "range.urgency"),
        ({"range": {"urgency": 0, "no": 1, "to": 2}, "result": "done"}, "range.to"),
        ({"deliveries": [], "result": "done", "reason": "x" * 1001}, "reason"),
        ({"deliveries": [], "result": "done", "delivery": "x"}, "delivery"),
        ([], "body"),
    ],
)
async def test_a_confirmation_s_faults_are_placed(here: World, body: Any, place: str) -> None:
    answer = await here.json(OFFICE, "/v1/inbox/confirm", body)
    assert problem(answer, 422, "request.invalid")["place"] == place


async def test_confirming_nothing_changes_nothing(here: World) -> None:
    answer = await here.json(OFFICE, "/v1/inbox/confirm", {"deliveries": [], "result": "done"})
    assert answer.json() == {"changed": 0, "items": []}


async def test_a_failure_needs_a_reason(here: World) -> None:
    answer = await here.json(OFFICE, "/v1/inbox/confirm", {"deliveries": [], "result": "fail"})
    told = problem(answer, 422, "reason.missing")
    assert (told["place"], told["detail"]) == ("reason", "This act needs a reason (reason).")


async def test_only_agencies_have_an_inbox(here: World) -> None:
    for path in ("/v1/inbox", "/v1/inbox/packages", "/v1/statuses"):
        problem(await here.get(AUDITOR, path), 403, "auth.role")
    body = {"range": {"urgency": 0, "no": 1}, "result": "done"}
    problem(await here.json(OPERATOR, "/v1/inbox/confirm", body), 403, "auth.role")


async def test_another_time_counts_where_it_is_allowed(here: World, there: World) -> None:
    at = {"axis-occurred-at": "2020-01-16T10:00:00+07:00"}
    body = {"range": {"urgency": 0, "no": 1}, "result": "done"}
    problem(await here.json(OFFICE, "/v1/inbox/confirm", body, **at), 403, "auth.history")
    answer = await here.call(OFFICE, "GET", "/v1/inbox/packages", headers=at)
    problem(answer, 403, "auth.history")
    await there.sent()
    assert (await there.call(OFFICE, "GET", "/v1/inbox/packages", headers=at)).status_code == 200
    await there.json(OFFICE, "/v1/inbox/confirm", body, **at)
    counts = (await there.get(OFFICE, "/v1/counts", by="day")).json()
    assert [row["day"] for row in counts["rows"] if row["received"]] == ["2020-01-16"]


async def test_deliveries_confirmed_at_once_may_each_have_a_time_of_their_own(
    here: World, there: World
) -> None:
    for number in (7, 8):
        await there.sent(number=number)
    listed = (await there.get(OFFICE, "/v1/inbox")).json()["deliveries"]
    days = ["2020-01-16", "2020-01-17"]
    named = [
        {"delivery": one["id"], "occurred_at": f"{day}T10:00:00+07:00"}
        for one, day in zip(listed, days, strict=True)
    ]
    body = {"deliveries": [*named, "nothing"], "result": "done"}
    faults = problem(await here.json(OFFICE, "/v1/inbox/confirm", body), 403, "auth.history")
    assert faults["place"] == "deliveries[0].occurred_at"
    items = (await there.json(OFFICE, "/v1/inbox/confirm", body)).json()["items"]
    assert [item["delivery"] for item in items] == [*(one["id"] for one in listed), "nothing"]
    assert [item["changed"] for item in items] == [True, True, False]
    counts = (await there.get(OFFICE, "/v1/counts", by="day")).json()
    assert [row["day"] for row in counts["rows"] if row["received"]] == days


@pytest.mark.parametrize(
    "query",
    [
        "after=1",
        "after=0:1,0:2",
        "after=5:1",
        "after=0:" + "9" * 19,
        "after=%00",
        "after=%ff",
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1&limit=2",
        "wait=51",
        "wait=-1",
        "wait=nan",
        "wait=1e3",
        "max_bytes=0",
        "max_bytes=99999999999999999999",
        "a=b&" * 40,
    ],
)
async def test_a_page_s_query_is_checked(here: World, query: str) -> None:
    answer = await here.call(OFFICE, "GET", f"/v1/inbox/packages?{query}")
    assert problem(answer, 422, "request.invalid")["place"].startswith("query")


@pytest.mark.parametrize(
    "query", ["after=1", "limit=0", "limit=1001", "wait=51", "wait=nan", "wait=inf", "state=gone"]
)
async def test_an_inbox_s_query_is_checked(here: World, query: str) -> None:
    answer = await here.call(OFFICE, "GET", f"/v1/inbox?{query}")
    assert problem(answer, 422, "request.invalid")["place"].startswith("query.")


async def test_a_damaged_package_is_parked_and_keeps_no_other_waiting(here: World) -> None:
    receipts = [await here.sent(number=number) for number in range(1, 4)]
    lost = receipts[1]
    packages = here.axis.store._books.packages  # type: ignore[attr-defined]
    del packages[lost["sha256"]]
    taken = list(frames((await take(here)).content))
    assert len(taken) == 2
    await here.settled()
    # A range up to the last does not take in what was never shown.
    await confirm(here, range={"urgency": 0, "no": 3}, result="done")
    assert await states(here) == ["done", "parked", "done"]
    answer = await here.get(OFFICE, f"/v1/deliveries/{lost['deliveries'][0]}/package")
    assert lost["sha256"] in problem(answer, 500, "axis.package_damaged")["detail"]
