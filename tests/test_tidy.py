"""The repository checks itself, so that a review can talk about meaning."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = sorted(p for top in ("axis", "agencies", "schemas") for p in (ROOT / top).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py")) + sorted((ROOT / "benchmarks").rglob("*.py"))

#: Lines of a module, lines of a function: what fits into one sitting, and on one screen.
PRODUCT_LINES_MAX = 300
TEST_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

#: What is banned in the product, and what stands in for it.
BANNED = {
    r"datetime\.(utc)?now\(|time\.time\(": "a Clock that was handed in",
    r"\buuid4\(|os\.urandom\(": "Ids that were handed in",
    r"BackgroundTasks|BaseHTTPMiddleware|on_event\(": "a TaskGroup, pure ASGI, lifespan",
    r"return_exceptions=True": "a look at each exception",
    r"\bTODO\b|\bFIXME\b|\bXXX\b|\bHACK\b": "finished work",
    r"NotImplementedError": "finished work",
}
#: The few places whose business it is to touch the machine.
ALLOWED = {
    "axis/adapters/system_clock.py",
    "agencies/world.py",
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    # Not remembered: eight hundred trees would be walked by every collection from then on.
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in _statements(ast.parse(_text(path))) if isinstance(node, kinds)]


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Those of a module at any depth; what stands within an expression is not looked at."""
    holders = (ast.stmt, ast.excepthandler, ast.match_case)
    waiting: list[ast.AST] = [tree]
    while waiting:
        inner = [node for node in ast.iter_child_nodes(waiting.pop()) if isinstance(node, holders)]
        yield from inner
        waiting += inner


def test_modules_fit_into_one_sitting() -> None:
    lines = {path: _text(path).count("\n") for path in PRODUCT + TESTS}
    limits = dict.fromkeys(PRODUCT, PRODUCT_LINES_MAX) | dict.fromkeys(TESTS, TEST_LINES_MAX)
    assert {_name(path): n for path, n in lines.items() if n > limits[path]} == {}


def test_functions_fit_on_one_screen() -> None:
    long = [
        f"{_name(path)}: {one.name}"
        for path in PRODUCT + TESTS
        for one in _functions(path)
        if (one.end_lineno or 0) - one.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize(("pattern", "instead"), BANNED.items())
def test_nothing_banned_stands_in_the_product(pattern: str, instead: str) -> None:
    asked = [path for path in PRODUCT if _name(path) not in ALLOWED]
    found = [_name(path) for path in asked if re.search(pattern, _text(path))]
    assert found == [], f"use {instead}"


def test_routes_are_async() -> None:
    routes = [
        f"{_name(path)}: {one.name}"
        for path in PRODUCT
        if "api" in path.parts
        for one in _functions(path)
        if isinstance(one, ast.FunctionDef)
        and any(ast.unparse(d).startswith(("router.", "app.")) for d in one.decorator_list)
    ]
    assert routes == []


def test_every_module_says_what_it_is_for() -> None:
    assert [_name(path) for path in PRODUCT if not re.match('r?"""', _text(path))] == []


def test_no_file_names_an_index_or_a_path_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    files = [ROOT / name for name in listed.stdout.split("\n") if name]
    if not files:
        pytest.skip("not a git checkout")
    pattern = re.compile(
        r"--(extra-)?index" + r"-url|https?://[^/\s]*(py" + r"pi|mav" + r"en|npm" + r"js)"
    )
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="ignore")
        assert not pattern.search(text), file
        assert f"{ROOT.parent}/" not in text, file
