"""What a command shows: tables at a terminal, plain columns in a pipe, JSON for programs.

Much of it was written by strangers (subjects, reasons, file names), so no control character ever
reaches a terminal: an escape sequence in a subject must not repaint somebody's screen.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from axis.core.errors import Fault

#: The groups of ``axis --help``: who a command is for.
NEWCOMER = "Start here"
DEVELOPER = "At your seat: an agency's developer"
BOOKS = "The books"
OPERATOR = "Running an axis: an operator"

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_GAP = "  "
#: DEL and the second set of control characters, of which U+009B begins an escape sequence; and what
#: stands for the bytes of a file's name that are no UTF-8.
_UNPRINTABLE = re.compile("[\x7f-\x9f\ud800-\udfff]")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, as JSON escapes it: what is JSON stays JSON."""
    assert isinstance(error, UnicodeEncodeError), "nothing is read so"
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error("axis.escaped", _escaped)


def escape_what_is_lacking() -> None:
    """From now on write what stdout's encoding lacks as an escape; it would end the command."""
    paper = sys.stdout
    if isinstance(paper, io.TextIOWrapper) and paper.errors == "strict":
        paper.reconfigure(errors="axis.escaped")


def console() -> Console:
    """Where output goes; made anew each time, so that it is where stdout points now."""
    return Console(highlight=False, markup=False, soft_wrap=True)


def clean(text: object) -> str:
    """A stranger's text on one line, with a dot for every character that would move the cursor."""
    return line(" ".join(str(text).split()))


def line(text: str) -> str:
    """The same of a text of ours, which keeps the blanks it is laid out with."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "·" for c in text)


def moment(iso: str | None) -> str:
    """An ISO time as people read it: Viet Nam time to the second; empty for none."""
    return (iso or "").replace("T", " ")[:19]


def number(value: int) -> str:
    """A number with its thousands marked."""
    return f"{value:,}"


def say(text: str) -> None:
    """One line."""
    console().print(Text(line(text)))


def data(value: Any) -> None:
    """Print JSON with its letters kept, and what is no letter as the escape that JSON has."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    # Those below the blank it has escaped already.
    sys.stdout.write(_UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], none: str = "none") -> None:
    """A table of what people read; ``none`` is what to say when there are no rows.

    Columns of numbers stand to the right. In a pipe: columns two blanks apart, names first.
    """
    if not rows:
        say(none)
        return
    texts = [[_cell(value) for value in row] for row in rows]
    right = [all(isinstance(row[i], int) for row in rows) for i in range(len(columns))]
    paper = console()
    if not paper.is_terminal:
        _plain([list(columns), *texts], right)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name, numeric in zip(columns, right, strict=True):
        shown.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in texts:
        shown.add_row(*(Text(text) for text in row))
    paper.print(shown)


def facts(rows: Mapping[str, object], indent: str = "") -> None:
    """Name and value, one a line; empty values are left out."""
    kept = [(name, _cell(value)) for name, value in rows.items() if value not in ("", None, [])]
    width = max((cell_len(name) for name, _ in kept), default=0)
    for name, value in kept:
        console().print(Text(f"{indent}{name:<{width}}{_GAP}{value}"))


def told(fault: Fault) -> dict[str, Any]:
    """A fault with its sentences in both languages."""
    return {
        "code": fault.code,
        "place": fault.place,
        "detail": fault.sentence(),
        "detail_vi": fault.sentence("vi"),
    }


def problems(found: Iterable[Mapping[str, Any]], *, to_stderr: bool = False) -> None:
    """Errors and warnings: code and place, then the sentence in English and in Vietnamese."""
    paper = Console(stderr=to_stderr, highlight=False, markup=False, soft_wrap=True)
    for problem in found:
        warning = problem.get("severity") == "warning"
        place = clean(problem.get("place") or "")
        head = Text(_GAP)
        head.append("warning" if warning else "error", "yellow" if warning else "red")
        head.append(f"  {clean(problem['code'])}{f'  at {place}' if place else ''}")
        paper.print(head)
        for language in ("detail", "detail_vi"):
            paper.print(Text(f"    {clean(problem.get(language) or '')}"))


def _cell(value: object) -> str:
    return number(value) if isinstance(value, int) else clean(value)


def _plain(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(right))]
    for row in rows:
        padded = []
        for text, width, numeric in zip(row, widths, right, strict=True):
            blanks = " " * (width - cell_len(text))
            padded.append(blanks + text if numeric else text + blanks)
        sys.stdout.write(_GAP.join(padded).rstrip() + "\n")
