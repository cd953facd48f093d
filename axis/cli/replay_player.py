"""The player of a shadow that is a job: it has an axis and agencies of its own for it.

It takes the job's lease at the axis whose books are shadowed, reports each second how far it is,
and at last what each delivery came to. A pause or an abort, at whichever door, takes the lease
away: then it holds, or ends. One that was killed is followed by another with the same command.
"""

from __future__ import annotations

import json as written
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final, NoReturn

import typer

from agencies.replays.score import Score
from agencies.world import OPERATOR_ID, SEED
from axis.adapters.system_clock import SystemClock
from axis.cli import replay_beside, screen
from axis.cli.door import segment
from axis.cli.failures import NoAxis, Refusal
from axis.cli.job_items import items_of
from axis.cli.marked import Marked
from axis.cli.own_run import named_by
from axis.cli.replay_apart import opened, require_over
from axis.cli.replay_outcome import DELIVERIES_FILE
from axis.cli.session import Session
from axis.core.errors import Rejected
from axis.core.replay import Stage
from axis.core.timetable import iso
from axis.settings import Settings

#: How often a player that is held looks whether it may go on.
LOOK_S: Final = 1.0
#: A job that stands so goes on no more.
_OVER: Final = (Stage.FINISHED, Stage.STOPPED, Stage.ABORTED)
#: Verdicts of one report, with what differs: a tenth of what its body may have.
PAGE_ROWS: Final = 200
#: What a report may say of one delivery (``schemas.rest_shadows.Verdict``).
DIFFERENCES_MAX: Final = 100
DIFFERENCE_MAX: Final = 1000
#: What the name of a player, of 200 characters, says of where it is.
WHERE_MAX: Final = 190


class Lost(Exception):
    """The job was paused or aborted, or another plays it."""


@dataclass
class Lease:
    """The lease of one job, as the player named ``player`` holds it."""

    here: Session
    job: str
    player: str
    epoch: int = 0

    @property
    def _path(self) -> str:
        return f"/v1/operator/runs/{segment(self.job)}"

    def take(self) -> None:
        """Take it. Raises ``Refusal`` where another has it or the job does not run."""
        told = self._post("take", {"player": self.player})
        self.epoch = told["epoch"]

    def look(self) -> Mapping[str, Any]:
        """The job as it stands."""
        with self.here.door(OPERATOR_ID) as door:
            told: Mapping[str, Any] = door.get(self._path).json
            return told

    def items(self) -> list[Mapping[str, Any]]:
        """Its deliveries, in their order."""
        with self.here.door(OPERATOR_ID) as door:
            return items_of(door, self._path)

    def progress(self, played: int) -> None:
        """Say how far it is; where the axis is away for a moment it goes on all the same."""
        try:
            self.report({"handed_over": played})
        except (NoAxis, Refusal) as error:
            if not passes(error):
                raise

    def report(self, said: Mapping[str, Any]) -> None:
        """Say something. Raises ``Lost``."""
        try:
            self._post("report", {"epoch": self.epoch, **said})
        except Refusal as refusal:
            if refusal.problem.get("code") == "replay.lost":
                raise Lost from None
            raise

    def abort(self, why: str) -> None:
        """End the job for good."""
        self._post("abort", {"why": why})

    def _post(self, what: str, body: Mapping[str, Any]) -> Any:
        with self.here.door(OPERATOR_ID) as door:
            return door.post(f"{self._path}/{what}", body).json


def play(
    here: Session,
    run: Callable[[], Mapping[str, Any]],
    into: str,
    seed: int,
    *,
    known: str = "",
    anew: bool = False,
    json: bool,
) -> None:
    """Play a job in the run ``into`` to its end; ends the command (1) unless all came out as it was
    recorded.

    ``run`` makes the job run, and tells of it, when the folder is held: while another plays there,
    where it is somebody else's, or has what was stopped of another job than the one that is
    ``known``, unless it is to begin ``anew``, nothing is begun that nobody would end.
    """
    settings = named_by("--into", into)
    if here.settings.run == settings.run:
        raise typer.BadParameter(f"the run '{into}' cannot be its own shadow")
    folder = Marked(settings, replay_beside.STATE_FILE, replay_beside.MAKER)
    with folder.alone():
        said = folder.read() or {}
        if known and said.get("job") == known and not anew:
            _require_live(folder, Lease(here, known, said["player"]))
        elif not anew:
            require_over(folder)
        job = run()
        if anew and said.get("job") == job["id"]:
            # Nothing goes on with what was stopped of it.
            _close(folder, said)
        lease = Lease(here, job["id"], _player(folder, job["id"]))
        told = _played(folder, lease, job, seed, json=json)
    if told is None:
        _tell_over(lease.look()["stage"])
    if json:
        screen.data(told)
    else:
        replay_beside.report(settings, told)
        screen.say(f"Each delivery, with both times: axis replay show {lease.job} --deliveries")
    if not replay_beside.good(told):
        raise typer.Exit(1)


def _require_live(folder: Marked, lease: Lease) -> None:
    """End the command (1) where a job was ended while nobody played it."""
    stage = lease.look()["stage"]
    if stage in _OVER:
        _close(folder, folder.read() or {})
        _tell_over(stage)


