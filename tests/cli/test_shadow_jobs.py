"""How a shadow that is a job begins, at an axis that is only told of: whatever is refused here
leaves nothing there that nobody would end.
"""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from axis.cli import replay_beside, replay_player
from axis.cli.failures import NoAxis, Refusal
from axis.cli.replay_player import Lease
from axis.cli.session import Session
from axis.core.errors import Fault, Rejected
from axis.settings import Settings
from tests.cli.conftest import Axis

#: The two commands that play one.
BEGIN = [
    ("shadow", "--since", "2020-01-15", "--until", "2020-01-16", "--reason", "x"),
    ("run", "rpl_1"),
]
AT = ("--url", "http://axis.test")


@dataclass
class Told:
    """An answer of a door."""

    json: Mapping[str, Any]


@dataclass
class Doors:
    """A door that has one shadow, and keeps what was posted to it."""

    deliveries: int = 3
    stage: str = "planned"
    posted: list[str] = field(default_factory=list)

    def post(self, path: str, body: Mapping[str, Any]) -> Told:
        act = path.rpartition("/")[2]
        self.posted.append(act)
        if act == "abort":
            assert body["why"]
        self.stage = {"run": "running", "abort": "aborted"}.get(act, self.stage)
        return self.get(path)

    def get(self, _path: str) -> Told:
        job = {"id": "rpl_1", "kind": "shadow", "why": "x", "speed": 10.0, "epoch": 1}
        window = {"since": "2020-01-15T00:00:00+07:00", "until": "2020-01-16T00:00:00+07:00"}
        more = {"sender": "", "recipient": "", "stage": self.stage, "deliveries": self.deliveries}
        return Told({**job, **window, **more})


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    made = Doors()

    @contextmanager
    def door(_here: Session, _client: str) -> Iterator[Doors]:
        yield made

    monkeypatch.setattr(Session, "door", door)
    return made


@pytest.mark.parametrize("words", BEGIN)
def test_while_another_plays_here_nothing_is_begun(
    axis: Axis, var: Path, doors: Doors, words: tuple[str, ...]
) -> None:
    var.mkdir()
    with (var / "shadow-shadow.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = axis("replay", *words, *AT)
    assert (said.exit_code, "is running already" in said.stderr) == (2, True), said.output
    assert doors.posted == []


@pytest.mark.parametrize("words", BEGIN)
def test_in_a_folder_of_somebody_else_nothing_is_begun(
    axis: Axis, var: Path, doors: Doors, words: tuple[str, ...]
) -> None:
    (var / "shadow").mkdir(parents=True)
    (var / "shadow" / "diary").write_text("mine")
    said = axis("replay", *words, *AT)
    assert said.exit_code == 2, said.output
    assert "left alone" in " ".join(said.stderr.replace("│", " ").split())
    assert doors.posted == []


@pytest.mark.parametrize("words", BEGIN)
def test_over_another_that_was_stopped_nothing_is_begun(
    axis: Axis, var: Path, doors: Doors, words: tuple[str, ...]
) -> None:
    stopped = {"job": "rpl_0", "checked": True, "finished": "", "made_by": replay_beside.MAKER}
    (var / "shadow").mkdir(parents=True)
    (var / "shadow" / "shadow.json").write_text(json.dumps(stopped))
    (var / "shadow" / "books").write_text("of rpl_0")
    said = axis("replay", *words, *AT)
    assert (said.exit_code, "--anew deletes it" in said.stderr) == (2, True), said.output
    assert doors.posted == []
    assert (var / "shadow" / "books").read_text() == "of rpl_0"


@pytest.mark.parametrize("stage", ["aborted", "finished"])
def test_what_was_stopped_of_a_job_that_is_over_holds_up_nothing(
    axis: Axis, var: Path, doors: Doors, stage: str
) -> None:
    state = {"job": "rpl_1", "player": "p", "of": "live", "url": AT[1], "seed": 1}
    state |= {"checked": True, "finished": ""}
    (var / "shadow").mkdir(parents=True)
    mark = var / "shadow" / "shadow.json"
    mark.write_text(json.dumps({**state, "made_by": replay_beside.MAKER}))
    doors.stage = stage
    said = axis("replay", "shadow", "--resume")
    told = f"The job was {stage}; nothing more is played.\n"
    assert (said.exit_code, said.stderr, doors.posted) == (1, told, []), said.output
    assert json.loads(mark.read_text())["finished"]
    doors.deliveries = 0
    assert "Nothing was sent" in axis("replay", *BEGIN[0], *AT).stderr


@pytest.mark.parametrize("known", ["rpl_0", "rpl_1"])
def test_what_was_stopped_is_deleted_where_it_is_to_begin_anew(
    axis: Axis, var: Path, doors: Doors, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    stopped = {"job": known, "player": "p", "checked": True, "finished": ""}
    (var / "shadow").mkdir(parents=True)
    said = json.dumps({**stopped, "made_by": replay_beside.MAKER})
    (var / "shadow" / "shadow.json").write_text(said)
    (var / "shadow" / "books").write_text("of before")
    monkeypatch.setattr(replay_beside, "fill", lambda *_: {})
    monkeypatch.setattr(replay_beside, "play", lambda *_, **__: sys.exit(9))
    monkeypatch.setattr(Lease, "items", lambda _: [])
    assert axis("replay", "run", "rpl_1", "--anew", *AT).exit_code == 9
    assert doors.posted == ["run", "take"]
    assert not (var / "shadow" / "books").exists()


@pytest.mark.parametrize("words", BEGIN)
def test_what_cannot_be_played_is_aborted(
    axis: Axis,
    var: Path,
    doors: Doors,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    def fill(*_: object) -> dict[str, Any]:
        raise Rejected([Fault("traffic.package", "row 1", {"message": "of another world"})])

    monkeypatch.setattr(replay_beside, "fill", fill)
    monkeypatch.setattr(Lease, "items", lambda _: [])
    said = axis("replay", *words, *AT, "--seed", "2")
    assert (said.exit_code, "traffic.package" in said.stderr) == (1, True), said.output
    assert doors.posted == [*(["runs"] if words[0] == "shadow" else []), "run", "take", "abort"]
    assert doors.stage == "aborted"
    assert not (var / "shadow").exists()


def test_a_player_that_is_held_asks_on_while_the_axis_is_away(
    var: Path, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [Refusal({"code": "axis.store_away", "status": 503}), NoAxis("nobody")]
    looks = iter([*away, "paused", *away, "running", *away, "running", "running"])

    def look(_: str) -> Told:
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return Told({"stage": found, "epoch": 2})

    monkeypatch.setattr(doors, "get", look)
    monkeypatch.setattr(replay_player, "LOOK_S", 0)
    lease = Lease(Session(Settings(var=var)), "rpl_1", "here")
    # The first lease is not had: the axis is away again between the two questions.
    assert replay_player._held(lease)
    assert (doors.posted, lease.epoch, next(looks, None)) == (["take", "take"], 2, None)


def test_of_an_empty_window_it_is_said_that_it_is_empty(
    axis: Axis, var: Path, doors: Doors
) -> None:
    doors.deliveries = 0
    said = axis("replay", *BEGIN[0], *AT)
    assert said.exit_code == 1, said.output
    window = "from 2020-01-15 00:00:00 to 2020-01-16 00:00:00"
    assert said.stderr == f"Nothing was sent {window}.\n"
    # Nothing is left that would seem to wait, or to have been played.
    assert doors.posted == ["runs", "abort"]
    assert not (var / "shadow").exists()
