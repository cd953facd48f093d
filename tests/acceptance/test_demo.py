"""``axis demo`` as people run it, small: exact whatever is killed, and nothing is left behind."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import until
from tests.acceptance.played import Played

pytestmark = pytest.mark.acceptance

SENT, RECEIVED = 60, 211
SMALL = ["--sent", f"{SENT}", "--received", f"{RECEIVED}"]
CHILDREN = ("axis", "agencies-1", "agencies-2")
#: Lines of the recipients' journals when all is done: taken, confirmed, said; pages share lines.
LINES = 400
KILLS = 8


class Demo(Played):
    """A demo in a folder of its own."""

    def __init__(self, folder: Path, run: str = "demo") -> None:
        super().__init__(folder, run, ("demo", *SMALL), CHILDREN)

    def lines(self) -> int:
        """How far things are: lines in the journals of the recipients."""
        files = self.home.glob("agencies/*/received.jsonl")
        return sum(path.read_bytes().count(b"\n") for path in files)

    def kill_at(self, name: str, lines: int) -> None:
        """SIGKILL a child once the journals have so many lines, and wait for the next one."""
        until(lambda: self.lines() >= lines, f"{lines} lines in the journals")
        self.kill_child(name)

    def must_be_exact(self) -> None:
        """The books that lie there say what was planned, and every event bears them out."""
        counts = self.run("counts")
        assert (counts["sent"], counts["received"]) == (SENT, RECEIVED)
        assert counts["statuses"] == {"01": RECEIVED, "02": 1, "03": RECEIVED - 1}
        assert [line["difference"] for line in counts["balances"]] == [0, 0]
        assert self.run("audit")["clean"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    made.kill()
    made.must_be_gone()


def test_a_small_day_is_exact(demo: Demo) -> None:
    demo.start("--seconds", "2")
    code, said = demo.end()
    assert code == 0, said
    assert "15 January 2020: 60 documents for 211 recipients between 95 agencies" in said
    assert "profile 'small'" in said
    assert "The transport line balances: 211 = done 211" in said
    assert "The business line balances: 211 = refused 1 + accepted 210" in said
    demo.must_be_exact()
    demo.must_be_gone()
    state = json.loads((demo.home / "demo.json").read_text("utf-8"))
    assert (state["sent"], state["received"]) == (SENT, RECEIVED)
    assert state["finished"]


@pytest.mark.long
def test_a_second_day_starts_afresh(demo: Demo) -> None:
    demo.start("--seconds", "1")
    code, said = demo.end()
    assert code == 0, said
    demo.start("--seconds", "1", "--seed", "2")
    code, again = demo.end()
    assert code == 0, again
    assert demo.run("counts")["sent"] == SENT
    plans = {line for line in (said + again).splitlines() if "SHA-256" in line}
    assert len(plans) == 2


@pytest.mark.long
def test_an_axis_killed_at_random_moments_is_started_again_and_all_is_exact(demo: Demo) -> None:
    # Others each time; pytest tells the seed at its beginning.
    moments = sorted(random.sample(range(1, LINES), KILLS))
    demo.start("--seconds", "3")
    for moment in moments:
        demo.kill_at("axis", moment)
    code, said = demo.end()
    assert code == 0, said
    assert f"Started again after being killed (times): axis {KILLS}" in said
    demo.must_be_exact()


@pytest.mark.long
def test_agencies_that_are_killed_go_on_from_their_journals(demo: Demo) -> None:
    demo.start("--seconds", "3")
    demo.kill_at("agencies-1", 40)
    demo.kill_at("agencies-2", 120)
    demo.kill_at("agencies-1", 250)
    code, said = demo.end()
    assert code == 0, said
    demo.must_be_exact()


@pytest.mark.long
def test_a_demo_that_is_killed_leaves_nothing_running_and_goes_on_later(demo: Demo) -> None:
    demo.start("--seconds", "3")
    until(lambda: demo.lines() >= LINES // 3, "a third of the day")
    demo.pid_of("agencies-2")
    demo.kill()
    demo.must_be_gone()
    before = demo.lines()
    demo.start("--seconds", "3")
    code, said = demo.end()
    assert code == 0, said
    assert "this one goes on where it was" in said
    assert demo.lines() > before
    demo.must_be_exact()


def test_ctrl_c_stops_it_and_one_demo_runs_at_a_time(demo: Demo) -> None:
    demo.start("--seconds", "120")
    until(lambda: demo.lines() >= 1, "the first line")
    demo.pid_of("agencies-2")
    first = demo.process
    assert first is not None
    second = Demo(demo.var.parent)
    second.output = demo.var.parent / "second.txt"
    second.start()
    assert second.process is not None
    assert second.process.wait() == 2
    first.send_signal(signal.SIGINT)
    code, said = demo.end()
    assert code == 130
    assert "Started again, the demo goes on" in said
    demo.must_be_gone()
