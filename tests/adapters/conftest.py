"""What the tests of adapters share."""

from __future__ import annotations

import pytest

from tests.contract.books import Scribe


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()
