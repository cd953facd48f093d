"""``axis play``: the demo's day through an axis that runs already, and then agencies that answer.

What ``docker compose up`` plays: axis and agencies are apart and share the folder of the run, where
the axis leaves its address (``AXIS_URL``). Nothing is ever cleared here: a day that was stopped
goes on, and one that was played to its end is not played again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from agencies import address
from agencies.brokers import Brokers
from agencies.load.growth import PEAK_DAY
from agencies.traffic import Planned, digest
from agencies.world import AnotherWorld
from axis.cli import children, demo_report, outcome, playing, screen, session
from axis.cli.agencies_run import Over, Ways, brokers
from axis.cli.demo import RUN, SECONDS, Day, Received, Seconds, Seed, Sent, planned
from axis.cli.progress import Watch
from axis.settings import Settings

#: Which plan is played in the folder of the run, and whether to its end. Not the demo's mark:
#: `axis demo` leaves this folder alone.
STATE_FILE = "played.json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.OPERATOR)(play)


def play(
    day: Day = PEAK_DAY,
    seed: Seed = 1,
    sent: Sent = None,
    received: Received = None,
    seconds: Seconds = SECONDS,
    over: Ways = Over.REST,
) -> None:
    """Play the demo's day through an axis that runs already (AXIS_HISTORY), then answer."""
    plan, part = planned(day, seed, sent, received)
    settings = Settings(run=RUN)
    reached = brokers(settings, over)
    session.remember_run(settings)

    async def played_and_answering() -> None:
        # In one loop, from whose beginning to whose end a signal is heeded.
        if not _finished(settings.home, plan):
            await _play(settings, plan, seed, seconds, part, reached)
        screen.say(f"The day {plan[0].day} is played; 95 agencies answer.")
        answering = ["--mode", "answer"]
        child = children.agencies_child(settings, "agencies-1", answering, brokers=reached)
        await child.keep()

    try:
        children.run(played_and_answering())
    except children.Interrupted:
        screen.say("Stopped.")
    except (playing.Stalled, children.GivenUp, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


async def _play(
    settings: Settings,
    plan: Sequence[Planned],
    seed: int,
    seconds: float,
    part: Sequence[str],
    reached: Brokers | None,
) -> None:
    begun_s = time.monotonic()
    total = sum(len(planned.recipients) for planned in plan)
    goals = {"sent": len(plan), "received": total, "statuses": 2 * total}
    demo_report.introduce(plan, seed, settings, fresh=True, servers=None)
    if address.left_address(settings.axis_dir) is None:
        where = settings.axis_dir
        screen.say(
            f"Waiting for the axis of the run '{settings.run}' to say in {where} where it is."
        )
    with Watch(goals, time.monotonic) as watch:
        play = playing.Play(
            settings, plan, seed, seconds, part, watch, beside=True, brokers=reached
        )
        played = await play.run()
    journals = outcome.read_journals(settings.home)
    found = outcome.differences(plan, played.counts, journals, played.heard)
    demo_report.report(played, journals, begun_s)
    _write(settings.home, plan, finished=True)
    if found:
        demo_report.not_exact(found)
        raise typer.Exit(1)


def _finished(home: Path, plan: Sequence[Planned]) -> bool:
    """Whether the day was played to its end; from now on it is this plan that is played."""
    try:
        state = json.loads((home / STATE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        _write(home, plan, finished=False)
        return False
    if state["plan"] != digest(plan):
        raise typer.BadParameter(f"{home} plays another plan, of {state['day']}")
    return bool(state["finished"])


def _write(home: Path, plan: Sequence[Planned], *, finished: bool) -> None:
    state = {"day": f"{plan[0].day}", "plan": digest(plan), "finished": finished}
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f"{STATE_FILE}.new"
    fresh.write_text(json.dumps(state) + "\n", encoding="utf-8")
    fresh.replace(home / STATE_FILE)
