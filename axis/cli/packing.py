"""``axis pack``: build a package of any of the four kinds, and sign it with an agency's key."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from agencies.world import read_key
from axis.adapters.system_clock import SystemClock, SystemIds
from axis.cli import checking, screen, session
from axis.cli.drafting import Draft, compose
from axis.cli.given import of_a_day, warn_of_no_script
from axis.cli.unpacking import safe_name
from axis.core.timetable import VIETNAM
from schemas.edxml import DocumentPackage
from schemas.edxml_read import read
from schemas.edxml_write import write
from schemas.organ import agency_of
from schemas.signing import sign

_Files = Annotated[
    list[Path] | None,
    typer.Option("--attach", exists=True, dir_okay=False, help="A file to go with it; repeatable."),
]
_Kind = Annotated[
    int | None, typer.Option(min=0, max=3, help="0 new, 1 recall, 2 update, 3 replacement.")
]
_Recalls = Annotated[
    list[str] | None, typer.Option(help="A document to recall: its file or DocumentId; repeatable.")
]
_Updates = Annotated[str, typer.Option(help="The document that this is anew: file or DocumentId.")]
_Replaces = Annotated[
    list[str] | None, typer.Option(help="A document to replace: file or DocumentId; repeatable.")
]
_Day = Annotated[date | None, of_a_day("--date", "Day of promulgation; else today.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.DEVELOPER)(pack)


def pack(
    to: Annotated[list[str], typer.Option("--to", help="Recipient (G22); repeatable.")],
    subject: Annotated[str, typer.Option(help="What it is about (trích yếu).")],
    as_: session.As = session.OWN,
    content: Annotated[str, typer.Option(help="Summary. 'sim: …' tells how to answer.")] = "",
    files: _Files = None,
    urgency: Annotated[int, typer.Option(min=0, max=4, help="0 normal … 3 express, 4 timed.")] = 0,
    doc_type: _Kind = None,
    recalls: _Recalls = None,
    updates: _Updates = "",
    replaces: _Replaces = None,
    reason: Annotated[str, typer.Option(help="Why it recalls, updates or replaces.")] = "",
    number: Annotated[str, typer.Option(help="Number; else the time and ten random digits.")] = "",
    notation: Annotated[str, typer.Option(help="Notation beside it, as UBND-KSTT.")] = "",
    day: _Day = None,
    secret: Annotated[bool, typer.Option("--secret", help="Mark it secret.")] = False,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Do not sign.")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", dir_okay=False, help="File to write.")
    ] = None,
    run: session.Run = None,
) -> None:
    """Build an .edxml package and sign it with the agency's key."""
    here = session.open_session(run)
    draft = Draft(
        sender=session.organ(as_) if as_ else here.chair,
        recipients=tuple(session.organ(name) for name in to),
        subject=subject,
        content=content,
        files=files or (),
        urgency=urgency,
        doc_type=doc_type,
        recalls=recalls or (),
        updates=updates,
        replaces=replaces or (),
        reason=reason,
        number=number or str(SystemIds().number(SystemClock().now())),
        notation=notation,
        day=day,
        secret=secret,
    )
    warn_of_no_script(content)
    _write(draft, None if unsigned else here, out)


def _write(draft: Draft, keys: session.Session | None, out: Path | None) -> None:
    """Write the package of ``draft``, signed when there are ``keys``."""
    package = compose(draft, _now())
    raw = _bytes(package)
    signer = agency_of(draft.sender)
    if keys is not None:
        raw = _signed(raw, keys.settings.home, signer)
    path = out or Path(safe_name(f"{package.code_number}-{package.code_notation}.edxml"))
    path.write_bytes(raw)
    signed = "not signed" if keys is None else f"signed by {signer}"
    screen.say(f"{path}: {screen.number(len(raw))} bytes, {signed}")
    screen.say(f"{package.document_id} -> {', '.join(draft.recipients)}")


def _now() -> datetime:
    """Viet Nam time, which is what the format writes."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=SystemClock().now())
    return at.astimezone(VIETNAM)


def _bytes(package: DocumentPackage) -> bytes:
    """The bytes, when the format allows them: a file that every axis would refuse is not written.

    The mark of a secret is another matter: it is there to see an axis refuse it.
    """
    try:
        raw = write(package)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    errors = checking.problems_of(read(raw).errors)
    if errors:
        screen.problems(errors, to_stderr=True)
        raise typer.Exit(1)
    return raw


def _signed(raw: bytes, home: Path, agency: str) -> bytes:
    try:
        return sign(raw, *read_key(home, agency))
    except OSError as error:
        raise typer.BadParameter(
            f"{agency} has no key in this run ({error.filename} cannot be read); "
            + session.remedy(agency, f"axis agencies certify {agency} makes one")
            + ", --unsigned does without"
        ) from None
    except ValueError as error:
        raise typer.BadParameter(f"the key of {agency} cannot be used: {error}") from None
