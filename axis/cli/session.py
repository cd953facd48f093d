"""Which axis a command speaks to, and as whom.

A run is a world of its own; the one started last is the one meant, unless ``--run`` or ``AXIS_RUN``
names another. A running axis leaves its address in the run's folder, so no command needs to be
told of ports; ``--url`` names one that runs elsewhere.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from agencies.address import left_address
from agencies.world import OPERATOR_ID, agency_dir, read_secret
from axis.cli.door import Door
from axis.cli.failures import NoAxis, of_the_world
from axis.settings import LIVE, Settings
from schemas.codes import agencies
from schemas.organ import agency_of, expand

#: Lạng Sơn, the chair that ``axis serve`` leaves to its user.
CHAIR = "000.00.00.H37"
#: Whose chair where none is named: that of the run's ``axis serve``.
OWN = ""
#: In the folder of a run, the chair that its ``axis serve`` leaves to its user.
_CHAIR_FILE = "chair"
#: In the folder of all runs, the name of the one that was started last.
LAST_RUN = "last-run"

As = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="AXIS_AS",
        show_default=False,
        help="Whose chair: a code, or its last group (H37); else that of axis serve.",
    ),
]
Url = Annotated[
    str | None, typer.Option("--url", help="Address of the axis; else the one the run left.")
]
Run = Annotated[
    str | None,
    typer.Option("--run", help="The run: live, demo, ...; else AXIS_RUN or the one started last."),
]


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the axis, seen from a command."""

    settings: Settings
    given_url: str | None = None

    @property
    def url(self) -> str | None:
        """Where the axis listens; None when the run left no address of a living process."""
        return self.given_url or _living_address(self.settings.axis_dir)

    def agency_dir(self, code: str) -> Path:
        """The folder with an agency's key, certificate and secret."""
        return agency_dir(self.settings.home, code)

    @property
    def chair(self) -> str:
        """The agency that ``axis serve`` left to its user; Lạng Sơn where none says so."""
        try:
            return (self.settings.home / _CHAIR_FILE).read_text("ascii").strip() or CHAIR
        except (OSError, UnicodeDecodeError):
            return CHAIR

    def client_of(self, name: str) -> str:
        """The client id that ``name`` means; that of the chair where it is ``OWN``."""
        return client_of(name) if name else self.chair

    def seat(self, name: str) -> Door:
        """The REST door as ``name``, or from the chair."""
        return self.door(self.client_of(name))

    def door(self, client: str) -> Door:
        """The REST door as ``client``: an agency's code, or the operator's name."""
        url = self.url
        if url is None:
            run = self.settings.run
            raise NoAxis(f"No axis runs in the run '{run}'.", run)
        return Door(url, client, self._secret(client))

    def _secret(self, client: str) -> str:
        own = client == OPERATOR_ID
        folder = self.settings.home / "operator" if own else self.agency_dir(client)
        try:
            return read_secret(folder)
        except OSError as error:
            raise typer.BadParameter(
                f"{client} has no secret in this run ({error.filename} cannot be read); "
                + remedy(client, f"axis register, then axis secret {client} --save give it one")
            ) from None


def remedy(client: str, newcomer: str) -> str:
    """What gives ``client`` what it lacks: ``init`` furnishes no ``newcomer``, only the world."""
    furnished = client == OPERATOR_ID or any(row.code == client for row in agencies())
    return "axis init completes the world" if furnished else newcomer


def open_session(run: str | None = None, url: str | None = None) -> Session:
    """The run that is meant: named, from ``AXIS_RUN``, started last, or the live one."""
    where = ""
    try:
        # Which run is meant is not known yet, and the live one is never a simulation.
        told = Settings(simulation=False)
        if run is None and "run" not in told.model_fields_set:
            run = _last_run(told.var)
            where = f"{told.var / LAST_RUN}: "
        settings = Settings() if run is None else Settings(run=run)
    except ValidationError as error:
        raise typer.BadParameter(f"{where}{of_the_world(error)}") from None
    return Session(settings, url.rstrip("/") if url else None)


def remember_run(settings: Settings) -> None:
    """Make the run of ``settings`` the one that commands mean from now on."""
    _note(settings.var / LAST_RUN, settings.run)


def remember_chair(settings: Settings, code: str) -> None:
    """Make ``code`` the agency as which commands speak in the run of ``settings``."""
    _note(settings.home / _CHAIR_FILE, code)


def _note(path: Path, line: str) -> None:
    """Write one line, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(f"{line}\n", encoding="ascii")
    fresh.replace(path)


def client_of(name: str) -> str:
    """The client id that ``name`` means: an agency (H37, a unit of it) or the operator."""
    return OPERATOR_ID if name == OPERATOR_ID else agency(name)


def organ(name: str) -> str:
    """The 13-character code of ``H37``; a whole code, of a unit too, as it is."""
    try:
        return expand(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def agency(name: str) -> str:
    """The agency that ``name`` is or lies beneath."""
    try:
        return agency_of(organ(name))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _last_run(var: Path) -> str:
    try:
        return (var / LAST_RUN).read_text(encoding="ascii").strip() or LIVE
    except (OSError, UnicodeDecodeError):
        return LIVE


def _living_address(axis_dir: Path) -> str | None:
    """The address that a killed axis left behind is nobody's."""
    left = left_address(axis_dir)
    if left is None:
        return None
    if left.host not in ("", socket.gethostname()):
        # In another container that shares the folder: whether it lives is seen when it is asked.
        return left.url
    try:
        os.kill(left.pid, 0)
    except PermissionError:
        pass  # It lives and belongs to somebody else.
    except (OSError, OverflowError):
        return None
    return left.url
