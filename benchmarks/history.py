"""What a play of the history costs: how fast, where the CPU goes, what it leaves on the disk.

``make bench`` plays a month of it. ``python -m benchmarks.history [OPTIONS]``, with those of ``axis
replay history``, plays it (whole, when nothing else is said) in a folder of its own, watches both
processes, and prints the tables. What a step costs by itself is measured behind it, over documents
of the same plan; what is left of a process when its steps are taken off is HTTP, JSON, waiting
lists and the rest.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from agencies import drive
from agencies.compose import compose
from agencies.history.part import Part, documents
from agencies.load.processes import cpu_s, family
from agencies.sizes import SMALL
from agencies.traffic import Planned
from agencies.world import read_key
from axis.cli.history_memory import EARLY, LATE, growth
from benchmarks import store
from benchmarks.scale import Scale
from benchmarks.table import Aim, Pair, Row, Side
from schemas.edxml_write import write
from schemas.examine import examine
from schemas.signing import sign

RUN = "history"
#: The processes of a play, as their pid files are called.
PROCESSES = ("axis", "agencies")
LOOK_S = 0.25
#: The month of it that is played to be measured, and documents of the whole.
FIRST, DAYS = date(2019, 11, 1), 30
HISTORY_DOCUMENTS = 298_000
#: Documents that steps are measured with, and commands of a group as busy days make them.
MEASURED, GROUP = 2_000, 256


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

    def seconds(self, name: str) -> float:
        """CPU seconds of a process and its helpers."""
        return sum(self.cpu[name].values())


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


def _each_us(work: Callable[[Any], object], values: Sequence[Any]) -> float:
    begun = time.process_time()
    for value in values:
        work(value)
    return (time.process_time() - begun) / len(values) * 1e6


def steps(home: Path, told: Mapping[str, Any]) -> dict[str, float]:
    """CPU microseconds of a document for each step, by itself."""
    part, seed = told["part"], told["seed"]
    asked = Part(
        first=date.fromisoformat(part["from"]),
        last=date.fromisoformat(part["to"]),
        only=part["only"],
    )
    plan = list(islice((p for _, day in documents(asked, seed) for p in day), MEASURED))
    keys = {p.sender: read_key(home, p.sender) for p in plan}

    def built(planned: Planned) -> bytes:
        return write(compose(planned))

    def check(raw: bytes) -> None:
        assert examine(raw).seal.genuine

    unsigned = [(planned, built(planned)) for planned in plan]
    signed = [drive.package(p, *keys[p.sender], SMALL) for p in plan]
    return {
        "build": _each_us(built, plan),
        "sign": _each_us(lambda pair: sign(pair[1], *keys[pair[0].sender]), unsigned),
        "verify": _each_us(check, signed),
    }


def stored(deliveries: float) -> dict[str, float]:
    """CPU microseconds of a document that the store takes, by kind of command."""
    with tempfile.TemporaryDirectory() as folder:
        spent = asyncio.run(store.measure(Path(folder), GROUP))
    each = {name: median(values) for name, values in spent.items()}
    return {
        "accept": each["accept a document"],
        "hand out": each["offer one delivery"] * deliveries,
        "done": each["confirm one delivery"] * deliveries,
        "01": each["say 01, delivery done"] * deliveries,
        "03": each["say 03"] * deliveries,
    }


def _tables(
    told: Mapping[str, Any],
    watched: Watched,
    each: Mapping[str, float],
    written: Mapping[str, float],
    books_bytes: int,
) -> str:
    sent, received = int(told["sent"]), int(told["received"])
    spent = {name: watched.seconds(name) / sent * 1e6 for name in PROCESSES}
    whole = sum(spent.values())
    but = whole - each["build"] - each["sign"]
    rest = {
        "axis": spent["axis"] - each["verify"] - sum(written.values()),
        "agencies": spent["agencies"] - sum(each.values()),
    }
    rows = [
        ("agencies: build", each["build"]),
        ("agencies: sign", each["sign"]),
        ("agencies: verify (each document once)", each["verify"]),
        ("agencies: HTTP, JSON, digests of every copy, the rest", rest["agencies"]),
        ("axis: verify", each["verify"]),
        *((f"axis: store, {name}", us) for name, us in written.items()),
        ("axis: HTTP, JSON, pages, receipts, the rest", rest["axis"]),
        ("all", whole),
    ]
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
        + "".join(f"| {name} | {us:,.0f} |\n" for name, us in rows)
        + f"\n**All but building and signing takes {but / each['verify']:.1f} times what verifying "
        "each document once takes.** Promised: 3.\n\n"
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
        each = steps(var / RUN, told)
    sent = int(told["sent"])
    cpu_us = sum(map(watched.seconds, PROCESSES)) / sent * 1e6
    rate = sent / told["seconds"]
    out = Row(f"the history, {FIRST} to {last}: built, signed, sent, taken, checked, answered")
    out.pairs.append(Pair("both processes", Side("axis and agencies", [rate], [cpu_us])))
    out.figures |= {
        f"the history, {name}, CPU, us": watched.seconds(name) / sent * 1e6 for name in PROCESSES
    }
    beside = (cpu_us - each["build"] - each["sign"]) / each["verify"]
    out.aims = [
        Aim("the whole history at this rate", HISTORY_DOCUMENTS / rate, "s", 180, at_most=True),
        Aim("all but building and signing, of verifying once", beside, "", 3, at_most=True),
    ]
    return out


def main() -> None:
    """Play, measure, print."""
    with tempfile.TemporaryDirectory(prefix="axis-history-") as folder:
        var = Path(folder)
        told, watched = play(var, sys.argv[1:])
        books_bytes = (var / RUN / "axis" / "books.sqlite").stat().st_size
        each = steps(var / RUN, told)
        written = stored(told["received"] / told["sent"])
        sys.stdout.write(_tables(told, watched, each, written, books_bytes))


if __name__ == "__main__":
    main()
