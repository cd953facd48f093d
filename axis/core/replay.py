r"""Replay jobs: what is planned is handed over page by page, and each delivery has its outcome.

    planned --run--> running --pause--> paused --resume--> running
       \               |  \                \
        \--abort       |   \--stop          \--abort
                       \--(nothing is left)--> finished

A plan is valid for an hour. Who drives a running job has its lease with an epoch; a page is written
together with the cursor behind it, so nothing is handed over twice, whoever dies when. A shadow is
played by a player in a run of its own: its lease is the player's, and so is the word of its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from axis.core.document import Delivery, Details
from axis.core.errors import Fault
from axis.core.lifecycle import Step, Transport
from axis.core.timetable import DAY_US, MICROSECONDS

#: A plan that is older says too little of what is now.
VALID_US = 3600 * MICROSECONDS
#: A plan that was not run is forgotten, with its items, so long after it has run out.
KEPT_US = DAY_US
#: Deliveries that a plan looks at: twice what any agency received in the busiest month of the
#: model. More are planned in several windows, and each can be looked at before it runs.
DELIVERIES_MAX = 20_000
#: Days of a window: nobody plays years again by accident.
WINDOW_DAYS_MAX = 31
#: Deliveries handed over in a second, at the most: a third of what one axis accepts on two cores,
#: so that live traffic has the rest.
RATE_MAX = 1000
RATE_DEFAULT = 100
#: Jobs that one agency (or the operators) may have planned, running or paused: each plan lies in
#: the books for a day.
LIVE_JOBS_MAX = 10
#: Outcomes that must be known before their share of failures says anything of the others.
KNOWN_MIN = 20


class Kind(StrEnum):
    """What a job does with a delivery."""

    GIVE_BACK = "give_back"  #: hands out again what is done
    REDRIVE = "redrive"  #: puts back what is parked
    SHADOW = "shadow"  #: plays what was, in a run of its own


#: The step that each kind takes with each delivery; a shadow takes none in these books.
STEPS: Mapping[Kind, Step] = MappingProxyType({Kind.GIVE_BACK: Step.GIVE, Kind.REDRIVE: Step.RESET})


class Stage(StrEnum):
    """Where a job stands."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  #: everything was handed over
    STOPPED = "stopped"  #: by itself: too much failed
    ABORTED = "aborted"


class Act(StrEnum):
    """What is asked of a job."""

    RUN = "run"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"


_S, _A = Stage, Act

STAGES: Mapping[tuple[Stage, Act], Stage] = MappingProxyType(
    {
        (_S.PLANNED, _A.RUN): _S.RUNNING,
        (_S.RUNNING, _A.PAUSE): _S.PAUSED,
        (_S.PAUSED, _A.RESUME): _S.RUNNING,
    }
    | {(stage, _A.ABORT): _S.ABORTED for stage in (_S.PLANNED, _S.RUNNING, _S.PAUSED)}
)
#: Said again, these change nothing.
STAGES_SAME = frozenset(
    {
        (_S.RUNNING, _A.RUN),
        (_S.RUNNING, _A.RESUME),
        (_S.FINISHED, _A.RUN),
        (_S.PAUSED, _A.PAUSE),
        (_S.ABORTED, _A.ABORT),
    }
)
LIVE = (_S.PLANNED, _S.RUNNING, _S.PAUSED)


class Word(StrEnum):
    """What was heard of a delivery since a job handed it over."""

    SILENT = ""
    ANSWERED = "answered"  #: the recipient confirmed it, or said a status of it
    HAD = "already_had"  #: it said ``fail`` to what is done: it already had it
    FAILED = "failed"  #: it was parked again: the recipient said ``fail``
    WITHHELD = "withheld"  #: the recipient was locked out meanwhile
    # What a shadow came to beside its record (``axis.core.comparison``).
    SAME = "same"
    DIFFERENT = "different"
    MISSING = "missing"


