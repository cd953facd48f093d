"""Pages whose ``console`` blocks are run: commands behind ``$``, and below them what is seen.

What changes from one time to the next (ids, times, digests) is written ``…`` and matches
anything: in a line some text, alone on a line any number of lines. Blanks count as one.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: A page takes ten minutes to read and to type; a machine types faster, a busy one in 75 seconds.
PAGE_SECONDS_MAX = 600

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "@@ command {} @@"


@dataclass(frozen=True)
class Step:
    """One command of a page and the lines it is to print."""

    command: str
    seen: tuple[str, ...]


def steps(page: str) -> list[Step]:
    """The commands of a page, in order."""
    found: list[Step] = []
    for block in _BLOCK.findall(page):
        lines = block.splitlines()
        assert lines[0].startswith("$ "), f"a block begins with its output: {lines[0]}"
        while lines:
            command = [lines.pop(0).removeprefix("$ ")]
            while command[-1].endswith("\\"):
                command.append(lines.pop(0))
            seen: list[str] = []
            while lines and not lines[0].startswith("$ "):
                seen.append(lines.pop(0))
            found.append(Step("\n".join(command), tuple(seen)))
    return found


def matches(seen: Sequence[str], printed: str) -> bool:
    """Whether ``printed`` is what the page shows."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else _line(line) + r"\s*\n" for line in seen
    )
    text = "".join(f"{line.rstrip()}\n" for line in printed.strip().splitlines())
    return re.fullmatch(pattern, text) is not None


def _line(line: str) -> str:
    words = [r".*?".join(map(re.escape, word.split("…"))) for word in line.split()]
    return r"\s*" + r"\s+".join(words)


def run(commands: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Type the commands into one shell; what each printed, errors included."""
    script = "".join(
        f"{command}\nprintf '\\n%s\\n' '{_MARK.format(n)}'\n" for n, command in enumerate(commands)
    )
    done = subprocess.run(
        ["bash", "-s"],
        input=script,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PAGE_SECONDS_MAX,
        check=False,
    )
    printed: list[str] = []
    rest = done.stdout
    for n in range(len(commands)):
        text, mark, rest = rest.partition(_MARK.format(n))
        assert mark, f"the shell ended before: {commands[n]}\n{text}"
        printed.append(text)
    return printed
