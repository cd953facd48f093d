"""The axis as a process: the whole of it is real, and it can be killed at any moment.

A life is ``axis.bootstrap.build`` and ``axis.api.app.create_app`` on the books of the run. A
crash cancels all that runs in it and forgets all that it remembered; only the books stay.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.types import Message

from axis.adapters.examiner import InlineExaminer
from axis.adapters.memory_replays import MemoryReplays
from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.api.app import Application, create_app
from axis.api.running import Axis
from axis.bootstrap import Parts, build
from axis.ports import Signer, Store, Trust
from axis.server import GRACE_S
from axis.settings import Settings
from tests.sim.planted import Plant
from tests.sim.shaky import Faults, ShakyBus, ShakyStore
from tests.sim.world import SimClock, World

#: Virtual seconds in which all that a crash cancels must have ended.
_DEATH_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it reaches the axis. ``whole`` is False when the client left half-way."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    pieces: tuple[bytes, ...] = (b"",)
    whole: bool = True


@dataclass(slots=True)
class Answer:
    """A response; ``status`` is 0 as long as there is none."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Down(Exception):
    """Nobody listens, or the connection broke while the axis worked."""


class Process:
    """One life after another of one axis."""

    def __init__(
        self, world: World, books: MemoryBooks, settings: Settings, parts: Parts, plant: Plant
    ) -> None:
        self._world = world
        self._books = books
        self._settings = settings
        self._parts = parts
        self._plant = plant
        self._faults = Faults(world)
        self._app: Application | None = None
        self._axis: Axis | None = None
        self._store: ShakyStore | None = None
        self._replays = MemoryReplays(books)
        #: Lives begun or ended: what an older number remembers is dead.
        self._lives = 0
        self._host: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        #: Requests under way, in order: a dict, since sets have none.
        self._requests: dict[asyncio.Task[Answer], None] = {}

    async def start(self) -> None:
        """Begin a life; returns when it serves."""
        self._lives += 1
        life = self._lives
        alive = lambda: self._lives == life  # noqa: E731
        inner = cast("MemoryStore", self._plant.store(self._books, self._faults, alive))
        self._store = ShakyStore(self._world, self._books, inner, alive)
        self._replays = inner.replays
        self._stopping.clear()
        serving = asyncio.get_running_loop().create_future()
        self._host = asyncio.create_task(self._live(serving))
        await asyncio.wait([self._host, serving], return_when=asyncio.FIRST_COMPLETED)
        self._world.happened("started")

    async def _live(self, serving: asyncio.Future[None]) -> None:
        signer = self._plant.signer(cast("Signer", self._parts.signer))
        parts = Parts(
            store=cast("Store", self._store),
            replays=self._replays,
            bus=ShakyBus(self._world),
            clock=SimClock(self._world),
            ids=self._world,
            signer=signer,
            examiner=InlineExaminer(),
            trust=cast("Trust", self._parts.trust),
        )
        try:
            async with build(self._settings, parts) as axis:
                self._axis, self._app = axis, create_app(axis)
                serving.set_result(None)
                await self._stopping.wait()
        except Exception as error:
            self._world.fail("internal", f"the axis died of {error!r}")
        finally:
            self._app = None

    async def crash(self) -> None:
        """Kill it. What was written stays; what was under way has an unknown outcome."""
        self._world.happened("crash", f"{len(self._requests)} requests under way")
        assert self._host is not None
        self._lives += 1
        self._app = None
        await self._end([self._host, *self._requests])

    async def stop(self) -> None:
        """Shut it down in good order: polls end, requests are answered, the rest is written."""
        self._world.happened("stop", f"{len(self._requests)} requests under way")
        assert self._host is not None
        assert self._axis is not None
        self._app = None
        self._axis.polls.close()
        if self._requests:
            await asyncio.wait([*self._requests], timeout=GRACE_S)
        self._stopping.set()
        await asyncio.wait([self._host], timeout=_DEATH_S)
        await self._end([self._host, *self._requests])

    async def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=_DEATH_S)
        if left:
            self._world.fail("internal", f"{len(left)} tasks outlive their axis")

    async def serve(self, request: Request) -> Answer:
        """Bring a request to the axis; raises ``Down``."""
        if self._app is None:
            raise Down
        gone = asyncio.Event()
        task = asyncio.create_task(self._serve(self._app, request, gone))
        self._requests[task] = None
        task.add_done_callback(self._requests.pop)
        try:
            # Not awaited itself: the client's patience must not end the work, only a crash does.
            await asyncio.wait([task])
        finally:
            gone.set()
        if task.cancelled() or not task.result().status:
            raise Down
        return task.result()

    async def _serve(self, app: Application, request: Request, gone: asyncio.Event) -> Answer:
        answer = Answer()
        pieces = deque(request.pieces)

        async def receive() -> Message:
            if not pieces:
                # Whoever has said everything stays for the answer.
                if request.whole:
                    await gone.wait()
                return {"type": "http.disconnect"}
            piece = pieces.popleft()
            more = bool(pieces) or not request.whole
            return {"type": "http.request", "body": piece, "more_body": more}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        try:
            await app(_scope(request), receive, send)
        except Exception as error:
            self._world.fail("internal", f"{request.method} {request.path} broke: {error!r}")
            return Answer()
        return answer


def _scope(request: Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query,
        "headers": [(b"host", b"axis"), *request.headers],
        "client": ("client", 1),
        "server": ("axis", 1),
    }
