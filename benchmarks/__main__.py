"""``make bench``: measure, check against what is promised, write ``docs/performance.md``."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure, servers
from benchmarks.measure import Run, Spread, percentile
from benchmarks.packages import signed
from benchmarks.parts import parts

#: What is polled for, and by one of how many recipients.
POLLS = {
    "POST to available": (measure.Poll, measure.POLLS_ONE_IN),
    "POST to package in hand": (measure.PackagePoll, measure.POLLS_ONE_IN),
    "POST to available, all recipients polling": (measure.Poll, 1),
}

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def _ratios(numerator: list[Run], denominator: list[Run]) -> Spread:
    pairs = zip(numerator, denominator, strict=True)
    return Spread.of([a.per_second / b.per_second for a, b in pairs])


def _rate(runs: list[Run]) -> str:
    return Spread.of([r.per_second for r in runs]).show()


def _cpu(runs: list[Run]) -> str:
    return Spread.of([r.cpu_us for r in runs]).show()


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything of one run of the benchmark."""

    #: By number of processes: the bare route and the axis, pair by pair.
    single: dict[int, tuple[list[Run], list[Run]]]
    bulk: tuple[list[Run], list[Run]]
    #: By what recipients do: some poll their inbox, some poll for whole packages, all poll.
    latencies: dict[str, measure.Latencies]
    parts: dict[str, float]
    memory_mb: float


def main() -> None:
    """Run everything once, in this order, and write the page."""
    single: dict[int, tuple[list[Run], list[Run]]] = {}
    memory_mb = 0.0
    for processes in dict.fromkeys((1, servers.PROCESSES)):
        with servers.bare(processes) as bare, servers.axis(processes) as axis:
            single[processes] = measure.single_against_bare(bare, axis, signed(axis.home))
            memory_mb = axis.memory_mb()
    with servers.axis() as axis:
        bulk = measure.bulk_against_single(axis, signed(axis.home))
    latencies: dict[str, measure.Latencies] = {}
    for name, (poll, one_in) in POLLS.items():
        with servers.axis() as axis:
            latencies[name] = measure.latency(axis, signed(axis.home), poll, one_in)
    with servers.world() as home:
        by_part = parts(home)
    page = _page(Figures(single, bulk, latencies, by_part, memory_mb))
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


def _page(figures: Figures) -> str:
    versions = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    single, bulk = figures.bulk
    return f"""# Measurements

Made by `make bench` on one machine ({versions}, {servers.PROCESSES} cores, which servers and load generator share). Compare only within a run: machines
drift. Figures are medians (lowest to highest) of {measure.PAIRS} interleaved pairs. Every package is different, signed, about 20 kB, verified, and durable before its 201.

## One POST per document, {measure.CONNECTIONS} connections

| server | processes | requests a second | server CPU, µs a request |
|---|---|---|---|
{_single(figures.single)}

{_ratio(figures.single)}
Promised: at least 0.1 of a bare Starlette route that reads the same body, in as many processes; aim: 0.167.

## Bulk, {measure.BULK_PACKAGES} packages a request

| door | documents a second | server CPU, µs a document |
|---|---|---|
| single POST | {_rate(single)} | {_cpu(single)} |
| `POST /v1/documents/bulk` | {_rate(bulk)} | {_cpu(bulk)} |

**Bulk does {_ratios(bulk, single).show(2)} times the single POST.** Promised: 1.5.

## POST to available, {measure.OPEN_LOOP_PER_SECOND} documents a second

Open loop, Poisson arrivals for {measure.OPEN_LOOP_S} s; latency from the intended start. A document is available when the open long poll of a recipient has named it,
and in hand when a poll for packages has brought its last byte. One recipient of {measure.POLLS_ONE_IN} holds a poll; at last all 95 do, and a document for everybody wakes 94 at once.

| | deliveries | median ms | 99th percentile ms |
|---|---|---|---|
{_latency(figures)}

Promised: 99th percentile to available under 15 ms.

## CPU by part, µs a document

| part | µs |
|---|---|
{chr(10).join(f"| {name} | {cost:,.0f} |" for name, cost in figures.parts.items())}

Memory of the axis after the throughput runs, {servers.PROCESSES} processes: {figures.memory_mb:.0f} MB.
"""


def _single(single: dict[int, tuple[list[Run], list[Run]]]) -> str:
    return "\n".join(
        f"| {name} | {processes} | {_rate(runs)} | {_cpu(runs)} |"
        for processes, (base, ours) in single.items()
        for name, runs in (("bare Starlette route", base), ("the axis", ours))
    )


def _ratio(single: dict[int, tuple[list[Run], list[Run]]]) -> str:
    return "\n".join(
        f"**{processes} process{'es' * (processes > 1)}: the axis does "
        f"{_ratios(ours, base).show(3)} of the bare route.**"
        for processes, (base, ours) in single.items()
    )


def _latency(figures: Figures) -> str:
    rows = [("POST to 201", next(iter(figures.latencies.values())).ack_ms)]
    rows += [(name, latencies.recipient_ms) for name, latencies in figures.latencies.items()]
    return "\n".join(
        f"| {name} | {len(values):,} | {percentile(values, 0.5):.1f} | "
        f"{percentile(values, 0.99):.1f} |"
        for name, values in rows
    )


if __name__ == "__main__":
    main()
