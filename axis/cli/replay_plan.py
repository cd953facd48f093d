"""``axis replay plan``: say what would be given back, put back, or played beside the books.

As an agency (``--as H37``) into its own inbox only, through its own door.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from agencies.world import OPERATOR_ID
from axis.cli import replay_shown as report
from axis.cli import screen, session
from axis.cli.given import given
from axis.cli.replay_shadow import SPEED_DEFAULT, Speed
from axis.core.replay import RATE_DEFAULT, RATE_MAX, Kind

By = Annotated[
    str,
    typer.Option("--as", help="The operator, or an agency (H37) for its own inbox."),
]
_DeliverAgain = Annotated[bool, typer.Option("--deliver-again", help="Give back what is done.")]
_Redrive = Annotated[bool, typer.Option("--redrive", help="Put back what is parked.")]
_Shadow = Annotated[
    bool,
    typer.Option(
        "--shadow",
        help="Play what was sent in a window in a run of its own; only --from and --to narrow it.",
    ),
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
#: Filters that shadows do not know: what is played answers each other, whatever it is.
_NO_SHADOWS: Final = {
    "type_": "--type",
    "state": "--state",
    "answer": "--answer",
    "cause": "--cause",
    "ids": "--id",
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
    until: Annotated[
        str, typer.Option(help="Done (shadow: sent) before; else until now, or 31 days.")
    ] = "",
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
    _require_known(context, kind)
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
        told = door.post(door_of(client), body).json
    if json:
        screen.data(told)
        return
    report.plan(told)
    by = "" if client == OPERATOR_ID else f" --as {client}"
    screen.say(f"Run it: axis replay run {told['id']}{by}")


def _kind(client: str, *, deliver_again: bool, redrive: bool, shadow: bool) -> Kind:
    said = {Kind.GIVE_BACK: deliver_again, Kind.REDRIVE: redrive, Kind.SHADOW: shadow}
    kinds = [kind for kind, is_said in said.items() if is_said]
    if len(kinds) != 1:
        raise typer.BadParameter("say one of --deliver-again, --redrive and --shadow")
    if shadow and client != OPERATOR_ID:
        raise typer.BadParameter("only the operator plans a shadow")
    return kinds[0]


def _require_known(context: typer.Context, kind: Kind) -> None:
    """Refuse what was typed and says nothing of such a job."""
    if idle := given(context, _IDLE[kind]):
        options = " and ".join(_IDLE[kind][name] for name in idle)
        raise typer.BadParameter(f"{options} would do nothing with --{_WORDS[kind]}")
    if kind is Kind.SHADOW and (typed := given(context, _NO_SHADOWS)):
        options = " and ".join(_NO_SHADOWS[name] for name in typed)
        raise typer.BadParameter(
            f"a shadow knows no {options}: it plays its window whole, or of it what --from sent "
            "or --to received"
        )


def _recipient(client: str, to: str) -> Mapping[str, str]:
    """Whose inbox it is: that of any agency, or the caller's own without saying so."""
    if client == OPERATOR_ID:
        return {"recipient": session.agency(to) if to else ""}
    if to and session.agency(to) != client:
        raise typer.BadParameter(f"{client} replays into its own inbox only")
    return {}


def door_of(client: str) -> str:
    """Where a client plans, and steers what it has planned."""
    return "/v1/operator/runs" if client == OPERATOR_ID else "/v1/replays"
