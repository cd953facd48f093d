"""The result of a load test as its file has it: everything raw, and what follows from it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agencies.load import judge, limit, outlook, storage
from agencies.load.growth import PEAK_DAY
from agencies.load.judge import Measured
from agencies.load.orders import Site
from agencies.load.reconcile import NAMED_MAX, Reconciled
from agencies.load.run import Outcome

#: Grows when a field changes its meaning.
VERSION = 1
KIND = "growth"


def result(outcome: Outcome, *, disk_bytes: float) -> dict[str, Any]:
    """Everything about a run. Rates are documents a second, times seconds, ``cpu`` cores.

    ``date`` is None when there is no capacity, when the driver was the bottleneck, or when
    something is lost; ``refused`` says which.
    """
    orders = outcome.orders
    shape, growth = orders.shape, orders.growth
    span = outlook.capacity(outcome.steps, orders.objective_s)
    deciding = outlook.deciding(outcome.steps)
    driver_ok = all(step.driver_ok for step in deciding)
    refused = _refused(outcome, has_capacity=span is not None, driver_ok=driver_ok)
    # A capacity that dates nothing bounds no month either.
    sure = None if refused else span
    dates = None if sure is None else outlook.dates(sure, shape.base, growth)
    disk = orders.disk_gb * storage.GB if orders.disk_gb is not None else disk_bytes
    stored = storage.storage(shape, growth, disk, orders.retention)
    return {
        "version": VERSION,
        "kind": KIND,
        "base": {"day": PEAK_DAY.isoformat(), **asdict(shape.base)},
        "growth": {"monthly": growth.monthly, "told": growth.told},
        "profile": shape.size,
        "package_bytes": round(storage.package_bytes(shape.profile, shape.seed)),
        "signed": shape.signed,
        "reports": shape.reports,
        "seed": shape.seed,
        "door": orders.door,
        "form": form(orders),
        "axis_cores": orders.axis_cores,
        "objective": {"p99": orders.objective_s, "holds": judge.HOLDS_S, "lost": 0},
        "machine": machine(),
        "burst": outcome.through,
        "ladder": list(outcome.rungs),
        "steps": [dict(judge.raw(step)) | {"usage": asdict(step.usage)} for step in outcome.steps],
        "capacity": None if span is None else asdict(span),
        "date": None if dates is None else _dates(dates),
        "refused": refused,
        "limit": _limit(deciding, orders.axis_cores),
        "others": round(max((limit.others(step.usage) for step in deciding), default=0.0), 2),
        "driver_ok": driver_ok,
        "months": [
            {**asdict(month), "day": f"{month.day:%Y-%m}"}
            for month in outlook.months(orders.months, outcome.steps, sure, shape.base, growth)
        ],
        "storage": {**asdict(stored), "full": stored.full},
        "reconciled": reconciled(outcome.total, outcome.books) | {"foreign": outcome.foreign},
        "took": outcome.took_s,
    }


def exact(told: Mapping[str, Any]) -> bool:
    """Whether a result may be believed: nothing is lost or strange, and the books agree."""
    found = told["reconciled"]
    return not found["lost"] and not found["strange"] and not found["books"]


def form(orders: Site) -> str:
    """What was loaded: an axis of the run's own, small or large, or the address of another."""
    if orders.axis_pid is None:
        return orders.url
    return "large" if orders.beside else "embedded"


def _refused(outcome: Outcome, *, has_capacity: bool, driver_ok: bool) -> str:
    """Why there is no date; empty where there is one."""
    if not outcome.total.exact or outcome.books:
        return "what was accepted and what was taken do not agree"
    if not has_capacity:
        met = [step.rate for step in outcome.steps if step.met]
        if met:
            return (
                f"the objective was still met at {max(met):g} documents/s, the most that was tried"
            )
        return "the objective was met at no rate"
    if not driver_ok:
        return "the driver was the bottleneck: the axis may do more than this machine can ask of it"
    return ""


def _limit(deciding: list[Measured], axis_cores: int | None) -> str:
    """The first limit, as the step shows it that missed the objective last."""
    missed = [step for step in deciding if not step.met]
    if not missed:
        return "not reached"
    last = missed[-1]
    return limit.first_limit(last.usage, driver_ok=last.driver_ok, axis_cores=axis_cores)


def _dates(dates: outlook.Dates) -> dict[str, Any]:
    return {
        name: {"month": when.month, "day": f"{when.day:%Y-%m}"}
        for name, when in (("low", dates.low), ("mid", dates.mid), ("high", dates.high))
    }


def reconciled(total: Reconciled, books: str) -> dict[str, Any]:
    """What was reconciled, with the first ids where anything disagrees."""
    return {
        "accepted": total.accepted,
        "deliveries": total.deliveries,
        "everywhere": total.everywhere,
        "lost": len(total.lost),
        "lost_ids": list(total.lost[:NAMED_MAX]),
        "strange": len(total.strange),
        "strange_ids": list(total.strange[:NAMED_MAX]),
        "books": books,
    }


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": _memory_gb(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> float | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return round(int(lines[0].split()[1]) / 1e6, 1)
