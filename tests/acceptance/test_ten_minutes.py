"""The pages of ``docs/ten-minutes``: every command is typed, and what the page shows is seen.

Each page gets an axis of its own with its 94 agencies, in a fresh folder and on a free port, which
takes the place of 8095. What the page shows of ``make serve`` is compared with what that axis said
when it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from tests.acceptance.pages import matches, run, steps

pytestmark = pytest.mark.acceptance

PAGES = Path(__file__).parents[2] / "docs" / "ten-minutes"
ADDRESS = "127.0.0.1:8095"
#: Keys for 95 agencies, the axis, and the agencies' process: some seconds on a slow machine.
START_SECONDS_MAX = 300
END_SECONDS_MAX = 60


@contextmanager
def _serving(folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """``axis serve``: what it said when it started, and where it listens."""
    process = subprocess.Popen(
        [Path(sys.executable).parent / "axis", "serve", "--port", "0"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    late = Timer(START_SECONDS_MAX, process.kill)
    late.start()
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.strip().startswith("curl "):
                break
        late.cancel()
        address = next(
            (line.split()[-1] for line in said.splitlines() if "address" in line.split()[:1]), ""
        )
        assert address, f"axis serve did not start:\n{said}"
        yield said, address.removeprefix("http://")
    finally:
        late.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            # Its session is its own: nothing of it outlives the test.
            os.killpg(process.pid, signal.SIGKILL)
            raise


@pytest.mark.skipif(shutil.which("curl") is None, reason="the pages call curl, which is not here")
@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
@pytest.mark.long
def test_what_the_page_shows_is_seen(page: Path, tmp_path: Path) -> None:
    served, *typed = steps(page.read_text("utf-8"))
    assert served.command == "make serve"
    environment = {
        "AXIS_VAR": str(tmp_path / "var"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    for name in ("AXIS_RUN", "AXIS_AS", "AXIS_HISTORY"):
        assert name not in os.environ, f"{name} would change what is seen"
    with _serving(tmp_path, environment) as (said, address):
        assert matches(served.seen, said.replace(address, ADDRESS)), said
        commands = [step.command.replace(ADDRESS, address) for step in typed]
        printed = run(commands, tmp_path, environment)
    wrong = [
        f"$ {step.command}\n--- the page shows\n" + "\n".join(step.seen) + f"\n--- seen\n{text}"
        for step, text in zip(typed, printed, strict=True)
        if not matches(step.seen, text.replace(address, ADDRESS))
    ]
    assert not wrong, "\n\n".join(wrong)
