"""The network between the clients and the axis: it loses, repeats, delays and cuts requests.

A client that gets no answer does not know what became of its request (``Silence``), and that is
the whole difficulty of being one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.sim.process import Answer, Down, Process, Request
from tests.sim.world import World

#: Virtual seconds until a repeated request arrives for the second time.
_ECHO_S = 6.0


class Silence(Exception):
    """No answer came: the request may have been served, or may still be."""


class Network:
    """Carries requests to whatever life of the axis is there."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._dice = world.dice("network")
        #: Requests that are still on their way by themselves.
        self._echoes: dict[asyncio.Task[None], None] = {}

    @property
    def quiet(self) -> bool:
        """No repeated request is on its way any more."""
        return not self._echoes

    async def carry(self, request: Request, patience_s: float) -> Answer:
        """Bring a request to the axis and its answer back; raises ``Silence``."""
        try:
            async with asyncio.timeout(patience_s):
                return await self._carry(request)
        except (TimeoutError, Down):
            raise Silence from None

    async def _carry(self, request: Request) -> Answer:
        weather, dice = self._world.weather, self._dice
        await self._world.pause(dice, weather.delay_s)
        # Locking depends on its order: one that arrived after the unlocking would be obeyed.
        if dice.chance(weather.repeated_request) and not request.path.endswith("lock"):
            self._send_echo(request)
        if dice.chance(weather.lost_request):
            await self._void()
        if request.method == "POST" and dice.chance(weather.cut_request):
            await self._process.serve(_cut(request, dice.random()))
            raise Down
        answer = await self._process.serve(_in_pieces(request, dice.random()))
        if dice.chance(self._world.weather.lost_answer):
            await self._void()
        await self._world.pause(dice, self._world.weather.delay_s)
        return answer

    async def _void(self) -> None:
        """Nothing ever comes. The heal resets every connection that hangs."""
        await self._world.healed.wait()
        raise Down

    def _send_echo(self, request: Request) -> None:
        task = asyncio.create_task(self._echo(request, self._dice.uniform(0, _ECHO_S)))
        self._echoes[task] = None
        task.add_done_callback(self._echoes.pop)

    async def _echo(self, request: Request, late_s: float) -> None:
        await asyncio.sleep(late_s)
        try:
            await self._process.serve(request)
        except Down:
            return


def _cut(request: Request, share: float) -> Request:
    body = b"".join(request.pieces)
    return replace(request, pieces=(body[: int(share * len(body))],), whole=False)


def _in_pieces(request: Request, share: float) -> Request:
    """A quarter of the bodies come in two pieces."""
    body = b"".join(request.pieces)
    at = int(share * 4 * len(body))
    return replace(request, pieces=(body[:at], body[at:])) if 0 < at < len(body) else request
