"""POST /v1/documents/bulk: an answer per package, one bad one never stops the others."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from axis.adapters.examiner import INLINE_BYTES_MAX
from axis.api import hot
from axis.core.errors import unavailable
from axis.flows import intake
from schemas import rest
from schemas.frames import MEDIA_TYPE, frame
from tests.api.world import AUDITOR, LANG_SON, OFFICE, OPERATOR, World, package, problem

AT = "2020-01-14T08:00:00+07:00"


async def post(here: World, body: bytes, who: str = LANG_SON, **headers: str) -> httpx.Response:
    kind = {"content-type": MEDIA_TYPE}
    return await here.call(who, "POST", "/v1/documents/bulk", content=body, headers=kind | headers)


async def results(here: World, body: bytes, **headers: str) -> list[dict[str, Any]]:
    answer = await post(here, body, **headers)
    assert answer.status_code == 200, answer.text
    rest.BulkResults.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def stream(*packages: bytes, **header: Any) -> bytes:
    return b"".join(frame(header, raw) for raw in packages)


async def test_packages_are_taken_in_order_each_with_its_receipt(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Part after part: one is written while the next is examined.
    monkeypatch.setattr(intake, "TOGETHER", 7)
    sent = [package(number=n) for n in range(20)]
    found = await results(here, stream(*sent))
    assert [item["status"] for item in found] == [201] * 20
    names = [item["receipt"]["document_id"] for item in found]
    assert names == [f"{LANG_SON},2020/01/15,{n}/UBND" for n in range(20)]
    rows = (await here.get(OFFICE, "/v1/inbox")).json()["deliveries"]
    assert [row["document_id"] for row in rows] == names


async def test_a_receipt_is_the_one_a_single_post_gives(here: World) -> None:
    (item,) = await results(here, stream(package()))
    single = await here.send(package())
    assert (single.status_code, single.json()) == (200, item["receipt"])
    (again,) = await results(here, stream(package()))
    assert again == {"status": 200, "receipt": item["receipt"]}


async def test_a_bad_package_stops_nothing_but_itself(here: World) -> None:
    unknown = package(number=2, to=("000.00.00.X99",))
    found = await results(here, stream(package(number=1), b"<a/>", b"", unknown, package(number=3)))
    assert [item["status"] for item in found] == [201, 422, 422, 422, 201]
    codes = [item["problem"]["code"] for item in found if "problem" in item]
    assert codes == ["edxml.root", "package.empty", "recipient.unknown"]
    refused = (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"]
    assert len(refused) == 3


async def test_a_large_package_keeps_its_place(here: World) -> None:
    raw = package(number=2, signed=False)
    padding = b"<!--" + b"x" * INLINE_BYTES_MAX + b"-->\n</edXML>"
    large = raw.replace(b"</edXML>", padding)
    assert len(large) > INLINE_BYTES_MAX
    found = await results(here, stream(package(number=1), large, package(number=3)))
    assert [item["status"] for item in found] == [201, 201, 201]
    seqs = [item["receipt"]["seq"] for item in found]
    assert seqs == sorted(seqs)


async def test_each_frame_may_state_its_time_in_a_run_that_plays_another(
    here: World, there: World
) -> None:
    body = stream(package(number=1), occurred_at=AT) + stream(package(number=2))
    found = await results(there, body, **{"axis-occurred-at": "2020-01-13T00:00:00+07:00"})
    times = [item["receipt"]["occurred_at"] for item in found]
    assert times == [AT, "2020-01-13T00:00:00+07:00"]
    (item, other) = await results(here, body)
    assert (item["status"], item["problem"]["code"]) == (403, "auth.history")
    assert other["status"] == 201
    wrong: tuple[Any, ...] = ("never", 5, [], "")
    for bad in wrong:
        (item,) = await results(there, stream(package(), occurred_at=bad))
        assert item["problem"]["place"] == "occurred_at"


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b'{"size":5}\nab\n',
        b'{"size":-1}\n\n',
        b'{"size":"1"}\na\n',
        b'{"size":1e3}\n',
        b'{"size":true}\na\n',
        # Cut there it would go on well.
        b'{"size":1}\nab{"size":1}\nc\n',
        b'{"a":1}\n\n',
        b"[1]\n",
        b"\n",
        stream(package()) + b"{",
        stream(package())[:-1],
        b'{"size":' + b"9" * 5000 + b"}\n",
        b"[" * 100_000,
        b'{"size":99999999999999999999}\nab\n',
        b'{"size":1,"size":2}\nab\n',
        b'{"size":1,"\\u0073ize":2}\nab\n',
        b'{"a":' + b"[" * 1500 + b"]" * 1500 + b',"size":2}\nab\n',
    ],
)
async def test_a_damaged_stream_is_refused_whole(here: World, body: bytes) -> None:
    told = problem(await post(here, body), 422, "request.invalid")
    assert told["place"] == "body"
    assert (await here.get(LANG_SON, "/v1/counts")).json()["sent"] == 0


async def test_a_field_that_no_frame_has_is_refused_with_its_package(here: World) -> None:
    misspelt = stream(package(number=1), occured_at=AT)
    first, second = await results(here, misspelt + stream(package(number=2)))
    assert (first["status"], first["problem"]["code"]) == (422, "request.invalid")
    assert (first["problem"]["place"], second["status"]) == ("occured_at", 201)
    (line,) = (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"]
    assert (line["code"], line["place"]) == ("request.invalid", "occured_at")


async def test_a_bulk_request_has_limits(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(await post(here, b""), 422, "package.empty")
    told = problem(await post(here, stream(*[b""] * 501)), 422, "request.invalid")
    assert "500 packages" in told["detail"]
    monkeypatch.setattr(hot, "BULK_BYTES_MAX", 1000)
    # Not a package is too large: there are too many of them.
    problem(await post(here, stream(package())), 413, "request.too_large")
    (line,) = (await here.get(AUDITOR, "/v1/operator/refusals")).json()["refusals"]
    assert line["code"] == "request.too_large"


async def test_only_agencies_send_and_only_frames(here: World) -> None:
    problem(await post(here, stream(package()), OPERATOR), 403, "auth.role")
    answer = await post(here, stream(package()), **{"content-type": "application/xml"})
    problem(answer, 415, "request.media_type")


async def test_a_store_that_is_away_is_told_per_package(here: World) -> None:
    here.faults.append(unavailable("axis.store_away"))
    first, second = await results(here, stream(package(number=1), package(number=2)))
    assert (first["status"], second["status"]) == (503, 503)
    first, second = await results(here, stream(package(number=1), package(number=2)))
    assert (first["status"], second["status"]) == (201, 201)


async def test_a_fault_of_ours_is_told_per_package_too(
    here: World, logged: list[MutableMapping[str, Any]]
) -> None:
    here.faults.append(ZeroDivisionError())
    (item,) = await results(here, stream(package()))
    assert (item["status"], item["problem"]["code"]) == (500, "axis.internal")
    logged.clear()
