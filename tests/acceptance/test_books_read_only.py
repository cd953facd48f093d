"""Books at rest are read where nothing can be written, and what cannot be read is one sentence."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from axis.adapters.sqlite_file import PAGE_BYTES, Database
from axis.cli import app
from axis.cli.archive import FILE
from tests.acceptance.small_disk import small_disk

pytestmark = pytest.mark.acceptance


def _axis(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == exit_code, result.output + repr(result.exception)
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose axis has been set up, and ended."""
    monkeypatch.chdir(tmp_path)
    for name in ("AXIS_RUN", "AXIS_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AXIS_VAR", str(tmp_path / "var"))
    _axis("init")
    return tmp_path / "var"


@contextmanager
def _read_only(
    var: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, then: Callable[[Path], None]
) -> Iterator[None]:
    """The same run on a disk that cannot be written any more."""
    with small_disk(folder, 64):
        shutil.copytree(var, folder / "var")
        then(folder / "var" / "axis" / FILE)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        monkeypatch.setenv("AXIS_VAR", str(folder / "var"))
        yield


def _nothing(_: Path) -> None:
    """Leave the books as they are."""


def _torn(books: Path) -> None:
    connection = sqlite3.connect(books)
    ((root,),) = connection.execute("select rootpage from sqlite_schema where name = 'agency'")
    connection.close()
    with books.open("r+b") as file:
        file.seek((root - 1) * PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)


def _in_use(books: Path) -> None:
    """As a killed axis leaves them: a log with something in it."""
    copy = books.with_name("copy")
    connection = Database(books).writer()
    connection.execute("create table something (x)")
    shutil.copytree(books.parent, copy)
    connection.close()
    for left in copy.glob(f"{FILE}*"):
        shutil.copy(left, books.parent)
    books.with_name(f"{FILE}-shm").unlink()
    shutil.rmtree(copy)


@pytest.mark.parametrize("command", ["audit", "digest", "counts"])
def test_books_on_a_disk_that_cannot_be_written(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    said = json.loads(_axis(command, "--json"))
    with _read_only(var, tmp_path / "disk", monkeypatch, _nothing):
        assert json.loads(_axis(command, "--json")) == said


@pytest.mark.parametrize("command", ["audit", "digest"])
@pytest.mark.parametrize(
    ("then", "words"),
    [(_torn, "malformed"), (_in_use, "were not closed by their axis")],
)
def test_books_that_cannot_be_read_there(
    var: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    then: Callable[[Path], None],
    words: str,
) -> None:
    with _read_only(var, tmp_path / "disk", monkeypatch, then):
        said = _axis(command, exit_code=1)
        assert words in said
        assert "older axis" not in said
