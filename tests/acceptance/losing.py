"""A way to an axis on which one delivery is lost for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread

import aiohttp
from aiohttp import web

from schemas.frames import frame, frames

_KEPT = ("Authorization", "Content-Type")


class Losing:
    """Passes everything on, but the first delivery that it sees, however often it is asked for."""

    def __init__(self, to: str, session: aiohttp.ClientSession) -> None:
        self.lost = ""
        self.session = session
        self._to = to

    async def pass_on(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        async with self.session.request(
            request.method,
            f"{self._to}{request.path_qs}",
            data=await request.read() or None,
            headers=headers,
        ) as answer:
            body = await answer.read()
            if request.path == "/v1/inbox/packages" and answer.status == 200:
                body = b"".join(frame(told, raw) for told, raw in frames(body) if self._keeps(told))
            told = {"axis-next": answer.headers.get("axis-next", "")}
            return web.Response(status=answer.status, body=body, headers=told)

    def _keeps(self, told: dict[str, object]) -> bool:
        self.lost = self.lost or str(told["id"])
        return told["id"] != self.lost


@contextmanager
def losing(to: str) -> Iterator[tuple[Losing, str]]:
    """Such a way, and its address, in a thread of its own."""
    ready: SimpleQueue[tuple[Losing, str, Callable[[], object]]] = SimpleQueue()

    async def serve() -> None:
        ended = asyncio.Event()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            way = Losing(to, session)
            app = web.Application(client_max_size=2**27)
            app.router.add_route("*", "/{path:.*}", way.pass_on)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            loop = asyncio.get_running_loop()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.put((way, url, partial(loop.call_soon_threadsafe, ended.set)))
            await ended.wait()
            await runner.cleanup()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    way, url, end = ready.get()
    try:
        yield way, url
    finally:
        end()
        thread.join()
