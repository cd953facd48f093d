"""What keeps the agencies of a process from going on is told in a line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from agencies.world import make_world
from axis.cli import agencies_run
from tests.cli.conftest import Axis


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream it would write to ends with the command, and the process goes on here."""
    monkeypatch.setattr(agencies_run, "log_as_json", lambda: None)


def test_a_disk_on_which_agencies_can_remember_nothing_ends_them_in_a_line(
    axis: Axis, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "received.jsonl")
        raise ExceptionGroup("of a crew", [ExceptionGroup("of an agency", [error])])

    make_world(var)
    monkeypatch.setattr(agencies_run, "work", full)
    result = axis("agencies", "run", "--only", "G22")
    assert (result.exit_code, result.stderr) == (
        1,
        "Stopped. received.jsonl: No space left on device\n",
    )


def test_a_journal_that_cannot_be_opened_is_not_told_to_be_missing(axis: Axis, var: Path) -> None:
    make_world(var)
    path = var / "agencies" / "000.00.00.G22" / "received.jsonl"
    path.mkdir()
    result = axis("agencies", "run", "--only", "G22")
    assert (result.exit_code, result.stderr) == (1, f"Stopped. {path}: Is a directory\n")


def test_what_axis_init_makes_is_named_where_it_is_missing(axis: Axis, var: Path) -> None:
    make_world(var)
    (var / "agencies" / "000.00.00.G22" / "secret").unlink()
    result = axis("agencies", "run", "--only", "G22")
    assert (result.exit_code, "axis init makes it" in result.stderr) == (2, True), result.output
