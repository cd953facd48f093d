"""``axis replay plan``, ``run`` and the like: give documents back, put back what was parked, play a
window beside the books.

As an agency (``--as H37``) the same into its own inbox only, through its own door.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from agencies.world import OPERATOR_ID, SEED
from axis.cli import replay_player, screen, session
from axis.cli import replay_shown as report
from axis.cli.door import Door, segment
from axis.cli.given import given
from axis.cli.job_items import PAGE_ROWS, items_of
from axis.cli.replay_shadow import INTO_DEFAULT, SPEED_DEFAULT, Into, Seed, Speed
from axis.core.replay import RATE_DEFAULT, RATE_MAX, Act, Kind, Stage

#: How often ``--wait`` looks.
LOOK_S = 0.5

Job = Annotated[str, typer.Argument(metavar="ID", help="The job (rpl_...).")]
By = Annotated[
    str,
    typer.Option("--as", help="The operator, or an agency (H37) for its own inbox."),
]
Why = Annotated[str, typer.Option(help="Why, for the audit log; else the plan's reason.")]

_DeliverAgain = Annotated[bool, typer.Option("--deliver-again", help="Give back what is done.")]
_Redrive = Annotated[bool, typer.Option("--redrive", help="Put back what is parked.")]
_Shadow = Annotated[
    bool, typer.Option("--shadow", help="Play what was sent in a window in a run of its own.")
]
_Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="A package or delivery, also a recalled one; may be repeated."),
]
_Rate = Annotated[int, typer.Option(min=1, max=RATE_MAX, help="Deliveries a second.")]
_StopAt = Annotated[
    int,
    typer.Option(
        min=0, max=100, metavar="PERCENT", help="Redrive stops at so many failures; 0: never."
    ),
]


class Type(StrEnum):
    """A DocType by its name."""

    NEW = "new"
    RECALL = "recall"
    UPDATE = "update"
    REPLACEMENT = "replacement"


def register(group: typer.Typer) -> None:
    """Add the commands to those of ``axis replay``."""
    group.command()(plan)
    group.command()(run)
    for name, command in (("pause", pause), ("resume", resume), ("abort", abort)):
        group.command(name)(command)
    group.command()(show)
    group.command("list")(list_jobs)


_WORDS: Final = {
    Kind.GIVE_BACK: "deliver-again",
    Kind.REDRIVE: "redrive",
    Kind.SHADOW: "shadow",
}
#: Options that say nothing of a kind, by their parameters.
_IDLE: Final = {
    Kind.GIVE_BACK: {"stop_at": "--stop-at", "speed": "--speed", "cause": "--cause"},
    Kind.REDRIVE: {"speed": "--speed"},
    Kind.SHADOW: {"stop_at": "--stop-at", "rate": "--rate"},
}


def plan(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it goes into the audit log.")],
    deliver_again: _DeliverAgain = False,
    redrive: _Redrive = False,
    shadow: _Shadow = False,
    to: Annotated[str, typer.Option(help="Only to this recipient.")] = "",
    from_: Annotated[str, typer.Option("--from", help="Only from this sender.")] = "",
    since: Annotated[str, typer.Option(help="Done (shadow: sent) since: '2020-01-15 18:00'.")] = "",
    until: Annotated[str, typer.Option(help="Done (shadow: sent) before; else until now.")] = "",
    type_: Annotated[Type | None, typer.Option("--type", help="Only this DocType.")] = None,
    state: Annotated[str, typer.Option(help="Only in this state: done, parked, ...")] = "",
    answer: Annotated[str, typer.Option(help="Only with this answer: none, arrived, ...")] = "",
    cause: Annotated[str, typer.Option(help="Only those parked for this reason.")] = "",
    ids: _Ids = None,
    rate: _Rate = RATE_DEFAULT,
    stop_at: _StopAt = 50,
    speed: Speed = SPEED_DEFAULT,
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Say what would be handed over, to whom, and what is left out and why.

    Nothing moves until the job is run; the plan is valid for an hour.
    """
    client = session.client_of(as_)
    kind = _kind(client, deliver_again=deliver_again, redrive=redrive, shadow=shadow)
    if idle := given(context, _IDLE[kind]):
        options = " and ".join(_IDLE[kind][name] for name in idle)
        raise typer.BadParameter(f"{options} would do nothing with --{_WORDS[kind]}")
    body: dict[str, Any] = {
        "kind": str(kind),
        "sender": session.agency(from_) if from_ else "",
        "since": since,
        "until": until,
        "type": None if type_ is None else type_.value,
        "state": state or None,
        "answer": answer or None,
        "cause": cause,
        "ids": ids or [],
        "rate": rate,
        "stop_percent": stop_at,
        "why": reason,
        **({"speed": speed} if kind is Kind.SHADOW else {}),
        **_recipient(client, to),
    }
    with session.open_session(run_, url).door(client) as door:
        told = door.post(_door(client), body).json
    if json:
        screen.data(told)
        return
    report.plan(told)
    screen.say(f"Run it: axis replay run {told['id']}{_as(client)}")


