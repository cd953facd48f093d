"""What a play of the history costs: how fast, where the CPU goes, what it leaves on the disk.

``make bench`` plays a month of it. ``python -m benchmarks.history [OPTIONS]``, with those of ``axis
replay history``, plays it (whole, when nothing else is said) in a folder of its own, watches both
processes, and prints the tables. What each step takes by itself is measured behind it
(``history_steps``).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from agencies.load.processes import cpu_s, family
from axis.cli.history_memory import EARLY, LATE, growth
from benchmarks.history_steps import AGENCIES, AXIS, measured
from benchmarks.scale import Scale
from benchmarks.table import Aim, Pair, Row, Side

RUN = "history"
#: The processes of a play, as their pid files are called.
PROCESSES = (AXIS, AGENCIES)
LOOK_S = 0.25
#: The month of it that is played to be measured, and documents of the whole.
FIRST, DAYS = date(2019, 11, 1), 30
HISTORY_DOCUMENTS = 298_000


@dataclass
class Watched:
    """What the processes had used when last seen."""

    cpu: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))

    def look(self, home: Path) -> None:
        """Take a sample; what has just ended or not begun is passed over."""
        for name in PROCESSES:
            try:
                pid = int((home / "run" / f"{name}.pid").read_text("ascii"))
            except (OSError, ValueError):
                continue
            for member in family(pid):
                seen = self.cpu[name].get(member, 0.0)
                self.cpu[name][member] = max(seen, cpu_s(member))

    def each_us(self, documents: int) -> dict[str, float]:
        """CPU microseconds of a document, by process with its helpers."""
        return {name: sum(self.cpu[name].values()) / documents * 1e6 for name in PROCESSES}


def play(var: Path, options: Sequence[str]) -> tuple[Mapping[str, Any], Watched]:
    """Play, and watch. Raises ``CalledProcessError`` when it did not end exact."""
    watched, ended = Watched(), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            watched.look(var / RUN)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "axis", "replay", "history", "--json", *options],
            env={**os.environ, "AXIS_VAR": str(var)},
            stdout=subprocess.PIPE,
            check=True,
        )
    finally:
        ended.set()
        watching.join()
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told, watched


def _tables(told: Mapping[str, Any], watched: Watched, home: Path, books_bytes: int) -> str:
    sent, received = int(told["sent"]), int(told["received"])
    spent = watched.each_us(sent)
    found = measured(home, told, spent)
    rows = {**found.steps, "all": sum(spent.values())}
    package_bytes = int(told["package_bytes"])
    sample = told["part"]["sample"]
    return (
        "# The history, measured\n\n"
        f"Made by `make bench-history` on one machine (Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, which axis and "
        f"agencies share): `axis replay history`, sample {sample}, embedded form. What else runs "
        "there makes it slower.\n\n"
        f"{sent:,} documents to {received:,} recipients in {told['seconds']} s: "
        f"**{sent / told['seconds']:,.0f} documents a second**. Promised: 298,000 in 180 s.\n\n"
        "| CPU | µs a document |\n|---|---|\n"
        + "".join(f"| {name} | {us:,.0f} |\n" for name, us in rows.items())
        + f"\n**All but building and signing takes {found.beside:.1f} times what verifying each "
        "document once takes.** Promised: 3.\n\n"
        + _memory(told["memory"])
        + f"\nPackages {package_bytes / sent:,.0f} bytes a document; "
        f"books {books_bytes / sent:,.0f} bytes a document, "
        f"{books_bytes / received:,.0f} a delivery.\n"
    )


def _memory(by_month: Sequence[Mapping[str, Any]]) -> str:
    """What each process held at the ends of days, month by month, and whether that is flat."""
    rows = "".join(
        f"| {row['month']} | " + " | ".join(f"{row[name]:.0f}" for name in PROCESSES) + " |\n"
        for row in by_month
    )
    compared = ", ".join(f"{name} {times:.2f}" for name, times in growth(by_month).items())
    return (
        f"| month | {' | '.join(f'{name}, MB' for name in PROCESSES)} |\n|---|---|---|\n{rows}"
        f"\n**Month {LATE} takes so many times what month {EARLY} takes: {compared}.** "
        "Promised of the whole history: 1.1.\n\n"
        "The axis keeps what it may need again: pages of SQLite, the last packages and documents, "
        "each within a bound. The bounds are reached after some 20,000 documents: at the beginning "
        "of the second month of the whole history, in the eighth month of a tenth of it.\n"
    )


def row(scale: Scale) -> Row:
    """A month, or some days of it."""
    last = FIRST + timedelta(days=scale.of(DAYS, 3) - 1)
    with tempfile.TemporaryDirectory(prefix="axis-history-") as folder:
        var = Path(folder)
        told, watched = play(var, ["--from", FIRST.isoformat(), "--to", last.isoformat()])
        spent = watched.each_us(int(told["sent"]))
        found = measured(var / RUN, told, spent)
    rate = told["sent"] / told["seconds"]
    out = Row(f"the history, {FIRST} to {last}: built, signed, sent, taken, checked, answered")
    side = Side("axis and agencies", [rate], [sum(spent.values())])
    out.pairs.append(Pair("both processes", side))
    parts = {**spent, **found.steps}
    out.figures |= {f"the history, {name}, CPU, us": us for name, us in parts.items()}
    out.aims = [
        Aim("the whole history at this rate", HISTORY_DOCUMENTS / rate, "s", 180, at_most=True),
        Aim("all but building and signing, of verifying once", found.beside, "", 3, at_most=True),
    ]
    return out


def main() -> None:
    """Play, measure, print."""
    with tempfile.TemporaryDirectory(prefix="axis-history-") as folder:
        var = Path(folder)
        told, watched = play(var, sys.argv[1:])
        books_bytes = (var / RUN / "axis" / "books.sqlite").stat().st_size
        sys.stdout.write(_tables(told, watched, var / RUN, books_bytes))


if __name__ == "__main__":
    main()
