"""The judge of the pages is judged: it must see a difference, and forgive what differs by nature."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.pages import Step, matches, run, steps

PAGE = """# A page

```console
$ echo one \\
    two
one two
$ true
```
Words, and ```` ``` ````.
```console
$ X=3
$ echo $X
3
```
"""


def test_commands_are_found_with_what_they_show() -> None:
    assert steps(PAGE) == [
        Step("echo one \\\n    two", ("one two",)),
        Step("true", ()),
        Step("X=3", ()),
        Step("echo $X", ("3",)),
    ]


def test_commands_share_one_shell(tmp_path: Path) -> None:
    found = steps(PAGE)
    printed = run([step.command for step in found], tmp_path, {})
    assert all(matches(step.seen, text) for step, text in zip(found, printed, strict=True))


@pytest.mark.parametrize(
    ("seen", "printed"),
    [
        (("a  doc_… b",), "a doc_123   b\n"),
        (("a", "…", "d"), "a\nb\nc\nd\n"),
        (("a", "…"), "a\n"),
        ((), "\n"),
    ],
)
def test_what_differs_by_nature_matches(seen: tuple[str, ...], printed: str) -> None:
    assert matches(seen, printed)


@pytest.mark.parametrize(
    ("seen", "printed"),
    [
        (("a",), "b\n"),
        (("a",), "a\nb\n"),
        (("a", "b"), "a\n"),
        (("a … c",), "a b d\n"),
        ((), "error\n"),
        (("a.c",), "abc\n"),
    ],
)
def test_a_difference_is_seen(seen: tuple[str, ...], printed: str) -> None:
    assert not matches(seen, printed)
