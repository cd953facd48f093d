"""Every test of the doors gets a fresh world, and no request may fail in it unforeseen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from tests.api.world import World, world


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged; ``request.failed`` is our own fault, whichever test it happens in."""
    with structlog.testing.capture_logs() as lines:
        yield lines
    assert [line for line in lines if line["action"] == "request.failed"] == []


@pytest.fixture
def made(here: World) -> dict[str, Any]:
    """The OpenAPI document."""
    return here.app.openapi()


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world() as made:
        yield made


@pytest.fixture
async def there() -> AsyncIterator[World]:
    """A run that plays another time."""
    async with world(history=True) as made:
        yield made
