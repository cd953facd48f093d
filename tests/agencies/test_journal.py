"""Journals survive a kill at any byte, and say the same when they are read again."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.journal import (
    RECEIVED_FILE,
    Lines,
    ReceivedJournal,
    Sent,
    SentJournal,
    Taken,
    read_lines,
    read_received,
    read_sent,
)

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
texts = st.text(max_size=12)


def taken(delivery: str, **rest: Any) -> Taken:
    one = Taken(
        delivery=delivery,
        sender="000.00.00.H37",
        document_id="000.00.00.H37,2020/01/15,7/Đ-UBND",
        sha256="ab" * 32,
        size=20_000,
        at_us=1_579_046_400_000_000,
        available_s=12.5,
    )
    return replace(one, **rest)


@ANY
@given(values=st.lists(st.dictionaries(texts, texts, max_size=3), max_size=8), data=st.data())
def test_a_file_cut_at_any_byte_has_its_whole_lines_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, str]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "lines.jsonl"
    lines = Lines(path)
    lines.append(values)
    lines.close()
    assert read_lines(path) == values
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    assert read_lines(path) == values[:whole]
    lines = Lines(path)
    lines.append([{"after": "the kill"}])
    lines.close()
    assert read_lines(path) == [*values[:whole], {"after": "the kill"}]


def test_what_was_received_is_remembered_whole(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("a", script="sim: 01"), taken("b"), taken("c", failed="đĩa đầy")])
    journal.done(["a", "b"], 13.0)
    journal.said([("a", "01"), ("b", "01")])
    journal.said([("a", "03")], [("b", "03", "lifecycle.ended")])
    journal.again(["b"])
    journal.close()
    expected = {
        "a": taken("a", script="sim: 01", done=True, done_s=13.0, said={"01", "03"}),
        "b": taken(
            "b",
            done=True,
            done_s=13.0,
            said={"01"},
            unsaid={"03": "lifecycle.ended"},
            arrivals=2,
        ),
        "c": taken("c", failed="đĩa đầy"),
    }
    assert read_received(tmp_path) == expected == ReceivedJournal(tmp_path).taken


def test_how_far_lanes_came_is_remembered_of_one_set_of_books(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.reached({0: 70, 3: 2}, "one")
    journal.reached({0: 4}, "other")
    journal.reached({0: 3}, "other")
    journal.close()
    again = ReceivedJournal(tmp_path)
    assert (journal.reach, again.reach, again.source) == ({0: 4}, {0: 4}, "other")
    again.close()


def test_what_a_disk_takes_in_parts_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    lines = Lines(tmp_path / RECEIVED_FILE)
    lines.append([{"a": "b" * 20}, {"c": "d"}])
    lines.close()
    assert read_lines(tmp_path / RECEIVED_FILE) == [{"a": "b" * 20}, {"c": "d"}]


def test_the_first_confirmation_is_the_one_that_is_timed(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("a")])
    journal.done(["a"], 13.0)
    journal.done(["a"], 99.0)
    journal.close()
    assert read_received(tmp_path)["a"].done_s == 13.0


def test_a_delivery_that_failed_and_came_again_is_taken_anew(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("a", failed="đĩa đầy")])
    journal.took([taken("a", at_us=2)])
    journal.done(["a"], 14.0)
    journal.close()
    assert read_received(tmp_path) == {"a": taken("a", at_us=2, done=True, done_s=14.0)}


def test_what_could_not_be_taken_is_known_with_the_first_line(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("a", failed="đĩa đầy"), taken("b")])
    journal.close()
    path = tmp_path / RECEIVED_FILE
    path.write_bytes(path.read_bytes().partition(b"\n")[0] + b"\n")
    assert read_received(tmp_path) == {"a": taken("a", failed="đĩa đầy")}
    # As it was written once.
    lines = Lines(path)
    lines.append([{**read_lines(path)[0], "failed": ""}, {"failed": "a", "reason": "đĩa đầy"}])
    lines.close()
    assert read_received(tmp_path) == {"a": taken("a", failed="đĩa đầy")}


def test_a_file_cut_between_taking_and_confirming_says_what_is_left_to_do(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("a"), taken("b")])
    journal.done(["a"], 13.0)
    journal.close()
    path = tmp_path / RECEIVED_FILE
    path.write_bytes(path.read_bytes()[:-1])
    assert read_received(tmp_path) == {"a": taken("a"), "b": taken("b")}


def test_what_was_sent_is_remembered_by_its_place_in_the_plan(tmp_path: Path) -> None:
    sent = Sent(
        index=3,
        document_id="000.00.00.H37,2020/01/15,7/Đ-UBND",
        sha256="cd" * 32,
        size=20_001,
        started_s=1.25,
        answered_s=1.5,
        doc="doc_x",
        deliveries=("doc_x.000.00.00.G22",),
    )
    refused = replace(sent, index=4, doc="", deliveries=(), refused="409 document.conflict: …")
    journal = SentJournal(tmp_path)
    journal.answered(sent)
    journal.answered(refused)
    journal.close()
    assert read_sent(tmp_path) == {3: sent, 4: refused} == SentJournal(tmp_path).sent


def test_who_never_wrote_remembers_nothing(tmp_path: Path) -> None:
    assert read_sent(tmp_path / "nobody") == {}
    assert read_received(tmp_path / "nobody") == {}


def test_a_full_disk_is_told_with_the_file_and_what_was_cut_off_is_not_there(
    tmp_path: Path,
) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.took([taken("d1")])
    path = tmp_path / RECEIVED_FILE
    most, others = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What one process may write to a file; the rest of a line finds no room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, others))
    try:
        with pytest.raises(OSError, match=RECEIVED_FILE) as refused:
            journal.took([taken("d2")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, others))
    assert refused.value.filename == f"{path}"
    assert [*journal.taken] == [*read_received(tmp_path)] == ["d1"]
    journal.close()
    ReceivedJournal(tmp_path).close()
    assert path.read_bytes().count(b"\n") == 1


def test_how_far_lanes_have_come_is_written_once(tmp_path: Path) -> None:
    journal = ReceivedJournal(tmp_path)
    journal.reached({0: 7, 3: 2}, "books")
    written = (tmp_path / RECEIVED_FILE).read_bytes()
    # An agency that looks every ten seconds would have its journal grow for ever.
    journal.reached({0: 7, 3: 1}, "books")
    assert (tmp_path / RECEIVED_FILE).read_bytes() == written
    journal.reached({0: 8, 3: 2}, "books")
    journal.close()
    assert read_lines(tmp_path / RECEIVED_FILE)[1:] == [{"reached": [[0, 8]], "source": "books"}]
