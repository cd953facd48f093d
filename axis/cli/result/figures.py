"""The figures of a run, read from its books: by day, month, agency, kind and type.

Only three things come from elsewhere and are named so: which part of the history was played and
how far (the run's own note), how often senders sent again (theirs: the books have no line for it),
and the published points, which are compared and never counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypeVar

from agencies import model
from agencies.history.anchors import Anchor, anchors
from agencies.history.part import Part
from agencies.history.progress import Progress
from agencies.lists import GOVERNMENT_OFFICE
from agencies.pinning import LANG_SON
from axis.adapters.system_clock import SystemClock
from axis.cli import archive
from axis.cli.history_state import MAKER, STATE_FILE, State
from axis.cli.marked import Marked
from axis.core import tally
from axis.core.breakdown import Breakdown, Count
from axis.core.directory import Agency
from axis.core.timetable import OPENED, day_of_number, iso, month30, month30_days, number_of_day
from axis.settings import Settings

K = TypeVar("K")

#: The year that Lạng Sơn's published figures are for.
_YEAR = 2019


class Played(NamedTuple):
    """A part of the history as far as it was played: up to the day ``reached``, None before the
    first was finished. ``again`` is how many documents their senders sent a second time.
    """

    part: Part
    seed: int
    size: str
    reached: date | None
    finished: bool
    again: int

    @property
    def whole(self) -> bool:
        """Whether it has every document of its days."""
        return not self.part.only and self.part.sample[1] == 1


class Month(NamedTuple):
    """One month. ``planned`` is what the day series has of its days, where that can be compared."""

    name: str
    first: date
    last: date
    traffic: Count
    planned: Count | None = None


class Row(NamedTuple):
    """An agency, or all agencies of a kind (then ``agencies`` is how many): what they sent and
    received, and what they said of it by status code.
    """

    name: str
    agencies: int
    traffic: Count
    said: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """Everything that is told of a run. ``told_at`` is ISO 8601."""

    run: str
    told_at: str
    directory: Sequence[Agency]
    counters: Mapping[tally.Key, int]
    found: Breakdown
    played: Played | None = None

    @cached_property
    def flows(self) -> Mapping[str, int]:
        """All flow counters by metric."""
        return _summed((m, n) for (_, day, m), n in self.counters.items() if day)

    @cached_property
    def standing(self) -> Mapping[str, int]:
        """All standing counters by metric."""
        return _summed((m, n) for (_, day, m), n in self.counters.items() if not day)

    @property
    def total(self) -> Count:
        """Documents sent and deliveries received, as the books count them."""
        return Count(self.flows.get(tally.SENT, 0), self.flows.get(tally.RECEIVED, 0))

    @cached_property
    def statuses(self) -> Mapping[str, int]:
        """Statuses said, by code."""
        prefix = tally.said("")
        flows = sorted(self.flows.items())
        return {m.removeprefix(prefix): n for m, n in flows if m.startswith(prefix)}

    @property
    def balances(self) -> tuple[tally.Balance, tally.Balance]:
        """The two lines of all agencies together."""
        return tally.balances(self.standing)

    @cached_property
    def days(self) -> Mapping[date, Count]:
        """By Viet Nam day, in order; days without any are left out."""
        return {day_of_number(day): count for day, count in self.found.by_day().items()}

    @property
    def months(self) -> list[Month]:
        """Windows of 30 days from the day the axis opened (``axis.core.timetable``)."""
        planned = self._planned(month30)
        return [
            Month(str(number), *month30_days(number), count, planned.get(number))
            for number, count in _gathered(self.days, month30).items()
        ]

    @property
    def calendar_months(self) -> list[Month]:
        """Calendar months; first and last day are those with traffic."""
        months = _gathered(self.days, lambda day: f"{day:%Y-%m}")
        planned = self._planned(lambda day: f"{day:%Y-%m}")
        found = []
        for name, count in months.items():
            days = [day for day in self.days if f"{day:%Y-%m}" == name]
            found.append(Month(name, days[0], days[-1], count, planned.get(name)))
        return found

    def by_agency(self) -> dict[str, Row]:
        """By code, every agency of the directory."""
        sent, received, said = Counter[str](), Counter[str](), dict[str, Counter[str]]()
        for (code, day, metric), n in self.counters.items():
            if day and metric == tally.SENT:
                sent[code] += n
            elif day and metric == tally.RECEIVED:
                received[code] += n
            elif day and metric.startswith(tally.said("")):
                said.setdefault(code, Counter())[metric.removeprefix(tally.said(""))] += n
        return {
            a.code: Row(a.code, 1, Count(sent[a.code], received[a.code]), said.get(a.code, {}))
            for a in self.directory
        }

    def by_kind(self) -> dict[str, Row]:
        """By the kind of agency in the directory."""
        found: dict[str, Row] = {}
        rows = self.by_agency()
        for agency in self.directory:
            row, kind = rows[agency.code], found.get(agency.kind, Row("", 0, Count(0, 0), {}))
            traffic = _together(kind.traffic, row.traffic)
            said = Counter(kind.said) + Counter(row.said)
            found[agency.kind] = Row(agency.kind, kind.agencies + 1, traffic, said)
        return found

    def pairs(self) -> Counter[tuple[str, str]]:
        """Deliveries received by (sender, recipient)."""
        return _summed(((pair[0], pair[1]), n) for pair, n in self.found.pairs.items())

    @cached_property
    def points(self) -> tuple[Anchor, ...]:
        """The published points that the part played has reached; none where it has gaps."""
        played = self.played
        if played is None or not played.whole or played.part.first != OPENED:
            return ()
        sent, received = ({d: c[place] for d, c in self.days.items()} for place in (0, 1))
        year_end = number_of_day(date(_YEAR, 12, 31))
        own = sum(
            n
            for (code, day, metric), n in self.counters.items()
            if code == LANG_SON and metric == tally.SENT and day <= year_end
        )
        from_office = self.found.pairs[GOVERNMENT_OFFICE, LANG_SON, _YEAR]
        points = anchors(sent, received, own, from_office)
        return tuple(p for p in points if played.reached and p.last <= played.reached)

    @property
    def differences(self) -> list[str]:
        """Where documents and events say otherwise than the counters; empty when all is well."""
        found = self.found
        recounted = {
            "sent": (found.documents, self.total.sent),
            "received": (found.received, self.total.received),
            "deliveries": (found.addressed, self.standing.get(tally.DELIVERIES, 0)),
            "statuses": (sum(found.said.values()), sum(self.statuses.values())),
        }
        wrong = [
            f"{name}: {n} counted, {booked} in the books"
            for name, (n, booked) in recounted.items()
            if n != booked
        ]
        return wrong + [
            f"the {line.line} line is off by {line.difference}"
            for line in self.balances
            if line.difference
        ]

    def _planned(self, key_of: Callable[[date], K]) -> dict[K, Count]:
        """What the day series has of the days that were played, where all of it was."""
        played = self.played
        if played is None or not played.whole or played.reached is None:
            return {}
        last = min(played.reached, played.part.last)
        days = {d: Count(t.sent, t.received) for d, t in model.days().items()}
        return _gathered(
            {d: count for d, count in days.items() if played.part.first <= d <= last}, key_of
        )


def read(settings: Settings) -> Result:
    """The result of a run, from its books as they are. Raises ``NoAxis`` where there are none."""
    counters, found, directory = archive.breakdown(settings)
    return Result(
        run=settings.run,
        told_at=iso(SystemClock().now()),
        directory=directory,
        counters=counters,
        found=found,
        played=_played(settings),
    )


def _played(settings: Settings) -> Played | None:
    if not (settings.home / STATE_FILE).is_file():
        return None
    said = Marked(settings, STATE_FILE, MAKER).read()
    if said is None:
        return None
    state, progress = State(**said), Progress.load(settings.home)
    reached = None if progress.day is None else min(progress.day, state.part.last)
    return Played(state.part, state.seed, state.size, reached, bool(state.finished), progress.again)


def _summed(counted: Iterable[tuple[K, int]]) -> Counter[K]:
    found: Counter[K] = Counter()
    for key, n in counted:
        found[key] += n
    return found


def _gathered(days: Mapping[date, Count], key_of: Callable[[date], K]) -> dict[K, Count]:
    found: dict[K, Count] = {}
    for day, traffic in days.items():
        key = key_of(day)
        found[key] = _together(found.get(key, Count(0, 0)), traffic)
    return found


def _together(one: Count, other: Count) -> Count:
    return Count(one.sent + other.sent, one.received + other.received)
