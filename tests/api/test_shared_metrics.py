"""Metrics that several processes tell together: what one told does not stay when it is over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from axis.api.metrics import SHARED_FOLDER, Unpublished
from axis.lanes import Lag

OFFICE, OTHER = "000.00.00.G22", "000.00.00.H37"
SCRAPE = """
import sys
from axis.api.metrics import Metrics
from axis.lanes import Lag
lags = [Lag(*(kind(one) for kind, one in zip((str, int), text.split()))) for text in sys.argv[2:]]
print(Metrics().scrape({}, 0, 0, lags, sys.argv[1].split()).decode())
"""


def scrape(folder: Path, *lags: str) -> list[str]:
    """What a fresh process tells, and has told before it ended."""
    done = subprocess.run(
        [sys.executable, "-c", SCRAPE, f"{OFFICE} {OTHER}", *lags],
        env={**os.environ, SHARED_FOLDER: str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("left", [(), (f"{OTHER} 2",)])
def test_what_is_published_by_now_waits_for_nobody(tmp_path: Path, left: tuple[str, ...]) -> None:
    assert f'axis_unpublished{{agency="{OFFICE}"}} 5.0' in scrape(tmp_path, f"{OFFICE} 5", *left)
    told = scrape(tmp_path, *left)
    assert f'axis_unpublished{{agency="{OFFICE}"}} 0.0' in told
    assert f'axis_unpublished{{agency="{OTHER}"}} {2.0 if left else 0.0}' in told


LOOKS = """
import gc
from axis.api.metrics import Metrics
from axis.lanes import Lag
metrics = Metrics()
held = []
for look in range(12):
    metrics.scrape({}, 0, 0, [Lag("000.00.00.G22", look)], ["000.00.00.H37"])
    held.append(sum(type(one).__name__ == "MmapedValue" for one in gc.get_objects()))
print(held[0] > 0, len(set(held)))
"""


def test_however_often_it_is_looked_at_nothing_more_is_held(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKS],
        env={**os.environ, SHARED_FOLDER: str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "1"]


def test_of_what_a_relay_told_nothing_stays_when_it_is_published() -> None:
    """One that serves nobody knows of no agencies but those that lag."""
    registry = CollectorRegistry()
    told = Unpublished(registry)
    for lags, numbers in (([Lag(OFFICE, 5)], 5), ([], 0)):
        told.tell(lags)
        assert registry.get_sample_value("axis_unpublished", {"agency": OFFICE}) == numbers
