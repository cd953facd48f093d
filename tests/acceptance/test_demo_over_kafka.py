"""``axis demo --over-kafka`` as people run it, small: exact, and its servers end with it."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from axis.broker.jars import lacking
from tests import kafka, postgres
from tests.acceptance.conftest import until
from tests.acceptance.test_demo import RECEIVED, SENT, Demo

pytestmark = pytest.mark.acceptance


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    postgres.required()
    if why := lacking():
        (pytest.fail if kafka.required() else pytest.skip)(why)
    made = Demo(tmp_path, "demo-kafka")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.terminate()
        made.process.wait()
    made.must_be_gone()
    _servers_must_be_gone(made)


def _servers_must_be_gone(demo: Demo) -> None:
    said = demo.output.read_text("utf-8")
    where = re.search(r"at 127\.0\.0\.1:(\d+), PostgreSQL \d+ in (\S+)", said)
    assert where is not None, said
    assert not Path(where[2]).exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(where[1]))) != 0


@pytest.mark.long
def test_a_small_day_is_exact_though_the_axis_is_killed(demo: Demo) -> None:
    demo.start("--over-kafka", "--seconds", "3")
    demo.kill_at("axis", 100)
    code, said = demo.end()
    assert code == 0, said
    assert "the events prove every counter" in said
    assert re.search(
        rf"^all +95 +{SENT} +{RECEIVED} +{RECEIVED} +1 +{RECEIVED - 1}$", said, re.MULTILINE
    )


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_one_that_is_asked_to_end_ends_its_servers(demo: Demo, number: signal.Signals) -> None:
    demo.start("--over-kafka", "--seconds", "30")
    until(lambda: demo.lines() > 0, "the first packages")
    assert demo.pid_of("axis")
    assert demo.process is not None
    demo.process.send_signal(number)
    until(lambda: "Stopped." in demo.output.read_text("utf-8"), "the end of what plays")
    # Whoever is impatient asks again, while the servers end.
    demo.process.send_signal(number)
    code, said = demo.end()
    assert code == 130
    assert said.rstrip().endswith("the demo begins anew: axis demo --over-kafka")
