"""What acceptance tests share: real processes, and one way to wait for what they do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

#: A machine may be slow and busy (a small demo has taken 50 seconds of one); what has not happened
#: by then will not happen.
DEADLINE_S = 300.0
_LOOK_S = 0.05

T = TypeVar("T")


def until(look: Callable[[], T], what: str, seconds: float = DEADLINE_S) -> T:
    """Wait until ``look`` finds something (true), and return it; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} seconds for {what}"
        time.sleep(_LOOK_S)


def alive(pid: int) -> bool:
    """Whether a process is there; one that has ended and was not yet waited for is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        # Elsewhere than on Linux the first answer must do.
        return not Path("/proc/self").exists()
    return stat.rpartition(")")[2].split()[0] != "Z"
