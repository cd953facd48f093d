"""What an operator does: see what waits, find, lock, put back, and read the logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from agencies.world import OPERATOR_ID
from axis.cli import screen, session
from axis.cli.door import segment
from axis.cli.seat import delivery_path

Why = Annotated[str, typer.Option(help="Why; it goes into the audit log.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest first.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The agency (H37).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (waiting, find, lock, unlock, reset, audit_log, refusals):
        app.command(rich_help_panel=screen.OPERATOR)(command)


def waiting(json: screen.Json = False, url: session.Url = None, run: session.Run = None) -> None:
    """Show what waits, agency by agency."""
    with session.open_session(run, url).door(OPERATOR_ID) as door:
        told = door.get("/v1/operator/waiting").json
    if json:
        screen.data(told)
        return
    screen.table(
        ("agency", "waiting", "offered", "parked", "oldest"),
        [
            (a["agency"], a["waiting"], a["offered"], a["parked"], _age(a["oldest_age_s"]))
            for a in told["agencies"]
        ],
        none="Nothing waits anywhere.",
    )


def find(
    from_: Annotated[str, typer.Option("--from", help="Sender.")] = "",
    to: Annotated[str, typer.Option("--to", help="Recipient.")] = "",
    state: Annotated[str, typer.Option(help="waiting, offered, done, parked or withdrawn.")] = "",
    answer: Annotated[str, typer.Option(help="none, arrived, refused, accepted, ...")] = "",
    since: Annotated[str, typer.Option(help="Accepted since: 2020-01-15 or 2020-01-15T08:30")] = "",
    until: Annotated[str, typer.Option(help="Accepted before: 2020-01-16")] = "",
    text: Annotated[str, typer.Option(help="In subject, code or DocumentId.")] = "",
    limit: Limit = 100,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Find deliveries by agency, state, time and words."""
    asked: dict[str, object] = {
        "from": session.agency(from_) if from_ else "",
        "to": session.agency(to) if to else "",
        "state": state,
        "answer": answer,
        "since": since,
        "until": until,
        "text": text,
        "limit": limit,
    }
    with session.open_session(run, url).door(OPERATOR_ID) as door:
        told = door.get("/v1/operator/deliveries", **asked).json
    if json:
        screen.data(told)
        return
    screen.table(
        ("delivery", "from", "time", "state", "answer", "reason", "subject"),
        [
            (
                d["id"],
                d["sender"],
                screen.moment(d["occurred_at"]),
                d["state"],
                d["answer"],
                d["reason"] or "-",
                d["subject"],
            )
            for d in told["deliveries"]
        ],
        none="Nothing was found.",
    )
    if len(told["deliveries"]) == limit:
        screen.say(f"There may be more: only the newest {limit} are shown (--limit, --until).")


def lock(
    code: Code,
    why: Why,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Lock an agency out.

    Nothing can be sent to it or by it from then on, and what waits for it is parked.
    """
    _set_lock("lock", code, why, json, session.open_session(run, url))


def unlock(
    code: Code,
    why: Why,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Let an agency in again.

    What its lock had parked waits again; what had failed by itself stays parked.
    """
    _set_lock("unlock", code, why, json, session.open_session(run, url))


def reset(
    delivery: Annotated[str, typer.Argument(help="The parked delivery.")],
    why: Annotated[str, typer.Option(help="Why; an operator must say it.")] = "",
    as_: Annotated[
        str, typer.Option("--as", help="operator, or the recipient, who may reset its own.")
    ] = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Put a parked delivery back into its lane."""
    client = session.client_of(as_)
    path = delivery_path(delivery)
    body: dict[str, str] | None = None
    if client == OPERATOR_ID:
        path = f"/v1/operator/deliveries/{segment(delivery)}"
        body = {"why": why}
    with session.open_session(run, url).door(client) as door:
        told = door.post(f"{path}/reset", body).json
    if json:
        screen.data(told)
        return
    screen.say(f"{told['delivery']} {told['state']}{'' if told['changed'] else ' (as before)'}")


def audit_log(
    limit: Limit = 50,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Read what operators did, and why."""
    _list(
        "/v1/operator/audit-log",
        "acts",
        ("at", "actor", "act", "target", "why"),
        limit,
        json,
        session.open_session(run, url),
    )


def refusals(
    limit: Limit = 50,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Read which packages were refused, and why."""
    columns = ("at", "caller", "code", "place", "size", "detail")
    _list("/v1/operator/refusals", "refusals", columns, limit, json, session.open_session(run, url))


def _list(
    path: str,
    name: str,
    columns: Sequence[str],
    limit: int,
    json: bool,
    here: session.Session,
) -> None:
    with here.door(OPERATOR_ID) as door:
        told = door.get(path, limit=limit).json
    if json:
        screen.data(told)
        return
    rows = [[_shown(column, row[column]) for column in columns] for row in told[name]]
    screen.table(["time" if c == "at" else c for c in columns], rows, none="Nothing yet.")


def _shown(column: str, value: Any) -> object:
    return screen.moment(value) if column == "at" else value if value != "" else "-"


def _set_lock(act: str, code: str, why: str, json: bool, here: session.Session) -> None:
    agency = session.agency(code)
    with here.door(OPERATOR_ID) as door:
        told = door.post(f"/v1/operator/agencies/{segment(agency)}/{act}", {"why": why}).json
    if json:
        screen.data(told)
        return
    state = "locked" if told["locked"] else "open"
    moved = "parked" if told["locked"] else "waiting again"
    screen.say(f"{told['agency']} is {state}; deliveries {moved}: {told['moved']}")


def _age(seconds: float | None) -> str:
    """An age in the two largest units that say something."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
