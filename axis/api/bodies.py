"""Read request bodies: bounded each, by caller and all together; of the media type a door takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from starlette.types import Receive

from axis.api.pools import Pool
from axis.core.errors import rejected

#: JSON bodies: a thousand statuses of a thousand bytes each fit.
JSON_BYTES_MAX = 1024 * 1024
#: Larger bodies held at once, over all requests: bounds memory; several of the largest fit.
LARGE_BYTES_MAX = 256 * 1024 * 1024
#: Bodies up to ``JSON_BYTES_MAX`` held at once, in room of their own: tokens, words and documents
#: of the usual size come in however many large ones are on their way. Six thousand of 20 kB.
SMALL_BYTES_MAX = 128 * 1024 * 1024
#: One caller holds at most such a part of either: of the first, a bulk request of the largest size.
SHARES = 4

#: What doors take, as ``Accept`` has it; text/xml is a package too.
JSON, PACKAGES = "application/json", "application/octet-stream, application/xml"

#: What a package of too many bytes is told; other bodies have ``request.too_large``.
TOO_LARGE = "package.too_large"

HeaderMap = Mapping[bytes, bytes]


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


class Bodies:
    """Reads bodies, and keeps what all of them hold in memory under two bounds."""

    def __init__(self, large_max: int = LARGE_BYTES_MAX, small_max: int = SMALL_BYTES_MAX) -> None:
        self.large = Pool(large_max, large_max // SHARES)
        self.small = Pool(small_max, small_max // SHARES)

    @property
    def held_bytes(self) -> int:
        """What all bodies hold."""
        return self.large.held_bytes + self.small.held_bytes

    @contextmanager
    def room(self, caller: str = "") -> Iterator[Room]:
        """A request's part of the memory, given back when the request has been answered. Whoever
        says not yet who they are share one part.
        """
        room = Room(self, caller)
        try:
            yield room
        finally:
            room.leave()


class Room:
    """What one request holds."""

    __slots__ = ("_bodies", "_caller", "_pool", "_taken", "size")

    def __init__(self, bodies: Bodies, caller: str) -> None:
        self._bodies = bodies
        self._caller = caller
        self._pool = bodies.small
        self._taken = 0
        #: Bytes of the body as far as is known: as declared, or as many as have come.
        self.size = 0

    def leave(self) -> None:
        """Give back what is held."""
        if self._taken:
            self._pool.give(self._caller, self._taken)
            self._taken = 0

    def _take(self, size: int) -> None:
        """Hold ``size`` bytes more, among the large ones when they make it one."""
        taken = self._taken + size
        if taken > JSON_BYTES_MAX and self._pool is self._bodies.small:
            self._bodies.large.take(self._caller, taken)
            self.leave()
            self._pool = self._bodies.large
        elif size:
            self._pool.take(self._caller, size)
        self._taken = taken

    async def read(
        self, receive: Receive, headers: HeaderMap, limit: int, too_large: str = "request.too_large"
    ) -> bytes:
        """Return the body; refuse it, as ``too_large``, as soon as it is known to exceed ``limit``
        bytes.
        """
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            said = headers[b"content-encoding"][:60].decode("latin-1")
            raise rejected("request.coding", "Content-Encoding", sent=ascii(said))
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > limit:
            self.size = int(declared[:20])
            raise rejected(too_large, size=declared.decode(), limit=limit)
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            self.size += len(chunk)
            if self.size > limit:
                raise rejected(too_large, size=f"{self.size} or more", limit=limit)
            self._take(len(chunk))
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


def wrong_type(headers: HeaderMap, taken: str, empty: str = "request.empty") -> NoReturn:
    """Refuse a body of another media type than those ``taken`` (a list as ``Accept`` has it); with
    ``empty`` where there is neither a body nor a type, so that nothing is wrong with the type.
    """
    kind = media_type(headers)
    if not kind and _is_bodiless(headers):
        raise rejected(empty, taken=taken)
    raise rejected(
        "request.media_type",
        "Content-Type",
        sent=ascii(kind[:60]) if kind else "nothing in particular",
        sent_vi=ascii(kind[:60]) if kind else "không nêu kiểu",
        taken=taken,
    )


def _is_bodiless(headers: HeaderMap) -> bool:
    """Whether the head of a request says that no body follows (RFC 9112 section 6.3)."""
    return b"transfer-encoding" not in headers and not headers.get(b"content-length", b"").strip(
        b"0"
    )
