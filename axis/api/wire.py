"""How the doors write: JSON, and responses as plain ASGI messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Send

Headers = list[tuple[bytes, bytes]]

_JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")


def dumps(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return orjson.dumps(value)


def canonical(value: Any) -> bytes:
    """Return the one JSON text of ``value`` as RFC 8785 has it.

    That is: keys sorted, no blanks, UTF-8. For values with ASCII keys and no floats.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def piece(value: Any) -> orjson.Fragment:
    """Return ``value`` encoded, to stand in a larger one: what is large is encoded in parts."""
    return orjson.Fragment(dumps(value))


class Json(Response):
    """A JSON response written as the hot routes write theirs."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode ``content``."""
        return dumps(content)


def has_tag(if_none_match: str, etag: str) -> bool:
    """Whether the entity tags of a header name ``etag`` (RFC 9110 section 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


async def send_bytes(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole response. ``headers`` is taken over."""
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_json(
    send: Send, status: int, value: Any, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send ``value`` as a whole JSON response."""
    await send_bytes(send, status, [_JSON, *headers], dumps(value))
