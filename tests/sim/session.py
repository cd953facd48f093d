"""A client's way to the axis: tokens, repeated requests, and a note of every answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tests.sim.history import Exchange
from tests.sim.network import Network, Silence
from tests.sim.process import Answer, Request
from tests.sim.world import Dice, World

#: Virtual seconds a client waits for an answer, beyond what it asked the axis to wait.
PATIENCE_S = 5.0

JSON = "application/json"


class Session:
    """One client of the axis. All of a client's tasks may use it at once."""

    def __init__(self, world: World, network: Network, name: str, secret: str) -> None:
        self.world = world
        self.name = name
        self.dice: Dice = world.dice(name)
        self._network = network
        self._form = urlencode(
            {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
        ).encode()
        self._token = ""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: bytes = b"",
        kind: str = "application/octet-stream",
        wait_s: float = 0,
    ) -> Answer:
        """Ask once; raises ``Silence`` also when the axis says that it cannot serve now."""
        if not self._token:
            await self._renew()
        headers = (
            (b"authorization", f"Bearer {self._token}".encode()),
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
        )
        request = Request(
            method=method,
            path=path,
            query=urlencode(query or {}, quote_via=quote).encode(),
            headers=headers,
            pieces=(body,),
        )
        answer = await self._carried(request, wait_s)
        if answer.status == 401:
            self._token = ""
            raise Silence
        return answer

    async def insist(self, method: str, path: str, **asked: Any) -> Answer:
        """Repeat a request until it is answered."""
        while True:
            try:
                return await self.ask(method, path, **asked)
            except Silence:
                await self.world.rest(self.dice, 0.1, 2.0)

    async def post_json(self, path: str, value: object) -> Answer:
        """Insist on a JSON request."""
        return await self.insist("POST", path, body=json.dumps(value).encode(), kind=JSON)

    async def _renew(self) -> None:
        request = Request(
            method="POST",
            path="/v1/token",
            headers=((b"content-type", b"application/x-www-form-urlencoded"),),
            pieces=(self._form,),
        )
        answer = await self._carried(request, 0)
        if answer.status != 200:
            self.world.fail("misjudged", f"no token for {self.name}: {answer.body!r}", self.name)
            raise Silence
        self._token = json.loads(answer.body)["access_token"]

    async def _carried(self, request: Request, wait_s: float) -> Answer:
        answer = await self._network.carry(request, PATIENCE_S + wait_s)
        digest = hashlib.sha256(answer.body).hexdigest()[:16]
        address = f"{request.path}?{request.query.decode()}"
        self.world.history.add(Exchange(self.name, request.method, address, answer.status, digest))
        if answer.status in (503, 507):
            raise Silence
        if answer.status >= 500:
            self.world.fail("internal", f"{request.method} {address}: {answer.status}", self.name)
            raise Silence
        return answer


def read_json(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer."""
    value: dict[str, Any] = json.loads(answer.body)
    return value
