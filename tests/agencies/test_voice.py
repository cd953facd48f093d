"""What an agency has to say goes out in requests that the axis takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from agencies.clerk import Word
from agencies.client import STATUSES_MAX, Client
from agencies.journal import ReceivedJournal, Taken
from agencies.pace import Pace
from agencies.switch import Switch
from agencies.voice import Voice


class _Listening:
    """Takes whatever is said, and counts it."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    async def say(self, statuses: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        self.heard.append(len(statuses))
        return [{} for _ in statuses]


async def test_what_is_due_at_once_is_said_in_requests_that_the_axis_takes(tmp_path: Path):
    client, said = _Listening(), asyncio.Event()
    ids = [f"doc_{n}.000.00.00.H37" for n in range(2 * STATUSES_MAX + 1)]
    journal = ReceivedJournal(tmp_path)
    journal.took(Taken(one, "000.00.00.G22", "1/BTC", "", 0, 0, 0.0) for one in ids)

    def changed() -> None:
        if sum(client.heard) == len(ids):
            said.set()

    pace = Pace(lambda: 0.0, 0, 0.0, 1.0, 2**62, played=False)
    voice = Voice(cast("Client", client), journal, pace, Switch(tmp_path), changed)
    voice.add([Word(0, 0, one, "01") for one in ids], 0)
    async with asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(voice.run())
        await said.wait()
        saying.cancel()
    assert client.heard == [STATUSES_MAX, STATUSES_MAX, 1]
    assert not voice.owing
