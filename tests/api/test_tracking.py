"""Documents as their parties see them, the directory, the counts."""

from __future__ import annotations

from typing import Any

import pytest

from axis.adapters.memory_store import MemoryStore
from axis.flows import tracking
from schemas import rest_books
from schemas.edxml import Business, Reference
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    package,
    problem,
)


async def view(here: World, who: str, doc: str) -> dict[str, Any]:
    answer = await here.get(who, f"/v1/documents/{doc}")
    assert answer.status_code == 200, answer.text
    rest_books.View.model_validate_json(answer.content)
    seen: dict[str, Any] = answer.json()
    return seen


async def spoken_of(here: World) -> dict[str, Any]:
    """A document to two recipients, of which one refused and one took it."""
    receipt = await here.sent(to=(OFFICE, HA_NOI))
    office, ha_noi = receipt["deliveries"]
    said = {"delivery": office, "code": "02", "reason": "Gửi nhầm"}
    await here.json(OFFICE, "/v1/statuses", said)
    await here.json(HA_NOI, "/v1/inbox/confirm", {"deliveries": [ha_noi], "result": "done"})
    return receipt


async def test_a_sender_sees_all_recipients_and_a_recipient_only_itself(here: World) -> None:
    doc = (await spoken_of(here))["doc"]
    for who in (LANG_SON, OPERATOR, AUDITOR):
        seen = await view(here, who, doc)
        assert {d["recipient"]: (d["state"], d["answer"]) for d in seen["deliveries"]} == {
            OFFICE: ("done", "refused"),
            HA_NOI: ("done", "none"),
        }
        assert [e["kind"] for e in seen["history"]] == ["accepted", "done", "status", "done"]
    own = await view(here, HA_NOI, doc)
    assert [d["recipient"] for d in own["deliveries"]] == [HA_NOI]
    assert [(e["kind"], e["recipient"]) for e in own["history"]] == [
        ("accepted", ""),
        ("done", HA_NOI),
    ]
    assert "Gửi nhầm" not in str(own)


async def test_what_one_has_no_part_in_is_not_found(here: World) -> None:
    receipt = await here.sent(to=(OFFICE,))
    problem(await here.get(HA_NOI, f"/v1/documents/{receipt['doc']}"), 404, "document.not_found")
    params = {"sender": LANG_SON, "document_id": receipt["document_id"]}
    problem(await here.get(HA_NOI, "/v1/documents", **params), 404, "document.not_found")


@pytest.mark.parametrize("doc", ["x", "doc_01DYKBDQM0000000000000ZZZZ", "doc_%00", "%2e%2e"])
async def test_what_cannot_be_a_document_is_not_found(here: World, doc: str) -> None:
    problem(await here.get(LANG_SON, f"/v1/documents/{doc}"), 404, "document.not_found")


async def test_a_view_carries_the_receipt_as_it_was_given(here: World) -> None:
    receipt = await here.sent()
    for who in (LANG_SON, OFFICE):
        seen = await view(here, who, receipt["doc"])
        shared = receipt.keys() - {"deliveries"}
        assert {name: seen[name] for name in shared} == {name: receipt[name] for name in shared}
    assert seen["document_signature"] == "not examined yet"
    assert (seen["subject"], seen["code"], seen["type"]) == ("V/v báo cáo", "7/UBND", "Công văn")


async def test_history_says_what_was_added_and_when(here: World) -> None:
    doc = (await spoken_of(here))["doc"]
    refusal = (await view(here, LANG_SON, doc))["history"][2]
    assert (refusal["code"], refusal["reason"], refusal["state"]) == ("02", "Gửi nhầm", "refused")


async def test_all_packages_of_a_document_are_found_by_its_name(here: World) -> None:
    first = await here.sent(to=(OFFICE,))
    second = await here.sent(to=(HA_NOI,))
    business = Business(doc_type=1)
    named = Reference(
        organ_id=OFFICE, code="7/UBND", document_id=first["document_id"], promulgated=None
    )
    recall = await here.sent(number=8, business=business, references=(named,))
    params = {"sender": LANG_SON, "document_id": first["document_id"]}
    answer = await here.get(LANG_SON, "/v1/documents", **params)
    rest_books.Views.model_validate_json(answer.content)
    documents = answer.json()["documents"]
    assert [d["doc"] for d in documents] == [first["doc"], second["doc"]]
    (link,) = documents[0]["linked"]
    assert (link["relation"], link["doc"], link["kind"]) == ("recalls", recall["doc"], 1)
    mine = (await here.get(HA_NOI, "/v1/documents", **params)).json()["documents"]
    assert [(d["doc"], d["linked"]) for d in mine] == [(second["doc"], [])]
    params["sender"] = "000.00.13.H37"
    assert (await here.get(LANG_SON, "/v1/documents", **params)).status_code == 200


