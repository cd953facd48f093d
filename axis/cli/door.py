"""The REST door as commands use it: one client, one token, plain calls that wait.

Whatever goes wrong ends as one of three: a ``Refusal`` (the axis said no, and why), ``NoAxis``
(nobody answers there), or a bug of ours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import typer

from agencies.line import Answer
from axis.cli.failures import NoAxis, Refusal

#: A poll waits up to 50 seconds by itself; an answer that takes longer than this is none.
ANSWER_SECONDS_MAX = 90
#: A process on the same machine or in the same network answers at once or not at all.
CONNECT_SECONDS_MAX = 10


def segment(text: str) -> str:
    """``text`` as one segment of a path; ``BadParameter`` as ``_text``."""
    return quote(_text(text), safe="")


class Door:
    """A context manager; inside it, ``get`` and ``post`` speak as ``client_id``."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        self.url = url
        self._client_id = client_id
        self._secret = secret
        self._token = ""
        #: When another one is due.
        self._stale_s = float("-inf")
        self._runner = asyncio.Runner()
        self._http: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            self._runner.run(self._http.close())
        self._runner.close()

    def token(self) -> str:
        """A bearer token; another one once half of its life is over."""
        asked_s = time.monotonic()
        if asked_s >= self._stale_s:
            form = aiohttp.FormData(
                {
                    "grant_type": "client_credentials",
                    "client_id": self._client_id,
                    "client_secret": self._secret,
                }
            )
            granted = self._call("POST", "/v1/token", {}, {"data": form}).json
            self._token = granted["access_token"]
            self._stale_s = asked_s + granted["expires_in"] / 2
        return self._token

    def get(self, path: str, **query: object) -> Answer:
        """GET; parameters that are None or "" are left out."""
        return self._call("GET", path, self._bearer(), {"params": _kept(query)})

    def get_slow(self, path: str, **query: object) -> Answer:
        """GET what reads all of the books: however long they are, its answer is waited for."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX)
        rest = {"params": _kept(query), "timeout": timeout}
        return self._call("GET", path, self._bearer(), rest)

    def post(self, path: str, body: Any = None) -> Answer:
        """POST a JSON value."""
        return self._call("POST", path, self._bearer(), {"json": body})

    def send(self, path: str, package: bytes) -> Answer:
        """POST the bytes of a package."""
        headers = {**self._bearer(), "Content-Type": "application/xml"}
        return self._call("POST", path, headers, {"data": package})

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], rest: Mapping[str, Any]
    ) -> Answer:
        answer = self._runner.run(self._exchange(method, path, headers, rest))
        if answer.status >= 400:
            raise Refusal(_problem(answer))
        return answer

    async def _exchange(
        self, method: str, path: str, headers: Mapping[str, str], rest: Mapping[str, Any]
    ) -> Answer:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(
                total=ANSWER_SECONDS_MAX, sock_connect=CONNECT_SECONDS_MAX
            )
            self._http = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._http.request(
                method, self.url + path, headers=headers, **rest
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = str(error) or type(error).__name__
            raise NoAxis(f"No axis answers at {self.url}: {why}.") from error


def _kept(query: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in query.items() if value not in (None, "")}


def _text(value: object) -> str:
    """``value`` as text. Raises ``BadParameter`` for bytes of the command line that are none: left
    out, a filter would find everything.
    """
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{text!a} is no UTF-8") from None
    return text


def _problem(answer: Answer) -> Mapping[str, Any]:
    """The problem object; what is none (a proxy's page, say) is told by its status."""
    try:
        problem = answer.json
        if isinstance(problem, dict) and "code" in problem:
            return problem
    except ValueError:
        pass
    return {
        "code": f"http.{answer.status}",
        "status": answer.status,
        "detail": f"The server answered {answer.status} without saying why.",
        "detail_vi": f"Máy chủ trả lời {answer.status} mà không nêu lý do.",
    }
