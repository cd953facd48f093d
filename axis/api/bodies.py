"""Read request bodies: bounded each and all together, and of the media type a door takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from starlette.types import Receive

from axis.api.problems import invalid
from axis.core.errors import rejected, unavailable

#: JSON bodies: a thousand statuses of a thousand bytes each fit.
JSON_BYTES_MAX = 1024 * 1024
#: Request bodies held at once, over all requests: bounds memory; several of the largest fit.
BODIES_BYTES_MAX = 256 * 1024 * 1024

HeaderMap = Mapping[bytes, bytes]


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


class Bodies:
    """Reads bodies, and keeps what all of them hold in memory under one bound."""

    def __init__(self, bytes_max: int = BODIES_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self.held_bytes = 0

    @contextmanager
    def room(self) -> Iterator[Room]:
        """A request's part of the memory, given back when the request has been answered."""
        room = Room(self)
        try:
            yield room
        finally:
            self.held_bytes -= room.taken

    def take(self, size: int) -> None:
        """Count ``size`` bytes more; ``axis.busy`` when too much is held already."""
        if self.held_bytes + size > self._bytes_max and self.held_bytes:
            raise unavailable("axis.busy")
        self.held_bytes += size


class Room:
    """What one request holds."""

    __slots__ = ("_bodies", "size", "taken")

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.taken = 0
        #: Bytes of the body as far as is known: as declared, or as many as have come.
        self.size = 0

    async def read(self, receive: Receive, headers: HeaderMap, limit: int) -> bytes:
        """Return the body; refuse it as soon as it is known to exceed ``limit`` bytes."""
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise invalid("Content-Encoding", "is not served", "không được hỗ trợ")
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > limit:
            self.size = int(declared[:20])
            raise rejected("package.too_large", size=declared.decode(), limit=limit)
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            self.size += len(chunk)
            if self.size > limit:
                raise rejected("package.too_large", size=f"{self.size} or more", limit=limit)
            self._bodies.take(len(chunk))
            self.taken += len(chunk)
            chunks.append(chunk)
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def media_type(headers: HeaderMap) -> str:
    """Return the media type of the body without parameters, in lower case; "" when not said."""
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is JSON's."""
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def is_package(kind: str) -> bool:
    """Whether a media type may hold an edXML package; saying none is taken as such."""
    return kind in ("application/octet-stream", "application/xml", "text/xml", "")


def wrong_type(kind: str, expected: str) -> NoReturn:
    """Refuse a body of another media type than the door takes."""
    raise invalid(
        "Content-Type",
        f"is {kind[:60]!a}, expected {expected}",
        f"là {kind[:60]!a}, cần {expected}",
    )
