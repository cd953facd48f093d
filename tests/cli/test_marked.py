"""The folder of a run that one command alone may clear away, and who sees that it is held."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer

from axis.cli.load_options import RUN, STATE_FILE, WORK
from axis.cli.marked import Marked
from axis.settings import Settings
from tests.cli.conftest import Axis


def marked(run: str = RUN) -> Marked:
    return Marked(Settings(run=run), STATE_FILE, "axis load")


@pytest.mark.usefixtures("var")
def test_a_folder_is_held_as_long_as_its_command_runs() -> None:
    assert not marked().held
    with marked().alone():
        assert marked().held
        assert not marked("other").held
        with pytest.raises(typer.Exit), marked().alone():
            pytest.fail("two have it")
        with marked("other").alone():
            assert marked("other").held
    assert not marked().held


@pytest.mark.usefixtures("var")
def test_a_look_keeps_no_command_out() -> None:
    stop = False

    def look() -> None:
        while not stop:
            _ = marked().held

    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(look)
        try:
            for _ in range(20):
                # Ends the command where it takes the look for another one.
                with marked().alone():
                    pass
        finally:
            stop = True
        looking.result()


def test_a_change_of_the_rate_is_asked_of_the_test_that_runs(var: Path, axis: Axis) -> None:
    work = var / RUN / WORK
    work.mkdir(parents=True)
    refused = axis("load", "rate", "2")
    assert refused.exit_code == 2
    assert "no load test runs" in refused.stderr
    with marked().alone(), ThreadPoolExecutor(1) as threads:
        asked = threads.submit(axis, "load", "rate", "2")
        while not (work / "rate.json").exists():
            assert not asked.done(), asked.result().stderr
        (work / "rate.told").write_text('[true, "from now on"]', encoding="utf-8")
        (work / "rate.json").unlink()
        assert asked.result().stdout == "from now on\n"
