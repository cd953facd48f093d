"""``make selfcheck``: the load test's own figures against those of an independent generator.

The driver of ``axis load`` and Locust ask the same route (``benchmarks.waiting``) for the same at
the same rate, in turn, each several times; both say how many requests a second they came to and how
long the median one took. The driver counts from intended moments that are drawn beforehand, Locust
from when it asks, one user after its own pause: where the server keeps up, both must agree.

Exit code 0: they agree within 10 %; 1: they do not, or a request failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from agencies.load import judge
from agencies.load.plan import Step, plan
from agencies.load.record import Record
from agencies.load.send import REQUESTS_MAX, SINGLE, Senders
from agencies.load.spool import Letter, Spool
from agencies.load.wire import Place, Pool
from agencies.sizes import PROFILES, SMALL
from agencies.world import make_world, read_key
from benchmarks import servers
from benchmarks.table import Spread
from benchmarks.waiting import SERVICE_S
from schemas.codes import agencies

#: How far apart the two may be.
APART_MAX = 0.1
#: Modest: a tenth of what either gets through, so that the route decides and not who asks.
PER_SECOND = 100
#: Of one of Locust's users, who asks one request after the other and must be done before the next.
USER_PER_SECOND = 4
PAIRS, SECONDS = 5, 10


@dataclass(frozen=True, slots=True)
class Figures:
    """One run, as its generator reports it."""

    per_second: float
    median_s: float
    failed: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A run of each, one after the other."""

    driver: Figures
    locust: Figures


def ratios(pairs: Sequence[Pair]) -> tuple[Spread, Spread]:
    """Driver / Locust: of requests a second, and of medians."""
    return (
        Spread.of([pair.driver.per_second / pair.locust.per_second for pair in pairs]),
        Spread.of([pair.driver.median_s / pair.locust.median_s for pair in pairs]),
    )


def agree(pairs: Sequence[Pair]) -> bool:
    """Whether no request failed, and both figures are within ``APART_MAX`` of each other's."""
    failed = sum(pair.driver.failed + pair.locust.failed for pair in pairs)
    near = all(1 / (1 + APART_MAX) <= one.median <= 1 + APART_MAX for one in ratios(pairs))
    return near and not failed


def by_driver(server: servers.Server, spool: Spool, letters: Sequence[Letter]) -> Figures:
    """As a step of ``axis load`` sends and judges it."""
    record = Record(letters)

    async def send() -> None:
        pool = Pool(Place(servers.HOST, server.port), REQUESTS_MAX)
        tokens = {letter.sender: "Bearer none" for letter in letters}
        await Senders(pool, tokens, spool, record).send(SINGLE)
        pool.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send())
    if not record.accepted_s:
        return Figures(0.0, 0.0, len(record.failed))
    took_s = max(record.accepted_s.values()) - record.begin_s
    median_s = judge.latency(record.accepted()).p50
    return Figures(len(record.accepted_s) / took_s, median_s, len(record.failed))


def by_locust(server: servers.Server, body: Path, seconds: int) -> Figures:
    """As Locust does it, in a process of its own."""
    users = PER_SECOND // USER_PER_SECOND
    told = body.with_name("figures.json")
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/locust_user.py", "--headless"]
    command += ["--host", f"http://{servers.HOST}:{server.port}", "--run-time", f"{seconds}s"]
    command += ["--users", str(users), "--spawn-rate", str(users), "--only-summary"]
    environment = {"SELFCHECK_BODY": str(body), "SELFCHECK_FIGURES": str(told)}
    done = subprocess.run(
        [*command, "--exit-code-on-error", "0"],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Locust ended with {done.returncode}:\n{done.stderr}")
    return Figures(**json.loads(told.read_text(encoding="ascii")))


def measure(pairs: int, seconds: int) -> list[Pair]:
    """Run both in turn."""
    step = Step(number=0, rate=PER_SECOND, documents=PER_SECOND * seconds, fanout=1, seed=1)
    with tempfile.TemporaryDirectory(prefix="axis-selfcheck-") as folder:
        home = Path(folder)
        make_world(home)
        keys = {row.code: read_key(home, row.code) for row in agencies()}
        with Spool(home / "packages") as spool, servers.waiting() as server:
            planned = spool.fill(plan(step), keys, PROFILES[SMALL.name])
            first = planned[0]
            # The same bytes in every request of either, and no recipient to hear from.
            letters = [
                replace(first, index=letter.index, after_s=letter.after_s, recipients=())
                for letter in planned
            ]
            body = home / "body"
            body.write_bytes(spool.raw(first))
            return [
                Pair(by_driver(server, spool, letters), by_locust(server, body, seconds))
                for _ in range(pairs)
            ]


def report(pairs: Sequence[Pair], seconds: int) -> str:
    """Both side by side, with the ratio and the spread of each."""
    rate, median = ratios(pairs)
    failed = sum(pair.driver.failed + pair.locust.failed for pair in pairs)
    lines = (
        f"A route that takes {SERVICE_S * 1000:g} ms, {PER_SECOND} requests a second for",
        f"{seconds} s, {len(pairs)} times each, in turn: median (lowest to highest).",
        f"{'':<12}{'driver':<24}{'Locust':<24}driver / Locust",
        f"{'requests/s':<12}{_both(pairs, _per_second)}{rate.show(3)}",
        f"{'median ms':<12}{_both(pairs, _median_ms)}{median.show(3)}",
        f"Failed: {failed}. Within {APART_MAX:.0%}: {'yes' if agree(pairs) else 'NO'}.",
    )
    return "\n".join(lines) + "\n"


def _per_second(figures: Figures) -> float:
    return figures.per_second


def _median_ms(figures: Figures) -> float:
    return figures.median_s * 1000


def _both(pairs: Sequence[Pair], of: Callable[[Figures], float]) -> str:
    driver = Spread.of([of(pair.driver) for pair in pairs]).show(1)
    locust = Spread.of([of(pair.locust) for pair in pairs]).show(1)
    return f"{driver:<24}{locust:<24}"


def main() -> int:
    """Return 0 when they agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.selfcheck", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--pairs", type=int, default=PAIRS, help="runs of each")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of each run")
    asked = parser.parse_args()
    pairs = measure(asked.pairs, asked.seconds)
    sys.stdout.write(report(pairs, asked.seconds))
    return 0 if agree(pairs) else 1


if __name__ == "__main__":
    sys.exit(main())