def _kind(client: str, *, deliver_again: bool, redrive: bool, shadow: bool) -> Kind:
    said = {Kind.GIVE_BACK: deliver_again, Kind.REDRIVE: redrive, Kind.SHADOW: shadow}
    kinds = [kind for kind, is_said in said.items() if is_said]
    if len(kinds) != 1:
        raise typer.BadParameter("say one of --deliver-again, --redrive and --shadow")
    if shadow and client != OPERATOR_ID:
        raise typer.BadParameter("only the operator plans a shadow")
    return kinds[0]


def _recipient(client: str, to: str) -> Mapping[str, str]:
    """Whose inbox it is: that of any agency, or the caller's own without saying so."""
    if client == OPERATOR_ID:
        return {"recipient": session.agency(to) if to else ""}
    if to and session.agency(to) != client:
        raise typer.BadParameter(f"{client} replays into its own inbox only")
    return {}


def run(
    job: Job,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Return when all is handed over; 1 when it was not."),
    ] = False,
    into: Into = INTO_DEFAULT,
    seed: Seed = SEED,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Run a planned job.

    A shadow is played by this command, in the run --into; the same command goes on with one whose
    player was killed.
    """
    client = session.client_of(as_)
    here = session.open_session(run_, url)
    with here.door(client) as door:
        told = _steered(door, client, job, Act.RUN, why)
        shadow = told["kind"] == Kind.SHADOW
        while wait and not shadow and told["stage"] == "running":
            time.sleep(LOOK_S)
            told = door.get(f"{_door(client)}/{segment(job)}").json
    if shadow and told["stage"] == "running":
        replay_player.play(here, told, into, seed, json=json)
        return
    _told(told, json=json)
    if told["stage"] == Stage.STOPPED or (wait and told["stage"] != Stage.FINISHED):
        raise typer.Exit(1)


def pause(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Hold a running job; what was handed over stays so."""
    _steer(job, Act.PAUSE, why, as_, session.open_session(run_, url), json=json)


def resume(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Go on with a paused job where it was."""
    _steer(job, Act.RESUME, why, as_, session.open_session(run_, url), json=json)


def abort(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """End a job for good; what was handed over stays so."""
    _steer(job, Act.ABORT, why, as_, session.open_session(run_, url), json=json)


def show(
    job: Job,
    deliveries: Annotated[
        bool, typer.Option("--deliveries", help="Each delivery with its outcome.")
    ] = False,
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Show a job: what was planned, how far it is, what came of it."""
    client = session.client_of(as_)
    with session.open_session(run_, url).door(client) as door:
        path = f"{_door(client)}/{segment(job)}"
        told = door.get(path).json
        items = items_of(door, path) if deliveries else []
    if json:
        screen.data({**told, **({"items": items} if deliveries else {})})
        return
    report.job(told)
    if deliveries:
        shown = report.shadowed if told["kind"] == Kind.SHADOW else report.deliveries
        shown(items)


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=PAGE_ROWS, help="The newest so many.")] = 20,
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """List replay jobs, the newest first."""
    client = session.client_of(as_)
    with session.open_session(run_, url).door(client) as door:
        told = door.get(_door(client), limit=limit).json
    if json:
        screen.data(told)
        return
    report.jobs(told["jobs"])


def _door(client: str) -> str:
    return "/v1/operator/runs" if client == OPERATOR_ID else "/v1/replays"


def _as(client: str) -> str:
    return "" if client == OPERATOR_ID else f" --as {client}"


def _steered(door: Door, client: str, job: str, act: Act, why: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = door.post(f"{_door(client)}/{segment(job)}/{act}", {"why": why}).json
    return told


def _steer(job: str, act: Act, why: str, as_: str, here: session.Session, *, json: bool) -> None:
    client = session.client_of(as_)
    with here.door(client) as door:
        told = _steered(door, client, job, act, why)
    _told(told, json=json)


def _told(told: Mapping[str, Any], *, json: bool) -> None:
    if json:
        screen.data(told)
    else:
        report.job(told)
