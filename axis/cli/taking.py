"""``axis take``: fetch packages, prove them, and lay them open in a folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from agencies.line import Answer
from agencies.world import certificate
from axis.cli import screen, session
from axis.cli.door import Door, segment
from axis.cli.seat import delivery_path
from axis.cli.unpacking import unpack, write_package
from axis.core.document import split_delivery_id
from axis.core.timetable import from_iso
from axis.core.trust import Certificate, Judgement, judge
from schemas.edxml import DocumentPackage
from schemas.edxml_read import read
from schemas.examine import UNREADABLE, seal_of
from schemas.frames import frames

#: One page of packages: a few seconds on a slow line.
PAGE_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package as it came: of which delivery, and what the axis says of it.

    ``occurred_at`` is microseconds UTC: certificates are judged then. ``sha256`` is hex.
    """

    delivery: str
    doc: str
    sender: str
    occurred_at: int
    sha256: str
    raw: bytes = field(repr=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.DEVELOPER)(take)


def take(
    delivery: Annotated[
        str | None, typer.Argument(help="One delivery; else the next that waits.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    as_: session.As = session.OWN,
    out: Annotated[Path, typer.Option("-o", "--out", file_okay=False, help="Folder.")] = Path(
        "taken"
    ),
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Fetch packages, prove them, write them and their files."""
    if delivery and all_:
        raise typer.BadParameter("name a delivery, or --all")
    here = session.open_session(run, url)
    reports = []
    with here.seat(as_) as door:
        for fetched in [_one(door, delivery)] if delivery else _waiting(door, all_):
            reports.append(lay_open(here, fetched, out))
            if not json:
                _show(reports[-1])
    if json:
        screen.data({"taken": reports})
    elif not reports:
        screen.say("Nothing waits.")
    if any(not report["trusted"] for report in reports):
        raise typer.Exit(1)


def _one(door: Door, delivery: str) -> Fetched:
    path = delivery_path(delivery)
    doc, _ = split_delivery_id(delivery) or ("", "")
    seen = door.get(f"/v1/documents/{segment(doc)}").json
    answer = door.get(f"{path}/package")
    return _fetched(seen, delivery, seen["doc"], _said_digest(answer), answer.body)


def _waiting(door: Door, everything: bool) -> Iterator[Fetched]:
    """Page by page; the cursor goes on, so what is taken and not confirmed comes only once."""
    after = ""
    limit = "" if everything else 1
    while True:
        page = door.get("/v1/inbox/packages", after=after, max_bytes=PAGE_BYTES_MAX, limit=limit)
        found = False
        for header, raw in frames(page.body):
            found = True
            yield _fetched(header, header["id"], header["doc"], header["sha256"], raw)
        if not found or not everything:
            return
        after = page.headers["Axis-Next"]


def _fetched(told: Mapping[str, Any], delivery: str, doc: str, sha256: str, raw: bytes) -> Fetched:
    return Fetched(delivery, doc, told["sender"], from_iso(told["occurred_at"]), sha256, raw)


def _said_digest(answer: Answer) -> str:
    """The SHA-256 that the axis says, in hex (Content-Digest, RFC 9530); empty for none."""
    for said in answer.headers.get("Content-Digest", "").split(","):
        name, _, value = said.strip().partition("=")
        if name == "sha-256":
            return base64.b64decode(value.strip(":")).hex()
    return ""


def lay_open(here: session.Session, fetched: Fetched, out: Path) -> dict[str, Any]:
    """Write a package and its files when digest and signature allow; tell what was found."""
    told: dict[str, Any] = {
        "delivery": fetched.delivery,
        "sender": fetched.sender,
        "bytes": len(fetched.raw),
        "sha256": hashlib.sha256(fetched.raw).hexdigest(),
    }
    told["digest"] = "matches" if told["sha256"] == fetched.sha256 else "differs"
    reading = read(fetched.raw, files=True)
    judgement = Judgement("broken", "no package can be read")
    if reading.root is not None and reading.package is not None:
        judgement = _judge(here, reading.root, fetched)
    told["signature"] = judgement.verdict
    told["why"] = judgement.reason
    refused = judgement.verdict in ("broken", "untrusted")
    told["trusted"] = told["digest"] == "matches" and not refused
    if not told["trusted"]:
        return told
    package = write_package(out, fetched.doc, fetched.raw)
    told["package"] = str(package)
    if isinstance(reading.package, DocumentPackage):
        told["subject"] = reading.package.subject
        files = unpack(package.with_suffix(""), reading.package.attachments)
        told["files"] = [str(path) for path in files]
    return told


def _judge(here: session.Session, root: etree._Element, fetched: Fetched) -> Judgement:
    """The verdict against the sender's certificate, as it lies in the folder of agencies."""
    known = _certificate(here, fetched.sender)
    by_fingerprint = {} if known is None else {known.fingerprint: known}
    return judge(seal_of(root), by_fingerprint, fetched.sender, fetched.occurred_at)


def _certificate(here: session.Session, agency: str) -> Certificate | None:
    try:
        pem = (here.agency_dir(session.agency(agency)) / "certificate.pem").read_bytes()
        der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        return certificate(agency, der)
    except (OSError, *UNREADABLE):
        return None


def _show(told: Mapping[str, Any]) -> None:
    screen.say(told["delivery"])
    why = f" ({told['why']})" if told["why"] else ""
    screen.facts(
        {
            "from": told["sender"],
            "subject": told.get("subject", ""),
            "digest": told["digest"],
            "signature": told["signature"] + why,
            "package": told.get("package", "not written"),
        },
        indent="  ",
    )
    for path in told.get("files", ()):
        screen.facts({"file     ": path}, indent="  ")
