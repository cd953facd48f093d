"""``axis replay history`` as people run it, a small part: exact, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agencies.history.expected import Figures
from agencies.history.part import Part, documents
from tests.acceptance.conftest import alive, until

pytestmark = pytest.mark.acceptance

AXIS = [sys.executable, "-m", "axis"]
PART = Part(first=date(2019, 10, 8), last=date(2019, 10, 14), sample=(2, 40))
ARGUMENTS = ["--from", f"{PART.first}", "--to", f"{PART.last}", "--sample", "2/40"]


class History:
    """A play of the history in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.home = self.var / "history"
        self.output = folder / "output.txt"
        self.pids: set[int] = set()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*AXIS, "replay", "history", *arguments],
                env={**os.environ, "AXIS_VAR": str(self.var)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self) -> tuple[int, str]:
        """Wait for its end: exit code, and all that was said so far."""
        assert self.process is not None
        until(self._ended, "the end of the history")
        return self.process.returncode, self.output.read_text("utf-8")

    def _ended(self) -> bool:
        assert self.process is not None
        for name in ("axis", "agencies"):
            self.pid_of(name)
        return self.process.poll() is not None

    def pid_of(self, name: str) -> int:
        """The process id of a child; 0 while there is none. Every one ever seen is remembered."""
        try:
            pid = int((self.home / "run" / f"{name}.pid").read_text("ascii") or 0)
        except FileNotFoundError:
            return 0
        self.pids.add(pid)
        return pid

    def day(self) -> str:
        """The last day that was finished; empty before the first."""
        try:
            return str(json.loads((self.home / "progress.json").read_bytes())["day"])
        except FileNotFoundError:
            return ""

    def until_day(self, day: date) -> None:
        """Wait until this day, or a later one, has been finished."""
        until(lambda: self.day() >= day.isoformat(), f"the end of {day}")

    def until_documents(self, count: int) -> None:
        """Wait until the books hold so many documents."""
        path = self.home / "axis" / "books.sqlite"

        def there() -> bool:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as books:
                ((found,),) = books.execute("select count(*) from document")
            return int(found) >= count

        until(there, f"{count} documents in the books")

    def kill(self, name: str) -> None:
        """SIGKILL a child, and wait for the next one."""
        pid = until(lambda: self.pid_of(name), f"a process {name}")
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pid_of(name) not in (0, pid), f"a new process {name}")

    def run(self, *arguments: str) -> Any:
        """The JSON of another command on this folder."""
        done = subprocess.run(
            [*AXIS, *arguments, "--run", "history", "--json"],
            env={**os.environ, "AXIS_VAR": str(self.var)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def must_be_exact(self, planned: Figures) -> None:
        """The books say what was planned, and every event bears them out."""
        counts = self.run("counts")
        assert (counts["sent"], counts["received"]) == (planned.documents, planned.deliveries)
        answers = {code: n for code, n in planned.answers_by_code.items() if n}
        assert counts["statuses"] == {"01": planned.deliveries, **answers}
        assert [line["difference"] for line in counts["balances"]] == [0, 0]
        assert self.run("audit")["clean"]


@pytest.fixture(scope="module")
def planned() -> Figures:
    figures = Figures()
    for _, plan in documents(PART, 1):
        figures.add(plan)
    assert figures.documents > 100
    return figures


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    until(lambda: not any(map(alive, made.pids)), f"the end of {made.pids}")


def test_a_part_is_exact_in_books_of_its_own(history: History, planned: Figures) -> None:
    history.start(*ARGUMENTS, "--json")
    code, said = history.end()
    assert code == 0, said
    told = json.loads(said)
    assert (told["sent"], told["received"]) == (planned.documents, planned.deliveries)
    assert told["differences"] == []
    assert told["anchors"] == []
    history.must_be_exact(planned)
    assert not (history.var / "axis").exists()


def test_whatever_is_killed_the_figures_are_the_same(history: History, planned: Figures) -> None:
    history.start(*ARGUMENTS)
    history.until_day(PART.first)
    history.kill("axis")
    history.kill("agencies")
    code, said = history.end()
    assert code == 0, said
    assert "Exact, and both lines balance." in said
    assert "Started again after being killed" in said
    history.must_be_exact(planned)


def test_at_a_speed_too_a_day_is_played_again_from_its_beginning(
    history: History, planned: Figures
) -> None:
    # A working day takes three seconds, hour by hour.
    history.start(*ARGUMENTS, "--speed", "30000")
    history.until_day(PART.first)
    day, next_day = (planned.sent_by_day[PART.first + timedelta(days=n)] for n in (0, 1))
    history.until_documents(day + next_day * 2 // 3)
    history.kill("agencies")
    code, said = history.end()
    assert code == 0, said
    assert "Exact, and both lines balance." in said
    history.must_be_exact(planned)


def test_one_that_was_killed_goes_on_when_told(history: History, planned: Figures) -> None:
    history.start("--resume")
    code, said = history.end()
    assert code == 2
    assert "no half-played history" in said

    history.start(*ARGUMENTS)
    history.until_day(PART.first)
    assert history.process is not None
    history.process.kill()
    history.process.wait()
    until(lambda: not any(map(alive, history.pids)), "the end of its children")

    history.start("--resume")
    code, said = history.end()
    assert code == 0, said
    assert "Exact, and both lines balance." in said
    history.must_be_exact(planned)


@pytest.mark.parametrize(
    "arguments",
    [["--sample", "3/2"], ["--from", "2018-01-01"], ["--months", "12"], ["--only", "X99"]],
)
def test_a_part_that_cannot_be_is_refused(history: History, arguments: list[str]) -> None:
    history.start(*arguments)
    code, said = history.end()
    assert code in (1, 2), said
    assert not history.home.exists()
