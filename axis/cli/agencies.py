"""``axis agencies``: list the simulated counterparts, run them, switch off, make one write."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from agencies import alone, wording, world
from agencies.compose import compose
from agencies.crew import ANSWER_WAIT_S
from agencies.switch import Switch
from agencies.traffic import Planned
from agencies.words import name_of
from agencies.world import agency_dir, read_key
from axis.adapters.system_clock import SystemClock, SystemIds
from axis.cli import agencies_run, screen, session
from axis.cli.given import warn_of_no_script
from axis.cli.whole import attachments
from schemas.codes import AgencyRow, agencies
from schemas.edxml import DocumentPackage
from schemas.edxml_write import write as write_package
from schemas.signing import sign

group = typer.Typer(help="List the simulated counterparts, or run, write, stop, start, certify.")

_Codes = Annotated[list[str], typer.Argument(metavar="CODE…", help="Agencies: G22.")]

#: An official letter, the commonest type: 18 of the administrative ones.
_TYPE_NAME, _TYPE_DETAIL = "Công văn", 18
#: Seconds beyond its poll after which an agency that is switched off must have seen it, on a busy
#: machine too.
SEEN_S_MAX = 30.0
LOOK_S = 0.05


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group.command("run")(agencies_run.run)
    app.add_typer(group, name="agencies", rich_help_panel=screen.DEVELOPER)


@group.callback(invoke_without_command=True)
def listed(context: typer.Context, json: screen.Json = False, run: session.Run = None) -> None:
    """The agencies of the run, and whether the software of each is running."""
    if context.invoked_subcommand is not None:
        return
    home = session.open_session(run).settings.home
    played = alone.played(home)
    rows = [(row.code, _state(home, row.code, played=played), row.name_vi) for row in agencies()]
    if json:
        told = [{"code": code, "state": state, "name_vi": name} for code, state, name in rows]
        screen.data({"agencies": told})
    else:
        screen.table(("agency", "software", "name"), rows)


@group.command()
def write(
    from_: Annotated[str, typer.Option("--from", help="Who writes (G22).")],
    to: Annotated[list[str], typer.Option("--to", help="To whom (H37); repeatable.")],
    subject: Annotated[str, typer.Option(help="Else one that such an agency would write.")] = "",
    content: Annotated[str, typer.Option(help="Summary. 'sim: …' tells how to answer.")] = "",
    files: Annotated[
        list[Path] | None,
        typer.Option("--attach", exists=True, dir_okay=False, help="A file; else one is made up."),
    ] = None,
    urgency: Annotated[int, typer.Option(min=0, max=4, help="0 normal … 3 express, 4 timed.")] = 0,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Make a simulated agency write: its document, signed with its key, through the door."""
    here = session.open_session(run, url)
    sender = _row(session.agency(from_))
    warn_of_no_script(content)
    package = _package(sender, tuple(map(session.organ, to)), urgency)
    package = replace(
        package,
        subject=subject or package.subject,
        content=content or package.content,
        attachments=attachments(files) if files else package.attachments,
    )
    try:
        raw = sign(write_package(package), *read_key(here.settings.home, sender.code))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        raise typer.BadParameter(f"{error.filename} cannot be read; axis init makes it") from None
    with here.door(sender.code) as door:
        receipt = door.send("/v1/documents", raw).json
    if json:
        screen.data(receipt)
        return
    screen.say(f"{sender.code} has sent {receipt['doc']}")
    screen.facts(
        {
            "document": receipt["document_id"],
            "subject": package.subject,
            "deliveries": ", ".join(receipt["deliveries"]),
        },
        indent="  ",
    )


@group.command()
def stop(codes: _Codes, run: session.Run = None) -> None:
    """Switch the software of agencies off: they take nothing and say nothing until started."""
    home = session.open_session(run).settings.home
    played = alone.played(home)
    switches = {code: _switch(home, code) for code in _known(codes)}
    for switch in switches.values():
        switch.turn_off()
    # The poll under way may still bring something; after it, the software looks at its switch.
    deadline = time.monotonic() + ANSWER_WAIT_S + SEEN_S_MAX
    for code, switch in switches.items():
        while code in played and not switch.seen and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        if code in played and not switch.seen:
            screen.say(f"{code} is switched off, which its software has not seen yet")
        else:
            screen.say(f"{code} is stopped; what is sent to it waits")


@group.command()
def start(codes: _Codes, run: session.Run = None) -> None:
    """Switch the software of agencies on again."""
    home = session.open_session(run).settings.home
    played = alone.played(home)
    for code in _known(codes):
        _switch(home, code).turn_on()
        when = "takes what waits" if played else "will take what waits when axis serve runs"
        screen.say(f"{code} is started; it {when}")


@group.command()
def certify(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The agency (H37).")],
    run: session.Run = None,
) -> None:
    """Make an agency another key, and have the simulated authority certify it.

    They replace those in its folder of this run. `axis trust` tells the axis of the certificate.
    """
    home, agency = session.open_session(run).settings.home, session.agency(code)
    try:
        key, certificate = world.certify(home, agency, name_of(agency))
    except world.AnotherWorld as error:
        raise typer.BadParameter(str(error)) from None
    screen.facts({"key": key, "certificate": certificate})


def _switch(home: Path, code: str) -> Switch:
    folder = agency_dir(home, code)
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is missing; axis init makes it")
    return Switch(folder)


def _known(codes: Iterable[str]) -> list[str]:
    return [_row(session.agency(code)).code for code in codes]


def _row(code: str) -> AgencyRow:
    row = next((row for row in agencies() if row.code == code), None)
    if row is None:
        raise typer.BadParameter(f"{code} is none of the 95 agencies")
    return row


def _state(home: Path, code: str, *, played: set[str]) -> str:
    if Switch(agency_dir(home, code)).off:
        return "stopped"
    return "running" if code in played else "-"


def _package(sender: AgencyRow, recipients: tuple[str, ...], urgency: int) -> DocumentPackage:
    """A letter as the simulated agency would write it now, with a file inside."""
    now = SystemClock().now()
    return compose(
        Planned(
            index=0,
            at_us=now,
            sender=sender.code,
            recipients=recipients,
            urgency=urgency,
            business=0,
            type_name=_TYPE_NAME,
            type_detail=_TYPE_DETAIL,
            number=SystemIds().number(now),
            notation=wording.notation(sender, _TYPE_NAME, "", now),
            signed=True,
            wording_seed=now,
        )
    )
