"""The routes that carry nearly all traffic, as plain ASGI: packages in, inboxes and packages out.

FastAPI would spend more on such a request than its whole work costs; these stand beside its
router in the same app, and OpenAPI describes them all the same (``axis.api.openapi_hot``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from axis.api import views
from axis.api.auth import Auth
from axis.api.bodies import (
    PACKAGES,
    Bodies,
    HeaderMap,
    is_package,
    media_type,
    wrong_type,
)
from axis.api.hot_words import Words
from axis.api.metrics import Metrics
from axis.api.pools import Pool
from axis.api.problems import PART_MAX, as_axis_error, invalid, problem
from axis.api.query import Query
from axis.api.receipts import receipts
from axis.api.requests import (
    PAGE_ROWS_DEFAULT,
    cursor,
    occurred_at,
    read_package,
    stated_at,
)
from axis.api.running import Axis
from axis.api.wire import Headers, send_bytes, send_json
from axis.core.caller import AGENCY, Caller
from axis.core.commands import Accepted
from axis.core.errors import AxisError, Rejected, rejected
from axis.core.lifecycle import Transport
from axis.flows.handover import OPEN, PAGE_ROWS_MAX, STREAM_BYTES_MAX, WAIT_S_MAX, fitting
from axis.ports import Row
from schemas.frames import MEDIA_TYPE as FRAMES
from schemas.frames import DamagedFrame, frame_parts, frames

#: Packages of one bulk request: at 20 kB each they make 10 MB, a second of one core.
BULK_PACKAGES_MAX = 500
#: What the line in front of a package may say.
FRAME_FIELDS = frozenset({"size", "occurred_at"})
#: Bytes of one bulk request: one package of the largest size and change.
BULK_BYTES_MAX = 64 * 1024 * 1024
#: What a page of packages holds unless its caller says otherwise: 200 of 20 kB.
PAGE_BYTES_DEFAULT = 4 * 1024 * 1024
#: Pages held at once, until they are taken: bounds memory. Four callers may read as slowly as they
#: like pages of the largest size, and none holds more than one; eighty have one of the usual size.
PAGES_BYTES_MAX = 256 * 1024 * 1024
#: Frames are handed to the connection in pieces of this size, so that a slow reader holds up
#: only itself and small frames do not cost a system call each.
PIECE_BYTES = 256 * 1024

#: What may be asked of an inbox. The states but ``open`` are for looking back.
STATES: Mapping[str, tuple[Transport, ...]] = {
    "open": OPEN,
    "parked": (Transport.PARKED,),
    "done": (Transport.DONE,),
    "all": tuple(Transport),
}

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class Hot:
    """The hot routes over one axis."""

    def __init__(
        self, axis: Axis, auth: Auth, bodies: Bodies, pages: Pool, metrics: Metrics
    ) -> None:
        self._axis = axis
        self._auth = auth
        self._bodies = bodies
        self._pages = pages
        self._metrics = metrics
        words = Words(axis, auth, bodies)
        self.routes: Mapping[tuple[str, str], Handler] = {
            ("POST", "/v1/documents"): self._document,
            ("POST", "/v1/documents/bulk"): self._bulk,
            ("GET", "/v1/inbox"): self._inbox,
            ("GET", "/v1/inbox/packages"): self._packages,
            ("POST", "/v1/inbox/confirm"): words.confirm,
            ("POST", "/v1/statuses"): words.statuses,
            ("GET", "/v1/statuses"): words.stream,
        }

    async def _document(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        caller.needs(AGENCY)
        at = stated_at(headers, caller)
        if not is_package(media_type(headers)):
            wrong_type(headers, PACKAGES)
        with self._bodies.room(caller.id) as room:
            try:
                limit = self._axis.settings.package_bytes_max
                raw = await read_package(self._axis.refusals, room, receive, headers, limit, caller)
                accepted = await self._axis.intake.receive(raw, caller, at)
            except AxisError as error:
                self._metrics.refused(error.faults[0].code)
                raise
        self._metrics.accepted(repeated=accepted.repeated)
        document = accepted.document
        answer: Headers = [(b"location", f"/v1/documents/{document.id}".encode())]
        if accepted.repeated:
            answer.append((b"axis-repeated", b"true"))
        status = 200 if accepted.repeated else 201
        (signed,) = await receipts([document], self._axis.signer)
        await send_json(send, status, signed, answer)

    async def _bulk(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        caller.needs(AGENCY)
        at = stated_at(headers, caller)
        if media_type(headers) not in (FRAMES, "application/octet-stream"):
            wrong_type(headers, f"{FRAMES}, application/octet-stream", "package.empty")
        with self._bodies.room(caller.id) as room:
            # Once it is cut nobody holds the body: it may be as long as all its packages.
            packages = _cut(
                await read_package(
                    self._axis.refusals,
                    room,
                    receive,
                    headers,
                    BULK_BYTES_MAX,
                    caller,
                    "request.too_large",
                )
            )
            results = await self._all(packages, caller, at)
        await send_json(send, 200, {"results": results})

    async def _all(
        self, packages: list[tuple[dict[str, Any], bytes]], caller: Caller, at: int | None
    ) -> list[dict[str, Any]]:
        """Take every package by itself; one with a bad header never stops the others."""
        answers: list[Accepted | Exception | None] = []
        good: list[tuple[bytes, int | None]] = []
        for header, raw in packages:
            try:
                stated = _stated(header, caller)
            except Rejected as error:
                await self._axis.refusals.write_down(error, caller, "", len(raw))
                answers.append(error)
            else:
                answers.append(None)
                good.append((raw, at if stated is None else stated))
        taken = await self._axis.intake.receive_all(good, caller)
        accepted = [one.document for one in taken if isinstance(one, Accepted)]
        signed = iter(await receipts(accepted, self._axis.signer))
        each = iter(taken)
        return [self._told(next(each) if one is None else one, signed) for one in answers]

    def _told(
        self, taken: Accepted | Exception, receipts: Iterator[dict[str, Any]]
    ) -> dict[str, Any]:
        if isinstance(taken, Accepted):
            self._metrics.accepted(repeated=taken.repeated)
            return {"status": 200 if taken.repeated else 201, "receipt": next(receipts)}
        # Ours or the caller's fault: it is this package's alone.
        faults = as_axis_error(taken).faults
        self._metrics.refused(faults[0].code)
        told = problem(faults)
        return {"status": told["status"], "problem": told}

    async def _inbox(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        query = Query(scope["query_string"])
        seen = query.cursor("after")
        limit = query.number("limit", PAGE_ROWS_DEFAULT, 1, PAGE_ROWS_MAX)
        wait_s = query.seconds("wait", WAIT_S_MAX)
        transports = STATES.get(query.text("state", "open"), ())
        if not transports:
            names = ", ".join(STATES)
            query.fault("state", f"is none of {names}", f"không thuộc {names}")
        query.end()
        finding = self._axis.handover.page(caller, seen, limit, wait_s, transports)
        nothing: list[Row] = []
        if wait_s:
            finding = self._axis.polls.until_closed(finding, nothing, receive)
        rows = await finding
        _pass(seen, rows)
        lines = [views.delivery(row) for row in rows]
        await send_json(send, 200, {"deliveries": lines, "next": cursor(seen)})

    async def _packages(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        at = stated_at(headers, caller)
        query = Query(scope["query_string"])
        seen = query.cursor("after")
        bytes_max = query.number("max_bytes", PAGE_BYTES_DEFAULT, 1, STREAM_BYTES_MAX)
        limit = query.number("limit", PAGE_ROWS_DEFAULT, 1, PAGE_ROWS_MAX)
        wait_s = query.seconds("wait", WAIT_S_MAX)
        query.end()
        finding = self._axis.handover.page(caller, seen, limit, wait_s)
        nothing: list[Row] = []
        if wait_s:
            finding = self._axis.polls.until_closed(finding, nothing, receive)
        rows, size = fitting(await finding, bytes_max)
        # Before packages are read, and written down as handed out, for nothing: a document to
        # everybody wakes as many polls as wait.
        with self._pages.holding(caller.id, size):
            taken = await self._axis.handover.take(caller, rows, at)
            _pass(seen, [item.row for item in taken])
            framed = [frame_parts(views.delivery(item.row), item.body) for item in taken]
            parts = [part for three in framed for part in three]
            await _stream(send, parts, sum(map(len, parts)), cursor(seen))


def _pass(seen: dict[int, int], rows: Iterable[Row]) -> None:
    """Move a cursor behind what a page holds."""
    for row in rows:
        _, urgency, no = row.delivery.place
        seen[urgency] = max(no, seen.get(urgency, 0))


def _cut(stream: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """The frames of a bulk request; nothing is taken of a stream that is damaged anywhere."""
    if not stream:
        raise rejected("package.empty")
    packages: list[tuple[dict[str, Any], bytes]] = []
    try:
        for package in frames(stream, strict=True):
            if len(packages) == BULK_PACKAGES_MAX:
                raise invalid(
                    "body",
                    f"has more than {BULK_PACKAGES_MAX} packages",
                    f"có quá {BULK_PACKAGES_MAX} gói tin",
                )
            packages.append(package)
    except DamagedFrame as error:
        message = f"is damaged at {error}"
        raise rejected("request.invalid", "body", place="body", message=message) from None
    return packages


def _stated(header: Mapping[str, Any], caller: Caller) -> int | None:
    if unknown := header.keys() - FRAME_FIELDS:
        name = min(unknown)[:PART_MAX]
        raise invalid(name, "is no field of a package", "không phải trường của gói tin")
    stated = header.get("occurred_at")
    if stated is not None and not isinstance(stated, str):
        raise invalid("occurred_at", "is not text", "không phải văn bản")
    return occurred_at(stated, caller, "occurred_at")


async def _stream(send: Send, parts: list[bytes], size: int, following: str) -> None:
    headers: Headers = [
        (b"content-type", FRAMES.encode()),
        (b"axis-next", following.encode()),
    ]
    if size <= PIECE_BYTES:
        await send_bytes(send, 200, headers, b"".join(parts))
        return
    headers.append((b"content-length", b"%d" % size))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in _pieces(parts):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


def _pieces(parts: list[bytes]) -> Iterator[bytes]:
    """Small parts together and large ones cut: what waits to be taken is twice ``PIECE_BYTES``."""
    buffer: list[bytes] = []
    size = 0
    for part in parts:
        for start in range(0, len(part), PIECE_BYTES):
            buffer.append(part[start : start + PIECE_BYTES])
            size += len(buffer[-1])
            if size >= PIECE_BYTES:
                yield b"".join(buffer)
                buffer, size = [], 0
    if buffer:
        yield b"".join(buffer)
