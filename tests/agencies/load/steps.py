"""Steps, records and usages for the tests of what is told from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agencies.load.judge import Measured, judge
from agencies.load.plan import Shape
from agencies.load.reconcile import reconcile
from agencies.load.record import Record
from agencies.load.spool import Letter
from agencies.load.usage import AXIS, DRIVER, HELPERS, Usage

TO = ("000.00.00.H37", "000.00.00.H26")
QUIET: Mapping[str, float] = {AXIS: 0.5, HELPERS: 0.3, DRIVER: 0.2}


def letters(count: int, every_s: float) -> list[Letter]:
    return [
        Letter(
            index=n,
            after_s=n * every_s,
            sender="000.00.00.G22",
            document_id=f"id {n}",
            recipients=TO,
            sha256=f"{n:064}",
            start=0,
            size=1,
        )
        for n in range(count)
    ]


def usage(cpu: Mapping[str, float] = QUIET, machine: float = 1.0, disk: float = 0.1) -> Usage:
    return Usage(
        seconds=10,
        cores=2,
        cpu=dict(cpu),
        memory_mb={},
        machine=machine,
        disk_busy=disk,
        written_mb=1,
    )


def record(late_s: Iterable[float], every_s: float = 0.01, driver_late_s: float = 0) -> Record:
    """A step of which each letter is with its recipients so many seconds after its moment."""
    delays = list(late_s)
    made = Record(letters(len(delays), every_s), begin_s=100.0)
    for letter, delay in zip(made.letters, delays, strict=True):
        at_s = made.due_s(letter.index) + delay
        made.late_s.append(driver_late_s)
        doc = f"doc_{letter.index}"
        deliveries = [f"{doc}.{code}" for code in TO]
        told = {"doc": doc, "sha256": letter.sha256, "deliveries": deliveries}
        made.accept(letter, at_s, told)
        for code in TO:
            made.arrive(letter, code, f"{doc}.{code}", at_s)
            made.finish(letter, code, at_s)
    return made


def measured(rate: float, p99: float, *, driver_late_s: float = 0.0) -> Measured:
    """A step at a rate whose latency was all the same."""
    step = Shape(documents=200, seconds=2, fanout=len(TO)).step(1, rate)
    made = record([p99] * step.documents, 1 / rate, driver_late_s)
    return judge(step, made, reconcile(made), usage())
