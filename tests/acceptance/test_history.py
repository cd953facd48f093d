"""``axis replay history`` as people run it, a small part: exact, whatever is killed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from agencies.history.expected import Figures
from agencies.history.part import Part, documents
from tests.acceptance.conftest import until
from tests.acceptance.played import Played

pytestmark = pytest.mark.acceptance

PART = Part(first=date(2019, 10, 8), last=date(2019, 10, 14), sample=(2, 40))
ARGUMENTS = ["--from", f"{PART.first}", "--to", f"{PART.last}", "--sample", "2/40"]


class History(Played):
    """A play of the history in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "history", ("replay", "history"), ("axis", "agencies"))

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

    def must_be_exact(self, planned: Figures) -> None:
        """The books say what was planned, and every event bears them out."""
        counts = self.run("counts", "--run", "history")
        assert (counts["sent"], counts["received"]) == (planned.documents, planned.deliveries)
        answers = {code: n for code, n in planned.answers_by_code.items() if n}
        assert counts["statuses"] == {"01": planned.deliveries, **answers}
        assert [line["difference"] for line in counts["balances"]] == [0, 0]
        assert self.run("audit", "--run", "history")["clean"]


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
    made.kill()
    # A part that cannot be starts nothing.
    if made.home.exists():
        made.must_be_gone()


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
    page, *tables = map(Path, told["files"])
    assert page == history.home / "report" / "index.html"
    assert f"{planned.documents}</b><span>sent" in page.read_text("utf-8")
    counted = {path.name: path.read_bytes() for path in tables}
    assert b"types.csv" in page.read_bytes()

    # The books alone have all of it: without the page, and without what the agencies remember.
    shutil.rmtree(page.parent)
    shutil.rmtree(history.home / "agencies")
    again = history.run("replay", "report")
    assert again["files"] == told["files"]
    assert again["differences"] == []
    assert {path.name: path.read_bytes() for path in tables} == counted


@pytest.mark.long
def test_whatever_is_killed_the_figures_are_the_same(history: History, planned: Figures) -> None:
    history.start(*ARGUMENTS)
    history.until_day(PART.first)
    history.kill_child("axis")
    history.kill_child("agencies")
    code, said = history.end()
    assert code == 0, said
    assert "Exact, and both lines balance." in said
    assert "Started again after being killed" in said
    history.must_be_exact(planned)


@pytest.mark.long
def test_at_a_speed_too_a_day_is_played_again_from_its_beginning(
    history: History, planned: Figures
) -> None:
    # A working day takes three seconds, hour by hour.
    history.start(*ARGUMENTS, "--speed", "30000")
    history.until_day(PART.first)
    day, next_day = (planned.sent_by_day[PART.first + timedelta(days=n)] for n in (0, 1))
    history.until_documents(day + next_day * 2 // 3)
    history.kill_child("agencies")
    code, said = history.end()
    assert code == 0, said
    assert "Exact, and both lines balance." in said
    history.must_be_exact(planned)


@pytest.mark.long
def test_one_that_was_killed_goes_on_when_told(history: History, planned: Figures) -> None:
    history.start("--resume")
    code, said = history.end()
    assert code == 2
    assert "no half-played history" in said

    history.start(*ARGUMENTS)
    history.until_day(PART.first)
    history.pid_of("axis")
    history.kill()
    history.must_be_gone()
    so_far = history.run("replay", "report")
    assert "Not finished" in so_far["part"][0]
    assert 0 < so_far["sent"] < planned.documents
    assert so_far["differences"] == []
    remembered = json.loads((history.home / "progress.json").read_bytes())["sent"]

    history.start("--resume", "--json")
    code, said = history.end()
    assert code == 0, said
    told = json.loads(said)
    assert told["differences"] == []
    assert told["sent_this_time"] == planned.documents - remembered < planned.documents
    history.must_be_exact(planned)

    # What came of it may be asked for again: who was killed while it was counted never heard it.
    history.start("--resume", "--json")
    code, said = history.end()
    assert code == 0, said
    again = json.loads(said)
    assert (again["sent_this_time"], again["differences"]) == (0, [])
    assert again["files"] == told["files"]


@pytest.mark.long
def test_one_that_was_killed_when_all_was_played_goes_on_to_its_end(history: History) -> None:
    # Nothing of the whole history is in this sample; only to count that takes a while.
    history.start("--from", "2020-02-04", "--sample", "5/298000")
    code, said = history.end()
    assert code == 0, said
    path = history.home / "history.json"
    state = json.loads(path.read_bytes())
    path.write_text(json.dumps({**state, "first": "2019-03-12", "finished": ""}), "utf-8")

    history.start("--resume", "--json")
    code, said = history.end()
    assert code == 0, said
    # The agencies had nothing left to play; they waited for who counts, and did not end.
    assert json.loads(said)["restarts"] == {}