async def test_what_others_say_of_a_document_between_themselves_is_not_seen(here: World) -> None:
    mine = await here.sent(to=(OFFICE,))
    named = Reference(
        organ_id=LANG_SON, code="7/UBND", document_id=mine["document_id"], promulgated=None
    )
    raw = package(8, sender=HA_NOI, to=(OFFICE,), references=(named,))
    between = (await here.send(raw, HA_NOI)).json()
    assert between["verdict"] == "valid"
    path = f"/v1/documents/{mine['doc']}"
    seen = (await here.get(LANG_SON, path)).json()
    assert (seen["linked"], seen["linked_count"]) == ([], 0)
    for who in (OFFICE, OPERATOR):
        seen = (await here.get(who, path)).json()
        assert [link["doc"] for link in seen["linked"]] == [between["doc"]]
    # Who wrote an answer finds it again.
    raw = package(9, sender=OFFICE, to=(LANG_SON,), references=(named,))
    answer = (await here.send(raw, OFFICE)).json()
    seen = (await here.get(OFFICE, path)).json()
    assert [link["doc"] for link in seen["linked"]] == [between["doc"], answer["doc"]]


def update(note: str, to: tuple[str, ...] = (OFFICE,)) -> bytes:
    """An update of the document that ``package`` makes: a package of the same name."""
    business = Business(
        doc_type=2,
        reason="sửa",
        document_id=f"{LANG_SON},2020/01/15,7/UBND",
        info_changed=True,
        receivers_changed=False,
    )
    return package(business=business, subject=note, to=to)


