"""The history of seed 1, planned once for all tests that ask about it, and counted meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from agencies.history.anchors import Anchor, anchors, lang_son
from agencies.history.expected import Figures
from agencies.history.part import Part, documents
from agencies.traffic import Planned

#: As in ``test_traffic``: two in a thousand million for a normal share.
SIGMAS = 6.0


@dataclass
class Historic:
    """What was counted, and the documents of which there are few."""

    figures: Figures = field(default_factory=Figures)
    lang_son: tuple[int, int] = (0, 0)
    speaking: list[Planned] = field(default_factory=list)
    again: list[Planned] = field(default_factory=list)

    def points(self) -> tuple[Anchor, ...]:
        return anchors(self.figures.sent_by_day, self.figures.received_by_day, *self.lang_son)


@cache
def whole_history(seed: int = 1) -> Historic:
    """The plan of 330 days: five seconds."""
    historic = Historic()
    for _, plan in documents(Part(), seed):
        historic.figures.add(plan)
        sent, got = lang_son(plan)
        historic.lang_son = (historic.lang_son[0] + sent, historic.lang_son[1] + got)
        historic.speaking += [p for p in plan if p.business]
        historic.again += [p for p in plan if p.again_us is not None]
    return historic


def near(found: int, trials: int, share: float) -> bool:
    """Whether a binomial count lies where chance would leave it."""
    sigma: float = (trials * share * (1 - share)) ** 0.5
    return abs(found - trials * share) <= SIGMAS * sigma
