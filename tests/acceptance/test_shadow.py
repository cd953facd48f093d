"""``axis replay shadow``, ``export`` and ``import`` as people run them, whatever is killed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agencies.world import OPERATOR_ID, read_secret
from axis.cli.traffic_files import rows as rows_of
from schemas.bus import PARTITIONS
from tests import postgres
from tests.acceptance.axis_process import address, running_axis
from tests.acceptance.conftest import until
from tests.acceptance.played import Played
from tests.agencies.courses import every_course
from tests.kafka import Kafka
from tests.traffic_rows import G22, lines, row, share

pytestmark = pytest.mark.acceptance

DAY = ("--since", "2019-10-08", "--until", "2019-10-09")
#: Offices work from seven to nine at night; these hours take seven seconds.
MORNING = ("--since", "2019-10-08 07:00", "--until", "2019-10-08 12:00")
SLOWLY = ("--speed", "2500")
FAST = ("--speed", "100000")
WHY = ("--reason", "thử phiên bản mới")


class Apart(Played):
    """A replay in a run of its own beside the books of a small history."""

    def __init__(self, folder: Path, run: str, *words: str) -> None:
        super().__init__(folder, run, ("replay", *words), ("axis", "agencies"))

    def progress(self) -> tuple[int, int]:
        """Documents sent and deliveries done, as far as stretches are finished."""
        try:
            score = f"file:{self.home / 'score.sqlite'}?mode=ro"
            with closing(sqlite3.connect(score, uri=True)) as found:
                ((sent, received),) = found.execute("select sent, received from state")
        except sqlite3.OperationalError:
            return 0, 0
        return int(sent), int(received)

    def until_sent(self, count: int) -> None:
        until(lambda: self.progress()[0] >= count, f"{count} documents sent")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a history of one day that was played to its end: 48 documents."""
    folder = tmp_path_factory.mktemp("recorded")
    history = Played(folder, "history", ("replay", "history"), ("axis", "agencies"))
    history.start("--from", "2019-10-08", "--to", "2019-10-08", "--sample", "2/40")
    code, said = history.end()
    assert code == 0, said
    history.must_be_gone()
    return history.var


@pytest.fixture
def var(recorded: Path, tmp_path: Path) -> Path:
    """The same in a folder of this test's own."""
    shutil.copytree(recorded, tmp_path / "var")
    return tmp_path / "var"


@pytest.fixture
def shadow(var: Path) -> Iterator[Apart]:
    made = Apart(var.parent, "shadow", "shadow")
    yield made
    made.kill()
    made.must_be_gone()


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Apart]:
    made = Apart(tmp_path, "import", "import")
    yield made
    made.kill()
    made.must_be_gone()


@pytest.fixture
def served(var: Path) -> Iterator[Path]:
    """The history as the live run of a home of its own, whose axis runs."""
    with running_axis(var / "history"):
        yield var / "history"


@pytest.fixture
def job(served: Path) -> Iterator[Apart]:
    made = Apart(served.parent, "shadow", "run")
    made.var, made.home = served, served / "shadow"
    yield made
    made.kill()
    made.must_be_gone()


def told_of(played: Apart) -> dict[str, Any]:
    """What came of a play that ended well, as ``--json`` tells it and as its folder keeps it."""
    code, said = played.end()
    assert code == 0, said
    told: dict[str, Any] = json.loads((played.home / "outcome.json").read_text("utf-8"))
    return told