#: What a player may say of a delivery.
VERDICTS = frozenset({Word.SAME, Word.DIFFERENT, Word.MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. ``agency`` is whose it is and whose inbox it touches, "" for the operators'.

    ``cursor`` is the number of the last of its ``total`` items that was handed over (of a shadow
    how many were played), ``rate`` items a second, ``stop_percent`` the share of failures at which
    it stops (0: never), ``told`` what the plan answered (JSON). Times are microseconds UTC, 0 for
    not yet.
    """

    id: str
    agency: str
    kind: Kind
    stage: Stage
    total: int
    cursor: int = 0
    rate: int
    stop_percent: int = 0
    planned_at: int
    begun_at: int = 0
    ended_at: int = 0
    owner: str = ""
    epoch: int = 0
    lease_until: int = 0
    actor: str
    why: str
    ending: str = ""
    told: Details

    @property
    def expires_at(self) -> int:
        """Until when the plan may be run."""
        return self.planned_at + VALID_US

    def expired(self, now: int) -> bool:
        """Whether it was not run in time."""
        return self.stage is Stage.PLANNED and now >= self.expires_at


class Item(NamedTuple):
    """One delivery of a job. ``done_at`` is when it was done before its plan (0: not then)."""

    no: int
    doc: int
    recipient: str
    done_at: int


class Verdict(NamedTuple):
    """What item ``no`` of a shadow came to; ``told`` (JSON) has what differs, and both times."""

    no: int
    word: Word
    told: Details


class Key(NamedTuple):
    """The ``attempt``-th time a delivery began to wait: that of one item at the most."""

    doc: int
    recipient: str
    attempt: int


@dataclass(slots=True)
class Handed:
    """What an item came to in the group that handed it over."""

    job: str
    no: int
    heard: Heard


class Heard(NamedTuple):
    """What a group heard of an attempt: whether its package was handed out, and the last word."""

    handed: bool
    word: Word

    def then(self, later: Heard) -> Heard:
        """Both, in this order."""
        return Heard(self.handed or later.handed, later.word or self.word)


def skip(fault: Fault) -> str:
    """A fault as it is kept with an item that is passed over: its code, and the state it names."""
    return " ".join(filter(None, (fault.code, fault.detail.get("state"))))


class ItemRow(NamedTuple):
    """An item as lists show it: ``attempt`` is 0 until it is handed over, ``skipped`` what
    ``skip`` made of the fault when it could not be, ``compared`` what is told with a verdict.
    """

    no: int
    doc_id: str
    recipient: str
    done_at: int
    attempt: int
    handed: bool
    word: Word
    skipped: str
    compared: Details = MappingProxyType({})

    @property
    def fault(self) -> Fault | None:
        """Why it was passed over; None when it was not."""
        code, _, state = self.skipped.partition(" ")
        return Fault(code, "", {"state": state}) if code else None


class Outcomes(NamedTuple):
    """How many items of a job came to what; ``silent`` is what was handed over and not heard of."""

    handed: int = 0
    silent: int = 0
    answered: int = 0
    already_had: int = 0
    failed: int = 0
    withheld: int = 0
    skipped: int = 0
    same: int = 0
    different: int = 0
    missing: int = 0

    @property
    def judged(self) -> int:
        """Items of a shadow whose verdict is known."""
        return self.same + self.different + self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deliveries a plan looks at; None, "" and () do not filter.

    A delivery's time is when it was first done, of others when their document was accepted
    (``since`` <= time < ``until``, occurred, microseconds UTC). ``named`` are (package,
    recipient), "" for every recipient.
    """

    sender: str = ""
    recipient: str = ""
    since: int | None = None
    until: int | None = None
    kind: int | None = None
    transport: int | None = None
    business: int | None = None
    reason: str = ""
    named: tuple[tuple[str, str], ...] = ()

    @property
    def bounded(self) -> bool:
        """Whether it leads to somebody's deliveries, or a cause's, and not to all there are."""
        return bool(self.sender or self.recipient or self.named or self.of_cause)

    @property
    def of_cause(self) -> bool:
        """Whether it is about what is parked for one cause; few are at any time."""
        return bool(self.reason) and self.transport == Transport.PARKED

    @property
    def sought(self) -> tuple[tuple[str, str], ...]:
        """What is ``named``, so that each delivery is found once: a package that is named whole is
        not looked for by one of its recipients too.
        """
        whole = {doc_id for doc_id, recipient in self.named if not recipient}
        parts = (one for one in self.named if not one[1] or one[0] not in whole)
        return tuple(dict.fromkeys(parts))


class Candidate(NamedTuple):
    """A delivery that a plan looks at. ``recalled`` and ``replaced``: by a package of its sender
    that this recipient was sent too.
    """

    delivery: Delivery
    sha256: str
    size: int
    occurred_at: int
    done_at: int
    recalled: bool
    replaced: bool
