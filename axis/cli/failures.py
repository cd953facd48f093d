"""How a command can fail in the world; everything else is a usage error or a bug of ours."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

#: What pydantic calls the settings that it finds wrong, and what their names begin with.
_SETTINGS = {"Settings": "AXIS", "KafkaSettings": "AXIS_KAFKA"}


class NoAxis(Exception):
    """Nobody answers; the message says where. ``run`` is the run that it was looked for in, if in
    any.
    """

    def __init__(self, message: str, run: str = "") -> None:
        super().__init__(message)
        self.run = run


class Refusal(Exception):
    """The axis refused; ``problem`` is its problem object (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem.get("code", ""))

    @property
    def faults(self) -> Sequence[Mapping[str, Any]]:
        """Every fault that the problem names."""
        return self.problem.get("problems") or [self.problem]


def of_the_world(error: Exception) -> str | None:
    """What to say of a file, a folder, books or a setting that a command cannot work with; None
    for what is a bug of ours.
    """
    # Not above: most commands need no books.
    from axis.books import UnfitBooks

    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        where = "" if error.filename is None else f"{error.filename}: "
        return f"{where}{error.strerror or error}"
    if isinstance(error, UnfitBooks):
        return f"{error}"
    if isinstance(error, sqlite3.Error):
        # What SQLite meets in its file is one kind; locks and disks are another.
        whole = isinstance(error, sqlite3.OperationalError)
        begin = "The books cannot be worked with" if whole else "The books are damaged"
        return f"{begin}: {error}. Those of a run are axis/books.sqlite in its folder (AXIS_VAR)."
    if isinstance(error, ValueError) and getattr(error, "title", "") in _SETTINGS:
        # pydantic's, which not every command has loaded.
        told: Mapping[str, Any] = error.errors()[0]  # type: ignore[attr-defined]
        begin = _SETTINGS[error.title]  # type: ignore[attr-defined]
        name = "_".join([begin, *(map(str, told["loc"]) if told["loc"] else "*")]).upper()
        return f"Invalid setting {name}: {told['msg'].removeprefix('Value error, ')}"
    return None
