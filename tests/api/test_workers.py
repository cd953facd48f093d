"""How often the parent of several workers starts one that ends at once; in virtual time."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import cast

import pytest
import structlog

from axis.settings import Settings
from axis.workers import STARTED_S, _Crew
from tests.ended import Ended
from tests.sim import loop


class Crew(_Crew):
    """Workers that end with ``code``, once all have listened."""

    def __init__(self, folder: Path, listener: socket.socket, code: int) -> None:
        super().__init__(Settings(var=folder), listener, folder)
        self._begun = True
        self._code = code
        self.started = 0

    async def _start(self) -> asyncio.subprocess.Process:
        self.started += 1
        return cast("asyncio.subprocess.Process", Ended(self._code))


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGSEGV, 0, 1])
def test_a_worker_that_ends_at_each_start_is_started_less_and_less(
    tmp_path: Path, code: int
) -> None:
    async def main() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            crew = Crew(tmp_path, listener, code)
            keeping = asyncio.create_task(crew.keep(1))
            await asyncio.sleep(6 * STARTED_S)
            keeping.cancel()
            await asyncio.wait([keeping])
        return crew.started

    with structlog.testing.capture_logs():
        started, complaints = loop.run(main())
    # Some that follow each other soon, and then one every few seconds.
    assert 10 < started < 40
    assert complaints == []
