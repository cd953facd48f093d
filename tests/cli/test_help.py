"""The command line explains itself, and the documents know every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from axis.cli import MODULES
from tests.cli.conftest import Axis

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", MODULES)
def test_a_command_explains_itself_and_stands_in_the_list(axis: Axis, name: str) -> None:
    assert f" {name} " in axis("--help").stdout
    assert axis(name, "--help").exit_code == 0


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
