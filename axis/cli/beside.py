"""``axis play``: the demo's day through an axis that runs already, and then agencies that answer.

What ``docker compose up`` plays: axis and agencies are apart and share the folder of the run, where
the axis leaves its address (``AXIS_URL``). Nothing is ever cleared here: a day that was played to
its end is not played again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from agencies.traffic import Planned, plan_day
from agencies.world import AnotherWorld
from axis.cli import children, demo_report, playing, screen, session
from axis.cli.demo import RUN, SECONDS, State, now, read_state, told, write_state
from axis.cli.progress import Watch
from axis.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.OPERATOR)(play)


def play(
    day: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="12 March 2019 to 4 February 2020.")
    ] = "2020-01-15",
    seed: Annotated[int, typer.Option(help="Another seed: other documents, the same totals.")] = 1,
    sent: Annotated[
        int | None, typer.Option(min=1, help="Fewer documents, with --received.")
    ] = None,
    received: Annotated[int | None, typer.Option(min=1, help="Their recipients in all.")] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long 7:00 to 21:00 takes.")
    ] = SECONDS,
) -> None:
    """Play the demo's day through an axis that runs already (AXIS_HISTORY), then answer."""
    begun_s = time.monotonic()
    try:
        plan = plan_day(date.fromisoformat(day), seed, sent=sent, received=received)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    settings = Settings(run=RUN)
    total = sum(len(planned.recipients) for planned in plan)
    wanted = State(f"{plan[0].day}", seed, len(plan), total, now())
    state = read_state(settings.home) or wanted
    session.remember_run(settings)
    try:
        if not state.finished:
            if not state.same_play(wanted):
                raise typer.BadParameter(f"{settings.home} plays another day; end that first")
            write_state(settings.home, state)
            part = () if sent is None else ("--sent", f"{sent}", "--received", f"{received}")
            played = _played(settings, plan, state, seconds, part)
            if not told(settings, plan, played, state, begun_s):
                raise typer.Exit(1)
        screen.say(f"The day {state.day} is played; 95 agencies answer.")
        children.run(children.agencies_child(settings, "agencies-1", ["--mode", "answer"]).keep())
    except children.Interrupted:
        screen.say("Stopped.")
    except (playing.Stalled, children.GivenUp, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def _played(
    settings: Settings,
    plan: Sequence[Planned],
    state: State,
    seconds: float,
    part: Sequence[str],
) -> playing.Played:
    demo_report.introduce(plan, state.seed, settings, fresh=True, servers=None)
    goals = {"sent": state.sent, "received": state.received, "statuses": 2 * state.received}
    with Watch(goals, time.monotonic) as watch:
        return children.run(
            playing.Play(settings, plan, state.seed, seconds, part, watch, beside=True).run()
        )
