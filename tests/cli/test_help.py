"""The command line explains itself, and the documents know every command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from axis.cli import MODULES, app
from axis.settings import KafkaSettings, Settings
from tests.cli.conftest import Axis

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Blocks of a page in which commands are typed, commands in them, and those within a sentence.
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(
    r"(?:^[$ ]*(?:\w+=)?|\$\(|&& )(?:\.venv/bin/)?axis (.*?)(?=  +#|\)|&&|$)", re.MULTILINE
)
NAMED = re.compile(r"`(?:\w+=\S+ )*axis ([^`]*)`")


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
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_only_commands_and_options_that_there_are(page: Path) -> None:
    text = page.read_text("utf-8")
    typed = [one for block in BLOCK.findall(text) for one in TYPED.findall(block)]
    for printed in (*typed, *NAMED.findall(BLOCK.sub("", text))):
        command, words = typer.main.get_command(app), printed.split()
        while words and (found := _within(command, words[0])) is not None:
            command = found
            del words[0]
        missing = hasattr(command, "get_command") and words and not words[0].startswith("--")
        assert not missing, f"axis {printed}"
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        options = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
        assert options <= known | {"--help"}, f"axis {printed}"
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= set(targets)


def _within(command: Any, name: str) -> Any:
    return command.get_command(None, name) if hasattr(command, "get_command") else None


def test_every_setting_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in Settings.model_fields.keys() - {"kafka"}:
        assert f"AXIS_{name.upper()}" in text, name
    for name in KafkaSettings.model_fields:
        # The first of a list of them has the whole name.
        assert f"AXIS_KAFKA_{name.upper()}" in text or f"`_{name.upper()}`" in text, name
