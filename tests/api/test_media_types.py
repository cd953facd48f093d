"""What a body is sent as: media types, codings, and no body at all."""

from __future__ import annotations

import pytest

from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, package, problem

FORM = "application/x-www-form-urlencoded"
FRAMES = "application/vnd.axis.packages, application/octet-stream"
PACKAGES = "application/octet-stream, application/xml"
JSON = "application/json"
#: Doors with a body, hot ones and others: who, where, what it takes, what no body at all is.
DOORS = [
    (LANG_SON, "/v1/documents", PACKAGES, "package.empty"),
    (LANG_SON, "/v1/documents/bulk", FRAMES, "package.empty"),
    (OFFICE, "/v1/statuses", f"{JSON}, {PACKAGES}", "package.empty"),
    (OFFICE, "/v1/inbox/confirm", JSON, "request.empty"),
    (OFFICE, "/v1/replays", JSON, "request.empty"),
    (OPERATOR, "/v1/operator/agencies", JSON, "request.empty"),
    (OPERATOR, "/v1/operator/agencies/000.00.00.G22/lock", JSON, "request.empty"),
    (OPERATOR, "/v1/token", FORM, "request.empty"),
]


@pytest.mark.parametrize(("who", "path", "taken", "_empty"), DOORS)
async def test_another_media_type_is_named_beside_those_that_are_taken(
    here: World, who: str, path: str, taken: str, _empty: str
) -> None:
    headers = {"content-type": "Text/HTML; charset=utf-8"}
    answer = await here.call(who, "POST", path, content=b"x", headers=headers)
    told = problem(answer, 415, "request.media_type")
    assert told["place"] == "Content-Type"
    assert answer.headers["accept"] == taken
    for detail in (told["detail"], told["detail_vi"]):
        assert "'text/html'" in detail
        assert taken in detail


@pytest.mark.parametrize(("who", "path", "taken", "empty"), DOORS)
async def test_no_body_and_no_type_is_no_body(
    here: World, who: str, path: str, taken: str, empty: str
) -> None:
    answer = await here.call(who, "POST", path)
    told = problem(answer, 422 if empty == "package.empty" else 400, empty)
    assert empty == "package.empty" or taken in told["detail"]


@pytest.mark.parametrize("path", ["/v1/inbox/confirm", "/v1/replays", "/v1/token"])
async def test_a_body_without_a_type_has_none(here: World, path: str) -> None:
    answer = await here.call(OFFICE, "POST", path, content=b"{}")
    told = problem(answer, 415, "request.media_type")
    assert "as nothing in particular" in told["detail"]
    assert "không nêu kiểu" in told["detail_vi"]


@pytest.mark.parametrize(("who", "path", "taken", "_empty"), DOORS)
@pytest.mark.parametrize("coding", ["gzip", "br, identity", ""])
async def test_a_body_comes_as_it_is(
    here: World, who: str, path: str, taken: str, _empty: str, coding: str
) -> None:
    headers = {"content-type": taken.partition(",")[0], "content-encoding": coding}
    answer = await here.call(who, "POST", path, content=b"x", headers=headers)
    told = problem(answer, 415, "request.coding")
    assert (told["place"], answer.headers["accept-encoding"]) == ("Content-Encoding", "identity")
    assert repr(coding) in told["detail"]


async def test_identity_is_no_coding_in_any_letters(here: World) -> None:
    assert (await here.send(package(), **{"content-encoding": "Identity"})).status_code == 201