async def test_the_packages_of_a_document_come_in_pages(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = [await here.sent()]
    for n in range(6):
        # The last of all is for one who is shown nothing else.
        to = (OFFICE, HA_NOI) if n == 5 else (OFFICE,)
        receipts.append((await here.send(update(f"bản {n}", to))).json())
    docs = [receipt["doc"] for receipt in receipts]
    asked: list[str] = []
    linked_to = here.axis.store.linked_to

    async def counted(*args: Any) -> Any:
        asked.append(args[2])
        return await linked_to(*args)

    monkeypatch.setattr(here.axis.store, "linked_to", counted)
    monkeypatch.setattr(tracking, "_LOOKED_AT", 2)
    named = {"sender": LANG_SON, "document_id": receipts[0]["document_id"]}
    for who in (LANG_SON, OFFICE):
        found: list[str] = []
        after = 0
        for size in (3, 3, 1, 0):
            answer = await here.get(who, "/v1/documents", **named, after=after, limit=3)
            page = rest_books.Views.model_validate_json(answer.content)
            assert len(page.documents) == size
            found += [view.doc for view in page.documents]
            after = page.next
        assert found == docs
        assert after == receipts[-1]["seq"]
    # Once for a page that holds something.
    assert asked == [*[LANG_SON] * 3, *[OFFICE] * 3]
    one = (await here.get(HA_NOI, "/v1/documents", **named)).json()
    assert ([view["doc"] for view in one["documents"]], one["next"]) == (docs[-1:], after)
    problem(await here.get("000.00.00.H01", "/v1/documents", **named), 404, "document.not_found")
    bad = await here.get(LANG_SON, "/v1/documents", **named, limit=51)
    assert problem(bad, 422, "request.invalid")["place"] == "query.limit"


async def test_of_many_packages_that_speak_of_a_document_the_first_are_listed(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "LINKED_MAX", 3)
    first = await here.sent()
    docs = [(await here.send(update(f"bản {n}"))).json()["doc"] for n in range(6)]
    seen = await view(here, OFFICE, first["doc"])
    assert ([link["doc"] for link in seen["linked"]], seen["linked_count"]) == (docs[:3], 6)
    # An update speaks of itself too, which says nothing.
    named = {"sender": LANG_SON, "document_id": first["document_id"]}
    second = (await here.get(OFFICE, "/v1/documents", **named)).json()["documents"][1]
    assert second == await view(here, OFFICE, docs[0])
    assert ([link["doc"] for link in second["linked"]], second["linked_count"]) == (docs[1:4], 5)


async def test_a_name_is_asked_for_whole(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # PostgreSQL cannot be asked for a NUL, which would be a fault of ours.
    monkeypatch.delattr(MemoryStore, "documents_named")
    answer = await here.get(LANG_SON, "/v1/documents")
    told = problem(answer, 422, "request.invalid")
    assert [fault["place"] for fault in told["problems"]] == ["query.sender", "query.document_id"]
    assert told["detail_vi"] == "query.sender: còn thiếu."
    params = {"sender": "000.00.00.X99", "document_id": "x"}
    problem(await here.get(LANG_SON, "/v1/documents", **params), 404, "agency.unknown")
    for bad in ("\0", "x" * 201):
        params = {"sender": LANG_SON, "document_id": bad}
        assert (await here.get(LANG_SON, "/v1/documents", **params)).status_code in (404, 422)


async def test_the_directory_is_open_to_any_token(here: World) -> None:
    for who in (LANG_SON, AUDITOR):
        answer = await here.get(who, "/v1/agencies")
        rest_books.Agencies.model_validate_json(answer.content)
    listed = answer.json()["agencies"]
    assert len(listed) == 95
    assert listed == sorted(listed, key=lambda row: row["code"])
    assert all(row["certainty"] for row in listed)


async def counts(here: World, **params: Any) -> dict[str, Any]:
    answer = await here.get(LANG_SON, "/v1/counts", **params)
    assert answer.status_code == 200, answer.text
    rest_books.Counts.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


async def test_counts_balance_and_split(there: World) -> None:
    here = there
    for number, day in enumerate(["2019-03-12", "2019-04-10", "2019-04-11", "2020-01-15"]):
        at = {"axis-occurred-at": f"{day}T12:00:00+07:00"}
        receipt = (await here.send(package(number=number, to=(OFFICE, HA_NOI)), **at)).json()
        delivery = receipt["deliveries"][0]
        body = {"delivery": delivery, "code": "01"}
        await here.json(OFFICE, "/v1/statuses", body, **at)
    total = await counts(here)
    assert (total["sent"], total["received"], total["statuses"]) == (4, 4, {"01": 4})
    assert total["rows"] == []
    assert total["standing"] == {
        "business.arrived": 4,
        "deliveries": 8,
        "transport.done": 4,
        "transport.waiting": 4,
    }
    assert [line["difference"] for line in total["balances"]] == [0, 0]
    # An agency is one, however often it or its units are named.
    office = await counts(here, agency=OFFICE)
    assert office["standing"]["deliveries"] == 4
    unit = OFFICE.replace("000.00.00", "000.00.13")
    assert await counts(here, agency=[OFFICE, unit, OFFICE]) == office

    def split(found: dict[str, Any], by: str) -> dict[Any, tuple[int, int]]:
        return {row[by]: (row["sent"], row["received"]) for row in found["rows"]}

    assert split(await counts(here, by="day"), "day") == {
        "2019-03-12": (1, 1),
        "2019-04-10": (1, 1),
        "2019-04-11": (1, 1),
        "2020-01-15": (1, 1),
    }
    assert split(await counts(here, by="month"), "month") == {
        "2019-03": (1, 1),
        "2019-04": (2, 2),
        "2020-01": (1, 1),
    }
    assert split(await counts(here, by="month30"), "month30") == {1: (2, 2), 2: (1, 1), 11: (1, 1)}
    assert split(await counts(here, by="agency"), "agency") == {OFFICE: (0, 4), LANG_SON: (4, 0)}
    part = await counts(here, **{"from": "2019-04-10", "to": "2019-04-11", "by": "day"})
    assert (part["sent"], len(part["rows"])) == (2, 2)
    one = await counts(here, agency=[OFFICE])
    assert (one["sent"], one["received"], one["standing"]["deliveries"]) == (0, 4, 4)
    both = await counts(here, agency=[OFFICE, HA_NOI, "000.00.13.H37"])
    assert (both["sent"], both["standing"]["deliveries"]) == (4, 8)


async def test_counts_of_no_days_are_nothing(here: World) -> None:
    await here.sent()
    for span in (
        {"from": "2020-01-16"},
        {"to": "2020-01-14"},
        {"to": "0001-01-01"},
        {"from": "9999-12-31"},
    ):
        assert (await counts(here, **span))["sent"] == 0


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"from": "yesterday"}, "query.from"),
        ({"to": "2020-13-01"}, "query.to"),
        ({"by": "week"}, "query.by"),
        ({"agency": ["x"] * 201}, "query.agency"),
    ],
)
async def test_a_question_for_counts_is_checked(
    here: World, params: dict[str, Any], place: str
) -> None:
    answer = await here.get(LANG_SON, "/v1/counts", **params)
    assert problem(answer, 422, "request.invalid")["place"] == place


async def test_counts_of_an_unknown_agency_are_refused(here: World) -> None:
    answer = await here.get(LANG_SON, "/v1/counts", agency="000.00.00.X99")
    problem(answer, 404, "agency.unknown")
