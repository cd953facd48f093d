"""What was answered survives the death of the process at any point; the rest is whole or not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from axis.adapters.sqlite_store import open_store
from tests.adapters import dying
from tests.contract.books import B, differences, document_of, numbers

ROOT = Path(__file__).parents[2]
RUNS = 4
#: Longer than any machine needs; only a hang meets it.
PATIENCE_S = 60


def _start(folder: Path, place: str, run: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.dying", str(folder), place, str(run)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ids(lines: Iterator[str] | list[str]) -> list[str]:
    return [doc_id for line in lines for doc_id in line.split()]


async def _all_there(folder: Path, answered: list[str], run: int, group: int) -> bool:
    """Check the books behind a death; whether the group that was being written is in them."""
    store = open_store(folder)
    try:
        for doc_id in answered:
            document = await store.document(doc_id)
            assert document is not None, f"{doc_id} was answered and is lost"
            assert await store.body(document.sha256) is not None
        assert await differences(store) == []
        lanes = await numbers(store, B, range(5))
        assert lanes == list(range(1, len(lanes) + 1))

        last = dying.accepts(run, group)
        found = [await store.document(command.id) for command in last]
        assert all(found) or not any(found), "half a group was written"
        outcomes = await store.apply(last)
        assert [document_of(outcome).id for outcome in outcomes] == [c.id for c in last]
        assert all(outcome.repeated == any(found) for outcome in outcomes)  # type: ignore[union-attr]
        bodies = await store.bodies([command.sha256 for command in last])
        assert bodies == {command.sha256: command.body for command in last}
        assert await differences(store) == []
        return any(found)
    finally:
        await store.close()


@pytest.mark.parametrize("place", dying.PLACES)
async def test_a_process_that_dies_loses_nothing_that_was_answered(place: str, tmp_path: Path):
    process = _start(tmp_path, place, 0)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 9
    answered = _ids(output.splitlines())
    assert len(answered) == dying.ANSWERED * dying.GROUP
    written = await _all_there(tmp_path, answered, 0, dying.ANSWERED)
    assert written == (place == "between the commit and the answer")


async def test_killing_a_busy_process_again_and_again_loses_nothing(tmp_path: Path):
    answered: list[str] = []
    for run in range(RUNS):
        with _start(tmp_path, "never", run) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3 + 7 * run)]
            process.kill()
            lines += process.stdout.readlines()
        answered += _ids(lines)
        await _all_there(tmp_path, answered, run, len(lines))
