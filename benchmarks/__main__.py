"""``make bench``: measure, check against what is promised, write ``docs/performance.md``."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from benchmarks import measure, servers
from benchmarks.measure import Run, Spread, percentile
from benchmarks.packages import signed
from benchmarks.parts import parts

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def _ratios(numerator: list[Run], denominator: list[Run]) -> Spread:
    pairs = zip(numerator, denominator, strict=True)
    return Spread.of([a.per_second / b.per_second for a, b in pairs])


def _rate(runs: list[Run]) -> str:
    return Spread.of([r.per_second for r in runs]).show()


def _cpu(runs: list[Run]) -> str:
    return Spread.of([r.cpu_us for r in runs]).show()


def main() -> None:
    """Run everything once, in this order, and write the page."""
    with servers.bare() as bare, servers.axis() as axis:
        packages = signed(axis.home)
        base, ours = measure.single_against_bare(bare, axis, packages)
        single, bulk = measure.bulk_against_single(axis, packages)
        memory = axis.memory_mb()
    with servers.axis() as axis:
        latencies = measure.latency(axis, signed(axis.home))
    with servers.world() as home:
        by_part = parts(home)
    page = _page(base, ours, single, bulk, latencies, by_part, memory)
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


def _page(
    base: list[Run],
    ours: list[Run],
    single: list[Run],
    bulk: list[Run],
    latencies: measure.Latencies,
    by_part: dict[str, float],
    memory_mb: float,
) -> str:
    versions = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    rows = "\n".join(f"| {name} | {cost:,.0f} |" for name, cost in by_part.items())
    ack, available = latencies.ack_ms, latencies.available_ms
    ratio, gain = _ratios(ours, base), _ratios(bulk, single)
    return f"""# Measurements

Made by `make bench` on one machine ({versions}; server on one core, load on another). Compare only within a run: machines drift. Figures are
medians (lowest to highest) of {measure.PAIRS} interleaved pairs. Every package is different, signed, about 20 kB, verified, and durable before its 201.

## One POST per document, {measure.CONNECTIONS} connections

| server, one process | requests a second | server CPU, µs a request |
|---|---|---|
| bare Starlette route that reads the same body | {_rate(base)} | {_cpu(base)} |
| the axis, `POST /v1/documents` | {_rate(ours)} | {_cpu(ours)} |

**The axis does {ratio.show(3)} of the bare route.** Promised: at least 0.1; aim: 0.167.

## Bulk, {measure.BULK_PACKAGES} packages a request

| door | documents a second | server CPU, µs a document |
|---|---|---|
| single POST | {_rate(single)} | {_cpu(single)} |
| `POST /v1/documents/bulk` | {_rate(bulk)} | {_cpu(bulk)} |

**Bulk does {gain.show(2)} times the single POST.** Promised: 1.5.

## POST to available, {measure.OPEN_LOOP_PER_SECOND} documents a second

Open loop, Poisson arrivals for {measure.OPEN_LOOP_S} s, every recipient long-polling; latency from the intended start until a recipient holds the package.

| | median ms | 99th percentile ms |
|---|---|---|
| POST to 201 | {percentile(ack, 0.5):.1f} | {percentile(ack, 0.99):.1f} |
| POST to available ({len(available):,} deliveries) | {percentile(available, 0.5):.1f} | {percentile(available, 0.99):.1f} |

Promised: 99th percentile to available under 15 ms.

## CPU by part, µs a document

| part | µs |
|---|---|
{rows}

Memory of the axis after the throughput runs: {memory_mb:.0f} MB.
"""


if __name__ == "__main__":
    main()
