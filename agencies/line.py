"""The way to the axis: one HTTP connection pool for all agencies of a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import aiohttp
import orjson
from yarl import URL

from agencies.address import left_address

#: A process on the same machine or network accepts a connection at once or not at all.
CONNECT_S_MAX = 5.0
#: Connections of one process: two polls for each of 95 agencies, as many words and packages again.
CONNECTIONS_MAX = 512


class Unreachable(Exception):
    """No answer came: not connected, cut off, or too late. What was asked may have been done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer. Header names are looked up in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)


class Line(Protocol):
    """One way to the axis, shared by all agencies of a process."""

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        """Make one request; raises ``Unreachable``."""
        ...


class HttpLine:
    """HTTP to ``url``, else to the address that the axis left in its folder, which is read again
    when nobody answers.
    """

    def __init__(self, axis_dir: Path, url: str = "") -> None:
        self._axis_dir = axis_dir
        self._given = url.rstrip("/")
        self._base = ""
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        """Make one request; raises ``Unreachable``."""
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_S_MAX)
        try:
            async with self._session.request(
                method,
                self._url(path),
                headers=headers,
                data=body or None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                content = await response.read()
                return Answer(response.status, response.headers, content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._base = ""
            self._urls.clear()
            raise Unreachable(str(error) or type(error).__name__) from error

    def _url(self, path: str) -> URL:
        """The whole address. Polls ask the same few paths for ever, so these are kept."""
        if not self._base:
            self._base = self._given or self._left()
        url = self._urls.get(path)
        if url is None:
            url = URL(self._base + path, encoded=True)
            if len(self._urls) < CONNECTIONS_MAX:
                self._urls[path] = url
        return url

    def _left(self) -> str:
        left = left_address(self._axis_dir)
        if left is None:
            raise Unreachable(f"no axis has left its address in {self._axis_dir}")
        return left.url
