"""Requests made from the OpenAPI document: never a 5xx, and every answer as the document says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.core.result import Ok

from tests.api.world import LANG_SON, OFFICE, OPERATOR, World, world
from tests.vietnamese import english_in, told_in

SETTINGS = settings(
    derandomize=True,
    max_examples=6,
    suppress_health_check=list(HealthCheck),
    database=None,
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


class Running:
    """A world on a loop of its own, so that plain functions can call it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.here: World
        self.receipts: list[dict[str, Any]]
        self._over = asyncio.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._begun.wait()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        async with world() as self.here:
            self.receipts = [await self.here.sent(number=number) for number in range(3)]
            for who in (LANG_SON, OFFICE, OPERATOR):
                await self.here.token(who)
            # A case may ask to wait for fifty seconds.
            self.here.axis.polls.close()
            self._begun.set()
            await self._over.wait()

    def do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def logged() -> None:
    """A fault of ours is a 5xx here, which the checks see."""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(running: Running, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(running.here.app.openapi())
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @SETTINGS
        @given(operation.as_strategy(generation_mode=mode))
        def answers(case: Case[Any]) -> None:
            who = OPERATOR if "operator" in case.operation.path else OFFICE
            name_what_is_there(case, running.receipts)
            response = running.do(call(running.here, who, case))
            case.validate_response(response, checks=CHECKS)
            assert english_told(response, case) == []

        # Some operations take nothing that could be made wrong.
        with suppress(Unsatisfiable):
            answers()


def english_told(response: httpx.Response, case: Case[Any]) -> list[str]:
    """The Vietnamese sentences of an answer that have English words which its caller did not say:
    what is unknown is named as it was, and chance makes words.
    """
    if "json" not in response.headers.get("content-type", ""):
        return []
    said = f"{case.path_parameters!r} {case.query!r} {case.body!r}"
    return [
        told
        for told in told_in(response.json())
        if any(word not in said for word in english_in(told))
    ]


def name_what_is_there(case: Case[Any], receipts: list[dict[str, Any]]) -> None:
    """Put real ids where a case has some of its own: chance never finds one."""
    receipt = receipts[len(str(case.body)) % len(receipts)]
    for name, value in (("doc", receipt["doc"]), ("delivery", receipt["deliveries"][0])):
        for fields in (case.path_parameters, case.body):
            if isinstance(fields, dict) and isinstance(fields.get(name), str):
                fields[name] = value


async def call(here: World, who: str, case: Case[Any]) -> httpx.Response:
    """Send what ``requests`` would, as ``who`` unless the case brings a token of its own."""
    made = requests.Request(**case.as_transport_kwargs(base_url="http://axis")).prepare()
    assert made.method is not None
    assert made.url is not None
    headers = {
        "authorization": f"Bearer {await here.token(who)}",
        **{k: str(v) for k, v in made.headers.items()},
    }
    body: Any = made.body
    return await here.http.request(made.method, made.url, headers=headers, content=body)
