"""The agencies' line with a recorder in it: other doors, requests made twice, nothing secret."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agencies.client import ANSWER_S_MAX
from agencies.line import Answer, Unreachable
from schemas.frames import MEDIA_TYPE, frame
from tests.nemesis import recorder
from tests.nemesis.recorder import Door, RecordingLine
from tests.nemesis.tape import Heard, Tape, read

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class _Axis:
    """Answers as it is told, with a token for everybody; remembers what it was asked."""

    answer: Callable[[], Answer]
    asked: list[str] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        await asyncio.sleep(0)
        if path == "/v1/token":
            return Answer(200, {}, b'{"access_token": "geheim"}')
        self.asked.append(f"{method} {path} {timeout_s:g}")
        return self.answer()


def _unreachable() -> Answer:
    raise Unreachable("cut off")


async def _recorded(
    path: Path, axes: list[_Axis], *requests: tuple[str, str, bytes]
) -> tuple[list[Answer], list[Heard]]:
    tape = path / "a.1.jsonl"
    line = RecordingLine(
        [Door(f"{i}", axis) for i, axis in enumerate(axes)], Tape(tape), random.Random(1)
    )
    await line.ask("POST", "/v1/token", _FORM, b"client_id=A&client_secret=geheim", ANSWER_S_MAX)
    answers: list[Answer] = []
    for method, address, body in requests:
        headers = {"Authorization": "Bearer geheim", "Content-Type": "application/xml"}
        while True:
            try:
                answers.append(await line.ask(method, address, headers, body, ANSWER_S_MAX))
            except Unreachable:
                continue
            break
    assert "geheim" not in tape.read_text("utf-8")
    return answers, [one for one in read([tape]) if one.path != "/v1/token"]


async def test_whoever_gets_no_answer_asks_elsewhere(tmp_path: Path) -> None:
    gone, there = _Axis(_unreachable), _Axis(lambda: Answer(200, {}, b"{}"))
    (answer,), heard = await _recorded(tmp_path, [gone, there], ("GET", "/v1/counts", b""))
    assert answer.status == 200
    assert [one.lost for one in heard][:-1] == ["cut off"] * len(gone.asked)
    assert (heard[-1].who, heard[-1].door, heard[-1].got) == ("A", "1", {})


async def test_what_is_sent_is_told_by_its_digest_and_a_receipt_by_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "TWICE", 1.0)
    axis = _Axis(lambda: Answer(201, {"axis-repeated": "true"}, b'{"doc": "doc_1"}'))
    _, heard = await _recorded(tmp_path, [axis], ("POST", "/v1/documents", b"<edXML/>"))
    assert len(heard) == 2
    for one in heard:
        assert len(one.said) == 64
        assert (one.text, one.repeated, one.got) == ('{"doc": "doc_1"}', True, {"doc": "doc_1"})


async def test_of_two_answers_the_better_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "TWICE", 1.0)
    away, there = _Axis(lambda: Answer(503, {}, b"{}")), _Axis(lambda: Answer(201, {}, b"{}"))
    (answer,), heard = await _recorded(tmp_path, [away, there], ("POST", "/v1/documents", b"a"))
    assert answer.status == 201
    assert sorted(one.status for one in heard) == [201, 503]


async def test_packages_are_told_by_their_digests(tmp_path: Path) -> None:
    body = frame({"id": "doc_1.A"}, b"one") + frame({"id": "doc_2.A"}, b"two")
    axis = _Axis(lambda: Answer(200, {"content-type": MEDIA_TYPE}, body))
    _, (heard,) = await _recorded(tmp_path, [axis], ("GET", "/v1/inbox/packages?wait=3", b""))
    assert [row["id"] for row in heard.got] == ["doc_1.A", "doc_2.A"]
    assert {len(row["got"]) for row in heard.got} == {64}
