"""A tape tells what a client saw, whenever the client was killed."""

from __future__ import annotations

from pathlib import Path

from tests.nemesis.tape import Tape, read


def test_answers_and_what_has_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.1.jsonl"
    tape = Tape(path)
    first = tape.asked("A", "axis-1", "POST", "/v1/documents", "ab")
    second = tape.asked("A", "axis-2", "POST", "/v1/documents", "ab")
    third = tape.asked("B", "axis-1", "GET", "/v1/counts", None)
    tape.lost(second, "cut off")
    tape.answered(first, 201, {"doc": "doc_1"}, text="{}", repeated=False)
    told = {(one.who, one.door): one for one in read([path])}
    answered, lost, left = told["A", "axis-1"], told["A", "axis-2"], told["B", "axis-1"]
    assert (lost.status, lost.lost, lost.answered) == (0, "cut off", False)
    assert (answered.status, answered.got, answered.text) == (201, {"doc": "doc_1"}, "{}")
    assert answered.began <= lost.ended <= answered.ended
    # Nobody knows what became of it.
    assert (left.who, left.status, left.lost, left.ended) == ("B", 0, "", left.began)
    assert third == 2


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.1.jsonl"
    tape = Tape(path)
    number = tape.asked("A", "axis-1", "GET", "/v1/counts", None)
    with path.open("ab") as file:
        file.write(f'{{"answer": {number}, "at": 1'.encode())
    (one,) = read([path])
    assert (one.status, one.answered) == (0, False)


def test_several_lives_are_told_in_the_order_of_the_answers(tmp_path: Path) -> None:
    tapes = [Tape(tmp_path / f"a.{life}.jsonl") for life in (1, 2)]
    numbers = [
        tape.asked("A", "axis-1", "GET", f"/{life}", None) for life, tape in enumerate(tapes)
    ]
    for tape, number in reversed([*zip(tapes, numbers, strict=True)]):
        tape.answered(number, 200, None)
    assert [one.path for one in read(sorted(tmp_path.iterdir()))] == ["/1", "/0"]
