"""What ``axis`` refuses before it starts or makes anything."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Axis

SMALL = ("--sent", "60", "--received", "211")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--sent", "5"], {}),
        (["--day", "2019-03-11"], {}),
        (["--day", "tomorrow"], {}),
        (["--sent", "5", "--received", "4"], {}),
        (["--seconds", "0"], {}),
        ([], {"AXIS_DATABASE": "postgresql://somebody@127.0.0.1:1/books"}),
    ],
)
def test_a_day_that_cannot_be_played_is_bad_usage(
    axis: Axis,
    var: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    given: dict[str, str],
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert axis("demo", *arguments).exit_code == 2
    assert not (var / "demo").exists()


def test_a_folder_that_the_demo_did_not_make_is_left_alone(axis: Axis, var: Path) -> None:
    theirs = var / "demo" / "letters.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine", encoding="ascii")
    assert axis("demo", *SMALL).exit_code == 2
    assert theirs.read_text("ascii") == "mine"
    assert list(theirs.parent.iterdir()) == [theirs]


@pytest.mark.parametrize(
    "arguments",
    [["--sample", "3/2"], ["--from", "2018-01-01"], ["--months", "12"], ["--only", "X99"]],
)
def test_a_part_of_the_history_that_cannot_be_is_refused(
    axis: Axis, var: Path, arguments: list[str]
) -> None:
    assert axis("replay", "history", *arguments).exit_code in (1, 2)
    assert not (var / "history").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--over-kafka"),
        ("replay", "history", "--months", "1", "--sample", "1/100", "--over-kafka"),
        ("load", "growth", "--large", "--rates", "60", "--seconds", "2"),
    ],
)
def test_servers_that_are_missing_are_told_in_a_sentence(
    axis: Axis, var: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(var))
    refused = axis(*words)
    assert refused.exit_code == 3
    assert re.fullmatch(r"(Java|PostgreSQL) is missing: [^\n]+\.\n", refused.stderr)
    assert list(var.rglob("axis")) == list(var.rglob("agencies")) == []


def test_an_axis_of_its_own_is_large_and_no_other(axis: Axis) -> None:
    refused = axis("load", "growth", "--large", "--target", "http://127.0.0.1:1")
    assert refused.exit_code == 2
    assert "either would do" in refused.output


def test_a_chair_that_is_none_is_bad_usage(axis: Axis, var: Path) -> None:
    assert axis("serve", "--mine", "H99").exit_code == 2
    assert not var.exists()


def test_a_port_that_is_taken_is_told_at_once(axis: Axis, var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = axis("serve", "--port", other.getsockname()[1])
    assert refused.exit_code == 1
    assert "--port 0 takes a free one" in refused.stderr
    assert not var.exists()