def _close(folder: Marked, state: Mapping[str, Any]) -> None:
    """Nothing goes on with what the folder has, and the next may clear it away."""
    folder.write({**state, "finished": iso(SystemClock().now())})


def _tell_over(stage: str) -> NoReturn:
    typer.echo(f"The job was {stage}; nothing more is played.", err=True)
    raise typer.Exit(1)


def _player(folder: Marked, job: str) -> str:
    """The name under which this folder plays a job: the same behind a kill, and nobody else's."""
    known = folder.read() or {}
    if known.get("job") == job:
        return str(known["player"])
    where = f"{socket.gethostname()}:{folder.settings.home.resolve()}"
    # Of two containers these may be the same.
    return f"{where[:WHERE_MAX]} {secrets.token_hex(4)}"


def _played(
    folder: Marked, lease: Lease, job: Mapping[str, Any], seed: int, *, json: bool
) -> dict[str, Any] | None:
    """What came of it; None where it was ended before."""
    state: dict[str, Any] = {}
    lease.take()
    while True:
        try:
            state = _begun(folder, lease, job, seed)
            again = _again(lease, folder.settings, seed)
            told = replay_beside.play(folder.settings, state, again, lease.progress, json=json)
            _tell(folder.settings, lease, job["deliveries"], told)
        except Lost:
            if _held(lease):
                continue
            if state:
                _close(folder, state)
            return None
        _close(folder, state)
        return told


def _begun(folder: Marked, lease: Lease, job: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The same as ``_state``; what cannot be played so is aborted, since nobody goes on with it."""
    try:
        return _state(folder, lease, job, seed)
    except (typer.BadParameter, typer.Exit, Rejected):
        with suppress(NoAxis, Refusal):
            lease.abort("it could not be played")
        raise


def _state(folder: Marked, lease: Lease, job: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What the folder has of this job already, or a fresh world with its score."""
    said = folder.read() or {}
    mine = said.get("job") == lease.job and said["checked"] and not said["finished"]
    wanted: dict[str, Any] = {
        **{name: job[name] for name in ("since", "until", "sender", "recipient", "speed")},
        "of": lease.here.settings.run,
        "url": lease.here.given_url or "",
        "seed": seed,
        "reason": job["why"],
        "job": lease.job,
        "player": lease.player,
    }

    def fill(score: Score) -> dict[str, Any]:
        docs = {one["delivery"].partition(".")[0] for one in lease.items()}
        goes_on = partial(lease.progress, 0)
        return replay_beside.fill(folder.settings, wanted, score, docs, goes_on)

    # Whoever must not lose what was stopped here was refused before the job was run.
    return opened(folder, wanted, fill, resume=mine, anew=not mine)


def _again(lease: Lease, settings: Settings, seed: int) -> str:
    """The command that goes on with it."""
    words = ["axis", "replay", "run", lease.job, "--run", lease.here.settings.run]
    words += ["--into", settings.run, *(["--seed", f"{seed}"] if seed != SEED else [])]
    words += ["--url", lease.here.given_url] if lease.here.given_url else []
    return " ".join(words)


def _tell(settings: Settings, lease: Lease, deliveries: int, told: Mapping[str, Any]) -> None:
    """Write what each delivery came to into the books that were shadowed; said again it is the
    same.
    """
    numbers = {one["delivery"]: one["no"] for one in lease.items()}
    for page in _pages(settings):
        verdicts = [_verdict(numbers[line["delivery"]], line) for line in page]
        lease.report({"handed_over": deliveries, "deliveries": verdicts})
    books = {name: value for name, value in told["books"].items() if name != "equal"}
    lease.report({"handed_over": deliveries, "books": books})


def _pages(settings: Settings) -> Iterator[Sequence[Mapping[str, Any]]]:
    with (settings.home / DELIVERIES_FILE).open(encoding="utf-8") as lines:
        found = map(written.loads, lines)
        while page := list(islice(found, PAGE_ROWS)):
            yield page


def _verdict(no: int, line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "no": no,
        "outcome": line["verdict"],
        "differences": [one[:DIFFERENCE_MAX] for one in line["differences"][:DIFFERENCES_MAX]],
        "recorded": line["recorded"],
        "played": line["played"],
    }


def _held(lease: Lease) -> bool:
    """Wait while the job is paused, or the axis away; whether it runs then, its lease taken."""
    told = False
    while True:
        try:
            stage = lease.look()["stage"]
            if stage == "running":
                lease.take()
                return True
        except (NoAxis, Refusal) as error:
            if not passes(error):
                raise
            stage = "paused"
        if stage != "paused":
            return False
        if not told:
            typer.echo(f"Paused. It goes on behind: axis replay resume {lease.job}", err=True)
            told = True
        time.sleep(LOOK_S)


def passes(error: NoAxis | Refusal) -> bool:
    """Whether it may be another answer in a moment: nobody was there, or could do it just then."""
    return isinstance(error, NoAxis) or error.problem.get("status", 0) >= 500
