"""What a play of the history says of itself in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from agencies.history.part import Part
from agencies.sizes import PROFILES, Profile

RUN = "history"
STATE_FILE = "history.json"
MAKER = "axis replay history"


@dataclass(frozen=True, slots=True)
class State:
    """What the run in ``var/history`` plays, and whether it got to the end."""

    first: str
    last: str
    only: str
    sample: str
    size: str
    seed: int
    started: str
    finished: str = ""
    over_kafka: bool = False

    @property
    def part(self) -> Part:
        """The part of the history."""
        i, _, n = self.sample.partition("/")
        if not (i.isdecimal() and n.isdecimal()):
            raise ValueError(f"--sample {self.sample} is none such as 1/10")
        return Part(
            first=date.fromisoformat(self.first),
            last=date.fromisoformat(self.last),
            only=self.only,
            sample=(int(i), int(n)),
        )

    @property
    def profile(self) -> Profile:
        """How large its packages are; ValueError for a profile that there is not."""
        if self.size not in PROFILES:
            raise ValueError(f"--size is one of {', '.join(PROFILES)}")
        return PROFILES[self.size]
