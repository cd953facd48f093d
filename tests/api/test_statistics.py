"""The statistics as any token reads them: JSON and CSV, and what is not recorded."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.tally import Since
from axis.core.timeliness import FAMILIES
from axis.core.timetable import number_of_day
from axis.flows.statistics import LINES_MAX
from schemas.rest_statistics import Statistics
from tests.api.world import (
    AUDITOR,
    HA_NOI,
    LANG_SON,
    OFFICE,
    OPERATOR,
    World,
    package,
    problem,
    world,
)

_EMPTY = {"sent": 0, "received": 0, "refused": 0, "accepted": 0}


async def ask(here: World, who: str = LANG_SON, **params: Any) -> dict[str, Any]:
    answer = await here.get(who, "/v1/statistics", **params)
    assert answer.status_code == 200, answer.text
    Statistics.model_validate_json(answer.content)
    told: dict[str, Any] = answer.json()
    return told


async def one(here: World, **params: Any) -> dict[str, Any]:
    (row,) = (await ask(here, **params))["rows"]
    assert isinstance(row, dict)
    return row


async def played(here: World, *, signed: bool = True) -> None:
    """Lạng Sơn sends to two in three quarters; one of them accepts, the other refuses once."""
    for number, day in enumerate([date(2019, 3, 12), date(2019, 4, 10), date(2020, 1, 14)]):
        sent_at = {"axis-occurred-at": f"{day + timedelta(days=1)}T09:00:00+07:00"}
        raw = package(number=number, to=(OFFICE, HA_NOI), day=day, signed=signed)
        receipt = (await here.send(raw, **sent_at)).json()
        office, ha_noi = receipt["deliveries"]
        later = {"axis-occurred-at": f"{day + timedelta(days=1)}T09:30:00+07:00"}
        await here.json(OFFICE, "/v1/statuses", {"delivery": office, "code": "01"}, **sent_at)
        await here.json(OFFICE, "/v1/statuses", {"delivery": office, "code": "03"}, **later)
        if number == 2:
            refused = {"delivery": ha_noi, "code": "02", "reason": "Gửi nhầm"}
            await here.json(HA_NOI, "/v1/statuses", refused, **later)


async def test_periods_and_groups(there: World) -> None:
    here = there
    await played(here)
    told = await ask(here, period="quarter")
    found = {
        r["period"]: (r["sent"], r["received"], r["refused"], r["accepted"]) for r in told["rows"]
    }
    assert found == {
        "2019-Q1": (1, 1, 0, 1),
        "2019-Q2": (1, 1, 0, 1),
        "2019-Q3": (0, 0, 0, 0),
        "2019-Q4": (0, 0, 0, 0),
        "2020-Q1": (1, 2, 1, 1),
    }
    assert {row["name_vi"] for row in told["rows"]} == {"Cả nước"}
    whole = await one(here, period="span")
    assert (whole["first"], whole["last"]) == ("2019-03-13", "2020-01-15")
    assert (whole["sent"], whole["signature_valid"], whole["sent_next_morning"]) == (3, 3, 3)
    assert (whole["sent_in_time_share"], whole["sent_mean_days"]) == (1.0, 1.0)
    assert (whole["accepted_within_hour"], whole["accepted_mean_hours"]) == (3, 0.5)
    by_agency = (await ask(here, by="agency", period="span"))["rows"]
    assert len(by_agency) == 95
    assert {r["group"]: r["sent"] for r in by_agency if r["sent"]} == {LANG_SON: 3}
    assert {r["group"]: r["received"] for r in by_agency if r["received"]} == {OFFICE: 3, HA_NOI: 1}
    by_kind = (await ask(here, by="kind", period="span"))["rows"]
    assert [r["group"] for r in by_kind][:2] == ["party office", "ministry"]
    assert {r["group"]: r["received"] for r in by_kind if r["received"]} == {
        "ministerial-level agency": 3,
        "centrally-run city": 1,
    }


async def test_days_and_agencies_can_be_chosen(there: World) -> None:
    here = there
    await played(here)
    days = {"from": "2019-04-01", "to": "2019-06-30"}
    row = await one(here, **days)
    assert (row["period"], row["sent"], row["complete"]) == ("2019-Q2", 1, True)
    row = await one(here, **{"from": "2019-04-02", "to": "2019-06-30"})
    assert (row["first"], row["complete"]) == ("2019-04-02", False)
    row = await one(here, agency=[OFFICE, "000.00.13.H37"], period="span")
    assert (row["sent"], row["received"], row["name_en"]) == (3, 3, "The agencies asked for")
    row = await one(here, kind="province", period="span")
    assert (row["sent"], row["received"]) == (3, 0)


async def test_any_token_reads_them(here: World) -> None:
    for who in (LANG_SON, OPERATOR, AUDITOR):
        assert await ask(here, who) == {"by": "nation", "unit": "quarter", "since": {}, "rows": []}
    problem(await here.http.get("/v1/statistics"), 401, "auth.missing")


async def test_what_was_never_counted_is_not_told_as_nothing(here: World) -> None:
    row = await one(here, **{"from": "2019-10-01", "to": "2019-12-31"})
    assert [row[name] for name in _EMPTY] == [None] * 4
    assert set(row["missing"].values()) == {"not yet recorded"}
    await here.sent()
    before = await one(here, **{"from": "2019-10-01", "to": "2019-12-31"})
    assert (before["sent"], before["missing"]["sent"]) == (None, "not yet recorded")
    now = await one(here, **{"from": "2020-01-01", "to": "2020-03-31"})
    assert (now["sent"], now["complete"]) == (1, False)
    assert now["partly"] == dict.fromkeys(["books", *FAMILIES], "2020-01-15")
    assert now["missing"]["accepted_mean_hours"] == "nothing to measure"
    ahead = await one(here, **{"from": "2020-04-01", "to": "2020-06-30"})
    assert (ahead["sent"], ahead["missing"]["sent"]) == (None, "not yet recorded")
    # A day is complete when it is over.
    for complete in (False, True):
        day = await one(here, period="span", **{"from": "2020-01-15", "to": "2020-01-15"})
        assert (day["sent"], day["complete"]) == (1, complete)
        here.clock.move(86_400)
        here.tokens.clear()


async def test_behind_what_a_run_of_another_time_played_nothing_is_recorded(there: World) -> None:
    await played(there)
    there.clock.move(400 * 86_400)
    here = there
    here.tokens.clear()
    begun = await one(here, **{"from": "2020-01-01", "to": "2020-03-31"})
    assert (begun["sent"], begun["complete"]) == (1, False)
    assert begun["missing"] == {}
    behind = await one(here, **{"from": "2020-04-01", "to": "2020-06-30"})
    assert (behind["sent"], behind["received"], behind["complete"]) == (None, None, False)
    assert set(behind["missing"].values()) == {"not yet recorded"}
    assert (await one(here, **{"from": "2019-04-01", "to": "2019-06-30"}))["complete"] is True


async def test_a_word_said_behind_what_was_played_records_no_time_before_it(there: World) -> None:
    await played(there)
    at = {"axis-occurred-at": "2020-01-16T09:00:00+07:00"}
    (delivery,) = (await there.send(package(number=9), **at)).json()["deliveries"]
    await there.json(OFFICE, "/v1/statuses", {"delivery": delivery, "code": "01"}, **at)
    later = {"axis-occurred-at": "2020-03-02T09:00:00+07:00"}
    await there.json(OFFICE, "/v1/statuses", {"delivery": delivery, "code": "03"}, **later)
    there.clock.move(400 * 86_400)
    there.tokens.clear()
    said = await there.json(OFFICE, "/v1/statuses", {"delivery": delivery, "code": "04"})
    assert said.status_code == 201, said.text
    quarters = {row["period"]: row for row in (await ask(there))["rows"]}
    # What was said within a period counts in it, also behind the last document.
    begun = quarters["2020-Q1"]
    assert (begun["sent"], begun["accepted"], begun["complete"]) == (2, 2, False)
    for period in ("2020-Q2", "2020-Q4", "2021-Q1"):
        assert (quarters[period]["sent"], quarters[period]["complete"]) == (None, False)
        assert set(quarters[period]["missing"].values()) == {"not yet recorded"}


async def test_a_quarter_without_documents_is_none_of_them_where_it_was_recorded(
    here: World,
) -> None:
    await here.sent()
    here.clock.move(400 * 86_400)
    here.tokens.clear()
    row = await one(here, **{"from": "2020-04-01", "to": "2020-06-30"})
    assert (row["sent"], row["missing"].get("sent"), row["complete"]) == (0, None, True)


async def test_books_of_an_older_axis_tell_from_when_on_they_count(there: World) -> None:
    await played(there, signed=False)
    store = there.axis.store
    assert isinstance(store, MemoryStore)
    books = _aged(store)
    async with world(MemoryStore(books), run="history") as here:
        quarters = {r["period"]: r for r in (await ask(here))["rows"]}
    old, cut, new = (quarters[name] for name in ("2019-Q1", "2019-Q2", "2020-Q1"))
    assert (old["sent"], old["signature_valid"]) == (1, None)
    assert old["missing"]["sent_in_time_share"] == "not yet recorded"
    # Of the quarter in which it began only the days behind it are measured.
    assert cut["partly"] == dict.fromkeys(FAMILIES, "2019-04-12")
    assert (cut["sent"], cut["signature_valid"]) == (1, 0)
    assert cut["missing"]["signature_valid_share"] == "nothing to measure"
    assert (new["sent"], new["signature_valid"], new["signature_valid_share"]) == (1, 0, 0.0)
    assert new["missing"] == {}
    assert new["partly"] == {}


def _aged(store: MemoryStore) -> MemoryBooks:
    """The same books as if an older axis had written all but the last day."""
    books: MemoryBooks = store._books
    begun = number_of_day(date(2019, 4, 12))
    for agency, day, metric in list(books.tally):
        if metric.partition(".")[0] in FAMILIES and 0 < day < begun:
            del books.tally[agency, day, metric]
    seq = max(e.seq for e in books.events if e.occurred_at < 1_570_000_000_000_000)
    for place, delivery in books.deliveries.items():
        if delivery.arrived_at is not None and delivery.arrived_at < 1_570_000_000_000_000:
            books.deliveries[place] = delivery._replace(arrived_at=None)
    books.since = dict.fromkeys(FAMILIES, Since(seq, begun))
    return books


async def test_aged_books_are_still_proved(there: World) -> None:
    await played(there, signed=False)
    store = there.axis.store
    assert isinstance(store, MemoryStore)
    async with world(MemoryStore(_aged(store)), run="history") as here:
        proof = (await here.get(AUDITOR, "/v1/operator/audit")).json()
    assert proof["clean"], proof


def _table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_csv_comes_by_parameter_or_by_accept(there: World) -> None:
    here = there
    await played(here)
    by_parameter = await here.get(LANG_SON, "/v1/statistics", format="csv")
    accept = {"accept": "text/csv"}
    by_accept = await here.call(LANG_SON, "GET", "/v1/statistics", headers=accept)
    assert by_accept.content == by_parameter.content
    rows = _table(by_parameter)
    told = (await ask(here))["rows"]
    assert [row["period"] for row in rows] == [row["period"] for row in told]
    assert [(r["sent"], r["name_vi"]) for r in rows] == [(str(r["sent"]), "Cả nước") for r in told]
    assert rows[2]["accepted_mean_hours"] == "nothing to measure"
    assert rows[0]["partly"].startswith("books since 2019-03-13")
    json = await here.call(LANG_SON, "GET", "/v1/statistics?format=json", headers=accept)
    assert json.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json;q=0.5, Text/CSV; q=0.8", "text/csv"),
        ("application/json, text/csv;q=0.9", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("text/csvx", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_accept_weighs_csv_against_json(here: World, accept: str, kind: str) -> None:
    answer = await here.call(LANG_SON, "GET", "/v1/statistics", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind


async def test_what_is_not_recorded_reads_so_in_csv(here: World) -> None:
    days = {"from": "2019-10-01", "to": "2019-12-31", "format": "csv"}
    (row,) = _table(await here.get(LANG_SON, "/v1/statistics", **days))
    assert {row["sent"], row["signature_valid_share"]} == {"not yet recorded"}


async def test_no_name_becomes_a_formula(here: World) -> None:
    new = {
        "code": "000.00.00.H99",
        "name_vi": '=HYPERLINK("http://x")',
        "name_en": "@sum",
        "kind": "-1",
        "level": "local",
        "why": "a test",
    }
    assert (await here.json(OPERATOR, "/v1/operator/agencies", new)).status_code == 201
    await here.sent()
    asked = {"by": "agency", "period": "span", "agency": "000.00.00.H99", "format": "csv"}
    (row,) = _table(await here.get(LANG_SON, "/v1/statistics", **asked))
    assert (row["name_vi"], row["name_en"]) == ("'" + new["name_vi"], "'@sum")
    kinds = (await ask(here, by="kind", period="span"))["rows"]
    assert [r["group"] for r in kinds][-1] == "-1"


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({"from": "1999-12-31"}, "query.from"),
        ({"to": "2100-01-01"}, "query.to"),
        ({"to": "0001-01-01"}, "query.to"),
        ({"from": "yesterday"}, "query.from"),
        ({"period": "week"}, "query.period"),
        ({"by": "unit"}, "query.by"),
        ({"format": "xml"}, "query.format"),
        ({"kind": "x" * 41}, "query.kind"),
        ({"kind": "\0"}, "query.kind"),
    ],
)
async def test_a_bad_question_gets_a_clear_error(
    here: World, asked: dict[str, str], place: str
) -> None:
    told = problem(await here.get(LANG_SON, "/v1/statistics", **asked), 422, "request.invalid")
    assert told["place"] == place


async def test_an_answer_has_an_end(here: World) -> None:
    days = {"period": "month", "from": "2000-01-01", "to": "2099-12-31"}
    assert len((await ask(here, **days))["rows"]) == LINES_MAX
    both = {**days, "by": "agency", "agency": [LANG_SON, OFFICE]}
    told = problem(await here.get(LANG_SON, "/v1/statistics", **both), 422, "request.invalid")
    assert (told["place"], "1200" in told["detail_vi"]) == ("query.period", True)


async def test_an_unknown_agency_is_not_found(here: World) -> None:
    answer = await here.get(LANG_SON, "/v1/statistics", agency="000.00.00.X99")
    problem(answer, 404, "agency.unknown")
