"""The packages in tests/data/edxml: a new file there is a new test, without code.

The name says what must be found: ``<problem code>--<what it shows>.edxml``. In ``invalid`` the
code is the first error, in ``valid`` a warning, or ``clean`` where there is nothing to say.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.edxml_read import read
from schemas.edxml_rules import strict

DATA = Path(__file__).parent.parent / "data" / "edxml"
VALID = sorted((DATA / "valid").glob("*.edxml"))
INVALID = sorted((DATA / "invalid").glob("*.edxml"))
#: Clean for intake, and yet not as we write it.
LOOSE = {
    "clean--bussiness-before-trace",
    "clean--elements-in-reverse-order",
    "clean--empty-response-for",
    "clean--response-for-of-empty-elements",
    "clean--signature-in-edxml-namespace",
    "clean--trace-organ-id-null",
}
OURS = [path for path in VALID if path.stem.startswith("clean") and path.stem not in LOOSE]


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", VALID, ids=name)
def test_a_valid_package_is_read_with_the_warning_of_its_name(path: Path) -> None:
    reading = read(path.read_bytes(), files=True)
    assert reading.errors == ()
    assert reading.ok
    found = {problem.code for problem in reading.problems} or {"clean"}
    assert path.name.partition("--")[0] in found


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_an_invalid_package_is_refused_with_the_error_of_its_name(path: Path) -> None:
    reading = read(path.read_bytes())
    assert not reading.ok
    assert reading.errors[0].code == path.name.partition("--")[0]


@pytest.mark.parametrize("path", OURS, ids=name)
def test_what_we_could_have_written_passes_the_strict_schema(path: Path) -> None:
    root = read(path.read_bytes()).root
    assert root is not None
    assert strict(root) == ()


@pytest.mark.parametrize("path", [p for p in VALID if p.stem in LOOSE], ids=name)
def test_what_others_write_does_not_pass_the_strict_schema(path: Path) -> None:
    root = read(path.read_bytes()).root
    assert root is not None
    assert strict(root)


def test_every_file_of_the_folder_is_one_of_these() -> None:
    assert len(VALID) + len(INVALID) == len([p for p in DATA.rglob("*") if p.is_file()])
    assert len(VALID) > 25
    assert len(INVALID) > 50
