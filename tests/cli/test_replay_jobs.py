"""What the commands of replay jobs ask for, and how they end, at an axis that is only told of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from axis.cli import replay_jobs, replay_shown
from axis.cli.failures import NoAxis, Refusal
from axis.cli.session import Session
from tests.cli.conftest import Axis


@dataclass
class Told:
    """An answer of a door."""

    json: Mapping[str, Any]


@dataclass
class Doors:
    """A door that tells of a job at each look the next of some stages."""

    stages: list[str | Exception] = field(default_factory=list)
    posted: list[Mapping[str, Any]] = field(default_factory=list)
    skipped: int = 0

    def post(self, _path: str, body: Mapping[str, Any]) -> Told:
        self.posted.append(body)
        return self.get("")

    def get(self, _path: str) -> Told:
        stage = self.stages.pop(0)
        if isinstance(stage, Exception):
            raise stage
        outcomes = {"answered": 1, "skipped": self.skipped}
        job = {"id": "rpl_1", "kind": "give_back", "ending": "", "outcomes": outcomes}
        return Told({**job, "stage": stage, "deliveries": 2, "handed_over": 2})


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    made = Doors()

    @contextmanager
    def door(_here: Session, _client: str) -> Iterator[Doors]:
        yield made

    monkeypatch.setattr(Session, "door", door)
    monkeypatch.setattr(replay_jobs, "LOOK_S", 0)
    return made


@pytest.mark.parametrize(
    ("stages", "wait", "code"),
    [
        (["running", "running", "finished"], True, 0),
        (["running", "aborted"], True, 1),
        (["running", "paused"], True, 1),
        (["running", "stopped"], True, 1),
        (["running"], False, 0),
        (["stopped"], False, 1),
    ],
)
def test_who_waits_is_told_whether_all_was_handed_over(
    axis: Axis, doors: Doors, stages: list[str], wait: bool, code: int
) -> None:
    doors.stages = ["planned", *stages]
    said = axis("replay", "run", "rpl_1", *(["--wait"] if wait else []))
    assert said.exit_code == code, said.output
    assert stages[-1] in said.stdout
    assert doors.stages == []


def test_who_waits_waits_on_while_the_axis_is_away(axis: Axis, doors: Doors) -> None:
    away = [NoAxis("nobody"), Refusal({"code": "axis.store_away", "status": 503})]
    doors.stages = ["planned", "running", *away, "running", "finished"]
    said = axis("replay", "run", "rpl_1", "--wait")
    assert (said.exit_code, doors.stages) == (0, []), said.output
    assert said.stderr == "No axis answers; the job goes on when one does.\n"


def test_what_was_passed_over_was_not_handed_over(axis: Axis, doors: Doors) -> None:
    doors.stages, doors.skipped = ["planned", "finished"], 1
    said = axis("replay", "run", "rpl_1", "--wait")
    assert said.exit_code == 1, said.output
    assert "handed over  1 of 2" in said.stdout


def test_who_took_a_package_and_who_never_came_are_told_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = [("silent", True), ("silent", False), ("answered", True), ("already_had", False)]
    replay_shown.deliveries(
        [
            {"no": no, "delivery": "doc_1", "outcome": outcome, "handed_out": out, "done_at": None}
            for no, (outcome, out) in enumerate(told, 1)
        ]
    )
    head, *rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    # Nothing was done when it was planned, and what was answered since is done: no time says so.
    assert head == "no delivery outcome why"
    said = ("handed out, silent", "silent", "answered", "already had")
    assert rows == [f"{no} doc_1 {words} -" for no, words in enumerate(said, 1)]
