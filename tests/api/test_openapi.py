"""The OpenAPI document says everything: each route, its errors, an example of each."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from axis.api import openapi, openapi_packages
from schemas.edxml import DocumentPackage, StatusPackage
from schemas.edxml_read import read
from schemas.frames import MEDIA_TYPE as FRAMES
from tests.api.pages import contents, operations, values
from tests.api.world import LANG_SON, OFFICE, XML, World

PACKAGES = Path(__file__).parents[1] / "data" / "edxml"


async def test_the_document_is_served(here: World, made: dict[str, Any]) -> None:
    assert (await here.http.get("/openapi.json")).json() == made
    assert made["openapi"].startswith("3.1")


async def test_the_document_is_made_once_and_not_on_the_loop(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def made(routes: Any) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return {"routes": len(routes)}

    monkeypatch.setattr(openapi, "document", made)
    asked = [here.http.get("/openapi.json") for _ in range(3)]
    answers = await asyncio.gather(*asked)
    (thread,) = threads
    assert thread is not threading.main_thread()
    first, *others = ((answer.content, answer.headers["etag"]) for answer in answers)
    assert others == [first, first]
    again = await here.http.get("/openapi.json", headers={"if-none-match": first[1]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first[1])


def test_every_route_of_the_wire_format_is_there(made: dict[str, Any]) -> None:
    found = {name for name, _ in operations(made)}
    assert found == {
        "POST /v1/token",
        "POST /v1/documents",
        "POST /v1/documents/bulk",
        "GET /v1/documents",
        "GET /v1/documents/{doc}",
        "GET /v1/inbox",
        "GET /v1/inbox/packages",
        "POST /v1/inbox/confirm",
        "GET /v1/deliveries/{delivery}/package",
        "POST /v1/deliveries/{delivery}/reset",
        "POST /v1/statuses",
        "GET /v1/statuses",
        "GET /v1/agencies",
        "POST /v1/replays",
        "GET /v1/replays",
        "GET /v1/replays/{job}",
        "GET /v1/replays/{job}/deliveries",
        "POST /v1/replays/{job}/{act}",
        "POST /v1/operator/runs",
        "GET /v1/operator/runs",
        "GET /v1/operator/runs/{job}",
        "GET /v1/operator/runs/{job}/deliveries",
        "POST /v1/operator/runs/{job}/{act}",
        "POST /v1/operator/runs/{job}/take",
        "POST /v1/operator/runs/{job}/report",
        "GET /v1/counts",
        "GET /v1/statistics",
        "GET /v1/health",
        "GET /v1/ready",
        "GET /v1/keys",
        "GET /metrics",
        "GET /v1/operator/waiting",
        "GET /v1/operator/deliveries",
        "POST /v1/operator/agencies/{code}/lock",
        "POST /v1/operator/agencies/{code}/redrive",
        "POST /v1/operator/agencies/{code}/unlock",
        "POST /v1/operator/certificates/{certificate}/revoke",
        "POST /v1/operator/agencies",
        "GET /v1/operator/certificates",
        "POST /v1/operator/agencies/{code}/certificates",
        "POST /v1/operator/agencies/{code}/secret",
        "POST /v1/operator/deliveries/{delivery}/reset",
        "GET /v1/operator/documents/{doc}/package",
        "GET /v1/operator/audit-log",
        "GET /v1/operator/refusals",
        "GET /v1/operator/audit",
        "GET /v1/operator/traffic",
        "GET /v1/operator/digest",
    }


def test_every_route_says_what_it_means(made: dict[str, Any]) -> None:
    for name, operation in operations(made):
        assert operation["summary"], name
        for response in operation["responses"].values():
            assert response["description"] != "Successful Response", name
        assert len(operation["description"]) > 40, name
        assert operation["tags"], name
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (name, parameter)
            schema = {**parameter["schema"], "components": made["components"]}
            (example,) = schema["examples"]
            validator = validator_for(schema, validate_formats=True)
            assert validator.is_valid(example), (name, parameter)
            # The page would fill it in, and send it.
            assert "example" not in parameter


def test_everything_has_an_example(made: dict[str, Any]) -> None:
    for name, operation in operations(made):
        for where, kind, content in contents(operation):
            # A file is chosen; there is no example of one.
            if kind != "application/octet-stream":
                assert values(content), (name, where, kind)


def test_every_example_conforms_to_its_schema(made: dict[str, Any]) -> None:
    for name, operation in operations(made):
        for where, kind, content in contents(operation):
            if not kind.endswith("json"):
                continue
            schema = {**content["schema"], "components": made["components"]}
            validator = validator_for(schema, validate_formats=True)
            for value in values(content):
                faults = [fault.message for fault in validator.iter_errors(value)]
                assert faults == [], (name, where, kind)


def test_packages_are_sent_as_files(made: dict[str, Any]) -> None:
    for name, operation in operations(made):
        for where, kind, content in contents(operation):
            # The page has a file chooser for what is binary, and a field to paste text into.
            if kind in ("application/octet-stream", "application/xml"):
                schema = content["schema"]
                assert (schema["type"], schema["format"]) == ("string", "binary"), (name, where)
    for path in ("/v1/documents", "/v1/documents/bulk", "/v1/statuses"):
        assert "application/octet-stream" in made["paths"][path]["post"]["requestBody"]["content"]
    first = next(iter(made["paths"]["/v1/documents"]["post"]["requestBody"]["content"]))
    assert first == "application/octet-stream"


def test_authorize_works_with_client_credentials(made: dict[str, Any]) -> None:
    (scheme,) = made["components"]["securitySchemes"].values()
    assert scheme["flows"]["clientCredentials"]["tokenUrl"] == "/v1/token"
    for name, operation in operations(made):
        is_open = name.split()[1] in (
            "/v1/token",
            "/v1/health",
            "/v1/ready",
            "/v1/keys",
            "/metrics",
        )
        assert (operation["security"] == []) == is_open, name


async def test_the_packages_of_the_examples_are_taken(here: World) -> None:
    raw = openapi_packages.document_package().encode()
    assert isinstance(read(raw).package, DocumentPackage)
    answer = await here.send(raw)
    assert (answer.status_code, answer.json()["warnings"]) == (201, [])
    raw = openapi_packages.status_package().encode()
    assert isinstance(read(raw).package, StatusPackage)
    answer = await here.call(OFFICE, "POST", "/v1/statuses", content=raw, headers=XML)
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")
    assert (await here.get(LANG_SON, "/v1/statuses")).json()["statuses"][0]["code"] == "03"


async def test_the_frames_of_the_example_are_taken(here: World) -> None:
    raw = openapi_packages.bulk().encode()
    answer = await here.call(
        LANG_SON, "POST", "/v1/documents/bulk", content=raw, headers={"content-type": FRAMES}
    )
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [201, 201]
    assert [one["receipt"]["warnings"] for one in results] == [[], []]


def test_the_page_names_the_licence_and_the_axis_that_serves_it(made: dict[str, Any]) -> None:
    assert made["info"]["license"]["identifier"] == "Apache-2.0"
    assert made["servers"] == [{"url": "/"}]
