"""Child processes as ``axis demo`` and ``axis serve`` keep them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from axis.cli.children import ENDS_MAX, Child, GivenUp
from tests.acceptance.conftest import DEADLINE_S, alive, until

pytestmark = pytest.mark.acceptance

ECHO = (
    "import sys, json\n"
    "print(json.dumps({'ready': True}), flush=True)\n"
    "for line in sys.stdin:\n"
    "    print(line, end='', flush=True)\n"
)
LEASHED = "import time\nwhile True:\n    time.sleep(60)\n"


class Heard:
    """What a child said, and a way to wait for more."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._news = asyncio.Event()

    def __call__(self, _: Child, message: Mapping[str, Any]) -> None:
        self.messages.append(message)
        self._news.set()

    async def until(self, count: int) -> None:
        while len(self.messages) < count:
            self._news.clear()
            async with asyncio.timeout(DEADLINE_S):
                await self._news.wait()


async def test_a_child_is_heard_told_started_again_and_ended(tmp_path: Path) -> None:
    heard = Heard()
    child = Child("echo", [sys.executable, "-c", ECHO], tmp_path, heard=heard)
    keeping = asyncio.create_task(child.keep())
    await heard.until(1)
    first = child.pid
    assert first is not None
    assert (tmp_path / "echo.pid").read_text("ascii") == f"{first}\n"
    child.tell({"hello": 1})
    await heard.until(2)
    os.kill(first, signal.SIGKILL)
    await heard.until(3)
    assert heard.messages == [{"ready": True}, {"hello": 1}, {"ready": True}]
    assert child.restarts == 1
    second = child.pid
    assert second is not None
    assert child.standing() == f"echo is process {second}, restarts: 1"
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    assert not alive(first)
    assert not alive(second)
    assert not (tmp_path / "echo.pid").exists()


async def test_a_child_that_keeps_ending_by_itself_is_given_up_with_its_last_words(
    tmp_path: Path,
) -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit('no such book')"], tmp_path)
    with pytest.raises(GivenUp, match="no such book"):
        await child.keep()
    assert child.restarts == ENDS_MAX - 1
    standing = f"broken is being started, restarts: {child.restarts}; {child.log} says:\n"
    assert child.standing() == standing + "\n".join(["no such book"] * ENDS_MAX)


def test_a_module_on_the_leash_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(LEASHED, encoding="ascii")
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'axis.leash', 'sleeper'],"
        " stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    assert alive(child)
    process.kill()
    process.communicate()
    until(lambda: not alive(child), "the end of the child")
