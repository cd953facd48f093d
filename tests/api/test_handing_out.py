"""What is handed out though something beside it fails: a notice, or the line that it was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.core.commands import Command
from axis.core.errors import unavailable
from axis.core.topic import Topic
from axis.flows import handover
from schemas.frames import frames
from tests.api.world import LANG_SON, OFFICE, World, package, until

#: A test that waits in vain fails instead of hanging.
DEADLINE_S = 20


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/packages", "/v1/statuses"])
async def test_a_lost_notice_is_a_delay(
    here: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def lose(_: EmbeddedBus, _notices: Sequence[Topic]) -> None:
        """Nobody hears of it."""

    monkeypatch.setattr(EmbeddedBus, "publish", lose)
    monkeypatch.setattr(handover, "LOOK_AGAIN_S", 0.01)
    who = LANG_SON if path == "/v1/statuses" else OFFICE
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(here.get(who, path, wait=50))
        await until(lambda: here.axis.polls.waiting)
        receipt = await here.sent()
        if who == LANG_SON:
            told = {"delivery": receipt["deliveries"][0], "code": "01"}
            await here.json(OFFICE, "/v1/statuses", told)
    assert receipt["doc"] in poll.result().text


async def test_a_package_is_handed_out_though_no_more_can_be_written(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it was is written beside it, and by nothing less than its recipient's word it counts."""
    receipt = await here.sent()

    def full(_: Sequence[Command]) -> None:
        raise unavailable("axis.busy")

    monkeypatch.setattr(here.axis.committer, "put_aside", full)
    answer = await here.get(OFFICE, "/v1/inbox/packages")
    assert [body for _, body in frames(answer.content)] == [package()]
    answer = await here.get(OFFICE, f"/v1/deliveries/{receipt['deliveries'][0]}/package")
    assert (answer.status_code, answer.content) == (200, package())
