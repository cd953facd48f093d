"""What goes wrong with files, folders, books and settings is one sentence, and no traceback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from agencies.alone import alone
from axis.cli import agencies
from tests.cli.conftest import Axis


def _refused(axis: Axis, code: int, *arguments: object) -> str:
    result = axis(*arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("raw", [b"no books at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
@pytest.mark.parametrize("command", ["counts", "audit", "digest"])
def test_damaged_books(axis: Axis, var: Path, command: str, raw: bytes) -> None:
    books = var / "axis" / "books.sqlite"
    books.parent.mkdir(parents=True)
    books.write_bytes(raw)
    assert "The books are damaged: file is not a database" in _refused(axis, 1, command)


@pytest.mark.parametrize("command", [("init",), ("serve", "--port", "0")])
def test_a_file_where_a_folder_should_be(
    axis: Axis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    monkeypatch.setenv("AXIS_VAR", str(file))
    assert str(file) in _refused(axis, 1, *command)


def test_an_agency_is_not_switched_off_in_no_world(axis: Axis, var: Path) -> None:
    assert "axis init makes it" in _refused(axis, 2, "agencies", "stop", "H01")
    assert not (var / "agencies").exists()


def test_an_agency_whose_software_stands_still_is_not_told_as_stopped(
    axis: Axis, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agencies, "ANSWER_WAIT_S", 0)
    monkeypatch.setattr(agencies, "SEEN_S_MAX", 0)
    for code in ("000.00.00.H01", "000.00.00.H02"):
        (var / "agencies" / code).mkdir(parents=True)
    with alone(var, ["000.00.00.H01"]):
        told = axis("agencies", "stop", "H01", "H02").stdout.splitlines()
    assert told == [
        "000.00.00.H01 is switched off, which its software has not seen yet",
        "000.00.00.H02 is stopped; what is sent to it waits",
    ]


def test_the_run_that_was_started_last_is_named_with_its_file(axis: Axis, var: Path) -> None:
    var.mkdir(exist_ok=True)
    (var / "last-run").write_text("../elsewhere\n")
    assert "last-run: Invalid setting AXIS_RUN" in _refused(axis, 2, "counts")


def test_days_in_the_wrong_order(axis: Axis) -> None:
    told = _refused(axis, 2, "statistics", "--from", "2020-02-01", "--to", "2020-01-01")
    assert "--from lies behind --to" in told


@pytest.mark.parametrize(
    "command",
    [
        ("statistics", "--from"),
        ("counts", "--to"),
        ("pack", "--to", "G22", "--subject", "x", "--date"),
        ("demo", "--day"),
        ("play", "--day"),
        ("replay", "history", "--to"),
    ],
)
@pytest.mark.parametrize("day", ["2020-02-30", "tomorrow"])
def test_a_day_that_no_calendar_has(axis: Axis, command: tuple[str, ...], day: str) -> None:
    told = _refused(axis, 2, *command, day)
    assert f"Invalid value for '{command[-1]}': {day} is no day; it is YYYY-MM-DD" in told


@pytest.mark.parametrize(
    ("sample", "why"),
    [
        ("0/0", "there may be 1 to 298,000, not 0"),
        ("1/298001", "there may be 1 to 298,000, not 298,001"),
        ("11/10", "they are 1/10 to 10/10"),
        ("0/10", "they are 1/10 to 10/10"),
    ],
)
def test_a_sample_of_the_history_that_is_none(axis: Axis, sample: str, why: str) -> None:
    told = _refused(axis, 2, "replay", "history", "--sample", sample)
    assert f"{sample} is no sample: {why}" in told


def test_empty_books(axis: Axis, var: Path) -> None:
    (var / "axis").mkdir(parents=True)
    (var / "axis" / "books.sqlite").touch()
    assert "are empty" in _refused(axis, 1, "counts")


NEWER = [("counts",), ("audit", "--packages"), ("digest",), ("init",), ("serve", "--port", "0")]


@pytest.mark.parametrize("command", NEWER)
def test_books_of_a_newer_axis(axis: Axis, var: Path, command: tuple[str, ...]) -> None:
    _refused(axis, 0, "init")
    with closing(sqlite3.connect(var / "axis" / "books.sqlite")) as books, books:
        books.execute("update alembic_version set version_num = '9999'")
    said = _refused(axis, 1, *command)
    assert said.startswith("The books in ")
    assert "are of a newer axis (revision 9999)" in said


@pytest.mark.parametrize("command", ["serve", "play", "counts"])
def test_a_setting_that_is_none(axis: Axis, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("AXIS_PORT", "abc")
    result = axis(command)
    assert result.exit_code in (1, 2)
    assert "port" in result.output.lower()
    assert "Traceback" not in result.output
    assert "pydantic" not in result.output


def test_a_package_is_not_written_onto_a_folder_or_into_none(axis: Axis, keys: Path) -> None:
    pack = ("pack", "--to", "G22", "--subject", "x", "-o")
    Path("folder").mkdir()
    assert "is a directory" in _refused(axis, 2, *pack, "folder")
    assert "none/a.edxml: No such file or directory" in _refused(axis, 1, *pack, "none/a.edxml")


def test_what_an_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    # In a process of its own: the encoding is that of its stdout.
    package = tmp_path / "Đơn.edxml"
    package.write_text("<edXML/>", encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "AXIS_VAR": str(tmp_path)}

    def told(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "axis", "check", str(package), *arguments]
        return subprocess.run(argv, env=env, capture_output=True, check=False, text=True)

    shown, raw = told(), told("--json")
    assert (shown.returncode, shown.stderr) == (raw.returncode, raw.stderr) == (1, "")
    assert "\\u0110\\u01a1n.edxml: refused" in shown.stdout
    assert json.loads(raw.stdout)["files"][0]["file"] == str(package)


def test_a_port_for_metrics_that_is_taken(tmp_path: Path) -> None:
    # In a process of its own: a relay logs as JSON, for good.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "axis", "relay", "--metrics-port", str(taken.getsockname()[1])],
            env={**os.environ, "AXIS_VAR": str(tmp_path)},
            capture_output=True,
            check=False,
            text=True,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "in use" in done.stderr


@pytest.mark.parametrize("given", ["kafka:port", "kafka:9092,", "http://kafka:9092", "a b:1"])
def test_brokers_that_are_nowhere(axis: Axis, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", given)
    assert "AXIS_KAFKA_BOOTSTRAP: must be host:port" in _refused(axis, 2, "init")


@pytest.mark.parametrize("option", ["--json", "--html"])
@pytest.mark.parametrize("kind", ["growth", "run", "check", "whatif"])
def test_a_load_test_says_before_it_begins_where_it_cannot_write(
    axis: Axis, kind: str, option: str
) -> None:
    more = {"check": ["S3"], "whatif": ["--fanout", "5"]}.get(kind, [])
    assert "there is no folder none" in _refused(axis, 2, "load", kind, *more, option, "none/a")
    Path("folder").mkdir()
    assert "is a directory" in _refused(axis, 2, "load", kind, *more, option, "folder")


@pytest.mark.parametrize("rates", ["nan", "10,nan", "inf"])
def test_rates_that_are_no_numbers(axis: Axis, rates: str) -> None:
    assert "--rates" in _refused(axis, 2, "load", "growth", "--rates", rates)


def test_a_status_that_nobody_says_is_not_waited_for(axis: Axis) -> None:
    assert "--until 77" in _refused(axis, 2, "statuses", "--until", "77", "--wait", "60")


def test_serve_listens_where_the_settings_say(axis: Axis, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("AXIS_PORT", str(port))
        assert f"127.0.0.1:{port}: Address already in use" in _refused(axis, 1, "serve")


def test_who_finds_no_axis_is_told_how_to_start_one_of_that_run(axis: Axis, var: Path) -> None:
    var.mkdir(exist_ok=True)
    assert "Start one: axis serve (in" in _refused(axis, 1, "inbox")
    (var / "last-run").write_text("demo\n")
    assert "Start one: axis serve --run demo (in" in _refused(axis, 1, "inbox")
    for command in ("counts", "audit", "statistics"):
        told = _refused(axis, 1, command, "--run", "nosuch")
        assert "Start one: axis serve --run nosuch (in" in told


def test_a_password_that_cuts_its_address_short_is_not_repeated(
    axis: Axis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXIS_DATABASE", "postgresql://axis:geheim#x@127.0.0.1:1/db")
    for command in ("counts", "init"):
        told = _refused(axis, 2, command)
        assert "percent-encoded" in told
        assert "geheim" not in told


@pytest.mark.parametrize("command", [("counts", "--json"), ("init", "--json")])
def test_what_is_logged_is_no_output(
    axis: Axis, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AXIS_DATABASE", "postgresql://axis@127.0.0.1:1/db")
    result = axis(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "store away" in result.stderr


def test_a_setting_of_kafka_that_is_none(axis: Axis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXIS_KAFKA_SECURITY", "TLS")
    assert "Traceback" not in axis("serve").output
    assert "SECURITY" in _refused(axis, 1, "serve")
