"""What ``axis serve`` refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from axis.cli import app


def test_books_in_a_database_of_their_own_are_not_hidden_by_fresh_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AXIS_VAR", str(tmp_path))
    monkeypatch.delenv("AXIS_DATABASE", raising=False)
    data = tmp_path / "history" / "postgres" / "data"
    data.mkdir(parents=True)
    refused = CliRunner().invoke(app, ["serve", "--run", "history", "--port", "0"])
    assert refused.exit_code == 1
    assert "was played over a PostgreSQL of its own" in refused.output
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
