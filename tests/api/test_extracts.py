"""The operator's door to whole stretches of the books: traffic with and without packages, digest."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

from axis.core.traffic import Checks
from axis.flows import extracts
from schemas import rest_digest, traffic
from schemas.codes import agencies
from schemas.frames import MEDIA_TYPE, frame
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
from tests.traffic_rows import HEADER

DOOR = "/v1/operator"
DAY = {"since": "2020-01-15", "until": "2020-01-16"}
PACKAGES = {**DAY, "packages": "true", "why": "đối soát với đơn vị"}


async def rows(here: World, who: str = AUDITOR, **asked: Any) -> list[traffic.Row]:
    """All rows of a window, page by page."""
    found: list[traffic.Row] = []
    after: int | None = 0
    while after is not None:
        answer = await here.get(who, f"{DOOR}/traffic", **{**DAY, **asked}, after=after)
        assert answer.status_code == 200, answer.text
        page = traffic.Traffic.model_validate_json(answer.content, strict=True)
        found, after = found + page.rows, page.after
    return found


async def acts(here: World) -> list[tuple[str, str, str, str]]:
    told = (await here.get(AUDITOR, f"{DOOR}/audit-log")).json()["acts"]
    return [(act["actor"], act["act"], act["target"], act["why"]) for act in told]


async def test_a_row_tells_what_became_of_a_document(here: World) -> None:
    receipt = await here.sent(number=7, to=(OFFICE, HA_NOI), urgency=2)
    here.clock.move(60)
    delivery = f"{receipt['doc']}.{OFFICE}"
    await here.json(OFFICE, "/v1/inbox/confirm", {"deliveries": [delivery], "result": "done"})
    said = {"delivery": delivery, "code": "02", "reason": "gửi nhầm", "staff": "Nguyễn Văn An"}
    await here.json(OFFICE, "/v1/statuses", said)
    (row,) = await rows(here)
    assert (row.doc, row.sha256, row.size) == (
        receipt["doc"],
        receipt["sha256"],
        len(package(7, to=(OFFICE, HA_NOI), urgency=2)),
    )
    assert (row.type, row.code, row.urgency, row.package) == ("Công văn", "7/UBND", 2, None)
    office, ha_noi = row.deliveries
    assert (office.recipient, office.state, office.answer) == (OFFICE, "done", "refused")
    assert [(h.kind, h.code, h.reason) for h in office.happened] == [
        ("done", "", ""),
        ("status", "02", "gửi nhầm"),
    ]
    assert {h.occurred_at for h in office.happened} == {"2020-01-15T08:01:00+07:00"}
    assert (ha_noi.state, ha_noi.happened) == ("waiting", [])
    # Nobody is named.
    assert "Nguyễn" not in row.model_dump_json()
    assert await acts(here) == []


async def test_a_window_is_filtered(here: World) -> None:
    await here.sent(number=1)
    await here.send(package(2, sender=OFFICE, to=(HA_NOI,)), OFFICE)
    here.clock.move(600)
    await here.sent(number=3, to=(HA_NOI,))

    async def codes(**asked: Any) -> list[str]:
        return [row.code for row in await rows(here, **asked)]

    assert await codes() == ["1/UBND", "2/UBND", "3/UBND"]
    assert await codes(**{"from": LANG_SON}) == ["1/UBND", "3/UBND"]
    assert await codes(to=HA_NOI) == ["2/UBND", "3/UBND"]
    assert await codes(since="2020-01-15T08:10:00") == ["3/UBND"]
    assert await codes(until="2020-01-15T08:10:00") == ["1/UBND", "2/UBND"]
    assert await codes(type="công văn") == ["1/UBND", "2/UBND", "3/UBND"]
    assert await codes(type="Báo cáo") == []


async def test_what_a_recipient_waited_for_was_not_handed_out_before_it_was_sent(
    there: World,
) -> None:
    """Whoever plays another time states it as a poll begins; what was sent then was waited for."""
    earlier, began, later = (f"2020-01-15T0{hour}:00:00+07:00" for hour in (1, 2, 3))
    there.clock.move(86_400)
    waiting = {"params": {"wait": 20}, "headers": {"axis-occurred-at": began}}
    poll = asyncio.create_task(there.call(OFFICE, "GET", "/v1/inbox/packages", **waiting))
    await until(lambda: there.axis.polls.waiting)
    sent = b"".join(
        frame({"occurred_at": at}, package(number))
        for number, at in enumerate((earlier, later, later), 1)
    )
    bulk = {"content": sent, "headers": {"content-type": MEDIA_TYPE}}
    await there.call(LANG_SON, "POST", "/v1/documents/bulk", **bulk)
    assert (await poll).content
    await there.settled()
    found = await rows(there)
    # Each by itself: an earlier one is not taken to have waited for a later one.
    offered = [row.deliveries[0].happened[0] for row in found]
    assert [one.kind for one in offered] == ["offered"] * 3
    assert [one.occurred_at for one in offered] == [began, later, later]
    checks = Checks(HEADER, {row.code for row in agencies()}, there.clock.now())
    assert [checks.fault(row) for row in found] == [None] * 3


async def test_packages_need_an_operator_and_a_reason(here: World) -> None:
    await here.sent()
    path = f"{DOOR}/traffic"
    problem(await here.get(LANG_SON, path, **DAY), 403, "auth.role")
    problem(await here.get(AUDITOR, path, **PACKAGES), 403, "auth.role")
    for why in ("", "  "):
        answer = await here.get(OPERATOR, path, **{**PACKAGES, "why": why})
        assert problem(answer, 422, "reason.missing")["place"] == "query.why"
    assert await acts(here) == []


async def test_every_page_of_packages_leaves_its_line(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracts, "PAGE_DOCUMENTS_MAX", 2)
    raws = [package(number) for number in range(5)]
    docs = [(await here.send(raw)).json()["doc"] for raw in raws]
    found = await rows(here, OPERATOR, **PACKAGES)
    assert [base64.b64decode(row.package or "") for row in found] == raws
    assert [row.sha256 for row in found] == [hashlib.sha256(raw).hexdigest() for raw in raws]
    day = "2020-01-15T00:00:00+07:00 to 2020-01-16T00:00:00+07:00"
    lines = [(2, 0, 1), (2, 2, 3), (1, 4, 4)]
    assert (await acts(here))[::-1] == [
        (OPERATOR, "read packages", f"{n} of {day}, {docs[a]} to {docs[b]}", PACKAGES["why"])
        for n, a, b in lines
    ]


async def test_a_page_of_packages_is_bounded_and_takes_one_at_least(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    raws = [package(number) for number in range(4)]
    for raw in raws:
        await here.send(raw)
    monkeypatch.setattr(extracts, "PAGE_BYTES_MAX", len(raws[0]) + len(raws[1]))
    assert len(await rows(here, OPERATOR, **PACKAGES)) == 4
    assert len(await acts(here)) == 2
    monkeypatch.setattr(extracts, "PAGE_BYTES_MAX", 1)
    assert len(await rows(here, OPERATOR, **PACKAGES)) == 4
    assert len(await acts(here)) == 6


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"until": "2020-01-15"}, "request.invalid"),
        ({"until": "2021-01-16"}, "request.invalid"),
        ({"since": "gestern"}, "request.invalid"),
        ({"after": -1}, "request.invalid"),
        ({"from": "000.00.00.X99"}, "agency.unknown"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    here: World, asked: dict[str, Any], code: str
) -> None:
    status = 404 if code == "agency.unknown" else 422
    problem(await here.get(OPERATOR, f"{DOOR}/traffic", **{**DAY, **asked}), status, code)


async def digest(here: World, **asked: Any) -> dict[str, Any]:
    answer = await here.get(AUDITOR, f"{DOOR}/digest", **asked)
    assert answer.status_code == 200, answer.text
    rest_digest.Digest.model_validate_json(answer.content)
    told: dict[str, Any] = answer.json()
    return told


async def test_a_digest_moves_with_the_books_and_with_nothing_else(here: World) -> None:
    receipt = await here.sent(number=1)
    before = await digest(here)
    # Reading moves no books: not packages, not the same package again.
    await rows(here, OPERATOR, **PACKAGES)
    await here.send(package(1))
    assert await digest(here) == before
    delivery = receipt["deliveries"][0]
    await here.json(OFFICE, "/v1/inbox/confirm", {"deliveries": [delivery], "result": "done"})
    done = await digest(here, upto=before["seq"])
    assert done["sha256"] != before["sha256"]
    assert done["seq"] > before["seq"]
    # What was there is still there.
    assert (done["upto"], done["past"]) == (before["upto"], before["past"])
    changed = {n for n, s in done["sections"].items() if s != before["sections"][n]}
    assert changed == {"counters", "events", "deliveries"}
    problem(await here.get(LANG_SON, f"{DOOR}/digest"), 403, "auth.role")
