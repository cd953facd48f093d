"""What an operator does about who takes part: agencies, their secrets and certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agencies.world import OPERATOR_ID, keep_secret
from axis.cli import screen, session
from axis.cli.door import Door, segment
from axis.cli.oversight import Code, Why
from axis.cli.whole import read_whole

#: Characters of a SHA-256 in hex.
_FINGERPRINT_LENGTH = 64


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("register", rich_help_panel=screen.OPERATOR)(add)
    for command in (secret, trust, certificates, revoke):
        app.command(rich_help_panel=screen.OPERATOR)(command)


def add(
    code: Code,
    name_vi: Annotated[str, typer.Option("--name", help="Its name in Vietnamese.")],
    why: Why,
    name_en: Annotated[str, typer.Option(help="Its name in English; else the same.")] = "",
    kind: Annotated[str, typer.Option(help="ministry, province, or another kind.")] = "province",
    level: Annotated[str, typer.Option(help="central, provincial, or another.")] = "provincial",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Add an agency to the directory.

    Documents can be sent to it at once. `axis secret` lets it come for them, and `axis trust` has
    what it signs believed.
    """
    asked = {
        "code": session.agency(code),
        "name_vi": name_vi,
        "name_en": name_en or name_vi,
        "kind": kind,
        "level": level,
        "why": why,
    }
    with _door(run, url) as door:
        told = door.post("/v1/operator/agencies", asked).json
    if json:
        screen.data(told)
        return
    screen.say(f"{told['code']} {told['name_vi']} is in the directory")


def secret(
    code: Code,
    why: Why,
    save: Annotated[
        bool, typer.Option("--save", help="Leave it in the agency's folder of this run.")
    ] = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Give an agency another client secret.

    Its first, or one in place of what it has, which opens nothing more. It is told this once.
    """
    here = session.open_session(run, url)
    with here.door(OPERATOR_ID) as door:
        path = f"/v1/operator/agencies/{segment(session.agency(code))}/secret"
        told = door.post(path, {"why": why}).json
    if save:
        keep_secret(here.agency_dir(told["client_id"]), told["client_secret"])
    if json:
        screen.data(told)
        return
    screen.facts({"client id": told["client_id"], "client secret": told["client_secret"]})


def trust(
    code: Code,
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="In PEM.")],
    why: Why,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Trust a certificate of an agency.

    From now on, beside those that it has. The axis's trust root must have issued it.
    """
    try:
        pem = read_whole(certificate).decode("ascii")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{certificate} is no certificate in PEM") from None
    with _door(run, url) as door:
        path = f"/v1/operator/agencies/{segment(session.agency(code))}/certificates"
        told = door.post(path, {"certificate": pem, "why": why}).json
    if json:
        screen.data(told)
        return
    until = screen.moment(told["not_after"])
    screen.say(f"{told['agency']} {told['fingerprint']} is trusted until {until}")


def certificates(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Only of this agency (H37).")] = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """The trust list: whose signatures hold, and how long."""
    query = {"agency": session.agency(code)} if code else {}
    with _door(run, url) as door:
        told = door.get("/v1/operator/certificates", **query).json
    if json:
        screen.data(told)
        return
    screen.table(
        ("agency", "fingerprint", "from", "until", "revoked"),
        [
            (
                one["agency"],
                one["fingerprint"],
                screen.moment(one["not_before"]),
                screen.moment(one["not_after"]),
                screen.moment(one["revoked_at"]) if one["revoked_at"] else "-",
            )
            for one in told["certificates"]
        ],
    )


def revoke(
    named: Annotated[
        str,
        typer.Argument(metavar="FINGERPRINT|CODE", help="A certificate's SHA-256, or an agency's."),
    ],
    why: Why,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Distrust a certificate, or all of an agency.

    What was signed before stays good; what is sent from now on is refused. It is final.
    """
    certificate = named if len(named) == _FINGERPRINT_LENGTH else session.agency(named)
    with _door(run, url) as door:
        path = f"/v1/operator/certificates/{segment(certificate)}/revoke"
        told = door.post(path, {"why": why}).json
    if json:
        screen.data(told)
        return
    for one in told["certificates"]:
        since = screen.moment(one["revoked_at"])
        screen.say(f"{one['agency']} {one['fingerprint']} is revoked since {since}")
    screen.say(f"{told['changed']} changed")


def _door(run: str | None, url: str | None) -> Door:
    return session.open_session(run, url).door(OPERATOR_ID)
