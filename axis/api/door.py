"""Where a request comes in: its size is checked, the hot routes branch off, errors are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axis.api.auth import TOKEN_PATH, oauth_error
from axis.api.bodies import ClientGone
from axis.api.hot import Handler
from axis.api.problems import answer, as_axis_error, invalid
from axis.api.wire import Headers, send_bytes
from axis.core.errors import AxisError, rejected, unavailable

#: All headers together: eight times what any client of ours sends, and what most proxies pass.
HEADER_BYTES_MAX = 16 * 1024
#: Path and query together: a DocumentId of 200 characters takes 1,800 bytes percent-encoded.
ADDRESS_BYTES_MAX = 8 * 1024
#: Headers that a request has once (RFC 9110 section 5.3), as they are told of.
_ONCE: Mapping[bytes, str] = {
    b"host": "Host",
    b"content-type": "Content-Type",
    b"axis-occurred-at": "Axis-Occurred-At",
}
#: What is said of a method that an address does not take: by the router, or by an operation whose
#: template takes in this address too.
_ELSEWHERE = frozenset({"request.route", "request.method", "request.invalid", "document.not_found"})

Methods = Callable[[Scope], frozenset[str]]


class Door:
    """Pure ASGI, outermost but for the meter. ``methods`` says what an address takes, ``stopping``
    whether the axis is being stopped.
    """

    def __init__(
        self,
        app: ASGIApp,
        hot: Mapping[tuple[str, str], Handler],
        methods: Methods,
        stopping: Callable[[], bool],
    ) -> None:
        self._stopping = stopping
        self._app = app
        self._hot = hot
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        bodiless = scope["method"] == "HEAD"

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            if bodiless and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            _check_head(scope)
            handler = self._hot.get((scope["method"], scope["path"]))
            if handler is not None:
                await handler(scope, receive, watched)
            elif scope["method"] in ("HEAD", "OPTIONS"):
                await self._about(scope, receive, watched)
            else:
                await self._app(scope, receive, watched)
        except ClientGone:
            return
        except asyncio.CancelledError:
            if started or not self._stopping():
                raise
            # The server cancels a request when its time at the end is up: one that waits for a
            # store that is away, say. Uncaught it would be a 500, which nobody repeats.
            await self._tell(unavailable("axis.stopping"), scope, watched)
        except Exception as error:
            if started:
                # Half an answer is out; the server closes the connection on it.
                raise
            await self._tell(as_axis_error(error), scope, watched)

    async def _tell(self, error: AxisError, scope: Scope, send: Send) -> None:
        allow: Headers = []
        if error.faults[0].code in _ELSEWHERE:
            # The router knows neither the hot routes nor all methods of an address together.
            methods = self._methods(scope)
            if methods and scope["method"] not in methods:
                error = rejected("request.method", method=scope["method"])
                allow.append(_allow(methods))
        more = oauth_error(error.faults[0]) if scope["path"] == TOKEN_PATH else {}
        status, headers, body = answer(error, more)
        await send_bytes(send, status, headers + allow, body)

    async def _about(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve HEAD as GET without a body, and OPTIONS with the methods there are."""
        methods = self._methods(scope)
        if not methods:
            raise rejected("request.route")
        if scope["method"] == "OPTIONS":
            # RFC 9110 section 8.6: a 204 has no length.
            await send({"type": "http.response.start", "status": 204, "headers": [_allow(methods)]})
            await send({"type": "http.response.body"})
        elif "HEAD" in methods:
            got = {**scope, "method": "GET"}
            await self._hot.get(("GET", scope["path"]), self._app)(got, receive, send)
        else:
            raise rejected("request.method", method="HEAD")


def _check_head(scope: Scope) -> None:
    """Refuse what is too long, or what two readers could understand in two ways."""
    names = [name for name, _ in scope["headers"]]
    if len(set(names)) < len(names):
        _refuse_twice(names)
    if b"host" not in names and scope.get("http_version") == "1.1":
        # RFC 9112 section 3.2: it says whose address this is, to whatever passes the request on.
        raise rejected("request.malformed", reason="Host is missing")
    if b"transfer-encoding" in names:
        _check_coding(scope)
    size = sum([len(name) + len(value) for name, value in scope["headers"]])
    if size > HEADER_BYTES_MAX:
        raise rejected("request.head_too_large", limit=HEADER_BYTES_MAX)
    if len(scope["path"]) + len(scope["query_string"]) > ADDRESS_BYTES_MAX:
        raise rejected("request.address_too_long", limit=ADDRESS_BYTES_MAX)


def _refuse_twice(names: Sequence[bytes]) -> None:
    """Refuse a second line of what has one: one reader takes the first, another the last."""
    for name, told in _ONCE.items():
        if names.count(name) > 1:
            raise rejected("request.malformed", reason=f"{told} is given twice")
    if names.count(b"authorization") > 1:
        raise invalid("Authorization", "is given twice", "được ghi hai lần")


def _check_coding(scope: Scope) -> None:
    """The body is read as it comes out of its chunks: nothing else may lie on it. HTTP/1.0 knows no
    chunks, so what passed it on may have taken the end of the body elsewhere.
    """
    said = b", ".join(value for name, value in scope["headers"] if name == b"transfer-encoding")
    if said.lower() != b"chunked" or scope.get("http_version") == "1.0":
        raise rejected("request.unserved", what=f"Transfer-Encoding: {said[:60].decode('latin-1')}")


def _allow(methods: frozenset[str]) -> tuple[bytes, bytes]:
    return b"allow", ", ".join(sorted(methods)).encode()
