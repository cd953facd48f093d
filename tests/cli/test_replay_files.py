"""Traffic files that nothing is played of: refused with the row and the reason, leaving nothing."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agencies.keys import make_agency, make_authority
from agencies.replays.rebuilt import rebuilt
from agencies.words import row_of
from axis.adapters.sqlite_store import open_store
from axis.cli import (
    history_report,
    replay_apart,
    replay_beside,
    replay_export,
    replay_outcome,
    traffic_files,
)
from axis.cli.history_playing import Play
from axis.cli.replay_apart import Playing
from axis.cli.traffic_source import Source
from schemas.traffic import Header, Row
from tests.cli.conftest import Axis
from tests.contract.books import CODES, Scribe, agency
from tests.traffic_rows import HEADER, lines, row, share

PACKED = HEADER.model_copy(update={"packages": True})
WINDOW = ("--since", "2020-01-15", "--until", "2020-01-16")


def with_package(number: int = 1, seed: int = 1, **more: Any) -> Row:
    """A row that holds the package it tells of."""
    plain = row(number, **more)
    key = make_agency(make_authority(seed), plain.sender, row_of(plain.sender).name_vi)
    raw = rebuilt(plain, 1, key.private_key, key.certificate_der)
    return plain.model_copy(
        update={
            "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "package": base64.b64encode(raw).decode(),
        }
    )


@pytest.fixture
def refused(axis: Axis, var: Path, tmp_path: Path) -> Callable[..., str]:
    """Import some lines, which must be refused before there is anything: what is said of it."""

    def run(content: list[bytes], *, whole: bool = False) -> str:
        (tmp_path / "traffic.jsonl").write_bytes(b"".join(content))
        result = axis("replay", "import", tmp_path / "traffic.jsonl")
        assert result.exit_code == 1, result.output
        assert not (var / "import").exists()
        told = result.stderr if whole else result.stderr.splitlines()[0]
        return " ".join(told.split())

    return run


ROWS = [row(number) for number in (1, 2, 3)]


def test_what_was_done_to_a_file_is_told_with_its_row(refused: Callable[..., str]) -> None:
    file = lines(*ROWS)
    assert refused(file[:3]) == "error traffic.cut_short at row 3"
    assert refused([*file[:3], file[3][:100]]) == "error traffic.cut_short at row 3"
    edited = [*file[:2], file[2].replace(b"H37", b"H38", 1), *file[3:]]
    assert refused(edited) == "error traffic.edited at row 2"
    other = [file[0].replace(b'"version":1', b'"version":2'), *file[1:]]
    assert refused(other) == "error traffic.version at header"
    assert refused([b"\x00\x01"]) == "error traffic.format at header"
    assert refused([]) == "error traffic.cut_short at header"
    assert refused(lines()) == "error traffic.none"


def test_a_packed_file_may_be_cut_or_damaged_too(refused: Callable[..., str]) -> None:
    packed = gzip.compress(b"".join(lines(*ROWS)))
    # What is left of it unpacks to whole rows or fewer.
    assert refused([packed[: len(packed) * 3 // 4]]).startswith("error traffic.cut_short at row")
    damaged = packed[:-8] + bytes(4) + packed[-4:]
    assert refused([damaged]) == f"error traffic.damaged at row {len(ROWS) + 1}"
    # Not one byte of it may be missing, of its check at the end either.
    for cut in range(1, 12):
        assert refused([packed[:-cut]]).startswith("error traffic.cut_short at row")


def test_the_last_line_of_a_file_ends_too(refused: Callable[..., str]) -> None:
    file = lines(*ROWS)
    assert refused([*file[:-1], file[-1][:-1]]) == f"error traffic.cut_short at row {len(ROWS) + 1}"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sender": "000.00.00.X99", "unit": "000.00.00.X99"}, "traffic.agency"),
        ({"deliveries": [share("000.00.00.X99")]}, "traffic.agency"),
        ({"occurred_at": "2020-01-17T08:00:00+07:00"}, "traffic.time"),
        ({"recorded_at": "2099-01-15T08:30:00+07:00"}, "traffic.time"),
        ({"deliveries": [share(happened=[])]}, "traffic.state"),
        ({"seq": 1}, "traffic.order"),
        ({"package": "AAAA"}, "traffic.package"),
        ({"doc": row(1).doc}, "traffic.row"),
        ({"type": "a\x01b"}, "traffic.row"),
        ({"kind": 1}, "traffic.row"),
    ],
)
def test_what_cannot_have_been_is_told_with_its_row(
    refused: Callable[..., str], more: dict[str, Any], code: str
) -> None:
    assert refused(lines(row(1), row(2, **more))) == f"error {code} at row 2"


def _altered(one: Row) -> Row:
    raw = bytearray(base64.b64decode(one.package or ""))
    raw[-100] ^= 1
    return one.model_copy(update={"package": base64.b64encode(raw).decode()})


def _relabelled(one: Row, **more: Any) -> Row:
    return one.model_copy(update=more)


H26 = "000.00.00.H26"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (lambda: row(2), "no base64"),
        (lambda: _relabelled(with_package(2), package="no base64"), "no base64"),
        (lambda: _altered(with_package(2)), "the digest"),
        (lambda: _relabelled(with_package(2), sha256="0" * 64), "the digest"),
        (lambda: _relabelled(with_package(2), document_id="x"), "not the same DocumentId"),
        (lambda: _relabelled(with_package(2), urgency=1), "not the same urgency"),
        (lambda: _relabelled(with_package(2), kind=1), "not the same kind"),
        (lambda: _relabelled(with_package(2), deliveries=row(2, deliveries=[share(H26)]).deliveries), "not the same recipients"),
        (lambda: with_package(2, seed=2), "untrusted in a world of this seed: unknown"),
    ],
)  # fmt: skip
def test_a_package_is_what_its_row_says(
    refused: Callable[..., str], second: Callable[[], Row], why: str
) -> None:
    told = refused(lines(with_package(1), second(), header=PACKED), whole=True)
    assert told.startswith("error traffic.package at row 2 The package is not what the row says:")
    assert why in told


def test_a_bomb_is_not_unpacked(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic_files, "LINE_BYTES_MAX", 10_000)
    monkeypatch.setattr("schemas.traffic_lines.LINE_BYTES_MAX", 10_000)
    header = lines()[0]
    assert refused([gzip.compress(header + bytes(50_000_000))]) == "error traffic.row at row 1"


def test_a_disk_without_room_is_told_before_anything_is_played(
    axis: Axis, var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_apart, "DISK_SHARE_MAX", 1e-12)
    (tmp_path / "t.jsonl").write_bytes(b"".join(lines(*ROWS)))
    result = axis("replay", "import", tmp_path / "t.jsonl")
    assert result.exit_code == 1
    assert "20,000 bytes" in result.stderr
    assert not (var / "import").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["import"], "FILE"),
        (["import", "--resume", "x"], "FILE"),
        (["import", "--resume"], "no half-played"),
        (["import", "x", "--run", "live"], "live run"),
        (["import", "x", "--run", "../x"], "--run"),
        (["import", "x", "--speed", "0.5"], "--speed"),
        (["shadow"], "--since"),
        (["shadow", *WINDOW], "--reason"),
        (["shadow", "--resume"], "no half-played"),
        (["shadow", *WINDOW, "--reason", "x", "--into", "live"], "live run"),
        (["shadow", *WINDOW, "--reason", "x", "--run", "shadow"], "own shadow"),
        (["shadow", "--since", "2020-01-01", "--until", "2020-03-01", "--reason", "x"], "31 days"),
        (["shadow", "--since", "x", "--until", "y", "--reason", "x"], "isoformat"),
        (["shadow", *WINDOW, "--reason", "x", "--speed", "0"], "--speed"),
        (["plan", "--reason", "x"], "say one of --deliver-again, --redrive and --shadow"),
        (["plan", "--reason", "x", "--shadow", "--redrive"], "say one of"),
        (["plan", "--reason", "x", "--shadow", "--as", "H37"], "only the operator"),
        (["plan", "--reason", "x", "--shadow", "--speed", "0"], "--speed"),
        (["plan", "--reason", "x", "--deliver-again", "--stop-at", "10"], "--stop-at would do nothing"),
        (["plan", "--reason", "x", "--deliver-again", "--cause", "y"], "--cause would do nothing"),
        (["plan", "--reason", "x", "--deliver-again", "--speed", "10"], "--speed would do nothing"),
        (["plan", "--reason", "x", "--redrive", "--speed", "10"], "--speed would do nothing"),
        (["plan", "--reason", "x", "--shadow", "--rate", "50"], "--rate would do nothing with --shadow"),
        (["plan", "--reason", "x", "--shadow", "--type", "new"], "a shadow knows no --type: it plays its window whole"),
        (["plan", "--reason", "x", "--shadow", "--state", "done", "--id", "doc_1"], "knows no --state and --id"),
        (["plan", "--reason", "x", "--shadow", "--answer", "none", "--cause", "y"], "knows no --answer and --cause"),
        (["history", "--months", "3", "--to", "2020-02-04"], "--months and --to"),
        (["export", "--since", "2020-02-30", "--until", "2020-03-01", "-o", "x"], "--since 2020-02-30: day is out of range"),
        (["export", "--since", "0001-01-01T00:00+14:00", "--until", "2020-01-16", "-o", "x"], "no time from 2000 to 2099"),
        (["export", "--since", "2099-12-31", "--until", "2100-01-01T00:00:01", "-o", "x"], "no time from 2000 to 2099"),
        (["shadow", "--resume", "--until", "soon"], "--until soon:"),
        (["shadow", "--resume", "--since", "0001-01-01T00:00+14:00"], "no time from 2000 to 2099"),
        (["export", *WINDOW, "-o", "x", "--packages"], "--reason"),
        (["export", *WINDOW, "-o", "x", "--reason", "y"], "--packages"),
        (["export", "--since", "2020-01-16", "--until", "2020-01-15", "-o", "x"], "--since"),
        (["export", *WINDOW, "-o", "x", "--from", "nonsense"], "nonsense"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_a_usage_error(
    axis: Axis, var: Path, arguments: list[str], told: str
) -> None:
    result = axis("replay", *arguments)
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert not any(var.glob("*/*.json"))


def test_books_at_rest_of_which_nothing_can_be_played_are_refused_in_a_sentence(
    axis: Axis, var: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def make() -> None:
        store = open_store(var / "axis")
        await store.enrol([agency(code) for code in CODES], [], [])
        await store.apply([Scribe().accept(body=b"no package")])
        await store.close()

    asyncio.run(make())
    result = axis("replay", "shadow", *WINDOW, "--reason", "x")
    assert (result.exit_code, result.stderr.count("error")) == (1, 1), result.stderr
    assert "traffic.package at row 1" in " ".join(result.stderr.split())
    # What asyncio cannot close it tells there, with a traceback.
    assert caplog.records == []


def test_a_file_appears_when_it_is_whole(axis: Axis, var: Path, tmp_path: Path) -> None:
    result = axis("replay", "export", *WINDOW, "-o", tmp_path / "x.jsonl")
    assert result.exit_code == 1
    assert "no axis runs there" in result.stderr.replace("\n", " ")
    assert list(tmp_path.glob("x*")) == []


def test_no_more_is_written_than_an_import_takes(
    axis: Axis, var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "header", lambda _: HEADER)
    monkeypatch.setattr(Source, "pages", lambda _: iter([ROWS[:2], ROWS[2:]]))
    monkeypatch.setattr(replay_export, "ROWS_MAX", 2)
    result = axis("replay", "export", *WINDOW, "-o", tmp_path / "x.jsonl")
    assert result.exit_code == 1
    assert "more than 2 documents" in result.stderr
    assert list(tmp_path.glob("x*")) == []
    monkeypatch.setattr(replay_export, "ROWS_MAX", 3)
    with monkeypatch.context() as shorter:
        shorter.setattr("schemas.traffic_lines.ROW_BYTES_MAX", 700)
        result = axis("replay", "export", *WINDOW, "-o", tmp_path / "x.jsonl")
        assert result.exit_code == 1
        assert f"{ROWS[0].doc}, sent 2020-01-15" in result.stderr
        assert "more than 700 bytes beside its package. Take windows" in result.stderr
        assert list(tmp_path.glob("x*")) == []
    assert axis("replay", "export", *WINDOW, "-o", tmp_path / "x.jsonl").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "x", "--run", "t_x"],
        ["shadow", *WINDOW, "--reason", "x", "--into", "t_x"],
    ],
)
def test_a_name_that_is_none_of_a_run_is_told_in_a_sentence(
    axis: Axis, arguments: list[str]
) -> None:
    result = axis("replay", *arguments)
    assert result.exit_code == 2
    told = " ".join(result.stderr.replace("│", " ").split())
    assert f"{arguments[-2]} t_x: Invalid setting AXIS_RUN: " in told
    assert "http" not in told


def test_a_file_with_packages_is_for_its_owner_alone(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = os.umask(0o022)
    request.addfinalizer(lambda: os.umask(before))
    for mode, others in ((0o600, 0), (0o666, 0o044)):
        with traffic_files.written(tmp_path / "x.jsonl", mode) as out:
            out.writelines(lines(*ROWS))
        assert (tmp_path / "x.jsonl").stat().st_mode & 0o044 == others


def test_what_is_no_file_is_written_into_and_stays(
    axis: Axis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "header", lambda _: HEADER)
    monkeypatch.setattr(Source, "pages", lambda _: iter([ROWS]))
    (tmp_path / "whole.jsonl").write_text("before")
    (tmp_path / "link.jsonl").symlink_to("whole.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    # Whoever opens a pipe for both waits for nobody, and it holds more than these lines.
    pipe = os.open(tmp_path / "pipe.jsonl", os.O_RDWR)
    content = b"".join(lines(*ROWS))
    for name, size in (("link.jsonl", len(content)), ("pipe.jsonl", None)):
        result = axis("replay", "export", *WINDOW, "-o", tmp_path / name, "--json")
        assert (result.exit_code, json.loads(result.stdout)["file_bytes"]) == (0, size)
    assert os.read(pipe, 1 << 16) == (tmp_path / "whole.jsonl").read_bytes() == content
    os.close(pipe)
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "pipe.jsonl").is_fifo()
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_pipe_is_read_too(tmp_path: Path, *, packed: bool) -> None:
    content = b"".join(lines(*ROWS))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        pool.submit(pipe.write_bytes, gzip.compress(content) if packed else content)
        assert list(traffic_files.rows(pipe)) == [HEADER, *ROWS]


def test_a_packed_file_is_the_same_each_time(tmp_path: Path) -> None:
    contents = []
    for name in ("a.gz", "b.gz"):
        with traffic_files.written(tmp_path / name) as out:
            out.writelines(lines(*ROWS))
        contents.append((tmp_path / name).read_bytes())
        header, *rows = traffic_files.rows(tmp_path / name)
        assert isinstance(header, Header)
        assert rows == ROWS
    assert contents[0] == contents[1]
    assert json.loads(gzip.decompress(contents[0]).splitlines()[-1])["rows"] == 3


def _half_played(var: Path, run: str, file: str, maker: str, state: dict[str, Any]) -> None:
    """The folder of a run that was stopped, as its command left it."""
    (var / run).mkdir(parents=True)
    (var / run / file).write_text(json.dumps({**state, "made_by": maker}))


HISTORY = {
    "first": "2019-03-12",
    "last": "2019-04-10",
    "only": "",
    "sample": "1/10",
    "size": "small",
    "seed": 7,
    "started": "2026-01-01",
}
APART = {"checked": True, "finished": "", "speed": None, "seed": 7, "of": "live", "url": ""}
BESIDE = {**APART, "speed": 10.0, "since": "2020-01-15T00:00:00+07:00", "reason": "x"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["history", "--resume", "--seed", "8"], "--seed 8: what --resume goes on with has 7"),
        (["history", "--resume", "--from", "2019-03-13"], "--from 2019-03-13"),
        (["history", "--resume", "--months", "2"], "--months 2, that is --to 2019-05-10: what"),
        (["history", "--resume", "--size", "real"], "--size real"),
        (["history", "--resume", "--over-kafka"], "--over-kafka: what"),
        (["import", "--resume", "--seed", "8"], "--seed 8: what --resume goes on with has 7"),
        (["import", "--resume", "--speed", "5"], "--speed 5.0: what --resume goes on with has none"),
        (["shadow", "--resume", "--speed", "5"], "--speed 5.0: what --resume goes on with has 10.0"),
        (["shadow", "--resume", "--since", "2020-01-16"], "--since 2020-01-16T00:00:00+07:00"),
        (["shadow", "--resume", "--run", "demo"], "--run demo: what --resume goes on with has live"),
        (["shadow", "--resume", "--reason", "y"], "--reason y"),
    ],
)  # fmt: skip
def test_what_is_gone_on_with_is_not_changed(
    axis: Axis, var: Path, arguments: list[str], told: str
) -> None:
    _half_played(var, "history", "history.json", "axis replay history", HISTORY)
    _half_played(var, "import", "import.json", "axis replay import", APART)
    _half_played(var, "shadow", "shadow.json", "axis replay shadow", BESIDE)
    result = axis("replay", *arguments)
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_what_was_played_before_outlives_a_file_that_is_refused(
    axis: Axis, var: Path, tmp_path: Path
) -> None:
    _half_played(var, "import", "import.json", "axis replay import", {**APART, "finished": "then"})
    (var / "import" / "books").write_text("of the import before")
    before = sorted((path.name, path.read_text()) for path in (var / "import").iterdir())
    (tmp_path / "traffic.jsonl").write_bytes(b"".join(lines(*ROWS)[:3]))
    for _ in range(2):
        result = axis("replay", "import", tmp_path / "traffic.jsonl")
        assert (result.exit_code, "traffic.cut_short" in result.stderr) == (1, True)
        assert sorted((p.name, p.read_text()) for p in (var / "import").iterdir()) == before


def test_what_was_played_before_outlives_a_history_that_has_no_room(
    axis: Axis, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _half_played(var, "history", "history.json", "axis replay history", HISTORY)
    (var / "history" / "books").write_text("of the history before")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    result = axis("replay", "history", "--months", "1", "--anew")
    assert (result.exit_code, "bytes free" in result.stderr) == (1, True)
    assert (var / "history" / "books").read_text() == "of the history before"


def test_a_history_that_is_stopped_while_it_is_counted_says_how_it_goes_on(
    axis: Axis, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    _half_played(var, "history", "history.json", "axis replay history", HISTORY)
    monkeypatch.setattr(Play, "run", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(history_report, "outcome", stopped)
    for _ in range(2):
        result = axis("replay", "history", "--resume")
        told = "Stopped. Go on: axis replay history --resume" in result.stderr
        assert (result.exit_code, told) == (130, True), result.output
        assert json.loads((var / "history" / "history.json").read_text())["finished"]


def test_a_history_that_was_stopped_is_not_played_over(axis: Axis, var: Path) -> None:
    _half_played(var, "history", "history.json", "axis replay history", HISTORY)
    (var / "history" / "books").write_text("of the history before")
    for more, told in (
        ([], "has a history that was stopped: --resume goes on with it, --anew deletes it"),
        (["--months", "1"], "--anew deletes it and begins anew"),
        (["--resume", "--anew"], "either would do"),
    ):
        result = axis("replay", "history", *more)
        assert (result.exit_code, told in result.stderr) == (2, True), result.output
        assert (var / "history" / "books").read_text() == "of the history before"


@pytest.mark.parametrize("command", ["import", "shadow"])
def test_a_run_that_was_stopped_is_not_played_over(
    axis: Axis, var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    state = APART if command == "import" else BESIDE
    _half_played(var, command, f"{command}.json", f"axis replay {command}", state)
    (var / command / "books").write_text("of the run before")
    # What is begun anew gets as far as having a score.
    monkeypatch.setattr(Playing, "run", lambda *_: sys.exit(9))
    monkeypatch.setattr(replay_beside, "fill", lambda *_: {})
    file = tmp_path / "traffic.jsonl"
    file.write_bytes(b"".join(lines(*ROWS)))
    words = [file] if command == "import" else [*WINDOW, "--reason", "x"]
    for more, told in (
        (words, f"'axis replay {command} --resume' goes on with it, --anew deletes it"),
        (["--resume", "--anew"], "either would do"),
    ):
        result = axis("replay", command, *more)
        assert (result.exit_code, told in result.stderr) == (2, True), result.output
        assert (var / command / "books").read_text() == "of the run before"
    assert axis("replay", command, *words, "--anew").exit_code == 9
    assert not (var / command / "books").exists()


def test_a_sample_that_is_none_is_told(axis: Axis) -> None:
    result = axis("replay", "history", "--sample", "a")
    assert (result.exit_code, "--sample a is none such as 1/10" in result.stderr) == (2, True)


def test_a_shadow_that_is_a_job_is_not_changed_either(axis: Axis, var: Path) -> None:
    state = {**BESIDE, "job": "rpl_1", "player": "here"}
    _half_played(var, "shadow", "shadow.json", "axis replay shadow", state)
    result = axis("replay", "shadow", "--resume", "--seed", "8")
    assert (result.exit_code, "--seed 8" in result.stderr) == (2, True)
    # What was said before may be said again.
    same = ("--seed", "7", "--speed", "10", "--since", "2020-01-15", "--run", "live")
    result = axis("replay", "shadow", "--resume", *same)
    assert result.exit_code == 1
    assert "No axis runs in the run 'live'" in result.stderr


def test_the_slower_of_two_deliveries_is_the_99th_percentile() -> None:
    assert replay_outcome._percentiles([9.0, 1.0]) == {"p50": 1.0, "p99": 9.0}
    assert replay_outcome._percentiles([]) == {"p50": None, "p99": None}
