"""``make bench``: measure row by row, keep the figures, write ``docs/performance.md`` from them.

``--only ROW`` (more than once if wanted) measures some rows anew and leaves the others as they are
kept. ``--quick`` takes a tenth of each, to see that it works: those figures are shown and not kept.
``--page`` measures nothing and writes the page anew, when its words have changed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agencies.process import log_as_json
from benchmarks import (
    checks,
    history,
    inserts,
    latency,
    measure,
    page,
    parts,
    peer,
    relaying,
    road,
    servers,
    table,
    through_kafka,
)
from benchmarks.scale import QUICK, WHOLE, Scale
from benchmarks.table import Row

DOCS = Path(__file__).parent.parent / "docs"
FIGURES, PAGE = DOCS / "performance.json", DOCS / "performance.md"
HISTORY = DOCS / "history.md"

#: The rows of the table, in the order of the page.
ROWS: Mapping[str, Callable[[Scale], Row]] = {
    "single": measure.single,
    "peer": peer.row,
    "bulk": measure.bulk,
    "latency": latency.row,
    "road": road.row,
    "kafka": through_kafka.row,
    "relay": relaying.row,
    "store": inserts.row,
    "checks": checks.row,
    "history": history.row,
    "parts": parts.row,
}


def main() -> None:
    """Measure what was asked for, and print it as the page has it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=ROWS, help="a row; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a tenth of it, not kept")
    parser.add_argument("--page", action="store_true", help="only write the page")
    asked = parser.parse_args()
    log_as_json()
    servers.leave_nothing()
    scale = QUICK if asked.quick else WHOLE
    measured: dict[str, Row] = {}
    for name in () if asked.page else asked.only or ROWS:
        sys.stderr.write(f"measuring {name} ...\n")
        before, begun = checks.pace(), time.monotonic()
        row = measured[name] = ROWS[name](scale)
        row.took_s, row.machine = time.monotonic() - begun, _machine()
        row.paces = [before, checks.pace()]
        if not asked.quick:
            # Row by row: whatever fails later takes nothing back.
            kept = table.read(FIGURES) | {name: row}
            table.keep(FIGURES, {one: kept[one] for one in ROWS if one in kept})
    history_page = HISTORY.read_text(encoding="utf-8")
    text = page.page(measured if asked.quick else table.read(FIGURES), history_page)
    if not asked.quick:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _machine() -> str:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"Python {platform.python_version()}, {system}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
