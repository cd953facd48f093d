"""How far a load test is: a line for each step, and at a terminal one that moves below them."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.status import Status

from axis.cli import screen


class LoadWatch:
    """A context manager that shows what the driver tells."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Self:
        console = screen.console()
        if console.is_terminal:
            self._status = console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, told: Mapping[str, Any]) -> None:
        """Show one message of the driver."""
        if "step" in told:
            self._line(step_line(told["step"]))
        elif "turned" in told:
            self._line(turned_line(told["turned"]))
        elif self._status is not None and "doing" in told:
            self._status.update(_now(told))

    def _line(self, text: str) -> None:
        if self._status is not None:
            self._status.console.print(text, markup=False, highlight=False)
        else:
            screen.say(text)


def step_line(step: Mapping[str, Any]) -> str:
    """One step in one line."""
    verdict = "met" if step["met"] else f"missed: {step['why']}"
    if not step["driver_ok"]:
        verdict += f" (the driver was {step['late'] * 1000:.0f} ms late)"
    return (
        f"{step['rate']:,g} documents/s: achieved {step['achieved']:,.1f}, "
        f"p50 {ms(step['p50'])}, p99 {ms(step['p99'])}, {verdict}"
    )


def ms(seconds: float) -> str:
    """A latency for people."""
    return f"{seconds * 1000:,.0f} ms"


def turned_line(turned: Mapping[str, Any]) -> str:
    """A change of the rate in one line."""
    return (
        f"second {turned['at']:g}: from here on {turned['times']:g} times the planned rate, "
        f"{turned['documents']:,} documents in all"
    )


def _now(told: Mapping[str, Any]) -> str:
    if told["doing"] == "playing":
        return _playing(told)
    if "rate" not in told:
        return f"building and signing {told['documents']:,} packages"
    head = f"{told['rate']:,g} documents/s"
    if told["doing"] == "building":
        return f"{head}: building and signing {told['documents']:,} packages"
    return (
        f"{head}: accepted {told['accepted']:,}/{told['documents']:,}, "
        f"with recipients {told['available']:,}/{told['deliveries']:,}"
    )


def _playing(told: Mapping[str, Any]) -> str:
    refused = f", {told['refused']:,} refused" if told["refused"] else ""
    return (
        f"{told['at']:,.0f} of {told['seconds']:g} s: offered {told['offered']:,.0f}/s, accepted "
        f"{told['achieved']:,.0f}/s; {told['accepted']:,}/{told['documents']:,} accepted{refused}, "
        f"{told['open']:,} deliveries open"
    )
