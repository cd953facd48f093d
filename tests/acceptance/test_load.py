"""``axis load`` as people run it: a short one to its date, a loss that is found, what is refused."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agencies.world import make_world
from axis.cli.setup import enrol
from axis.settings import LIVE, Settings
from tests.acceptance.axis_process import address, running_axis
from tests.acceptance.conftest import DEADLINE_S
from tests.acceptance.losing import losing
from tests.acceptance.played import AXIS

pytestmark = pytest.mark.acceptance

SHORT = ("--documents", "200", "--seconds", "2", "--fanout", "1")


def load(var: Path, *arguments: str) -> tuple[int, str]:
    """``axis load ...``: its exit code and all it said."""
    done = subprocess.run(
        [*AXIS, "load", *arguments],
        env={**os.environ, "AXIS_VAR": str(var), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def books(var: Path, run: str = LIVE) -> Path:
    """A world that is enrolled, in a run of ``var``."""
    settings = Settings(var=var, run=run)
    asyncio.run(enrol(settings, make_world(settings.home)))
    return var


@pytest.mark.long
def test_growth_ends_in_a_date_and_leaves_nothing_but_its_result(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    # Far apart, so that two steps make a bracket on any machine.
    code, said = load(
        tmp_path / "var",
        *("growth", *SHORT, "--rates", "60,3000", "--steps", "2", "--months", "3"),
        *("--json", str(file)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert told["reconciled"]["lost"] == told["reconciled"]["strange"] == 0, said
    assert told["reconciled"]["books"] == ""
    # The burst, 200 at the lower rate, and two seconds of the other.
    assert told["reconciled"]["accepted"] == 200 + 200 + 6000
    assert [step["rate"] for step in told["steps"]] == [60, 3000]
    assert told["base"]["documents"] == pytest.approx(0.2531, abs=1e-4)
    # A busy machine may make the driver late, and then there is no date.
    assert code == (3 if told["date"] is None else 0), said
    assert "First limit:" in said
    assert "lost 0" in said
    left = {path.name for path in (tmp_path / "var" / "load").iterdir()}
    assert left == {"load.json", "result.json"}
    assert "Their ranges overlap" in load(tmp_path, "compare", str(file), str(file))[1] or (
        told["date"] is None
    )


def test_a_delivery_that_is_lost_on_the_way_is_named_and_the_exit_code_says_so(
    tmp_path: Path,
) -> None:
    var = books(tmp_path / "var", "trial")
    with (
        running_axis(var, AXIS_SIMULATION="true", AXIS_RUN="trial"),
        losing(address(var / "trial")) as (way, url),
    ):
        code, said = load(
            var,
            *("growth", *SHORT, "--target", url, "--run", "trial", "--rates", "60"),
            *("--steps", "1", "--drain", "1"),
        )
    assert code == 1, said
    assert way.lost
    assert f"LOST: {way.lost}" in said


def test_live_books_are_refused_before_the_first_document(tmp_path: Path) -> None:
    var = books(tmp_path / "var")
    with running_axis(var):
        code, said = load(
            var, "growth", *SHORT, "--target", address(var), "--run", "live", "--rates", "60"
        )
        _, counted = load(var, "growth", "--documents", "20")
    assert code == 2
    assert "'live'" in said
    assert "AXIS_SIMULATION=true" in said
    assert "20 is too short" in counted


@pytest.mark.long
def test_a_scenario_is_checked_and_its_exit_code_is_the_answer(tmp_path: Path) -> None:
    file, page = tmp_path / "s5.json", tmp_path / "s5.html"
    code, said = load(
        tmp_path / "var",
        *("check", "S5", "--documents", "200", "--seconds", "2", "--steps", "1"),
        *("--json", str(file), "--html", str(page)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    # The burst, and the one step.
    assert told["reconciled"]["accepted"] == 200 + 200
    assert [step["rate"] for step in told["steps"]] == [32.7]
    assert told["check"]["asked"] == pytest.approx(32.65, abs=0.01)
    # A busy machine cannot be told from a slow axis; a quiet one carries this a hundred times.
    assert code == told["check"]["exit"] == {"yes": 0, "unknown": 3}[told["check"]["answer"]], said
    assert said.splitlines()[-1] in page.read_text("utf-8").replace("&#x27;", "'")


@pytest.mark.long
def test_two_dates_side_by_side_of_an_axis_with_fewer_cores_and_nothing_signed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "both.json"
    few = len(os.sched_getaffinity(0)) > 1
    code, said = load(
        tmp_path / "var",
        *("whatif", "--documents", "200", "--seconds", "2", "--fanout", "1", "--signed", "0%"),
        *(("--cores", "1") if few else ()),
        *("--rates", "60,3000", "--steps", "2", "--json", str(file)),
    )
    if not file.exists():
        # The first had no date: a busy machine may make the driver late.
        assert code == 3, said
        assert "the second was not played" in said
        return
    told: dict[str, Any] = json.loads(file.read_bytes())
    first, second = told["as_is"], told["changed"]
    assert (first["signed"], second["signed"]) == (1.0, 0.0)
    assert (first["axis_cores"], second["axis_cores"]) == (None, 1 if few else None)
    assert second["base"]["fanout"] == 1
    # An axis takes what is not signed, and every one of them is with its recipient.
    offered = [max(200, math.ceil(2 * step["rate"])) for step in second["steps"]]
    assert second["reconciled"]["accepted"] == 200 + sum(offered)
    assert second["reconciled"]["lost"] == 0
    assert code == (3 if second["date"] is None else 0), said
    assert "signed 0% instead of 100%" in said
