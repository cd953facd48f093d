"""The command line explains itself, and the documents know every command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from axis.cli import MODULES, app
from axis.settings import KafkaSettings, Settings
from tests.cli.conftest import Axis

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", MODULES)
def test_a_command_explains_itself_and_stands_in_the_list(axis: Axis, name: str) -> None:
    assert f" {name} " in axis("--help").stdout
    assert axis(name, "--help").exit_code == 0


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from _commands(command.get_command(None, name), f"{path} {name}")


def test_every_option_and_argument_says_what_it_is() -> None:
    silent = [
        f"{path}: {one.name}"
        for path, command in _commands(typer.main.get_command(app), "axis")
        for one in command.params
        if not one.help
    ]
    assert not silent


@pytest.mark.parametrize("name", MODULES)
def test_a_command_stands_in_the_documents(name: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    assert any(f"{prefix} {name}" in text for prefix in ("axis", "make")), name


def test_help_is_grouped_by_who_it_is_for(axis: Axis) -> None:
    shown = axis("--help").stdout
    titles = ("Start here", "At your seat", "The books", "Running an axis")
    places = [shown.index(title) for title in titles]
    assert places == sorted(places)


def test_the_help_of_the_agencies_names_only_commands_that_there_are(axis: Axis) -> None:
    said = axis("agencies", "--help").stdout
    (line,) = [one for one in said.splitlines() if "counterparts, or" in one]
    for name in line.partition("counterparts, or ")[2].strip(" .").split(", "):
        assert axis("agencies", name, "--help").exit_code == 0, name


def test_every_setting_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in Settings.model_fields.keys() - {"kafka"}:
        assert f"AXIS_{name.upper()}" in text, name
    for name in KafkaSettings.model_fields:
        # The first of a list of them has the whole name.
        assert f"AXIS_KAFKA_{name.upper()}" in text or f"`_{name.upper()}`" in text, name
