"""Which run is meant, and where its axis is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from axis.cli.session import agency, client_of, open_session, organ, remember_chair, remember_run
from axis.settings import Settings
from tests.cli.conftest import Axis


def test_without_a_word_the_live_run_is_meant(var: Path) -> None:
    assert open_session().settings.run == "live"


def test_the_run_started_last_is_meant_unless_another_is_named(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_run(Settings(run="demo"))
    assert open_session().settings.run == "demo"
    monkeypatch.setenv("AXIS_RUN", "live")
    assert open_session().settings.run == "live"
    assert open_session(run="load").settings.axis_dir == var / "load" / "axis"


def test_commands_speak_from_the_chair_that_serve_left(var: Path) -> None:
    assert open_session().chair == "000.00.00.H37"
    settings = Settings(run="demo")
    remember_run(settings)
    remember_chair(settings, "000.00.00.H01")
    here = open_session()
    assert (here.chair, here.client_of("")) == ("000.00.00.H01", "000.00.00.H01")
    assert here.client_of("G22") == "000.00.00.G22"
    assert open_session(run="other").chair == "000.00.00.H37"
    (settings.home / "chair").write_bytes(b"\xff")
    assert here.chair == "000.00.00.H37"


def test_the_live_run_is_no_simulation_whatever_the_environment_says(
    var: Path, monkeypatch: pytest.MonkeyPatch, axis: Axis
) -> None:
    monkeypatch.setenv("AXIS_SIMULATION", "true")
    with pytest.raises(ValidationError, match="the run 'live' is the real one"):
        Settings(run="live")
    for arguments in (("serve", "--run", "live"), ("serve",), ("init",)):
        refused = axis(*arguments)
        assert refused.exit_code in (1, 2)
        assert "AXIS_SIMULATION: the run 'live' is the real one" in refused.stderr.replace(
            "\n", " "
        )
    assert not var.exists()
    # Other runs are reached whether they are named or were started last.
    assert Settings(run="trial").simulation
    assert open_session(run="trial").settings.simulation
    remember_run(Settings(run="trial"))
    assert open_session().settings.run == "trial"


def test_a_name_that_is_no_run_is_a_usage_error(var: Path) -> None:
    with pytest.raises(typer.BadParameter):
        open_session(run="../etc")


def _leave_address(var: Path, pid: int, **more: str) -> None:
    (var / "axis").mkdir(parents=True)
    left = {"url": "http://127.0.0.1:8095/", "pid": pid, **more}
    (var / "axis" / "address.json").write_text(json.dumps(left), "utf-8")


def test_a_running_axis_is_found_by_the_address_it_left(var: Path) -> None:
    _leave_address(var, os.getpid())
    assert open_session().url == "http://127.0.0.1:8095"
    assert open_session(url="http://elsewhere/").url == "http://elsewhere"


@pytest.mark.parametrize("host", [{}, {"host": socket.gethostname()}])
def test_the_address_of_a_dead_process_is_none(var: Path, host: dict[str, str]) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    _leave_address(var, ended.pid, **host)
    assert open_session().url is None


def test_a_process_of_another_container_is_not_looked_for_in_this_one(var: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    _leave_address(var, ended.pid, host="another")
    assert open_session().url == "http://127.0.0.1:8095"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{}",
        "[]",
        '{"url": "http://a", "pid": "1"}',
        '{"url": "http://a", "pid": 0}',
        '{"url": 1, "pid": 1}',
        '{"url": "http://a", "pid": 99999999999999999999}',
    ],
)
def test_a_damaged_address_is_none(var: Path, damage: str) -> None:
    (var / "axis").mkdir(parents=True)
    (var / "axis" / "address.json").write_text(damage, "utf-8")
    assert open_session().url is None


def test_codes_are_spelled_out() -> None:
    assert organ("H37") == "000.00.00.H37"
    assert organ("000.00.13.H37") == "000.00.13.H37"
    assert agency("000.00.13.H37") == "000.00.00.H37"
    assert client_of("operator") == "operator"
    with pytest.raises(typer.BadParameter):
        organ("Lạng Sơn")
