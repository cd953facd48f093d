"""One process plays an agency, and no other: two would answer everything twice."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from schemas.codes import agencies

#: A predecessor whose parent was killed needs a moment to see it and end.
ALONE_S_MAX = 10.0
_LOOK_S = 0.05


class PlayedElsewhere(Exception):
    """Another process plays some of these agencies; the message names them."""


@contextmanager
def alone(home: Path, codes: Iterable[str], seconds: float = ALONE_S_MAX) -> Iterator[None]:
    """Hold agencies of the run in ``home``; the kernel lets go of them when this process ends.

    Raises ``PlayedElsewhere`` when others hold some of them for longer than ``seconds``.
    """
    deadline = time.monotonic() + seconds
    with ExitStack() as held:
        # In one order, and none behind one that is not to be had: of two that begin at the same
        # moment each would hold some, and both give up for what the other has.
        left = sorted(codes)
        while left:
            if _hold(home, left[0], held):
                left.pop(0)
            elif time.monotonic() > deadline:
                others = [code for code in left if not _hold(home, code, held)]
                raise PlayedElsewhere(f"another process plays {', '.join(others or left[:1])}")
            else:
                time.sleep(_LOOK_S)
        yield


def played(home: Path) -> set[str]:
    """The agencies that some process holds now."""
    found: set[str] = set()
    for row in agencies():
        path = _path(home, row.code)
        if path.exists():
            with path.open(encoding="ascii") as file:
                if not _locked(file, fcntl.LOCK_SH):
                    found.add(row.code)
    return found


def _hold(home: Path, code: str, held: ExitStack) -> bool:
    path = _path(home, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        file = opened.enter_context(path.open("a", encoding="ascii"))
        if not _locked(file, fcntl.LOCK_EX):
            return False
        held.push(opened.pop_all())
    return True


def _locked(file: TextIO, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _path(home: Path, code: str) -> Path:
    return home / "run" / "played" / f"{code}.lock"
