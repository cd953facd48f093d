"""What a process that plays a course is told, as one line of JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agencies.load.course import Course, Piece, require_documents
from agencies.load.impossible import Impossible
from agencies.load.orders import Site
from agencies.load.outage import Absence
from agencies.load.personas import Personas
from agencies.load.plan import Shape

#: How many times the rate may be turned up while it runs, unless more is built beforehand.
AHEAD = 2.0


@dataclass(frozen=True, kw_only=True)
class CourseOrders(Site):
    """One course to play. ``ahead`` times its documents are built beforehand, so that the rate can
    be turned up. ``shape`` is what its documents are like.

    Raises ``Impossible``.
    """

    shape: Shape
    course: Course
    personas: Personas = field(default_factory=dict)
    absence: Absence | None = None
    ahead: float = AHEAD

    def __post_init__(self) -> None:
        super().__post_init__()
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

    @property
    def apart(self) -> frozenset[str]:
        """Agencies that are looked at apart from all others: they are late on purpose."""
        return frozenset(self.personas) | ({self.absence.agency} if self.absence else set())

    @classmethod
    def _read(cls, told: dict[str, Any]) -> dict[str, Any]:
        course, away = told["course"], told["absence"]
        told["shape"] = Shape(**told["shape"])
        told["course"] = Course(course["shape"], tuple(Piece(**one) for one in course["pieces"]))
        told["absence"] = None if away is None else Absence(**away)
        return told
