"""What can be asked of the books about replay jobs; decided like any other command
(``axis.core.commands``). Times are microseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axis.core.document import Delivery, Details, Place
from axis.core.replay import Act, Item, Job, Verdict

if TYPE_CHECKING:
    from axis.core.commands import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Write a job and its items."""

    job: Job
    items: tuple[Item, ...]
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer:
    """Run, pause, resume or abort a job: of ``agency``, or whosever it is for "" (operators)."""

    job: str
    agency: str
    act: Act
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Take the lease of a running job that nobody has; each taking has a higher epoch."""

    job: str
    owner: str
    now: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Hand over the items behind cursor ``before`` up to ``after``, as who holds ``epoch``.

    ``skipped`` are (number, ``replay.skip``) of items that are not to be handed over after all.
    """

    job: str
    epoch: int
    before: int
    after: int
    items: tuple[tuple[int, Place], ...]
    skipped: tuple[tuple[int, str], ...]
    now: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End a running job by itself, for a reason."""

    job: str
    epoch: int
    ending: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Say as who holds ``epoch`` that ``played`` items of a shadow were played, and what some came
    to. With ``ending`` (JSON, told with the job from then on) it is finished.
    """

    job: str
    epoch: int
    played: int
    verdicts: tuple[Verdict, ...]
    ending: Details | None
    now: int
    until: int


JobCommand = Plan | Steer | Take | Drive | Stop | Report


@dataclass(frozen=True, slots=True)
class Ran:
    """Answer to each of them: the job behind it, and the deliveries that ``Drive`` moved."""

    job: Job
    moved: tuple[Delivery, ...] = ()
