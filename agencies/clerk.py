"""What a recipient says of a document, and when: a pure function of the document and the seed.

The software says 01 the moment the document is there. A clerk looks at it later and says 03, or 02
with a reason where the plan has it so. How long that takes was never published: it is assumed
log-normal, as response times of offices are, with a median of 25 minutes; one in a hundred takes
five hours. Whatever is still on the desk when the office closes is done then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from agencies import model_offices, wording
from agencies.dice import Dice
from agencies.lognormal import LogNormal
from agencies.pace import Pace
from agencies.script import Script
from axis.core.timetable import MICROSECONDS
from schemas.codes import AgencyRow, agencies

#: How long a clerk takes, in microseconds.
DELAY = LogNormal(
    model_offices.ANSWER_MEDIAN_MINUTES.value * 60 * MICROSECONDS,
    model_offices.ANSWER_SIGMA_PER_MILLE.value,
)


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """One status to say at ``due_us`` (run time); ``turn`` keeps the order within a delivery."""

    due_us: int
    turn: int
    delivery: str
    code: str
    reason: str = ""
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Clerk:
    """The registry of one agency. ``closes_us`` is when the desk is cleared, ``longest_us`` the
    longest that a document lies on it (run time).
    """

    agency: str
    seed: int
    pace: Pace
    closes_us: int
    longest_us: int

    def words(
        self,
        delivery: str,
        document: tuple[str, str],
        at_us: int,
        script: Script,
        refusal: str,
    ) -> list[Word]:
        """Everything to say of a delivery taken at ``at_us``, in order.

        ``document`` is (sender, DocumentId); ``refusal`` the reason the plan has for a 02.
        """
        if script.end == "steps":
            return self._scripted(delivery, at_us, script)
        if script.end != "usual":
            return []
        dice = Dice(self.seed, "clerk", self.agency, *document)
        delay = min(delay_us(dice), self.longest_us)
        later = min(at_us + delay, max(self.closes_us, at_us))
        staff = wording.clerk(_row(self.agency), dice).name
        code = "02" if refusal else "03"
        return [
            Word(at_us, 0, delivery, "01"),
            Word(later, 1, delivery, code, refusal, staff),
        ]

    def _scripted(self, delivery: str, at_us: int, script: Script) -> list[Word]:
        words: list[Word] = []
        for turn, step in enumerate(script.steps):
            at_us += self.pace.real_us(step.after_s)
            words.append(Word(at_us, turn, delivery, step.code, step.reason))
        return words


def delay_us(dice: Dice) -> int:
    """How long a clerk takes, in microseconds of the run's time."""
    return DELAY.at(dice.below(1 << 64))


@cache
def _row(code: str) -> AgencyRow:
    return next(row for row in agencies() if row.code == code)
