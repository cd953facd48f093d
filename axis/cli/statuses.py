"""What is said of documents: say a status, and hear what others said."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from axis.cli import screen, session
from axis.cli.door import Door
from axis.cli.seat import require_delivery
from axis.flows.handover import WAIT_S_MAX

#: The nine statuses in a word or two (VPCP 2.4, 2.2.3 and 2.5.3).
STATUS_WORDS = {
    "01": "arrived",
    "02": "refused",
    "03": "accepted",
    "04": "assigned",
    "05": "in processing",
    "06": "completed",
    "13": "asked back",
    "15": "agreed",
    "16": "not agreed",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (say, statuses):
        app.command(rich_help_panel=screen.DEVELOPER)(command)


def say(
    delivery: Annotated[str, typer.Argument(help="The delivery's id.")],
    code: Annotated[str, typer.Argument(help="01 to 06, 13, 15 or 16.")],
    as_: session.As = session.OWN,
    reason: Annotated[str, typer.Option(help="Why; 02 and 16 need it.")] = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Say a status of a delivery: 03 accepted, 02 refused, ..."""
    require_delivery(delivery)
    body = {"delivery": delivery, "code": code, "reason": reason}
    with session.open_session(run, url).seat(as_) as door:
        answer = door.post("/v1/statuses", body).json
    if json:
        screen.data(answer)
        return
    before = " (said before)" if answer["repeated"] else ""
    screen.say(f"{answer['delivery']}  {answer['code']} {STATUS_WORDS[answer['code']]}{before}")


def statuses(
    as_: session.As = session.OWN,
    after: Annotated[int, typer.Option(min=0, help="Behind this number.")] = 0,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for something.")] = 0,
    until: Annotated[
        str, typer.Option(metavar="CODE", help="With --wait: go on until this code comes.")
    ] = "",
    of: Annotated[
        str, typer.Option(help="Only of this document or delivery (id, or DocumentId).")
    ] = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Hear what others said of your documents, oldest first."""
    if until and until not in STATUS_WORDS:
        raise typer.BadParameter(f"--until {until}: {', '.join(STATUS_WORDS)} are the statuses")
    with session.open_session(run, url).seat(as_) as door:
        found, cursor = _stream(door, after, wait, until, of)
    if json:
        screen.data({"statuses": found, "next": cursor})
        return
    screen.table(
        ("no", "time", "status", "by", "document", "reason"),
        [
            (
                str(s["seq"]),
                screen.moment(s["occurred_at"]),
                f"{s['code']} {STATUS_WORDS[s['code']]}" if s["code"] else s["kind"],
                s["actor"],
                s["doc"],
                " ".join(filter(None, (s["reason"], f"({s['note']})" if "note" in s else ""))),
            )
            for s in found
        ],
        none="Nothing was said yet.",
    )
    if until and not any(s["code"] == until for s in found):
        raise typer.Exit(1)


def _stream(
    door: Door, after: int, wait: float, until: str, of: str
) -> tuple[list[dict[str, Any]], int]:
    """Page through the stream; wait for ``until``, or for anything at all."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + wait
    while True:
        left = min(deadline - time.monotonic(), WAIT_S_MAX)
        page = door.get("/v1/statuses", after=after, wait=round(left, 1) if left > 0 else "").json
        after = page["next"]
        found += [
            s for s in page["statuses"] if of in ("", s["doc"], s["delivery"], s["document_id"])
        ]
        enough = any(s["code"] == until for s in found) if until else bool(found)
        if not page["statuses"] and (enough or time.monotonic() >= deadline):
            return found, after
        if page["statuses"] and enough:
            # What is there already belongs to the answer; only the waiting is over.
            deadline = 0.0
