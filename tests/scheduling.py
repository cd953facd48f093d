"""Which tests a process takes where several share them: whole modules, and those first that take
long.

Fixtures of a module and what its tests remember are made once so. All that ask about the plan of
the whole history go to one process, which makes it once. (Marks of groups, which say the same to
pytest-xdist, are not seen by it: it writes them where pytest 9 does not look.)
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

HISTORY = "tests of the whole history"
ROOT = Path(__file__).parents[1]


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """Hands whole modules out."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """What goes to one process together with this test."""
    module = nodeid.partition("::")[0]
    return HISTORY if _asks_history(module) else module


def turn(item: pytest.Item) -> int:
    """Where a test stands: the longest group first, and at the end what takes least."""
    if group(item.nodeid) == HISTORY:
        return 0
    processes = item.get_closest_marker("acceptance") is not None
    return 1 if processes or "sim" in item.path.parts else 2


@cache
def _asks_history(module: str) -> bool:
    return "whole_history" in (ROOT / module).read_text(encoding="utf-8")
