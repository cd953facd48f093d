"""What every kind of test may use: a Kafka, started once for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from axis.broker.jars import lacking
from tests.kafka import GIVEN, Kafka, broker, plan, required
from tests.mock_kafka import MockCluster

_used: list[str] = []


def pytest_report_header() -> str:
    return f"kafka: {plan()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for told in _used:
        terminalreporter.write_line(f"kafka: the tests ran over {told}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """The one that the tests share; each takes topics of its own (a prefix)."""
    given, why = os.environ.get(GIVEN), lacking()
    if given:
        yield _using(Kafka(given, given))
    elif not why:
        with broker(tmp_path_factory.mktemp("kafka")) as own:
            yield _using(Kafka(own.bootstrap, f"a real one at {own.bootstrap}"))
    elif required():
        pytest.fail(f"CI needs a real Kafka. {why}")
    else:
        cluster = MockCluster()
        yield _using(Kafka(cluster.bootstrap, f"a mock cluster, since {why}", cluster.create_topic))
        cluster.close()


def _using(kafka: Kafka) -> Kafka:
    _used.append(kafka.told)
    return kafka
