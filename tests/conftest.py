"""What tests of every kind share; and how long a machine may take proves nothing in any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

# An example that takes 200 milliseconds, or ten that take a second to draw, fail by default: on a
# busy machine any does now and then. What is slow shows in the whole run.
settings.register_profile("axis", deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
