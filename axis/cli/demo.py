"""``axis demo``: play one real day through a real axis, and prove that the books are exact.

A demo that was killed goes on where it stopped when it is started again; one that finished makes
way for a fresh world. Its folder is only ever cleared when it carries the mark of this command.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from agencies.load.growth import PEAK_DAY
from agencies.traffic import Planned, plan_day
from agencies.world import AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.adapters.system_clock import SystemClock
from axis.cli import archive, children, demo_report, outcome, playing, screen, session
from axis.cli.agencies_run import Over, brokers
from axis.cli.given import of_a_day
from axis.cli.marked import Marked
from axis.cli.progress import Watch
from axis.core.timetable import iso
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.large import Large

RUN, RUN_OVER_KAFKA = "demo", "demo-kafka"
STATE_FILE = "demo.json"
MAKER = "axis demo"
#: The fourteen hours of the day pass in this time: ninety documents a second on average, and
#: two to three times as many in the morning, which leaves two cores some room.
SECONDS = 22.0

Day = Annotated[date, of_a_day("--day", "12 March 2019 to 4 February 2020.")]
Seed = Annotated[int, typer.Option(help="Another seed: other documents, the same totals.")]
Sent = Annotated[int | None, typer.Option(min=1, help="Fewer documents, with --received.")]
Received = Annotated[int | None, typer.Option(min=1, help="Their recipients in all.")]
Seconds = Annotated[float, typer.Option(min=1, max=3600, help="How long 7:00 to 21:00 takes.")]


@dataclass(frozen=True, slots=True)
class State:
    """What the demo in ``var/demo`` plays, and whether it got to the end."""

    day: str
    seed: int
    sent: int
    received: int
    started: str
    finished: str = ""

    def same_play(self, other: State) -> bool:
        """Whether both play the same plan."""
        return (self.day, self.seed, self.sent, self.received) == (
            other.day,
            other.seed,
            other.sent,
            other.received,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """How to play: ``part`` is what the agencies must know to draw up a part of the plan."""

    seed: int
    seconds: float
    part: tuple[str, ...]
    begun_s: float


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.NEWCOMER)(demo)


def demo(
    day: Day = PEAK_DAY,
    seed: Seed = 1,
    sent: Sent = None,
    received: Received = None,
    seconds: Seconds = SECONDS,
    over_kafka: Annotated[
        bool,
        typer.Option(
            "--over-kafka",
            help="Over Apache Kafka and PostgreSQL, started for it: needs Java, Maven, initdb.",
        ),
    ] = False,
) -> None:
    """Play a day between 95 agencies: 15 January 2020, the peak, when nothing else is said."""
    begun_s = time.monotonic()
    plan, part = planned(day, seed, sent, received)
    run = RUN_OVER_KAFKA if over_kafka else RUN
    settings = Settings(run=run, history=True, port=0)
    if settings.database is not None and not over_kafka:
        raise typer.BadParameter("AXIS_DATABASE is set; a demo plays in books of its own")
    with Marked(settings, STATE_FILE, MAKER).alone():
        found = _day(settings, plan, Asked(seed, seconds, part, begun_s), over_kafka=over_kafka)
    if found:
        demo_report.not_exact(found)
        raise typer.Exit(1)
    if over_kafka:
        screen.say("Exact, both lines balance, and the events prove every counter.")
    else:
        demo_report.how_to_go_on()


def planned(
    day: date, seed: int, sent: int | None, received: int | None
) -> tuple[Sequence[Planned], tuple[str, ...]]:
    """The plan that the options ask for, and what agencies must know to draw up the same."""
    try:
        plan = plan_day(day, seed, sent=sent, received=received)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return plan, () if sent is None else ("--sent", f"{sent}", "--received", f"{received}")


def _day(
    settings: Settings, plan: Sequence[Planned], asked: Asked, *, over_kafka: bool
) -> list[str]:
    """Play it, and tell of it; the differences between what was planned and what came about."""
    total = sum(len(planned.recipients) for planned in plan)
    wanted = State(f"{plan[0].day}", asked.seed, len(plan), total, _now())
    # The servers of an earlier one are gone, and the books with them.
    folder = Marked(settings, STATE_FILE, MAKER)
    state = _open(folder, wanted, afresh=over_kafka)
    unproved: list[str] = []
    with _servers(settings) if over_kafka else nullcontext() as servers:
        told = None
        if servers is None:
            session.remember_run(settings)
        else:
            settings, told = servers.settings, servers.told
        fresh = state == wanted
        demo_report.introduce(plan, asked.seed, settings, fresh=fresh, servers=told)
        played = _play(settings, plan, state, asked.seconds, asked.part)
        if servers is not None and not archive.audit(settings)["clean"]:
            unproved = ["axis audit finds counters that the events do not prove"]
    journals = outcome.read_journals(settings.home)
    demo_report.report(played, journals, asked.begun_s)
    folder.write(asdict(replace(state, finished=_now())))
    return [*outcome.differences(plan, played.counts, journals, played.heard), *unproved]


def _servers(settings: Settings) -> AbstractContextManager[Large]:
    # Not above: a laptop's commands start without the libraries of a server's.
    from axis.cli.large import kept

    return kept(settings)


def _play(
    settings: Settings,
    plan: Sequence[Planned],
    state: State,
    seconds: float,
    part: Sequence[str],
) -> playing.Played:
    goals = {"sent": state.sent, "received": state.received, "statuses": 2 * state.received}
    try:
        with Watch(goals, time.monotonic) as watch:
            reached = brokers(settings, Over.KAFKA) if settings.kafka.bootstrap else None
            play = playing.Play(settings, plan, state.seed, seconds, part, watch, brokers=reached)
            return children.run(play.run())
    except children.Interrupted:
        over_kafka = settings.run == RUN_OVER_KAFKA
        again = "begins anew: axis demo --over-kafka" if over_kafka else "goes on: axis demo"
        screen.say(f"Stopped. Started again, the demo {again}")
        raise typer.Exit(130) from None
    except (playing.Stalled, children.GivenUp, InUse, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def _open(folder: Marked, wanted: State, *, afresh: bool) -> State:
    """The state to go on from; a world that is finished, or another play's, is cleared away, and
    with ``afresh`` any.
    """
    said = folder.read()
    if said is not None:
        known = State(**said)
        if not afresh and not known.finished and known.same_play(wanted):
            return known
        if not known.finished:
            screen.say(f"The demo of {known.day} with seed {known.seed} is given up half-way.")
        folder.clear()
    folder.write(asdict(wanted))
    return wanted


def _now() -> str:
    return iso(SystemClock().now())
