"""How often a child process that ends at once is started; in virtual time."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import cast

from axis.cli.children import STARTED_S, Child
from tests.ended import Ended
from tests.sim import loop


class Killed(Child):
    async def _start(self) -> asyncio.subprocess.Process:
        return cast("asyncio.subprocess.Process", Ended(-signal.SIGKILL))


def test_a_child_that_is_killed_at_each_start_is_started_less_and_less(tmp_path: Path) -> None:
    async def main() -> int:
        child = Killed("killed", ["none"], tmp_path)
        keeping = asyncio.create_task(child.keep())
        await asyncio.sleep(6 * STARTED_S)
        keeping.cancel()
        await asyncio.wait([keeping])
        return child.restarts

    restarts, complaints = loop.run(main())
    # Some that follow each other soon, and then one a second or so. It is never given up.
    assert 50 < restarts < 150
    assert complaints == []
