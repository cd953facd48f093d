"""A folder with the keys of a few agencies, and the command line run inside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agencies.keys import make_agency, make_authority, write_agency_files
from axis.cli import app

SEATED = ("000.00.00.H37", "000.00.00.G22", "000.00.00.G09")

Axis = Callable[..., Result]


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, in which the command runs; nothing of the environment reaches it."""
    for name in ("RUN", "AS", "HOST", "PORT", "HISTORY", "SIMULATION", "DATABASE"):
        monkeypatch.delenv(f"AXIS_{name}", raising=False)
    home = tmp_path / "var"
    monkeypatch.setenv("AXIS_VAR", str(home))
    # Whoever reads an error here finds it in one line, however long the paths in it are.
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def keys(var: Path) -> Path:
    """Agencies with a key and a certificate."""
    authority = make_authority("tests of the command line")
    for code in SEATED:
        write_agency_files(var / "agencies" / code, make_agency(authority, code, code))
    return var / "agencies"


@pytest.fixture
def axis(var: Path) -> Axis:
    """Run ``axis`` with some arguments; stdout and stderr apart."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run
