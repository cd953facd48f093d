"""Load libraries without looking for garbage among them: what they make is there to stay.

Together they make some hundred thousand objects. Looking through those again and again takes a
fifth of the time in which a command starts and ends.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Objects after which a collection looks at what is new, in a process that has yet to load.
_FEW_LOOKS: Final = 50_000


@contextmanager
def loading() -> Iterator[None]:
    """Collect nothing meanwhile."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def about_to_load() -> None:
    """Collect seldom from now on: for a process that cannot tell when it has loaded."""
    gc.set_threshold(_FEW_LOOKS)


def about_to_end() -> None:
    """Have the interpreter's end look through nothing."""
    gc.freeze()
