"""What a process that plays a course is told, as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from agencies.load.course import Course, Piece, require_documents
from agencies.load.impossible import Impossible
from agencies.load.orders import DRAIN_S
from agencies.load.outage import Absence
from agencies.load.personas import Personas
from agencies.load.plan import Shape
from agencies.load.send import DOORS, SINGLE

#: How many times the rate may be turned up while it runs, unless more is built beforehand.
AHEAD = 2.0


@dataclass(frozen=True, kw_only=True)
class CourseOrders:
    """One course to play, as ``Orders`` are for growth. ``ahead`` times its documents are built
    beforehand, so that the rate can be turned up. ``shape`` is what its documents are like.

    Raises ``Impossible``.
    """

    home: Path
    work: Path
    url: str
    axis_pid: int | None
    axis_cores: int | None = None
    shape: Shape
    course: Course
    personas: Personas = field(default_factory=dict)
    absence: Absence | None = None
    ahead: float = AHEAD
    door: str = SINGLE
    drain_s: float = DRAIN_S
    beside: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.door not in DOORS:
            raise Impossible(f"--door {self.door} is none of {', '.join(DOORS)}")
        if not self.drain_s > 0:
            raise Impossible(f"--drain {self.drain_s:g} is no time; {DRAIN_S:g} would do")
        if self.absence is not None and self.absence.agency in self.personas:
            raise Impossible(
                f"{self.absence.agency} is away and {self.personas[self.absence.agency]} at once; "
                "another --agency would do"
            )
        require_documents(self.course, self.ahead)

    @property
    def documents(self) -> int:
        """Documents to build."""
        return require_documents(self.course, self.ahead)

    def as_json(self) -> str:
        """In one line."""
        told = asdict(self) | {"home": str(self.home), "work": str(self.work)}
        return json.dumps(told)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The same orders."""
        told = json.loads(text)
        told["home"], told["work"] = Path(told["home"]), Path(told["work"])
        course, away = told["course"], told["absence"]
        told["shape"] = Shape(**told["shape"])
        told["course"] = Course(course["shape"], tuple(Piece(**one) for one in course["pieces"]))
        told["absence"] = None if away is None else Absence(**away)
        return cls(**told)
