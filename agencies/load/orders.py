"""What a process that drives load is told, as one line of JSON: where, and what to find out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from agencies.load.growth import Growth
from agencies.load.impossible import Impossible
from agencies.load.judge import OBJECTIVE_S
from agencies.load.plan import Shape
from agencies.load.search import TRIES_MAX
from agencies.load.send import DOORS, SINGLE

#: Seconds until what was offered must be with its recipients, beyond the step itself.
DRAIN_S = 30.0
#: An objective: below a hundredth of a second the clock of two processes is what is measured.
OBJECTIVE_MIN_S, OBJECTIVE_MAX_S = 0.01, 60.0
#: Months of a forecast: until 2120.
MONTHS_MAX = 1200
RETENTION = 24


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where one load test is played. ``home`` is the folder of the axis's run with the agencies'
    keys and secrets; packages and the result are put into ``work``. ``axis_pid`` is the process of
    the axis where it was started for this, ``axis_cores`` how many cores it was left (None: all),
    and ``beside`` by name the first processes of what it stands on: servers of the large form, none
    of the embedded one. Packages go through ``door``. Raises ``Impossible``.
    """

    home: Path
    work: Path
    url: str
    axis_pid: int | None
    axis_cores: int | None = None
    beside: Mapping[str, int] = field(default_factory=dict)
    door: str = SINGLE
    drain_s: float = DRAIN_S

    def __post_init__(self) -> None:
        if self.door not in DOORS:
            raise Impossible(f"--door {self.door} is none of {', '.join(DOORS)}")
        if not 0 < self.drain_s < math.inf:
            raise Impossible(f"--drain {self.drain_s:g} is no time; {DRAIN_S:g} would do")

    def as_json(self) -> str:
        """In one line."""
        told = asdict(self) | {"home": str(self.home), "work": str(self.work)}
        return json.dumps(told)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The same again."""
        told = json.loads(text)
        told["home"], told["work"] = Path(told["home"]), Path(told["work"])
        return cls(**cls._read(told))

    @classmethod
    def _read(cls, told: dict[str, Any]) -> dict[str, Any]:
        """What JSON made of the fields, as they are."""
        return told


@dataclass(frozen=True, kw_only=True)
class Orders(Site):
    """A search for the capacity, and the growth that comes to it. Raises ``Impossible``."""

    shape: Shape
    growth: Growth
    rates: tuple[float, ...] = ()
    objective_s: float = OBJECTIVE_S
    months: int = 0
    disk_gb: float | None = None
    retention: int = RETENTION
    steps: int = TRIES_MAX

    def __post_init__(self) -> None:
        super().__post_init__()
        if not OBJECTIVE_MIN_S <= self.objective_s <= OBJECTIVE_MAX_S:
            raise Impossible(
                f"--objective {self.objective_s:g} is not from {OBJECTIVE_MIN_S:g} to "
                f"{OBJECTIVE_MAX_S:g} seconds; {OBJECTIVE_S:g} would do"
            )
        if not 0 <= self.months <= MONTHS_MAX:
            raise Impossible(f"--months {self.months} is not from 0 to {MONTHS_MAX}; 60 would do")
        if self.disk_gb is not None and not 0 < self.disk_gb < math.inf:
            raise Impossible(f"--disk {self.disk_gb:g} is no disk; 1000 would do, in GB")
        if not 1 <= self.retention <= MONTHS_MAX:
            raise Impossible(
                f"--retention {self.retention} is not from 1 to {MONTHS_MAX} months; "
                f"{RETENTION} would do"
            )
        if not 1 <= self.steps <= TRIES_MAX:
            raise Impossible(
                f"--steps {self.steps} is not from 1 to {TRIES_MAX}; {TRIES_MAX} would do"
            )

    @classmethod
    def _read(cls, told: dict[str, Any]) -> dict[str, Any]:
        told["shape"], told["growth"] = Shape(**told["shape"]), Growth(**told["growth"])
        told["rates"] = tuple(told["rates"])
        return told
