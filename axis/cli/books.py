"""What the books say: of one document, in numbers, and whether the numbers are true.

``counts`` and ``audit`` ask the running axis; when none runs, they read its store where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import ModuleType
from typing import Annotated, Any

import typer

from agencies.world import OPERATOR_ID
from axis.cli import screen, session
from axis.cli.door import Door, segment
from axis.cli.given import From, To
from axis.cli.statuses import STATUS_WORDS
from axis.core.document import split_delivery_id
from axis.core.timetable import day_of_number


class By(StrEnum):
    """What a row of counts is of."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"
    MONTH30 = "month30"
    AGENCY = "agency"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (show, counts, audit, digest):
        app.command(rich_help_panel=screen.BOOKS)(command)


def show(
    document: Annotated[
        str, typer.Argument(metavar="[DOC|DELIVERY]", help="Its id, or that of a delivery of it.")
    ] = "",
    document_id: Annotated[
        str, typer.Option("--document-id", help="The DocumentId it goes by instead.")
    ] = "",
    sender: Annotated[
        str, typer.Option(help="Whose DocumentId; else the chair's.", show_default=False)
    ] = "",
    as_: session.As = session.OWN,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Show a document, its states and its whole history."""
    if bool(document) == bool(document_id):
        raise typer.BadParameter("name a document or a delivery, or --document-id")
    here = session.open_session(run, url)
    client = here.client_of(as_)
    doc, recipient = split_delivery_id(document) or (document, "")
    with here.door(client) as door:
        if document_id:
            whose = session.agency(sender) if sender else client
            views = list(_named(door, whose, document_id))
        else:
            views = [door.get(f"/v1/documents/{segment(doc)}").json]
    if json:
        screen.data({"documents": views})
        return
    for view in views:
        _show(view, recipient)


def counts(
    by: Annotated[By, typer.Option(help="One row for each of these.")] = By.TOTAL,
    agency: Annotated[str, typer.Option(help="Only of this agency.")] = "",
    from_: From = None,
    to: To = None,
    as_: session.As = session.OWN,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Count what was sent, received and said."""
    here = session.open_session(run, url)
    code = session.agency(agency) if agency else ""
    days = (from_, to)
    if here.url is None:
        told = _archive().counts(here.settings, code, days, by.value)
    else:
        asked: dict[str, object] = {"agency": code, "from": days[0], "to": days[1], "by": by}
        with here.seat(as_) as door:
            told = door.get("/v1/counts", **asked).json
    if json:
        screen.data(told)
        return
    if by is not By.TOTAL:
        _rows(told, by.value)
    _totals(told)
    _balances(told)


def audit(
    packages: Annotated[
        bool, typer.Option("--packages", help="Also read the bytes of every package again.")
    ] = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Prove the books: recount everything, and compare.

    That no document, event or delivery is missing, that every delivery and counter is what the
    events say, and that the bytes of every document are there. Not what nothing repeats: subjects
    and other details of documents, DocumentIds, links, agencies, who took a step that was no
    status and when it was recorded, replay jobs, the logs.

    Exit 1: something differs.
    """
    here = session.open_session(run, url)
    if here.url is None:
        told = _archive().audit(here.settings, read_packages=packages)
    else:
        asked = {"packages": "true"} if packages else {}
        with here.door(OPERATOR_ID) as door:
            told = door.get_slow("/v1/operator/audit", **asked).json
    if json:
        screen.data(told)
    else:
        _proof(told, read=packages)
    if not told["clean"]:
        raise typer.Exit(1)


def digest(
    upto: Annotated[
        int | None, typer.Option(min=0, help="Also of what was there up to this number.")
    ] = None,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Hash the books: equal digests, equal books.

    Documents and events up to a number never change; their digest stays when the books go on.
    """
    from axis.cli.traffic_source import digest as digest_of

    told = digest_of(session.open_session(run, url), upto)
    if json:
        screen.data(told)
        return
    screen.say(f"{told['sha256']}  number {screen.number(told['seq'])}")
    if upto is not None:
        screen.say(f"{told['past']}  up to number {screen.number(upto)}")
    screen.table(
        ("rows of", "rows", "sha256"),
        [(name, one["rows"], one["sha256"]) for name, one in told["sections"].items()],
    )


def _archive() -> ModuleType:
    """The archive, loaded when it is wanted: it brings half a second of libraries along."""
    from axis.cli import archive

    return archive


def _named(door: Door, sender: str, document_id: str) -> Iterator[Mapping[str, Any]]:
    """Every package of a document, page by page."""
    after = 0
    while True:
        page = door.get("/v1/documents", sender=sender, document_id=document_id, after=after).json
        yield from page["documents"]
        # The door says the number of the last one, and where nothing is left the one it was given.
        if page["next"] == after:
            return
        after = page["next"]


def _show(view: Mapping[str, Any], recipient: str) -> None:
    screen.say(f"{view['doc']}: {view['kind_name']}, number {view['seq']} of the books")
    screen.facts(
        {
            "document": view["document_id"],
            "subject": view["subject"],
            "from": view["sender"],
            "accepted": screen.moment(view["occurred_at"]),
            "bytes": view["size"],
            "sha256": view["sha256"],
            "signatures": f"package: {view['verdict']}; document: {view['document_signature']}",
        },
        indent="  ",
    )
    for link in view["links"]:
        screen.facts({link["relation"]: _linked(link, link["document_id"])}, indent="  ")
    for link in view["linked"]:
        screen.facts({f"{link['relation']} it": _linked(link, link["doc"])}, indent="  ")
    if more := view["linked_count"] - len(view["linked"]):
        screen.say(f"  and {screen.number(more)} more that speak of it")
    screen.table(
        ("recipient", "lane", "state", "answer", "request", "attempt", "reason"),
        [
            (
                d["recipient"],
                f"{d['urgency']}:{d['no']}",
                d["state"],
                d["answer"],
                d["request"],
                d["attempt"],
                d["reason"] or "-",
            )
            for d in view["deliveries"]
            if recipient in ("", d["recipient"])
        ],
    )
    screen.table(
        ("no", "time", "what", "by", "recipient", "reason"),
        [
            (
                str(e["seq"]),
                screen.moment(e["occurred_at"]),
                f"{e['code']} {STATUS_WORDS[e['code']]}" if e["code"] else e["kind"],
                e["actor"],
                e["recipient"] or "-",
                " ".join(filter(None, (e["reason"], f"({e['note']})" if "note" in e else "")))
                or "-",
            )
            for e in view["history"]
            if recipient in ("", e["recipient"])
        ],
    )


def _linked(link: Mapping[str, Any], what: str) -> str:
    return f"{what} ({link['note']})" if "note" in link else what


def _rows(told: Mapping[str, Any], by: str) -> None:
    codes = sorted(told["statuses"])
    screen.table(
        (by, "sent", "received", *codes),
        [
            (
                str(row[by]),
                row["sent"],
                row["received"],
                *(row["statuses"].get(c, 0) for c in codes),
            )
            for row in told["rows"]
        ],
        none="Nothing was counted.",
    )


def _totals(told: Mapping[str, Any]) -> None:
    said = told["statuses"]
    screen.facts(
        {
            "sent": screen.number(told["sent"]),
            "received": screen.number(told["received"]),
            **{f"{code} {STATUS_WORDS[code]}": screen.number(n) for code, n in said.items()},
        }
    )


def _balances(told: Mapping[str, Any]) -> None:
    for line in told["balances"]:
        parts = " + ".join(f"{name} {screen.number(n)}" for name, n in line["parts"].items() if n)
        off = "" if line["difference"] == 0 else f"   OFF BY {screen.number(line['difference'])}"
        screen.say(f"{line['line']}: {screen.number(line['total'])} = {parts or '0'}{off}")


def _proof(told: Mapping[str, Any], *, read: bool) -> None:
    counted = ", ".join(
        f"{screen.number(told[name])} {name}" for name in ("documents", "events", "deliveries")
    )
    verdict = "The books are true" if told["clean"] else "THE BOOKS DIFFER from their events"
    screen.say(f"{verdict}: {counted} recounted{', every package read' if read else ''}.")
    if told["counters"]:
        screen.table(
            ("agency", "day", "metric", "books", "recounted"),
            [
                (c["agency"], _day(c["day"]), c["metric"], c["books"], c["recounted"])
                for c in told["counters"]
            ],
        )
    for line in told["lines"]:
        screen.say(line)
    if told["left_out"]:
        screen.say(f"... and {screen.number(told['left_out'])} more")


def _day(number: int) -> str:
    """The day of a counter; standing counters have none."""
    return day_of_number(number).isoformat() if number else "now"
