"""Health, readiness, metrics, and API pages that need no network."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.core.errors import unavailable
from axis.core.topic import Topic
from schemas import rest_service
from tests.api.world import LANG_SON, OFFICE, World, package, problem, world


async def scraped(here: World) -> dict[str, float]:
    text = (await here.http.get("/metrics")).text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(n) for name, n in (line.rsplit(" ", 1) for line in lines)}


async def test_an_axis_that_serves_is_up_and_its_books_are_live(here: World) -> None:
    assert (await here.http.get("/v1/health")).json() == {"status": "up", "mode": "live"}


async def test_an_axis_that_was_started_as_a_simulation_says_so() -> None:
    async with world(simulation=True, run="trial") as made:
        answer = (await made.http.get("/v1/health")).json()
    assert answer == {"status": "up", "mode": "simulation"}


async def test_an_axis_is_ready_when_store_and_bus_are(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await here.http.get("/v1/ready")
    assert answer.status_code == 200
    rest_service.Ready.model_validate_json(answer.content)
    assert answer.json() == {"ready": True, "store": True, "bus": True, "waiting_commands": 0}

    async def away() -> None:
        raise unavailable("axis.store_away")

    async def refuses(_: Sequence[Topic]) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(type(here.axis.store), "ready", lambda _: away())
        answer = await here.http.get("/v1/ready")
        assert (answer.status_code, answer.json()["store"]) == (503, False)
    monkeypatch.setattr(EmbeddedBus, "publish", lambda _, notices: refuses(notices))
    answer = await here.http.get("/v1/ready")
    assert (answer.status_code, answer.json()["bus"], answer.json()["store"]) == (503, False, True)
    assert answer.headers["retry-after"] == "1"


async def test_metrics_count_what_came_in(here: World) -> None:
    await here.send(package())
    await here.send(package())
    await here.send(b"<a/>")
    await here.send(package(to=("000.00.00.X99",)))
    found = await scraped(here)
    assert found['axis_documents_accepted_total{repeated="false"}'] == 1
    assert found['axis_documents_accepted_total{repeated="true"}'] == 1
    assert found['axis_documents_refused_total{code="edxml.root"}'] == 1
    assert found['axis_documents_refused_total{code="recipient.unknown"}'] == 1
    route = 'method="POST",route="/v1/documents"'
    assert found[f"axis_request_seconds_count{{{route}}}"] == 4
    assert (found["axis_waiting_commands"], found["axis_waiting_polls"]) == (0, 0)


async def test_metrics_read_the_states_from_the_books(here: World) -> None:
    await here.sent(to=(OFFICE,))
    await here.sent(number=2, to=(OFFICE, LANG_SON))
    body = {"range": {"urgency": 0, "no": 1}, "result": "done"}
    await here.json(OFFICE, "/v1/inbox/confirm", body)
    found = await scraped(here)
    assert found["axis_documents_sent"] == 2
    assert found['axis_deliveries{state="waiting"}'] == 2
    assert found['axis_deliveries{state="done"}'] == 1
    assert found['axis_deliveries{state="parked"}'] == 0


async def test_metrics_are_told_while_the_books_are_away(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> list[object]:
        raise unavailable("axis.store_away")

    await here.sent()
    with monkeypatch.context() as patched:
        patched.setattr(here.axis.store, "counts", away)
        never = await scraped(here)
    assert (never["axis_books_answer"], 'axis_deliveries{state="waiting"}' in never) == (0, False)
    assert never['axis_documents_accepted_total{repeated="false"}'] == 1
    assert (await scraped(here))["axis_books_answer"] == 1
    await here.sent(number=2)
    monkeypatch.setattr(here.axis.store, "counts", away)
    found = await scraped(here)
    assert (found["axis_books_answer"], found['axis_deliveries{state="waiting"}']) == (0, 1)
    assert found['axis_documents_accepted_total{repeated="false"}'] == 2


async def test_labels_of_routes_stay_few(here: World) -> None:
    receipt = await here.sent()
    await here.get(LANG_SON, f"/v1/documents/{receipt['doc']}")
    for path in ("/a", "/b", "/v1/documents/x"):
        await here.http.get(path)
    for method in ("PUT", "STRANGE", "STRANGER"):
        await here.http.request(method, "/v1/health")
    labels = {
        (match[1], match[2])
        for name in await scraped(here)
        if (match := re.match(r'axis_request_seconds_count\{method="(.*)",route="(.*)"\}', name))
    }
    assert labels == {
        ("POST", "/v1/token"),
        ("POST", "/v1/documents"),
        ("GET", "/v1/documents/{doc}"),
        ("-", "unknown"),
    }


async def links(page: httpx.Response) -> list[str]:
    return re.findall(r'(?:src|href|url)[=:] ?["\']([^"\']+)["\']', page.text)


async def test_the_api_pages_need_no_network(here: World) -> None:
    page = await here.http.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    found = await links(page)
    assert sorted(found) == [
        "/docs/assets/favicon.png",
        "/docs/assets/swagger-ui-bundle.js",
        "/docs/assets/swagger-ui.css",
        "/openapi.json",
    ]
    assert "//" not in page.text.replace("// ", "")
    assert '"validatorUrl": null' in page.text
    # Examples of packages are shown as they are, behind the page's own script.
    assert page.text.index("const ui =") < page.text.index("samples.getXmlSampleSchema =")
    for path in found:
        asset = await here.http.get(path)
        assert (asset.status_code, len(asset.content) > 0) == (200, True)
    style = await here.http.get("/docs/assets/swagger-ui.css")
    assert "url(http" not in style.text
    assert "@import" not in style.text


async def test_assets_are_read_and_nothing_beside_them(here: World) -> None:
    problem(await here.http.get("/docs/assets/../../settings.py"), 404, "request.route")
    problem(await here.http.get("/docs/assets/%2e%2e/core.py"), 404, "request.route")
    problem(await here.http.post("/docs/assets/swagger-ui.css"), 405, "request.method")


@pytest.mark.parametrize("asked", ["bytes=99999999-", "lines=1-2", "bytes=5-1", "bytes=0-3", "x"])
async def test_assets_are_whole_whatever_part_is_asked_for(here: World, asked: str) -> None:
    path = "/docs/assets/swagger-ui.css"
    whole = await here.http.get(path)
    part = await here.http.get(path, headers={"range": asked})
    assert (part.status_code, part.content) == (200, whole.content)
    assert part.headers["accept-ranges"] == "none"
