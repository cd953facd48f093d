"""``axis load growth --large``: over servers of its own, which are told of, measured, and ended."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from axis.broker.jars import lacking
from tests import kafka, postgres
from tests.acceptance.test_load import SHORT, load

pytestmark = pytest.mark.acceptance


def servers_must_be_gone(said: str) -> None:
    """Of those that were told of, the broker's port and the database's folder."""
    where = re.search(r"at 127\.0\.0\.1:(\d+), PostgreSQL \d+ in (\S+)\)", said)
    assert where is not None, said
    assert not Path(where[2]).exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(where[1]))) != 0


def require_servers() -> None:
    postgres.required()
    if why := lacking():
        (pytest.fail if kafka.required() else pytest.skip)(why)


@pytest.mark.long
def test_growth_over_servers_of_its_own_tells_what_each_of_them_used(tmp_path: Path) -> None:
    require_servers()
    file = tmp_path / "a.json"
    code, said = load(
        tmp_path / "var",
        *("growth", "--large", *SHORT, "--rates", "60,2000", "--steps", "2", "--json", str(file)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert told["form"] == "large"
    assert told["reconciled"]["lost"] == told["reconciled"]["strange"] == 0, said
    assert told["reconciled"]["books"] == ""
    # The burst, 200 at the lower rate, and two seconds of the other.
    assert told["reconciled"]["accepted"] == 200 + 200 + 4000
    busy = told["steps"][1]["usage"]
    assert set(busy["cpu"]) == {"driver", "axis", "relay", "PostgreSQL", "Kafka"}
    assert all(cores > 0 for cores in busy["cpu"].values()), busy
    assert all(memory > 10 for memory in busy["memory_mb"].values()), busy
    assert "First limit:" in said
    # A busy machine may make the driver late, and then there is no date.
    assert code == (3 if told["date"] is None else 0), said
    servers_must_be_gone(said)
    left = {path.name for path in (tmp_path / "var" / "load").iterdir()}
    assert left == {"load.json", "result.json"}


@pytest.mark.long
def test_kafka_away_holds_nobody_up_and_has_everything_when_it_is_back(tmp_path: Path) -> None:
    require_servers()
    file = tmp_path / "a.json"
    code, said = load(
        tmp_path / "var",
        *("outage", "kafka", "--large", "--away", "4", "--seconds", "16", "--rate", "15"),
        *("--json", str(file)),
    )
    told: dict[str, Any] = json.loads(file.read_bytes())
    assert code == 0, said
    assert told["form"] == "large"
    found = told["outage"]
    # What came while it was away had to wait, but for the last of it, that was on its way.
    assert found["backlog_max"] > found["during"]["count"] / 2 > 0
    assert found["drained_s"] is not None
    assert told["reconciled"]["lost"] == 0
    assert "Kafka was away for 4 s" in said
    servers_must_be_gone(said)
