"""The errors on the API pages: which operation gives which, with an example that could be real."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

from axis.api.openapi_errors import BEFORE, ERRORS, NOWHERE, OFFLINE, WARNINGS
from axis.api.openapi_faults import CASES
from axis.api.openapi_replays import TOLD
from axis.core.catalogue import CATALOGUE
from axis.core.errors import unavailable
from axis.core.lifecycle import Business, Transport
from axis.core.replay import Act, Kind, Stage
from axis.core.trust import ALTERED
from schemas.edxml_read import read
from tests.api.pages import errors, operations
from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, problem

PACKAGES = Path(__file__).parents[1] / "data" / "edxml"
_NUMBERED = re.compile(r"\[\d+\]|\d+")


def test_every_route_lists_its_errors_with_an_example_of_each(made: dict[str, Any]) -> None:
    assert set(ERRORS) == {operation["operationId"] for _, operation in operations(made)}
    for name, operation in operations(made):
        listed = set()
        for status, code, example in errors(operation):
            assert example["code"] == code
            assert str(example["status"]) == status == str(CATALOGUE[code].status)
            listed.add(code)
        assert listed == set(ERRORS[operation["operationId"]]), name
        assert {"request.invalid", "axis.internal"} <= listed


def test_every_code_of_the_catalogue_is_told_of_where_it_is_met(made: dict[str, Any]) -> None:
    listed = {code for codes in ERRORS.values() for code in codes}
    assert listed | WARNINGS | NOWHERE == set(CATALOGUE)
    assert listed.isdisjoint(NOWHERE | WARNINGS)
    page = made["info"]["description"]
    for code, entry in CATALOGUE.items():
        # Errors with their status and number, the others without; what is told offline not at all.
        row = f"| `{code}` | {entry.status} | {entry.vxp} | "
        assert page.count(row) == (code in listed | BEFORE), code
        assert page.count(f"| `{code}` | ") == (code not in OFFLINE), code
    assert page.index("| `request.slow` |") < page.index("All errors of operations")
    for code in WARNINGS | TOLD:
        assert page.index(f"| `{code}` |") > page.index("Warnings, and reasons"), code


def test_what_is_refused_only_where_signatures_are_strict_says_so(made: dict[str, Any]) -> None:
    refused = made["paths"]["/v1/documents"]["post"]["responses"]["422"]["description"]
    for code in ("signature.absent", "signature.weak"):
        (line,) = (line for line in refused.split("\n") if f"`{code}`" in line)
        assert "AXIS_STRICT_SIGNATURES" in line


def test_what_the_reader_calls_an_error_is_listed_and_what_it_only_notes_is_not() -> None:
    seen: set[tuple[str, str]] = set()
    for path in PACKAGES.rglob("*.edxml"):
        seen |= {(one.code, one.severity) for one in read(path.read_bytes()).problems}
    errors = {code for code, severity in seen if severity == "error"}
    # A package is read before it is known to stand at the wrong door.
    assert errors <= set(ERRORS["post_document"])
    assert errors <= set(ERRORS["post_status"])
    # Some are one or the other, by the value that is wrong.
    warned = {code for code, severity in seen if severity == "warning"} - errors
    assert warned <= WARNINGS
    assert warned >= {code for code in WARNINGS if code.startswith("attachment.")}


def _spoken_of(code: str) -> set[str]:
    """The details that the sentences of a code speak of."""
    entry = CATALOGUE[code]
    parts = (*string.Formatter().parse(entry.en), *string.Formatter().parse(entry.vi))
    return {name for _, name, _, _ in parts if name}


def test_examples_have_the_details_that_their_sentences_speak_of(made: dict[str, Any]) -> None:
    for code, case in CASES.items():
        assert {name.removesuffix("_vi") for name in case.detail} == _spoken_of(code), code
    for name, operation in operations(made):
        for _, code, example in errors(operation):
            assert "?" not in example["detail"] + example["detail_vi"], (name, code)


def test_examples_speak_of_states_and_words_that_are_of_their_kind() -> None:
    transport = {state.name.lower() for state in Transport}
    business = {state.name.lower() for state in Business}
    for code, case in CASES.items():
        state = case.detail.get("state")
        if state is not None:
            assert state in (transport if code.startswith("delivery.") else business), code
    # What is parked can be reset, so the example is of another.
    assert CASES["delivery.not_parked"].detail["state"] != "parked"
    assert CASES["lifecycle.ended"].detail["state"] in {
        state.name.lower() for state in Business if state.ended
    }
    assert CASES["signature.broken"].detail["reason"] == ALTERED
    steered = CASES["replay.stage"].detail
    assert steered["stage"] in set(Stage)
    assert steered["act"] in set(Act)
    assert CASES["replay.not_played"].detail["kind"] in set(Kind) - {Kind.SHADOW}
    lie = CASES["attachment.size_lies"].detail
    assert lie["declared"].isdigit()
    assert lie["found"].isdigit()


def test_examples_stand_at_places_where_the_reader_finds_such_faults() -> None:
    seen: dict[str, set[str]] = {}
    for path in PACKAGES.rglob("*.edxml"):
        for one in read(path.read_bytes()).problems:
            if one.severity == "error":
                seen.setdefault(one.code, set()).add(_NUMBERED.sub("", one.place))
    # What may be missing, too long or wrong is any element; the others have their places.
    for code in seen.keys() - {
        "edxml.missing",
        "edxml.too_long",
        "edxml.value",
        "business.missing",
    }:
        assert _NUMBERED.sub("", CASES[code].place) in seen[code], code
    for code in ("edxml.missing", "edxml.too_long", "edxml.value", "business.missing"):
        assert CASES[code].place.rpartition("/")[2] == CASES[code].detail["element"]


async def test_who_has_not_the_role_is_told_what_the_page_says(
    here: World, made: dict[str, Any]
) -> None:
    # Whoever may not see a delivery is told that there is none, but for what is there.
    receipt = await here.sent()
    real = {
        "{doc}": receipt["doc"],
        "{delivery}": receipt["deliveries"][0],
        "{job}": "rpl_01DYKA4R00N0QB5GZK7V2M9T3C",
        "{act}": "pause",
        "{code}": LANG_SON,
        "{certificate}": LANG_SON,
    }
    seen = set()
    for name, operation in operations(made):
        told = {code: example for _, code, example in errors(operation)}
        if "auth.role" not in told:
            continue
        seen.add(operation["operationId"])
        method, path = name.split()
        for part, value in real.items():
            path = path.replace(part, value)
        who = LANG_SON if "Operators" in operation["tags"] else OPERATOR
        query = {"since": "2020-01-15", "until": "2020-01-16"} if "traffic" in path else None
        kind = _kind_of(operation)
        answer = await here.call(
            who, method, path, params=query, headers=kind, content=_content_of(operation)
        )
        assert problem(answer, 403, "auth.role") == told["auth.role"], name
    assert len(seen) > 30


def _kind_of(operation: dict[str, Any]) -> dict[str, str]:
    kinds = list(operation.get("requestBody", {}).get("content", {}))
    return {"content-type": kinds[0]} if kinds else {}


def _content_of(operation: dict[str, Any]) -> str | None:
    bodies = {
        "confirm": '{"range": {"urgency": 0, "no": 1}, "result": "done"}',
        "post_status": '{"statuses": []}',
        "plan_replay": '{"kind": "redrive"}',
    }
    return bodies.get(operation["operationId"])


async def test_a_request_with_a_wrong_number_is_told_what_the_page_says(
    here: World, made: dict[str, Any]
) -> None:
    seen = 0
    for name, operation in operations(made):
        told = {code: example for _, code, example in errors(operation)}["request.invalid"]
        method, path = name.split()
        if not told["place"].startswith("query.") or "{" in path:
            continue
        seen += 1
        who = OPERATOR if "Operators" in operation["tags"] else LANG_SON
        query = {told["place"].removeprefix("query."): "many"}
        if told["detail"].endswith("is missing."):
            query = {}
        found = problem(await here.call(who, method, path, params=query), 422, "request.invalid")
        assert {**found, "problems": []} == {**told, "problems": []}, name
    assert seen > 10


async def test_headers_that_a_client_goes_by_are_described(
    here: World, made: dict[str, Any]
) -> None:
    path = "/v1/inbox/confirm"
    described = made["paths"][path]["post"]["responses"]
    done = {"range": {"urgency": 0, "no": 1}, "result": "done"}
    zipped = {"content-type": "application/json", "content-encoding": "gzip"}
    here.faults.append(unavailable("axis.store_away"))
    answers = [
        await here.json(OFFICE, path, done),
        await here.http.post(path),
        await here.json(OPERATOR, path, done),
        await here.http.put(path),
        await here.call(OFFICE, "POST", path, content=b"x", headers={"content-type": "text/plain"}),
        await here.call(OFFICE, "POST", path, content=b"x", headers=zipped),
    ]
    assert [answer.status_code for answer in answers] == [503, 401, 403, 405, 415, 415]
    for answer in answers:
        (name,) = set(answer.headers) - {"content-type", "content-length"}
        headers = described[str(answer.status_code)]["headers"]
        assert name in {one.lower() for one in headers}
