"""What tests of every kind share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres


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
