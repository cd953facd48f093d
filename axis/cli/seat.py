"""What an agency does at its seat: send, look into the inbox, confirm, say and hear statuses."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from axis.cli import screen, session
from axis.cli.door import Door, Refusal, segment
from axis.core.document import split_delivery_id
from axis.flows.handover import WAIT_S_MAX
from schemas.edxml import StatusPackage
from schemas.edxml_read import read
from schemas.organ import agency_of

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

Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only the ids.")]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for something to be there.")]


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
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
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
    for path in files:
        raw = path.read_bytes()
        package = read(raw).package
        status = isinstance(package, StatusPackage)
        client = (
            session.client_of(as_) if as_ else _sender(package.sender.organ_id if package else "")
        )
        with here.door(client) as door:
            try:
                answer = door.send("/v1/statuses" if status else "/v1/documents", raw)
                answers.append({"file": str(path), "status": answer.status, **answer.json})
            except Refusal as refusal:
                answers.append({"file": str(path), **refusal.problem})
    if json:
        screen.data({"answers": answers})
    else:
        for one in answers:
            _sent(one, quiet=quiet)
    if any(one["status"] >= 400 for one in answers):
        raise typer.Exit(1)


def inbox(
    as_: session.As = session.CHAIR,
    state: Annotated[str, typer.Option(help="open, parked, done or all.")] = "open",
    wait: Annotated[
        float, typer.Option(min=0, max=WAIT_S_MAX, help="Seconds to wait for something.")
    ] = 0,
    after: Annotated[str, typer.Option(help="Cursor: urgency:no,…")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    quiet: Quiet = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Show what waits for you, the most urgent first."""
    with session.open_session(run, url).door(session.client_of(as_)) as door:
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
                d["state"],
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
    deliveries: Annotated[list[str] | None, typer.Argument(metavar="DELIVERY…")] = None,
    as_: session.As = session.CHAIR,
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
    with session.open_session(run, url).door(session.client_of(as_)) as door:
        answer = door.post("/v1/inbox/confirm", body).json
    if json:
        screen.data(answer)
    else:
        for item in answer["items"]:
            changed = "" if item["changed"] else " (as before)"
            state = "" if item["state"] is None else f"{item['state']}{changed}"
            screen.say(f"{item['delivery']}  {state}")
            if "problem" in item:
                screen.problems([item["problem"]], to_stderr=True)
        screen.say(f"{answer['changed']} changed")
    if any("problem" in item for item in answer["items"]):
        raise typer.Exit(1)


def say(
    delivery: Annotated[str, typer.Argument(help="The delivery's id.")],
    code: Annotated[str, typer.Argument(help="01 to 06, 13, 15 or 16.")],
    as_: session.As = session.CHAIR,
    reason: Annotated[str, typer.Option(help="Why; 02 and 16 need it.")] = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Say a status of a delivery: 03 accepted, 02 refused, ..."""
    _require_delivery(delivery)
    body = {"delivery": delivery, "code": code, "reason": reason}
    with session.open_session(run, url).door(session.client_of(as_)) as door:
        answer = door.post("/v1/statuses", body).json
    if json:
        screen.data(answer)
        return
    before = " (said before)" if answer["repeated"] else ""
    screen.say(f"{answer['delivery']}  {answer['code']} {STATUS_WORDS[answer['code']]}{before}")


def statuses(
    as_: session.As = session.CHAIR,
    after: Annotated[int, typer.Option(min=0, help="Behind this number.")] = 0,
    wait: Wait = 0,
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
    with session.open_session(run, url).door(session.client_of(as_)) as door:
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


def _sender(organ_id: str) -> str:
    """The agency of the package's sender; the chair for a package that does not say it."""
    try:
        return agency_of(organ_id)
    except ValueError:
        return session.CHAIR


def _sent(answer: Mapping[str, Any], *, quiet: bool) -> None:
    name = answer["file"]
    if answer["status"] >= 400:
        screen.say(f"{name}: refused")
        screen.problems(faults(answer), to_stderr=True)
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


def faults(problem: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Every fault that a problem object names."""
    return problem.get("problems") or [problem]


def _range(text: str) -> dict[str, int]:
    urgency, colon, no = text.partition(":")
    if not (colon and urgency.isdecimal() and no.isdecimal()):
        raise typer.BadParameter(f"--up-to {text}: write it as URGENCY:NO, as 0:12")
    return {"urgency": int(urgency), "no": int(no)}


def _require_delivery(text: str) -> None:
    if split_delivery_id(text) is None:
        raise typer.BadParameter(f"{text} is no delivery: <document id>.<recipient's code>")


def delivery_path(delivery: str) -> str:
    """The path of a delivery."""
    _require_delivery(delivery)
    return f"/v1/deliveries/{segment(delivery)}"
