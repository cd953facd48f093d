"""Two agencies that write to each other, and what they see of an axis in bad weather."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.letters import letter
from tests.acceptance.senders import PAUSE_S, Axis, Senders

LANG_SON, OFFICE = "000.00.00.H37", "000.00.00.G22"
#: Seconds in which an axis must have seen that something is away, or there again.
SEEN_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Agency:
    """The sender of the letters, and what it sees of an axis."""

    senders: Senders
    axis: Axis
    home: Path

    async def post(self, number: int, **how: int) -> httpx.Response:
        body = letter(self.home, LANG_SON, OFFICE, number, **how)
        return await self.senders.ask(self.axis, LANG_SON, "POST", "/v1/documents", content=body)

    async def sent(self, number: int) -> dict[str, Any]:
        """The receipt of a letter that must be accepted at once."""
        answer = await self.post(number)
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def ready(self) -> dict[str, Any]:
        """What everybody may know: 200 or 503, and what is missing."""
        answer = await self.senders.ask(self.axis, LANG_SON, "GET", "/v1/ready", timeout=30)
        told: dict[str, Any] = answer.json()
        assert answer.status_code == (200 if told["ready"] else 503)
        return told

    async def waiting(self, limit: int = 100) -> list[str]:
        """The deliveries in the recipient's inbox."""
        page = {"limit": limit}
        answer = await self.senders.ask(self.axis, OFFICE, "GET", "/v1/inbox", params=page)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["deliveries"]]

    async def confirmed(self, deliveries: list[str]) -> httpx.Response:
        """What the axis answers to a confirmation."""
        done = {"deliveries": deliveries, "result": "done"}
        return await self.senders.ask(self.axis, OFFICE, "POST", "/v1/inbox/confirm", json=done)


async def eventually(look: Callable[[], Coroutine[Any, Any, bool]], what: str) -> None:
    try:
        async with asyncio.timeout(SEEN_S_MAX):
            while not await look():
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"waited {SEEN_S_MAX:.0f} seconds for {what}") from None


async def until_ready(agency: Agency, **wanted: bool) -> None:
    async def look() -> bool:
        return wanted.items() <= (await agency.ready()).items()

    await eventually(look, f"readiness {wanted}")
