"""The error catalogue as the API page tells it: each code where a caller can meet it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from axis.api.openapi_errors import BEFORE, NOTES, OFFLINE, WARNINGS
from axis.api.openapi_replays import TOLD
from axis.api.problems import TITLES
from axis.core.catalogue import CATALOGUE

_ERROR_HEAD: Final = ("code", "HTTP", "VXP", "English", "Tiếng Việt")
_TOLD_HEAD: Final = ("code", "English", "Tiếng Việt")

_BEFORE_TEXT: Final = """\
**Before an operation is known** a request may be answered with one of these: it cannot be read
(400, 431), it does not come to its end (408), or there is nothing at its address (404). They are
not repeated at the operations.
"""
_WARNINGS_TEXT: Final = """\
**Warnings** are no errors. They stand in `warnings` of the receipt of a package that was accepted.
"""
_TOLD_TEXT: Final = """\
**Reasons** why a replay job leaves a delivery out or passes it over. They stand in `excluded` and
`problem` of the job's answers.
"""


def catalogue() -> str:
    """Every code that is told over HTTP, in Markdown tables by how it is told."""
    apart = WARNINGS | TOLD | BEFORE | OFFLINE
    errors = [code for code in CATALOGUE if code not in apart]
    parts = (
        _BEFORE_TEXT,
        _errors(_in_order(BEFORE)),
        "<details><summary>All errors of operations</summary>\n",
        _errors(errors),
        "</details>\n",
        "<details><summary>Warnings, and reasons of replay jobs</summary>\n",
        _WARNINGS_TEXT,
        _told(_in_order(WARNINGS)),
        _TOLD_TEXT,
        _told(_in_order(TOLD)),
        "</details>\n",
    )
    return "\n".join(parts)


def _in_order(codes: Iterable[str]) -> list[str]:
    return [code for code in CATALOGUE if code in set(codes)]


def _errors(codes: Iterable[str]) -> str:
    rows = []
    for code in codes:
        entry = CATALOGUE[code]
        en = " ".join(filter(None, (entry.en, NOTES.get(code))))
        rows.append((f"`{code}`", str(entry.status), str(entry.vxp), en, entry.vi))
    return _table(_ERROR_HEAD, rows)


def _told(codes: Iterable[str]) -> str:
    rows = [(f"`{code}`", CATALOGUE[code].en, CATALOGUE[code].vi) for code in codes]
    return _table(_TOLD_HEAD, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


assert {code.partition(".")[0] for code in CATALOGUE} <= TITLES.keys()
