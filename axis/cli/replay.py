"""``axis replay``: play what was, again. ``history`` plays the published eleven months; the jobs
that give documents back are in ``replay_jobs``.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agencies import model
from agencies.history.part import CLOSED, documents, months
from agencies.history.progress import Progress
from agencies.sizes import SMALL, Even, total_bytes
from agencies.world import SEED, AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.adapters.system_clock import SystemClock
from axis.cli import (
    children,
    history_report,
    replay_export,
    replay_import,
    replay_jobs,
    replay_report,
    replay_shadow,
    screen,
    session,
)
from axis.cli.given import given, of_a_day, require_kept
from axis.cli.history_playing import Play, Stopped
from axis.cli.history_state import MAKER, RUN, STATE_FILE, State
from axis.cli.marked import Marked
from axis.cli.own_run import own_settings
from axis.cli.replay_apart import DISK_SHARE_MAX, Anew, require_one_way
from axis.core.timetable import OPENED, iso
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.large import Large

group = typer.Typer(
    help="Play what was, again: the published history, a window, a file; give documents back.",
    no_args_is_help=True,
)
replay_jobs.register(group)
replay_export.register(group)
replay_import.register(group)
replay_report.register(group)
replay_shadow.register(group)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(group, name="replay", rich_help_panel=screen.OPERATOR)


@group.callback()
def replay() -> None:
    """Play what was, again."""


#: Options of a history, and what of its state they are.
_KEPT: Final = {
    "first": ("--from", "first"),
    "last": ("--to", "last"),
    "first_months": ("--months", "last"),
    "only": ("--only", "only"),
    "sample": ("--sample", "sample"),
    "size": ("--size", "size"),
    "seed": ("--seed", "seed"),
    "over_kafka": ("--over-kafka", "over_kafka"),
}


@group.command()
def history(
    context: typer.Context,
    first: Annotated[date, of_a_day("--from", "First day.")] = OPENED,
    last: Annotated[date, of_a_day("--to", "Last day.")] = CLOSED,
    first_months: Annotated[
        int | None, typer.Option("--months", help="Only the first months, of 30 days.")
    ] = None,
    only: Annotated[
        str, typer.Option(metavar="CODE", help="Only what this agency sends or receives (H37).")
    ] = "",
    sample: Annotated[
        str, typer.Option(metavar="I/N", help="The I-th of N samples; all N make the whole.")
    ] = "1/1",
    size: Annotated[
        str, typer.Option(metavar="small|real", help="20 kB a package, or what offices send.")
    ] = SMALL.name,
    speed: Annotated[
        float | None,
        typer.Option(min=1, help="So many times as fast as it happened; else as fast as it goes."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Another seed: other documents, the same totals.")
    ] = SEED,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with one that was stopped or killed.")
    ] = False,
    anew: Anew = False,
    over_kafka: Annotated[
        bool,
        typer.Option(
            "--over-kafka",
            help="Over Apache Kafka and PostgreSQL, started for it: needs Java, Maven, initdb.",
        ),
    ] = False,
    json: screen.Json = False,
) -> None:
    """Play 12 March 2019 to 4 February 2020: 298,000 documents sent, 945,000 received."""
    typed = given(context, _KEPT)
    try:
        until = _until(last, first_months, typed)
        code = session.agency(only) if only else ""
        now = iso(SystemClock().now())
        days = first.isoformat(), until.isoformat()
        wanted = State(*days, code, sample, size, seed, now, over_kafka=over_kafka)
        _ = wanted.part, wanted.profile  # Raises for what cannot be.
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    # Whoever types months names no day.
    options = {**_KEPT, "first_months": (f"--months {first_months}, that is --to", "last")}
    resumed = [options[name] for name in typed] if resume else None
    told = _played(wanted, speed, resumed, anew=anew, json=json)
    if json:
        screen.data(told)
    else:
        history_report.report(told)
    if told["differences"]:
        raise typer.Exit(1)


def _until(last: date, first_months: int | None, typed: Iterable[str]) -> date:
    """The last day; ValueError for two of them, and for months that there are not."""
    if first_months is None:
        return last
    if "last" in typed:
        raise ValueError("--months and --to both say where it ends; either would do")
    return months(first_months)


def _played(
    wanted: State,
    speed: float | None,
    resumed: Collection[tuple[str, str]] | None,
    *,
    anew: bool,
    json: bool,
) -> dict[str, Any]:
    """Play it, or go on with what was played before where options (and what of its state they are)
    are ``resumed``; what came of it.
    """
    settings = own_settings(RUN)
    folder = Marked(settings, STATE_FILE, MAKER)
    with folder.alone():
        state = _open(folder, wanted, resumed, anew=anew)
        begun = Progress.load(settings.home)
        with _servers(settings) if state.over_kafka else nullcontext() as servers:
            where = settings if servers is None else servers.settings
            if not json:
                over = "" if servers is None else servers.told
                history_report.introduce(state, where, begun, over)
            play = _play(where, state, speed, json=json)
            folder.write(asdict(replace(state, finished=iso(SystemClock().now()))))
            try:
                return history_report.outcome(where, play)
            except KeyboardInterrupt:
                raise _stopped() from None


def _require_books_of_its_own(settings: Settings, state: State) -> None:
    """Refuse a play that would write elsewhere, or whose servers are not there."""
    if state.over_kafka:
        # Not above: a laptop's commands start without the libraries of a server's.
        from axis.cli.large import require

        require()
    elif settings.database is not None:
        raise typer.BadParameter("AXIS_DATABASE is set; a history plays in books of its own")


def _servers(settings: Settings) -> AbstractContextManager[Large]:
    from axis.cli.large import kept, workers

    return kept(settings.model_copy(update={"workers": workers()}), with_data=True)


def _play(settings: Settings, state: State, speed: float | None, *, json: bool) -> Play:
    try:
        play = Play(settings, state.part, state.seed, speed, state.size, silent=json)
        children.run(play.run())
        return play
    except children.Interrupted:
        raise _stopped() from None
    except (Stopped, children.GivenUp, InUse, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def _stopped() -> typer.Exit:
    typer.echo("Stopped. Go on: axis replay history --resume", err=True)
    return typer.Exit(130)


def _require_room(settings: Settings, state: State) -> None:
    """Refuse a play whose packages would fill the disk, before its first document."""
    # What was played here before is deleted for it.
    before = sum(path.stat().st_size for path in settings.home.rglob("*") if path.is_file())
    free = shutil.disk_usage(settings.var).free + before
    profile = state.profile
    if isinstance(profile, Even):
        # Planning all of it takes ten seconds; where there is plenty of room nobody need wait.
        most = sum(model.days()[day].sent for day in state.part.days()) * profile.package_bytes_max
        if most <= free * DISK_SHARE_MAX:
            return
    plans = (plan for _, plan in documents(state.part, state.seed))
    needed = sum(total_bytes(plan, profile) for plan in plans)
    if needed > free * DISK_SHARE_MAX:
        typer.echo(
            f"The packages of this play are {screen.number(needed)} bytes, and "
            f"{settings.home} has {screen.number(free)} bytes free, of which a play may take "
            f"{DISK_SHARE_MAX:.0%}. A part of it: --sample, --months, --only.",
            err=True,
        )
        raise typer.Exit(1)


def _open(
    folder: Marked, wanted: State, resumed: Collection[tuple[str, str]] | None, *, anew: bool
) -> State:
    """The state to go on from, with which what is wanted by the options ``resumed`` has to agree,
    or the one of a fresh world (None); nothing is cleared for a play that is refused, nor, unless
    it is to begin ``anew``, of one that was not finished.
    """
    require_one_way(resume=resumed is not None, anew=anew)
    said = folder.read()
    known = None if said is None else State(**said)
    if resumed is not None:
        # One that is finished plays nothing more: what came of it may not have been told.
        if known is None:
            raise typer.BadParameter("there is no half-played history to go on with")
        require_kept(
            {option: getattr(wanted, name) for option, name in resumed},
            {option: getattr(known, name) for option, name in resumed},
        )
        _require_books_of_its_own(folder.settings, known)
        return known
    if known is not None and not (known.finished or anew):
        raise typer.BadParameter(
            f"{folder.settings.home} has a history that was stopped: --resume goes on with it, "
            "--anew deletes it and begins anew"
        )
    _require_books_of_its_own(folder.settings, wanted)
    _require_room(folder.settings, wanted)
    if known is not None:
        folder.clear()
    folder.write(asdict(wanted))
    return wanted
