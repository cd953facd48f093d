"""The repository checks itself, so that a review can talk about meaning."""

from __future__ import annotations

import ast
import re
import subprocess
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


@pytest.mark.parametrize("path", PRODUCT + TESTS, ids=_name)
def test_modules_and_functions_fit_into_one_sitting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    limit = PRODUCT_LINES_MAX if path in PRODUCT else TEST_LINES_MAX
    assert text.count("\n") <= limit
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("path", [p for p in PRODUCT if _name(p) not in ALLOWED], ids=_name)
def test_nothing_banned_stands_in_the_product(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for pattern, instead in BANNED.items():
        assert not re.search(pattern, text), f"{pattern}: use {instead}"


@pytest.mark.parametrize("path", [p for p in PRODUCT if "api" in p.parts], ids=_name)
def test_routes_are_async(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(d) for d in node.decorator_list]
            assert not [d for d in decorators if d.startswith(("router.", "app."))], node.name


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


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