def must_be_the_same(played: Apart, told: dict[str, Any], deliveries: int) -> None:
    assert told["deliveries"] == {"same": deliveries, "different": 0, "missing": 0}
    assert told["statuses"]["said"] == told["statuses"]["came_back"] > deliveries
    assert played.run("audit", "--run", told["run"])["clean"]
    with (played.home / "deliveries.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert len(lines) == deliveries
    for line in lines:
        assert line["verdict"] == "same"
        assert line["recorded"]["sent"] == line["played"]["sent"]
        for times in (line["recorded"], line["played"]):
            assert times["accepted"] < times["done"]
            assert times["took_s"] > 0


def acts(var: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(var / "history" / "axis" / "books.sqlite")) as books:
        return books.execute("select actor, act, why from audit order by no").fetchall()


def counted(played: Apart, run: str) -> dict[str, Any]:
    """What was sent and received by day, and said in all; answers come on later days too."""
    told = played.run("counts", "--run", run, "--by", "day")
    days = {day["day"]: (day["sent"], day["received"]) for day in told["rows"] if day["sent"]}
    return {"days": days, "statuses": told["statuses"]}


@pytest.mark.long
def test_a_shadow_is_as_it_was_and_the_books_do_not_move(shadow: Apart) -> None:
    shadow.pids.add(0)
    before = shadow.run("digest", "--run", "history")["sha256"]
    shadow.start("--run", "history", *DAY, *FAST, *WHY, "--json")
    told = told_of(shadow)
    assert json.loads(shadow.output.read_text("utf-8")) == told
    deliveries = shadow.run("counts", "--run", "history")["received"]
    assert deliveries > 100
    must_be_the_same(shadow, told, deliveries)
    # Rules and counts go by the time of the record, to the day.
    assert counted(shadow, "shadow") == counted(shadow, "history")
    assert told["books"]["equal"]
    assert shadow.run("digest", "--run", "history")["sha256"] == before == told["books"]["after"]
    assert acts(shadow.var) == [("operator", "read packages", WHY[1])]
    assert told["restarts"] == {}
    # The packages are for nobody else.
    assert {file.stat().st_mode & 0o077 for file in shadow.home.glob("score.sqlite*")} == {0}


@pytest.mark.long
def test_whatever_is_killed_a_shadow_goes_on_and_is_the_same(shadow: Apart) -> None:
    shadow.start("--run", "history", *MORNING, *SLOWLY, *WHY)
    for count, child in ((2, "agencies"), (5, "axis"), (8, "agencies")):
        shadow.until_sent(count)
        shadow.kill_child(child)
    shadow.until_sent(11)
    shadow.pid_of("axis")
    shadow.kill()
    shadow.must_be_gone()
    sent, _ = shadow.progress()

    shadow.start("--resume")
    shadow.until_sent(sent + 2)
    shadow.kill_child("axis")
    told = told_of(shadow)
    assert told["documents"] > sent + 2, "all had been sent before the last was killed"
    must_be_the_same(shadow, told, sum(told["deliveries"].values()))
    assert told["restarts"]["axis"] == 1
    assert told["books"]["equal"]
    # One that has ended is no half-played one.
    shadow.start("--resume")
    code, said = shadow.end()
    assert code == 2
    assert "no half-played run" in said


def must_be_told(played: Apart, job: str, deliveries: int, *of: str) -> None:
    """The books that were shadowed tell of the job what its folder does."""
    shown = played.run("replay", "show", job, "--deliveries", *of)
    assert (shown["stage"], shown["handed_over"]) == ("finished", deliveries)
    assert {name: n for name, n in shown["outcomes"].items() if n} == {"same": deliveries}
    assert shown["books"]["before"] == shown["books"]["after"]
    for item in shown["items"]:
        assert (item["outcome"], item["differences"]) == ("same", [])
        assert item["recorded"]["sent"] == item["played"]["sent"]
        assert item["recorded"]["done"] < item["played"]["done"]


@pytest.mark.long
def test_where_its_axis_runs_a_shadow_is_a_job(job: Apart) -> None:
    job.words = ("replay", "shadow")
    job.start(*MORNING, *FAST, *WHY, "--json")
    told = told_of(job)
    deliveries = sum(told["deliveries"].values())
    assert deliveries > 100
    must_be_the_same(job, told, deliveries)
    must_be_told(job, told["job"], deliveries)
    assert job.run("digest")["sha256"] == told["books"]["before"] == told["books"]["after"]


@pytest.mark.long
def test_a_job_goes_on_behind_a_killed_player_and_is_held_at_either_door(job: Apart) -> None:
    before = job.run("digest")["sha256"]
    planned = job.run("replay", "plan", "--shadow", *MORNING, *SLOWLY, *WHY)
    job.start(planned["id"])
    job.until_sent(3)
    job.pid_of("axis")
    job.kill()
    job.must_be_gone()
    sent, _ = job.progress()

    job.start(planned["id"])
    job.until_sent(sent + 2)
    job.kill_child("axis")
    paused = job.run("replay", "pause", planned["id"], "--why", "giờ cao điểm")
    assert paused["stage"] == "paused"
    until(lambda: not job.pid_of("axis"), "the player to hold")
    assert job.run("replay", "show", planned["id"])["player"] == ""
    _act(job.var, planned["id"], "resume")
    told = told_of(job)
    assert planned["deliveries"] == sum(told["deliveries"].values())
    assert told["documents"] > sent + 2, "all had been sent before it was disturbed"
    must_be_the_same(job, told, planned["deliveries"])
    must_be_told(job, planned["id"], planned["deliveries"])
    assert job.run("digest")["sha256"] == before == told["books"]["after"]
    log = [(one["act"], one["why"]) for one in job.run("audit-log")["acts"]]
    assert log[::-1] == [
        ("replay plan shadow", WHY[1]),
        ("replay run", WHY[1]),
        ("read packages", WHY[1]),
        ("replay pause", "giờ cao điểm"),
        ("replay resume", WHY[1]),
    ]


@pytest.mark.long
def test_an_aborted_job_ends_its_player(job: Apart) -> None:
    planned = job.run("replay", "plan", "--shadow", *MORNING, *SLOWLY, *WHY)
    job.start(planned["id"])
    job.until_sent(2)
    _act(job.var, planned["id"], "abort")
    code, said = job.end()
    assert code == 1
    assert "The job was aborted" in said
    # The next has the folder.
    following = job.run("replay", "plan", "--shadow", *MORNING, *FAST, *WHY)
    job.start(following["id"])
    assert told_of(job)["job"] == following["id"]
    must_be_told(job, following["id"], following["deliveries"])


def _act(var: Path, job: str, act: str) -> None:
    """Say it at the operator's door, as anybody with a token does."""
    asked = {
        "grant_type": "client_credentials",
        "client_id": OPERATOR_ID,
        "client_secret": read_secret(var / "operator"),
    }
    with httpx.Client(base_url=f"{address(var)}/v1", trust_env=False) as http:
        token = http.post("/token", data=asked).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        assert http.post(f"/operator/runs/{job}/{act}", json={}).status_code == 200


@pytest.mark.long
def test_traffic_through_the_door_is_that_of_the_books(shadow: Apart, tmp_path: Path) -> None:
    shadow.pids.add(0)
    packed = ("--packages", *WHY)
    at_rest, through = tmp_path / "at-rest.jsonl", tmp_path / "through.jsonl.gz"
    rest = shadow.run("replay", "export", "--run", "history", *DAY, "-o", str(at_rest), *packed)
    digest = shadow.run("digest", "--run", "history")
    # The folder of a run is a home of its own.
    shadow.var = shadow.var / "history"
    with running_axis(shadow.var):
        told = shadow.run("replay", "export", "--run", "live", *DAY, "-o", str(through), *packed)
        assert shadow.run("digest", "--run", "live") == digest
        log = shadow.run("audit-log", "--run", "live")["acts"]
    assert [(act["actor"], act["act"], act["why"]) for act in log] == [
        ("operator", "read packages", WHY[1])
    ] * 2
    assert told["rows"] == rest["rows"] == 48
    assert [file.stat().st_mode & 0o777 for file in (at_rest, through)] == [0o600] * 2
    assert list(rows_of(through))[1:] == list(rows_of(at_rest))[1:]


@pytest.mark.long
def test_an_import_is_what_was_exported(importing: Apart, var: Path, tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.jsonl", tmp_path / "packed.jsonl.gz"
    export = ("replay", "export", "--run", "history", *DAY, "-o")
    told = importing.run(*export, str(plain))
    assert importing.run(*export, str(packed), "--packages", *WHY)["rows"] == told["rows"]
    digests = []
    for file in (packed, plain):
        importing.start(str(file))
        must_be_the_same(importing, told_of(importing), told["deliveries"])
        assert counted(importing, "import") == counted(importing, "history")
        with closing(sqlite3.connect(importing.home / "axis" / "books.sqlite")) as books:
            digests.append(dict(books.execute("select document_id, sha256 from document")))
            sizes = dict(books.execute("select document_id, size from document"))
    with closing(sqlite3.connect(var / "history" / "axis" / "books.sqlite")) as books:
        assert digests[0] == dict(books.execute("select document_id, sha256 from document"))
        assert sizes == dict(books.execute("select document_id, size from document"))
    # Built anew, they are other documents of the same sizes.
    assert set(digests[0].values()).isdisjoint(digests[1].values())


@pytest.mark.long
def test_every_course_of_a_delivery_can_be_played(importing: Apart, tmp_path: Path) -> None:
    rows = every_course()
    (tmp_path / "t.jsonl").write_bytes(b"".join(lines(*rows)))
    importing.start(str(tmp_path / "t.jsonl"), "--json")
    told = told_of(importing)
    deliveries = sum(len(row.deliveries) for row in rows)
    assert told["deliveries"] == {"same": deliveries, "different": 0, "missing": 0}
    assert told["audit_clean"]


def test_what_comes_out_otherwise_is_named_and_fails(importing: Apart, tmp_path: Path) -> None:
    # Nothing that is played withdraws the second.
    withdrawn = share(state="withdrawn", answer="none", happened=[])
    rows = [row(1), row(2, deliveries=[withdrawn]), row(3)]
    (tmp_path / "t.jsonl").write_bytes(b"".join(lines(*rows)))
    importing.start(str(tmp_path / "t.jsonl"))
    code, said = importing.end()
    assert code == 1
    told = json.loads((importing.home / "outcome.json").read_text("utf-8"))
    assert told["deliveries"] == {"same": 2, "different": 1, "missing": 0}
    (different,) = told["not_same"]
    assert different["delivery"] == f"{rows[1].doc}.{G22}"
    assert different["differences"] == ["state: withdrawn, now open"]
    assert f"different {rows[1].doc}.{G22} state: withdrawn" in said


def _played_as_a_job(job: Apart, source: str, into: str, deliveries: int) -> None:
    of = ("--run", source)
    before = job.run("digest", *of)["sha256"]
    planned = job.run("replay", "plan", "--shadow", *of, *MORNING, *SLOWLY, *WHY)
    assert planned["deliveries"] == deliveries
    try:
        job.start(planned["id"], *of, "--into", into)
        job.until_sent(5)
        job.pid_of("axis")
        job.kill()
        job.must_be_gone()
        job.start(planned["id"], *of, "--into", into)
        must_be_the_same(job, told_of(job), deliveries)
        must_be_told(job, planned["id"], deliveries, *of)
        assert job.run("digest", *of)["sha256"] == before
    finally:
        job.kill()
        job.must_be_gone()


async def _fetch(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def _published(bootstrap: str, run: str) -> int:
    """Records in the lanes of a run's topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        topics = [name for name in await consumer.topics() if name.startswith(f"{run}.axis.inbox.")]
        lanes = [TopicPartition(name, lane) for name in topics for lane in range(PARTITIONS - 1)]
        return sum((await consumer.end_offsets(lanes)).values())
    finally:
        await consumer.stop()


@pytest.mark.long
def test_the_large_form_does_the_same(
    importing: Apart,
    var: Path,
    tmp_path: Path,
    postgres_url: str,
    kafka: Kafka,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = str(tmp_path / "packed.jsonl.gz")
    export = ("replay", "export", "--run", "history", *MORNING, "-o", file)
    deliveries = importing.run(*export, "--packages", *WHY)["deliveries"]
    monkeypatch.setenv("AXIS_DATABASE", postgres_url)
    if kafka.real:
        monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", kafka.bootstrap)
    source, copy, served = (f"{name}-{os.getpid()}" for name in ("src", "sha", "job"))
    try:
        importing.home = var / source
        importing.start(file, "--run", source)
        must_be_the_same(importing, told_of(importing), deliveries)

        beside = Apart(var.parent, copy, "shadow")
        before = beside.run("digest", "--run", source)["sha256"]
        beside.start("--run", source, "--into", copy, *MORNING, *SLOWLY, *WHY)
        beside.until_sent(5)
        beside.kill_child("axis")
        beside.kill_child("agencies")
        told = told_of(beside)
        beside.must_be_gone()
        must_be_the_same(beside, told, deliveries)
        assert told["books"]["equal"]
        assert told["books"]["after"] == before == beside.run("digest", "--run", source)["sha256"]
        if kafka.real:
            # An axis that was killed may have published some twice.
            assert postgres.apart(_published(kafka.bootstrap, source)) == deliveries
            assert postgres.apart(_published(kafka.bootstrap, copy)) >= deliveries
            # A name whose topics hold a play is not taken again.
            beside.start("--run", source, "--into", copy, *MORNING, *SLOWLY, *WHY)
            code, said = beside.end()
            assert code == 2
            assert "take another name" in said
        acts_of = f"select count(*) from axis_{source.replace('-', '_')}.audit"
        assert postgres.apart(_fetch(postgres_url, acts_of)) == 1
        shared = {name: value for name, value in os.environ.items() if name.startswith("AXIS_")}
        with running_axis(var, **shared, AXIS_RUN=source):
            _played_as_a_job(Apart(var.parent, served, "run"), source, served, deliveries)
    finally:
        for run in (source, copy, served):
            schema = f"axis_{run.replace('-', '_')}"
            postgres.apart(
                postgres.execute(postgres_url, f"drop schema if exists {schema} cascade")
            )
