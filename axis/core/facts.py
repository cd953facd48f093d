"""What a group of commands needs to know, and what it writes.

A store loads the ``Facts`` that ``wants`` names, has them decided (``axis.core.decide``) and
writes the ``Changes``: the three values are all that passes between a store and the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from axis.core import tally, timeliness
from axis.core.caller import AGENCY
from axis.core.commands import (
    Accept,
    Audit,
    ByDocument,
    ById,
    Command,
    Lock,
    Move,
    Refuse,
    Say,
    Target,
    UpTo,
)
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event, Lane, Place
from axis.core.job_commands import Drive, Report, Steer, Stop, Take
from axis.core.member_commands import Certify, Renew, Revoke
from axis.core.replay import Handed, Heard, Item, Job, Key, Verdict
from axis.core.timetable import day_number
from axis.core.trust import Certificate

#: (sender, document_id): what repeats and conflicts are looked up by.
Name = tuple[str, str]


@dataclass(slots=True)
class Wants:
    """What a group of commands needs loaded."""

    #: (sender, document_id, sha256): the packages of that digest, and all of kind 0.
    names: set[tuple[str, str, str]] = field(default_factory=set)
    lanes: set[Lane] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    by_id: set[ById] = field(default_factory=set)
    by_document: set[ByDocument] = field(default_factory=set)
    up_to: set[UpTo] = field(default_factory=set)
    #: (agency, urgency, number): of which the first ``TOGETHER_MAX`` deliveries behind that place
    #: are needed that are in the inbox, and as many that are parked (lock, unlock).
    whole: set[tuple[str, int, int]] = field(default_factory=set)
    #: Whether the trust list is needed (certify, revoke).
    certificates: bool = False
    jobs: set[str] = field(default_factory=set)

    def target(self, target: Target) -> None:
        """Ask for what one target means."""
        match target:
            case ById():
                self.by_id.add(target)
            case ByDocument():
                self.by_document.add(target)
            case UpTo():
                self.up_to.add(target)
            case Place():
                self.places.add(target)


def wants(commands: Iterable[Command]) -> Wants:
    """What must be loaded before ``commands`` can be decided."""
    out = Wants()
    for command in commands:
        match command:
            case Accept():
                out.names.add((command.sender, command.document_id, command.sha256))
                out.lanes.update(Lane(r.agency, command.urgency) for r in command.recipients)
            case Move():
                for target in command.targets:
                    out.target(target)
            case Say():
                out.target(command.target)
            case Lock():
                out.whole.add((command.code, *(command.above or (0, 0))))
            case Certify() | Revoke():
                out.certificates = True
            case Drive():
                out.jobs.add(command.job)
                out.places.update(place for _, place in command.items)
            case Steer() | Take() | Stop() | Report():
                out.jobs.add(command.job)
            case _:
                pass
    return out


@dataclass(slots=True)
class Facts:
    """What the books say before a group; ``decide`` keeps it true while it goes along.

    ``found`` maps a target of ``by_id`` to its place.
    """

    seq: int
    agencies: dict[str, Agency]
    documents: dict[Name, list[Document]] = field(default_factory=dict)
    lanes: dict[Lane, int] = field(default_factory=dict)
    deliveries: dict[Place, Delivery] = field(default_factory=dict)
    found: dict[ById, Place] = field(default_factory=dict)
    #: Every delivery to the recipient under that name, oldest first.
    named: dict[ByDocument, list[Place]] = field(default_factory=dict)
    #: The trust list by fingerprint, by agency.
    certificates: dict[str, Certificate] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What one group writes. ``seq`` and ``lanes`` are the new heads."""

    seq: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    created: dict[Place, Delivery] = field(default_factory=dict)
    updated: dict[Place, Delivery] = field(default_factory=dict)
    lanes: dict[Lane, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tally: Counter[tally.Key] = field(default_factory=Counter)
    agencies: dict[str, Agency] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    #: The newest secret that each agency was given.
    secrets: dict[str, Renew] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    refusals: list[Refuse] = field(default_factory=list)
    #: How far a cursor of the relay (agency, urgency) may reach at the most.
    rewound: dict[Lane, int] = field(default_factory=dict)
    #: Jobs as they stand, and the items of those that are new.
    jobs: dict[str, Job] = field(default_factory=dict)
    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    #: Items that were handed over, with what this group heard of them; (job, number, why) of those
    #: that were not.
    handed: dict[Key, Handed] = field(default_factory=dict)
    skipped: list[tuple[str, int, str]] = field(default_factory=list)
    #: What items of shadows came to, each with its job.
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)
    #: What was heard of attempts of earlier groups; most are those of no job.
    heard: dict[Key, Heard] = field(default_factory=dict)

    def count(self, agency: str, at: int, flow: str, besides: timeliness.Counts = ()) -> None:
        """Count one of a flow of an agency, and what else an event at this instant counts."""
        day = day_number(at)
        self.tally[agency, day, flow] += 1
        for metric, n in besides:
            self.tally[agency, day, metric] += n

    @property
    def clients(self) -> list[Client]:
        """The clients that were given secrets; one that is new is an agency."""
        return [
            Client(
                id=renew.agency,
                secret_sha256=renew.secret_sha256,
                roles=(AGENCY,),
                renewed_at=renew.audit.now,
            )
            for renew in self.secrets.values()
        ]

    @property
    def empty(self) -> bool:
        """Nothing to write."""
        return not (self.events or self.agencies or self.audits or self.refusals or self.jobs)
