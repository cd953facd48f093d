"""What a client saw, on a tape that survives ``kill -9``: JSON lines, one written before each
request and one after its answer, each by a single call.

Once a write has returned, a killed process cannot take it back. A request without a second line
got no answer: what became of it nobody knows. Times are readings of the machine's monotonic clock
(seconds), which all processes of a run share.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agencies.journal import Lines, read_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request and what came of it.

    ``door`` is the axis it was put to; ``said`` its JSON body, or the SHA-256 of its bytes.
    ``status`` is 0 and ``ended`` the beginning while no answer is known; ``lost`` says why it never
    came ("" for a client that was killed meanwhile). ``got`` is the answer's JSON: of a page of
    packages the rows, each with the digest of its bytes as ``got``. ``text`` is the very text of a
    receipt, ``repeated`` its header.
    """

    who: str
    door: str
    method: str
    path: str
    said: Any
    began: float
    ended: float
    status: int
    got: Any
    text: str = ""
    repeated: bool = False
    lost: str = ""

    @property
    def answered(self) -> bool:
        """Whether the axis took it or refused it, and did not just fail."""
        return 0 < self.status < 500


class Tape:
    """The recorder of one life of one client process."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)
        self._numbers = itertools.count()

    def asked(self, who: str, door: str, method: str, path: str, said: object) -> int:
        """Write that a request is about to be made; its number."""
        number = next(self._numbers)
        line = {"ask": number, "at": time.monotonic(), "who": who, "door": door}
        self._lines.append([{**line, "method": method, "path": path, "said": said}])
        return number

    def answered(self, number: int, status: int, got: object, **more: object) -> None:
        """Write the answer to a request."""
        at = time.monotonic()
        self._lines.append([{"answer": number, "at": at, "status": status, "got": got, **more}])

    def lost(self, number: int, why: str) -> None:
        """Write that no answer came."""
        self._lines.append([{"lost": number, "at": time.monotonic(), "why": why}])


def read(paths: Iterable[Path]) -> list[Heard]:
    """What all tapes hold, in the order in which answers came."""
    heard = [one for path in paths for one in _read(path)]
    heard.sort(key=lambda one: one.ended)
    return heard


def _read(path: Path) -> Iterable[Heard]:
    asked: dict[int, Mapping[str, Any]] = {}
    for line in read_lines(path):
        match line:
            case {"ask": number}:
                asked[number] = line
            case {"answer": number, "at": at, "status": status, "got": got}:
                text, repeated = line.get("text", ""), line.get("repeated", False)
                yield _heard(asked.pop(number), at, status, got, text, repeated=repeated)
            case {"lost": number, "at": at, "why": why}:
                yield _heard(asked.pop(number), at, lost=why)
    for left in asked.values():
        yield _heard(left, left["at"])


def _heard(
    asked: Mapping[str, Any],
    ended: float,
    status: int = 0,
    got: object = None,
    text: str = "",
    *,
    repeated: bool = False,
    lost: str = "",
) -> Heard:
    return Heard(
        who=asked["who"],
        door=asked["door"],
        method=asked["method"],
        path=asked["path"],
        said=asked["said"],
        began=asked["at"],
        ended=ended,
        status=status,
        got=got,
        text=text,
        repeated=repeated,
        lost=lost,
    )
