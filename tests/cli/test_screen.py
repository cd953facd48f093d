"""What is shown: aligned, and harmless to a terminal."""

from __future__ import annotations

import json
import os

import pytest

from axis.cli import screen


def test_control_characters_never_reach_a_terminal() -> None:
    assert screen.clean("V/v\x1b[2J xóa\x07 \u202e màn\nhình") == "V/v·[2J xóa· · màn hình"


def test_neither_do_they_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"subject": "V/v\x1b[2J \x7f \x9b2J Lạng Sơn"}
    screen.data(told)
    shown = capsys.readouterr().out
    assert '"V/v\\u001b[2J \\u007f \\u009b2J Lạng Sơn"' in shown
    assert json.loads(shown) == told


def test_a_line_keeps_the_blanks_it_is_laid_out_with(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say("  month  1\n\x1b[2J   12 sent")
    assert capsys.readouterr().out == "  month  1 ·[2J   12 sent\n"


def test_a_table_in_a_pipe_has_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(("agency", "waiting", "subject"), [("Lạng Sơn", 12, "a"), ("Hà Nội", 1234, "b")])
    assert capsys.readouterr().out.splitlines() == [
        "agency    waiting  subject",
        "Lạng Sơn       12  a",
        "Hà Nội      1,234  b",
    ]


def test_json_names_a_file_whose_name_is_no_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"V\xc4\x83n b\xff.edxml")
    screen.data({"file": name})
    shown = capsys.readouterr().out
    assert shown == '{\n  "file": "Văn b\\udcff.edxml"\n}\n'
    assert json.loads(shown)["file"] == name


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(("agency",), [], none="Nothing waits.")
    assert capsys.readouterr().out == "Nothing waits.\n"


def test_a_terminal_gets_the_same_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    screen.table(("agency", "waiting"), [("Lạng Sơn [bold]", 12)])
    shown = capsys.readouterr().out
    assert "Lạng Sơn [bold]" in shown
    assert "12" in shown
