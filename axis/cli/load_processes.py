"""What each part of an axis under load used, step by step: CPU and memory by process group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axis.cli import screen


def show(told: Mapping[str, Any]) -> None:
    """Print it as a table; nothing where no step was measured."""
    names = parts(told)
    if names:
        screen.table(["documents/s", *(f"{name}: cores, MB" for name in names)], rows(told, names))


def parts(told: Mapping[str, Any]) -> list[str]:
    """The parts that were seen, in the order of the result."""
    return list(dict.fromkeys(name for step in told["steps"] for name in step["usage"]["cpu"]))


def rows(told: Mapping[str, Any], names: Sequence[str]) -> list[list[str]]:
    """By rate, what each part used: cores (1.0 is one all the time) and resident MB."""
    return [
        [f"{step['rate']:,g}", *(_cell(step["usage"], name) for name in names)]
        for step in sorted(told["steps"], key=lambda one: float(one["rate"]))
    ]


def _cell(usage: Mapping[str, Any], name: str) -> str:
    if name not in usage["cpu"]:
        return ""
    memory = usage["memory_mb"].get(name)
    return f"{usage['cpu'][name]:.2f}" + ("" if memory is None else f", {memory:,.0f}")
