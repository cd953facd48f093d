"""How far a load test is: a line for each step, and at a terminal a view that lives below them."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agencies.load.pulse import BUILDING, DRAINING, LOOK_S, LOOKS, PLAYING
from axis.cli import screen

#: From so many columns on the processes stand beside the figures, else below them.
_WIDE = 100
_BAR = 24
_WINDOW_S = LOOKS * LOOK_S
_GAP = (0, 2, 0, 0)
_HEAD = f"{'documents/s':>11}  {'achieved':>9}  {'p50':>9}  {'p99':>9}  behind"

#: What the driver is about.
_PHASES = {
    BUILDING: "building packages",
    PLAYING: "playing",
    DRAINING: "draining",
}


class LoadWatch:
    """A context manager that shows what the driver tells."""

    def __init__(self, paper: Console | None = None) -> None:
        self._paper = paper
        self._live: Live | None = None
        self._rows = 0

    def __enter__(self) -> Self:
        # Where stdout points now, and not when this was made.
        paper = self._paper or Console(highlight=False, markup=False)
        if paper.is_terminal:
            self._live = Live(Text("starting"), console=paper, auto_refresh=False, transient=True)
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, told: Mapping[str, Any]) -> None:
        """Show one message of the driver."""
        if "step" in told:
            self._step(told["step"])
        elif "turned" in told:
            self._line(turned_line(told["turned"]))
        elif self._live is not None and "doing" in told:
            self._live.update(view(told, self._live.console.width), refresh=True)

    def _step(self, step: Mapping[str, Any]) -> None:
        if self._live is None:
            screen.say(step_line(step))
            return
        if not self._rows:
            self._live.console.print(Text(_HEAD, "bold"))
        self._rows += 1
        self._live.console.print(step_row(step))

    def _line(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(Text(text))
        else:
            screen.say(text)


def step_line(step: Mapping[str, Any]) -> str:
    """One step in one line."""
    return (
        f"{step['rate']:,g} documents/s: achieved {step['achieved']:,.1f}, "
        f"p50 {ms(step['p50'])}, p99 {ms(step['p99'])}, {_verdict(step)}"
    )


def step_row(step: Mapping[str, Any]) -> Text:
    """The same below ``_HEAD``."""
    row = Text(
        f"{step['rate']:>11,g}  {step['achieved']:>9,.1f}  {ms(step['p50']):>9}  "
        f"{ms(step['p99']):>9}  {step['lag']:>4.1f} s  "
    )
    return row.append(_verdict(step), "green" if step["met"] and step["driver_ok"] else "red")


def ms(seconds: float) -> str:
    """A latency for people."""
    return f"{seconds * 1000:,.0f} ms"


def turned_line(turned: Mapping[str, Any]) -> str:
    """A change of the rate in one line."""
    return (
        f"second {turned['at']:g}: from here on {turned['times']:g} times the planned rate, "
        f"{turned['documents']:,} documents in all"
    )


def view(told: Mapping[str, Any], width: int) -> RenderableType:
    """What goes on at this moment, on ``width`` columns."""
    if told["doing"] not in _PHASES:
        return Text("reconciling every document with its deliveries and receipts")
    head = Table.grid(padding=_GAP)
    head.add_row(
        Text(_name(told), "bold"),
        Text(_PHASES[told["doing"]]),
        ProgressBar(total=1.0, completed=done(told), width=_BAR),
        Text(f"{done(told):.0%}"),
    )
    if told["doing"] == BUILDING:
        return Group(head, Text(f"{told['built']:,} of {told['documents']:,} built and signed"))
    figures, processes = _figures(told), _processes(told)
    if width < _WIDE:
        return Group(head, figures, Text(""), processes)
    pair = Table.grid(padding=(0, 4, 0, 0))
    pair.add_row(figures, processes)
    return Group(head, pair)


def done(told: Mapping[str, Any]) -> float:
    """The share of what the driver is about that is done."""
    if told["doing"] == BUILDING:
        share = told["built"] / told["documents"]
    elif told["doing"] == PLAYING:
        share = told["at"] / told["seconds"]
    else:
        answered = (told["accepted"] + told["refused"]) / told["documents"]
        share = answered * (1 - told["open"] / max(1, told["deliveries"]))
    return float(min(1.0, max(0.0, share)))


def _name(told: Mapping[str, Any]) -> str:
    number = told.get("number")
    if number is None:
        return f"second {told['at']:,.0f} of {told['seconds']:g}" if "at" in told else "before it"
    if number == 0:
        return "first burst"
    return f"step {number}: {told['rate']:,g} documents/s"


def _figures(told: Mapping[str, Any]) -> Table:
    refused = f", {told['refused']:,} not accepted" if told["refused"] else ""
    latencies = f"nothing in the last {_WINDOW_S:g} s"
    if told["p99"] is not None:
        latencies = f"p50 {ms(told['p50'])}, p99 {ms(told['p99'])} in the last {_WINDOW_S:g} s"
    offered = f"{told['offered']:,.1f} documents/s of {told['rate']:,.1f} planned"
    figures = Table.grid(padding=_GAP)
    for name, text in {
        "offered": "all of it" if told["doing"] == DRAINING else offered,
        "accepted": f"{told['achieved']:,.1f} documents/s",
        "to available": latencies,
        "driver": f"{told['late'] * 1000:,.1f} ms behind its moments",
        "documents": f"{told['accepted']:,} of {told['documents']:,} accepted{refused}",
        "waiting": f"{told['unanswered']:,} for a receipt, {told['open']:,} deliveries",
    }.items():
        figures.add_row(Text(name, "dim"), Text(text))
    return figures


def _processes(told: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=_GAP)
    table.add_column("process")
    table.add_column("cores", justify="right")
    table.add_column("MB", justify="right")
    for name, cores in told["cpu"].items():
        memory = told["memory_mb"].get(name)
        table.add_row(
            Text(screen.clean(name)),
            Text(f"{cores:.2f}"),
            Text("" if memory is None else f"{memory:,.0f}"),
        )
    return table


def _verdict(step: Mapping[str, Any]) -> str:
    verdict = "met" if step["met"] else f"missed: {step['why']}"
    if not step["driver_ok"]:
        verdict += f" (the driver was {step['late'] * 1000:.0f} ms late)"
    return verdict
