"""What all commands that find a capacity have in common: their options, and how they are played."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from agencies.load import storage
from agencies.load.orders import Orders
from axis.cli import load_own, load_report

Grow = Annotated[
    str | None,
    typer.Option("--growth", metavar="seed|N%", help="A month; seed: as published, 8 %."),
]
DoubleIn = Annotated[
    float | None, typer.Option(metavar="MONTHS", help="Instead: twice in so many months.")
]
Objective = Annotated[
    float, typer.Option(metavar="SECONDS", help="p99 until a recipient has the package.")
]
Rates = Annotated[
    str, typer.Option(metavar="R,R,...", help="Rates to try first; else ten around a burst.")
]
Documents = Annotated[int, typer.Option(help="Of each step, at least.")]
Seconds = Annotated[float, typer.Option(help="Of each step, at least.")]
Steps = Annotated[int, typer.Option(help="At most so many.")]


def measured(
    asked: dict[str, Any],
    target: str = "",
    run: str | None = None,
    *,
    large: bool = False,
    usual: int = storage.STEPS_USUAL,
    stopped: int = 1,
) -> dict[str, Any]:
    """Play what is asked at ``target``, whose keys are those of ``run``, or at an axis of its own,
    and clear away what it made; the result.

    ``usual`` is how many of its largest steps a run comes to, ``stopped`` the exit code of one that
    went otherwise. Raises ``Impossible``.
    """
    return load_own.played(
        partial(Orders, **asked),
        lambda orders, free: storage.require_room(orders.shape, orders.rates, free, usual),
        load_report.introduce,
        target=target,
        run=run,
        large=large,
        stopped=stopped,
    )
