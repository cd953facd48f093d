"""A real axis in a process of its own, without agencies, on a free port."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

#: Seconds an axis may take to end; the last group and the closing of the books take less.
END_SECONDS_MAX = 60

_SERVE = "from axis.server import serve; from axis.settings import Settings; serve(Settings())"


@contextmanager
def running_axis(var: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """An axis whose world lies in ``var`` already, with settings; it listens when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        env={"AXIS_VAR": str(var), "AXIS_PORT": "0", "PATH": "", **env},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        log: list[str] = []
        # Reading ends when it listens, or when it dies.
        for line in process.stderr:
            log.append(line)
            if '"server.listening"' in line:
                break
        else:
            raise AssertionError("the axis did not start:\n" + "".join(log))
        # It goes on logging; a full pipe would hold it up at the next line.
        reading = Thread(target=log.extend, args=(process.stderr,))
        reading.start()
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                reading.join()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def address(var: Path) -> str:
    """Where the axis of ``var`` listens."""
    return str(json.loads((var / "axis" / "address.json").read_text("utf-8"))["url"])
