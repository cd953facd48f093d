"""What the traffic weighs on a disk: whether a run fits, and the day a real axis's disk is full.

Pure. GB are 10^9 bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from agencies import model, traffic
from agencies.load.growth import FIRST_YEAR, PEAK_DAY, Growth, calendar
from agencies.load.impossible import NoRoom
from agencies.load.plan import DOCUMENTS_MIN, SECONDS_MIN, Shape
from agencies.load.search import RUNGS
from agencies.sizes import Profile, total_bytes

GB = 1_000_000_000
#: Rows and indexes of a document beside its package: 874 bytes a delivery in the books of a played
#: history (docs/history.md), of which the peak day has 3.52.
ROWS_BYTES = 3_100
#: What a run may take of the disk that is free.
DISK_SHARE_MAX = 0.6
#: What two cores get through a second, at most: by documents and by bytes.
TOP_DOCUMENTS, TOP_BYTES = 1_500.0, 100_000_000.0
#: Steps that a run comes to: the ladder, three halvings of the gap, one more to be sure.
STEPS_USUAL = RUNGS + 4
#: A disk that is not full after so many months is called large enough.
MONTHS_MAX = 1200


@dataclass(frozen=True, slots=True)
class Storage:
    """GB of packages and rows in January 2020; the month in which ``disk_gb`` no longer hold what
    must be kept (None: not within a hundred years), documents kept for ``retention`` months.
    """

    month_gb: float
    disk_gb: float
    retention: int
    full_month: int | None

    @property
    def full(self) -> str:
        """The month in words."""
        if self.full_month is None:
            return f"not before {FIRST_YEAR + MONTHS_MAX // 12}"
        return f"{calendar(self.full_month):%B %Y}"


@cache
def package_bytes(profile: Profile, seed: int) -> float:
    """What a package weighs on average, from the plan of the peak day."""
    plan = traffic.plan_day(PEAK_DAY, seed)
    return total_bytes(plan, profile) / len(plan)


def storage(shape: Shape, growth: Growth, disk_bytes: float, retention: int) -> Storage:
    """The storage date of a disk, ``retention`` months kept; the month's documents are those of the
    eleventh of thirty days (6 January to 4 February 2020).
    """
    documents, _ = model.month_total(11)
    month = documents * (package_bytes(shape.profile, shape.seed) + ROWS_BYTES)
    kept: list[float] = []
    for n in range(MONTHS_MAX):
        kept.append(growth.rate(month, n))
        if sum(kept[-retention:]) > disk_bytes:
            return Storage(month / GB, disk_bytes / GB, retention, n)
    return Storage(month / GB, disk_bytes / GB, retention, None)


def needed_bytes(shape: Shape, top: float, steps: int = STEPS_USUAL) -> float:
    """What a run of ``steps`` up to ``top`` documents a second writes: packages twice (built, and
    in the books) and rows.
    """
    each = package_bytes(shape.profile, shape.seed)
    documents = max(shape.documents, top * shape.seconds)
    return steps * documents * (each + ROWS_BYTES) + documents * each


def require_room(
    shape: Shape, rates: tuple[float, ...], free_bytes: float, steps: int = STEPS_USUAL
) -> None:
    """Refuse a run that does not fit the disk; raises ``NoRoom``.

    Where no rates are given, the most that two cores were seen to get through stands in for them.
    """
    each = package_bytes(shape.profile, shape.seed)
    top = rates[-1] if rates else min(TOP_DOCUMENTS, TOP_BYTES / each)
    needed, room = needed_bytes(shape, top, steps), free_bytes * DISK_SHARE_MAX
    if needed > room:
        raise NoRoom(
            f"the run would write {needed / GB:.1f} GB and may take {room / GB:.1f} GB "
            f"({DISK_SHARE_MAX:.0%} of the {free_bytes / GB:.1f} GB free); "
            f"{_would_do(shape, top, room, steps)}"
        )


def _would_do(shape: Shape, top: float, room: float, steps: int) -> str:
    each = package_bytes(shape.profile, shape.seed) + ROWS_BYTES
    documents = int(room / each / (steps + 1))
    if documents >= DOCUMENTS_MIN and documents >= top * SECONDS_MIN:
        seconds = math.floor(documents / top * 10) / 10
        return f"--documents {documents} --seconds {min(shape.seconds, seconds):g} would do"
    return "--size small, or another disk (AXIS_VAR), would do"
