"""``docs/performance.md`` from the figures that were kept and from what people wrote about them.

``performance.md.in`` beside this module has the words; ``$table``, ``$aims`` and the like in it are
filled in here. Pure: the same figures give the same page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from benchmarks.parts import EXAMINE, STORE
from benchmarks.table import Aim, Pair, Row, Side, Spread

TEMPLATE = Path(__file__).with_name("performance.md.in")
#: Figures of rows whose name says memory, or CPU, go into tables of their own.
MEMORY, CPU = "memory", "CPU"


def page(rows: Mapping[str, Row], history: str) -> str:
    """The whole page; ``history`` is the one that ``benchmarks.history`` wrote."""
    words = Template(TEMPLATE.read_text(encoding="utf-8"))
    return words.substitute(
        machine="; ".join(dict.fromkeys(row.machine for row in rows.values())),
        took=f"{sum(row.took_s for row in rows.values()) / 60:.0f}",
        table=_table(rows),
        latencies=_latencies(rows),
        aims=_aims(rows),
        memory=_figures(rows, MEMORY),
        parts=_parts(rows),
        steps=_steps(history),
        limit=_limit(rows),
        remarks="\n".join(f"- {one}" for row in rows.values() for one in row.remarks),
    )


def _table(rows: Mapping[str, Row]) -> str:
    lines = ["| | ours, a second | counterpart, a second | ratio | CPU, us |"]
    lines.append("|---|---|---|---|---|")
    for name, row in rows.items():
        if row.pairs:
            pace = f"; cores of {_span(row.paces)} checks a second" if row.paces else ""
            lines.append(f"| **{row.title}** (`{name}`, {row.counts}{pace}) | | | | |")
            lines += map(_pair, row.pairs)
    return "\n".join(lines)


def _span(paces: Sequence[float]) -> str:
    """From the slowest to the quickest, in hundreds."""
    return " to ".join(dict.fromkeys(f"{round(one, -2):,.0f}" for one in sorted(paces)))


def _pair(pair: Pair) -> str:
    ratio = "" if pair.ratio is None else pair.ratio.show(_digits(pair.ratio.median))
    other = "" if pair.other is None else _side(pair.other)
    sides = (pair.ours,) if pair.other is None else (pair.ours, pair.other)
    cpu = " / ".join(f"{Spread.of(one.cpu_us).median:,.0f}" for one in sides if one.cpu_us)
    return f"| {pair.point} | {_side(pair.ours)} | {other} | {ratio} | {cpu} |"


def _side(side: Side) -> str:
    return f"{side.name}: {Spread.of(side.per_second).show(_digits(side.median))}"


def _digits(value: float) -> int:
    """Digits behind the point that leave about three in all."""
    return 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3


def _latencies(rows: Mapping[str, Row]) -> str:
    lines = ["| | waited for | median, ms | 99th percentile, ms |", "|---|---|---|---|"]
    lines += (
        f"| {one.point} | {one.count:,} | {one.p50_ms:.1f} | {one.p99_ms:.1f} |"
        for row in rows.values()
        for one in row.latencies
    )
    return "\n".join(lines)


def _aims(rows: Mapping[str, Row]) -> str:
    lines = ["| | measured | promised | aim | |", "|---|---|---|---|---|"]
    lines += (
        f"| {aim.what} | {_amount(aim, aim.figure)} | {_amount(aim, aim.promised)} | "
        f"{_amount(aim, aim.aim)} | {aim.verdict} |"
        for row in rows.values()
        for aim in row.aims
    )
    return "\n".join(lines)


def _amount(aim: Aim, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.{_digits(value)}f} {aim.unit}".rstrip()


def _of(rows: Mapping[str, Row], word: str) -> Iterator[tuple[str, float]]:
    for row in rows.values():
        for name, value in row.figures.items():
            if word in name:
                yield name, value


def _figures(rows: Mapping[str, Row], word: str) -> str:
    return _two_columns("MB", _of(rows, word))


def _parts(rows: Mapping[str, Row]) -> str:
    parts = rows["parts"].figures.items() if "parts" in rows else ()
    return _two_columns("us a document", [*parts, *_of(rows, CPU)])


def _steps(history: str) -> str:
    """The table of that page that says where the time goes."""
    (table,) = [part for part in history.split("\n\n") if part.startswith("| CPU |")]
    return table


def _limit(rows: Mapping[str, Row]) -> str:
    """What a core could do if it did nothing but the work that nobody can leave out."""
    if "parts" not in rows or "checks" not in rows:
        return ""
    parts = rows["parts"].figures
    (check, *_) = rows["checks"].pairs
    assert check.other is not None
    verify = Spread.of(check.other.cpu_us).median
    needed = parts[EXAMINE] + parts[STORE]
    return (
        f"The limit: checking a P-256 signature and nothing else, a core does {1e6 / verify:,.0f} "
        f"a second; examining and storing as above ({needed:,.0f} us), {1e6 / needed:,.0f}."
    )


def _two_columns(unit: str, figures: Iterable[tuple[str, float]]) -> str:
    lines = [f"| | {unit} |", "|---|---|"]
    lines += (
        f"| {name.removesuffix(', us').removesuffix(', MB')} | {value:,.0f} |"
        for name, value in figures
    )
    return "\n".join(lines)
