"""What tests of every kind share: one Kafka and one PostgreSQL for the whole run; and how long a
machine may take proves nothing in any.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from axis.broker.jars import lacking
from schemas import bus
from tests import postgres
from tests.described import faults
from tests.kafka import GIVEN, Kafka, broker, plan, required
from tests.mock_kafka import MockCluster
from tests.scheduling import ByModule, turn

# An example that takes 200 milliseconds, or ten that take a second to draw, fail by default: on a
# busy machine any does now and then. What is slow shows in the whole run.
# Half the usual examples: others each time, so that what one run does not draw another does.
settings.register_profile(
    "axis", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("axis")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for all tests of this session."""
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_run(postgres_url: str) -> Iterator[str]:
    """The name of a run without books, for one test."""
    with postgres.fresh_run(postgres_url) as run:
        yield run


@pytest.fixture(scope="session", autouse=True)
def _records_are_as_described() -> Iterator[None]:
    """Whatever test has a Kafka bus write, its records are those of the AsyncAPI document."""
    encode = bus.encode
    strange: list[str] = []

    def seen(message: bus.Message) -> tuple[bus.Headers, bytes]:
        headers, value = encode(message)
        strange.extend(f"{message}: {fault}" for fault in faults(headers, value))
        return headers, value

    # The bus asks the module for it; whoever tests `encode` itself has it by name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bus, "encode", seen)
        yield
    assert strange == []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule:
    return ByModule(config, log)


_used: list[str] = []


def pytest_report_header() -> str:
    return f"kafka: {plan()}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["kafka"] = _used


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What one of the processes that share the tests has to tell at the end."""
    _used.extend(getattr(node, "workeroutput", {}).get("kafka", ()))


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
