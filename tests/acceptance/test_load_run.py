"""``axis load run``, ``rate`` and ``outage`` with real processes: all comes as it must."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agencies.load.personas import MUST
from tests.acceptance.conftest import DEADLINE_S
from tests.acceptance.played import AXIS
from tests.acceptance.test_load import load

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

#: Seven of those that send and receive most, so that a short test shows each persona.
MISBEHAVING = dict(zip(("G22", "H26", "H29", "H01", "H02", "H03", "H04"), MUST, strict=True))


def test_agencies_that_misbehave_come_to_what_they_must(tmp_path: Path) -> None:
    file, page = tmp_path / "run.json", tmp_path / "run.html"
    personas = [text for who, how in MISBEHAVING.items() for text in ("--persona", f"{who}={how}")]
    code, said = load(
        tmp_path / "var",
        *("run", "--shape", "ramp", "--from", "20", "--to", "80", "--seconds", "10", *personas),
        *("--json", str(file), "--html", str(page)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert code == 0, said
    assert told["documents"] == 500
    assert [one["differences"] for one in told["personas"]] == [[]] * 7, said
    came = {one["persona"]: one for one in told["personas"]}
    refused = sum(sum(one["refused"].values()) for one in told["personas"])
    assert told["refused"] == refused > 0
    assert came["away"]["waiting"] == told["reconciled"]["waiting"] > 0
    assert told["reconciled"]["lost"] == told["reconciled"]["strange"] == 0
    assert told["reconciled"]["accepted"] == 500 - refused
    assert "as it must be" in page.read_text("utf-8")
    left = {path.name for path in (tmp_path / "var" / "load").iterdir()}
    assert left == {"load.json", "result.json"}


def test_the_rate_is_changed_while_it_runs_also_beyond_what_was_built(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    var = tmp_path / "var"
    env = {**os.environ, "AXIS_VAR": str(var), "COLUMNS": "200"}
    command = ("load", "run", "--rate", "20", "--seconds", "30", "--json", str(file))
    with subprocess.Popen([*AXIS, *command], env=env, stdin=subprocess.DEVNULL) as running:
        try:
            # Until it has begun to send there is nothing to change, and it says so.
            while (changed := load(var, "rate", "2"))[0]:
                assert running.poll() is None, changed
            assert "the rate is 2 times what was planned" in changed[1]
            assert "missing" not in changed[1]
            code, said = load(var, "rate", "5")
            running.wait(DEADLINE_S)
        finally:
            running.terminate()
    assert code == 0, said
    assert "packages are missing for that and are built meanwhile" in said
    assert "the rate is 5 times what was planned" in said
    assert running.returncode == 0
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert [change["times"] for change in told["changes"]] == [2, 5]
    first_s, then_s = (change["at_s"] for change in told["changes"])
    came = 20 * (first_s + 2 * (then_s - first_s) + 5 * (30 - then_s))
    assert told["documents"] == pytest.approx(came, abs=120)
    assert told["documents"] > 2 * 600
    assert told["reconciled"]["lost"] == told["unexpected"] == 0
    assert told["reconciled"]["accepted"] == told["documents"]


def test_an_agency_that_was_away_has_everything_when_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    code, said = load(
        tmp_path / "var",
        *("outage", "G22", "--away", "4", "--seconds", "14", "--rate", "30"),
        *("--json", str(file)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert code == 0, said
    found = told["outage"]
    assert (found["from_s"], found["until_s"]) == (5, 9)
    assert found["backlog_max"] >= max(found["backlog"]) > 0
    assert found["drained_s"] is not None
    assert all(found[when]["count"] for when in ("before", "during", "after"))
    assert told["reconciled"]["lost"] == told["reconciled"]["waiting"] == 0
    assert "was away for 4 s" in said


def test_what_cannot_be_is_refused_before_the_first_document(tmp_path: Path) -> None:
    for wrong, why in (
        (("run", "--persona", "H37=lazy"), "one of slow, away"),
        (("run", "--shape", "square"), "none of constant, ramp"),
        (("run", "--rate", "1", "--seconds", "5"), "too few to measure"),
        (("outage", "--away", "85"), "--away 30 would do"),
        (("outage", "kafka"), "Kafka"),
        (("rate", "1.5"), "no load test runs"),
    ):
        code, said = load(tmp_path / "var", *wrong)
        assert code == 2, said
        assert why in " ".join(said.replace("│", " ").split())
