"""What an agency does at its seat: get a token, send, look into the inbox, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from axis.cli import screen, session
from axis.cli.door import segment
from axis.cli.failures import Refusal
from axis.cli.whole import read_whole
from axis.core.document import split_delivery_id
from axis.flows.handover import WAIT_S_MAX
from schemas.edxml import StatusPackage
from schemas.edxml_read import read
from schemas.organ import agency_of

Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only the ids.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (token, send, inbox, confirm):
        app.command(rich_help_panel=screen.DEVELOPER)(command)


def token(
    client: Annotated[str, typer.Argument(metavar="CODE", help="An agency (H37), or operator.")],
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Print a bearer token, for curl.

    curl -H "Authorization: Bearer $(axis token H37)" http://127.0.0.1:8095/v1/inbox
    """
    with session.open_session(run, url).door(session.client_of(client)) as door:
        typer.echo(door.token())


def send(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Packages (.edxml).")
    ],
    as_: Annotated[
        str | None, typer.Option("--as", help="Whose chair; else the sender the package names.")
    ] = None,
    quiet: Quiet = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Send packages and show the receipts of the axis."""
    here = session.open_session(run, url)
    answers: list[dict[str, Any]] = []
    try:
        for path in files:
            answers.append(_answer(here, path, as_))
            if not json:
                _sent(answers[-1], quiet=quiet)
    finally:
        # What was answered is told, even if the next file cannot be sent.
        if json:
            screen.data({"answers": answers})
    if any(one["status"] >= 400 for one in answers):
        raise typer.Exit(1)


def inbox(
    as_: session.As = session.OWN,
    state: Annotated[str, typer.Option(help="open, parked, done or all.")] = "open",
    wait: Annotated[
        float, typer.Option(min=0, max=WAIT_S_MAX, help="Seconds to wait for something.")
    ] = 0,
    after: Annotated[str, typer.Option(help="Cursor: urgency:no,…")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    quiet: Quiet = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Show what waits for you, the most urgent first."""
    with session.open_session(run, url).seat(as_) as door:
        page = door.get("/v1/inbox", state=state, wait=wait or "", after=after, limit=limit).json
    if json:
        screen.data(page)
        return
    if quiet:
        for delivery in page["deliveries"]:
            screen.say(delivery["id"])
        return
    screen.table(
        ("delivery", "from", "lane", "state", "answer", "bytes", "subject"),
        [
            (
                d["id"],
                d["sender"],
                f"{d['urgency']}:{d['no']}",
                "given back" if "redelivery" in d else d["state"],
                d["answer"],
                d["size"],
                d["subject"],
            )
            for d in page["deliveries"]
        ],
        none="Nothing waits.",
    )
    if len(page["deliveries"]) == limit:
        screen.say(f"There may be more: --after {page['next']}")


def confirm(
    deliveries: Annotated[
        list[str] | None,
        typer.Argument(metavar="DELIVERY…", help="Their ids; else a lane with --up-to."),
    ] = None,
    as_: session.As = session.OWN,
    up_to: Annotated[
        str | None, typer.Option(metavar="URGENCY:NO", help="A whole lane up to this number.")
    ] = None,
    fail: Annotated[bool, typer.Option("--fail", help="Say that taking it failed.")] = False,
    reason: Annotated[str, typer.Option(help="Why it failed.")] = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Tell the axis that deliveries are safely taken, or failed."""
    if bool(deliveries) == bool(up_to):
        raise typer.BadParameter("name deliveries, or a lane with --up-to")
    body: dict[str, Any] = {"result": "fail" if fail else "done", "reason": reason}
    if up_to is not None:
        body["range"] = _range(up_to)
    else:
        body["deliveries"] = deliveries
    with session.open_session(run, url).seat(as_) as door:
        answer = door.post("/v1/inbox/confirm", body).json
    if json:
        screen.data(answer)
    else:
        for item in answer["items"]:
            changed = "" if item["changed"] else " (as before)"
            state = "" if item["state"] is None else f"{item['state']}{changed}"
            screen.say(f"{item['delivery']} {state}")
            if "problem" in item:
                screen.problems([item["problem"]], to_stderr=True)
        screen.say(f"{answer['changed']} changed")
    if any("problem" in item for item in answer["items"]):
        raise typer.Exit(1)


def _answer(here: session.Session, path: Path, as_: str | None) -> dict[str, Any]:
    """What the axis says of the package in a file."""
    raw = read_whole(path)
    package = read(raw).package
    status = isinstance(package, StatusPackage)
    named = package.sender.organ_id if package else ""
    with here.seat(as_ or _sender(named)) as door:
        try:
            answer = door.send("/v1/statuses" if status else "/v1/documents", raw)
        except Refusal as refusal:
            return {"file": str(path), **refusal.problem}
    return {"file": str(path), "status": answer.status, **answer.json}


def _sender(organ_id: str) -> str:
    """The agency of the package's sender; "" for a package that does not say it."""
    try:
        return agency_of(organ_id)
    except ValueError:
        return session.OWN


def _sent(answer: Mapping[str, Any], *, quiet: bool) -> None:
    name = answer["file"]
    if answer["status"] >= 400:
        screen.say(f"{name}: refused")
        screen.problems(Refusal(answer).faults, to_stderr=True)
    elif quiet:
        screen.say(answer.get("doc") or answer["delivery"])
    elif "doc" not in answer:
        screen.say(f"{name}: {answer['delivery']} is {answer['state']}")
    else:
        before = " before; the same receipt again" if answer["status"] == 200 else ""
        screen.say(f"{name}: accepted as {answer['doc']}{before}")
        screen.facts(
            {
                "signature": answer["verdict"],
                "recorded": screen.moment(answer["recorded_at"]),
                "deliveries": ", ".join(answer["deliveries"]),
            },
            indent="  ",
        )
        screen.problems([{**w, "severity": "warning"} for w in answer["warnings"]])


def _range(text: str) -> dict[str, int]:
    urgency, colon, no = text.partition(":")
    if not (colon and urgency.isdecimal() and no.isdecimal()):
        raise typer.BadParameter(f"--up-to {text}: write it as URGENCY:NO, as 0:12")
    return {"urgency": int(urgency), "no": int(no)}


def require_delivery(text: str) -> None:
    """A usage error for what cannot be a delivery."""
    if split_delivery_id(text) is None:
        raise typer.BadParameter(f"{text} is no delivery: <document id>.<recipient's code>")


def delivery_path(delivery: str) -> str:
    """The path of a delivery."""
    require_delivery(delivery)
    return f"/v1/deliveries/{segment(delivery)}"
