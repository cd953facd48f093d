"""The books can be counted and proved when no axis runs, even after it was killed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from axis.cli import app, archive
from axis.settings import Settings
from tests.acceptance.axis_process import running_axis

pytestmark = pytest.mark.acceptance


def _axis(*arguments: object, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output + repr(result.exception)
    return result.output


def _json(*arguments: object, exit_code: int = 0) -> Any:
    return json.loads(_axis(*arguments, "--json", exit_code=exit_code))


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AXIS_RUN", raising=False)
    monkeypatch.setenv("AXIS_VAR", str(tmp_path / "var"))
    return tmp_path / "var"


def test_a_killed_axis_leaves_books_that_say_the_same(var: Path) -> None:
    _axis("init")
    with running_axis(var) as process:
        _axis("pack", "--to", "G22", "--to", "G09", "--subject", "V/v thử", "-o", "a.edxml")
        doc = _axis("send", "-q", "a.edxml").strip()
        _axis("confirm", f"{doc}.000.00.00.G22", "--as", "G22")
        running = [_json("counts", "--by", by) for by in ("total", "day", "agency", "month30")]
        proof = _json("audit")
        statistics = [_json("statistics", "--by", by) for by in ("nation", "kind", "agency")]
        table = _axis("statistics", "--csv")
        # Read beside the axis that has the books open: no lock is needed.
        assert archive.audit(Settings()) == proof
        process.kill()
        process.wait()
    assert (var / "axis" / "address.json").exists()
    assert (running[0]["sent"], running[0]["received"]) == (1, 1)
    at_rest = [_json("counts", "--by", by) for by in ("total", "day", "agency", "month30")]
    assert at_rest == running
    assert _json("audit") == proof
    assert [_json("statistics", "--by", by) for by in ("nation", "kind", "agency")] == statistics
    assert _axis("statistics", "--csv") == table
    assert [row["sent"] for row in statistics[0]["rows"]] == [1]
    assert _json("counts", "--agency", "G22")["received"] == 1
    assert _json("counts", "--to", "2019-03-12")["sent"] == 0
    assert "agency.unknown" in _axis("counts", "--agency", "X99", exit_code=1)


def test_a_counter_that_lies_is_found(var: Path) -> None:
    _axis("init")
    with sqlite3.connect(var / "axis" / "books.sqlite") as books:
        columns = "(agency, day, metric, n)"
        books.execute(f"insert into tally {columns} values ('000.00.00.H37', 18276, 'sent', 3)")
    books.close()
    told = _json("audit", exit_code=1)
    assert told["counters"] == [
        {"agency": "000.00.00.H37", "day": 18276, "metric": "sent", "books": 3, "recounted": 0}
    ]
    assert "THE BOOKS DIFFER" in _axis("audit", exit_code=1)
    assert "2020-01-15  sent" in _axis("audit", exit_code=1)


def test_what_is_lost_is_told_line_by_line(var: Path) -> None:
    _axis("init")
    with sqlite3.connect(var / "axis" / "books.sqlite") as books:
        for seq in range(2, 300, 2):
            books.execute(
                "insert into event values (?, 'done', 1, 'x', 'x', 0, 0, '', '', '')", (seq,)
            )
    books.close()
    assert "The books are true" not in (said := _axis("audit", "--packages", exit_code=1))
    assert "THE BOOKS DIFFER from their events: 0 documents, 149 events" in said
    assert "recounted, every package read." in said
    assert "event 1: missing\nevent 2: there is no document with the number 1\n" in said
    assert "head 0: the last number given is 0, and there is an event 298\n... and " in said


def test_without_books_a_sentence_says_what_to_start(var: Path) -> None:
    for command in ("counts", "audit", "statistics"):
        said = _axis(command, exit_code=1)
        assert said.startswith("There are no books in ")
        assert "axis serve" in said
