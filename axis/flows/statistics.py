"""What was sent and received, how well and how soon: by period, by nation, kind and agency.

QĐ 28/2018 art. 11 (collected by the systems themselves), 14.3 (shared and public), 15.1 (each
quarter). A report reads sums of daily counters and, once, when the first document was recorded;
what nobody counted then is not told as 0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from axis.core import statistics as measures
from axis.core.directory import Agency
from axis.core.errors import Fault, Rejected
from axis.core.period import Period, Unit, periods
from axis.core.questions import Window
from axis.core.tally import Counted
from axis.core.timeliness import FAMILIES
from axis.core.timetable import MICROSECONDS, day_number, day_of_number, number_of_day
from axis.ports import Clock, Store

#: Lines of a report: 95 agencies over the months of a year. They are made in between other
#: requests, which wait 50 ms for them.
LINES_MAX: Final = 1200
#: What occurs now is recorded as soon as it is committed, and clocks are not that far apart.
_NOW_US: Final = 300 * MICROSECONDS
_ALWAYS: Final = Window(since=-(2**62), until=2**62)


class By(StrEnum):
    """Whom a line is of."""

    NATION = "nation"
    KIND = "kind"
    AGENCY = "agency"


class Group(NamedTuple):
    """Whom a line is of: an agency's code or the kind of some; empty for all."""

    key: str
    name_vi: str
    name_en: str


#: The kinds of the 95 agencies, in the order of protocol.
KINDS: Final = (
    Group("party office", "Cơ quan Đảng", "Party offices"),
    Group("ministry", "Bộ", "Ministries"),
    Group("ministerial-level agency", "Cơ quan ngang bộ", "Ministerial-level agencies"),
    Group("government-attached agency", "Cơ quan thuộc Chính phủ", "Government-attached agencies"),
    Group("centrally-run city", "Thành phố trực thuộc trung ương", "Centrally-run cities"),
    Group("province", "Tỉnh", "Provinces"),
)
_NATION: Final = Group("", "Cả nước", "The nation")
_SOME: Final = Group("", "Các cơ quan được chọn", "The agencies asked for")
_FAMILIES: Final = (measures.BOOKS, *FAMILIES)

#: First and last day number.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. Without ``first`` and ``last`` all periods that anything was counted in, each
    of them whole; ``agencies`` and ``kind`` leave the others out.
    """

    by: By = By.NATION
    unit: Unit = Unit.QUARTER
    first: date | None = None
    last: date | None = None
    agencies: Collection[str] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The measures of a group in a period, of its days from ``first`` to ``last``.

    ``complete``: all days of the period are over and recorded. ``values`` are None for the reason
    in ``missing``; ``partly`` says of a family from which day on it is recorded, when that is
    inside.
    """

    period: Period
    first: date
    last: date
    complete: bool
    group: Group
    values: Mapping[str, measures.Value]
    missing: Mapping[str, str]
    partly: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Report:
    """Lines by period, then in the order of the groups. ``since``: from which day on a family is
    recorded at all; empty where nothing is.
    """

    asked: Question
    since: Mapping[str, date]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Which days are recorded: for each family from when on, and all of them up to ``last``.

    Behind that something is known only of spans in which words were counted: the words.
    """

    first: Mapping[str, int]
    last: int
    today: int

    @classmethod
    def of(cls, counted: Counted, today: int, *, another_time: bool) -> _Recorded:
        if counted.first_day is None or counted.last_day is None:
            return cls({}, today, today)
        begun = {measures.BOOKS: counted.first_day}
        for family in FAMILIES:
            since = counted.since.get(family)
            begun[family] = max(counted.first_day, since.day if since else 0)
        # Of the time behind what a run played nobody recorded that nothing was sent, though a word
        # about it is said years later.
        played = counted.last_carried or counted.first_day
        last = played if another_time else max(today, counted.last_day)
        return cls(begun, last, today)

    def of_family(self, family: str, span: Span) -> Span | None:
        """The part of a span from the day on which a family is recorded; None for none."""
        if family not in self.first:
            return None
        first = max(span[0], self.first[family])
        return (first, span[1]) if first <= span[1] else None


@dataclass(slots=True)
class _Sums:
    """Spans that are asked for, each once, what was counted in them by group, and those in which
    anybody was heard.
    """

    spans: dict[Span, int] = field(default_factory=dict)
    counts: defaultdict[tuple[int, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    heard: set[Span] = field(default_factory=set)

    def want(self, span: Span | None) -> None:
        if span is not None:
            self.spans.setdefault(span, len(self.spans))

    def of(self, span: Span, group: Group) -> Counter[str]:
        return self.counts[self.spans[span], group.key]


class Statistics:
    """Any token may read them: they name agencies, and no document."""

    def __init__(self, books: Store, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._another_time: bool | None = None

    async def report(self, asked: Question) -> Report:
        """Answer a question; raises ``Rejected`` where that took more than ``LINES_MAX`` lines."""
        counted = await self._books.counted()
        another_time = await self._plays_another_time()
        today = day_number(self._clock.now())
        recorded = _Recorded.of(counted, today, another_time=another_time)
        members = _members(asked, await self._books.agencies())
        groups = _groups(asked, members)
        clipped = _clipped(asked, counted, LINES_MAX // max(len(groups), 1))
        sums = _Sums()
        for _, span in clipped:
            for family in _FAMILIES:
                sums.want(recorded.of_family(family, span))
        group_of = {a.code: _key(asked.by, a) for a in members}
        spans = list(sums.spans)
        for no, agency, metric, n in await self._books.sums(spans, measures.METRICS):
            if metric in measures.WORDS:
                sums.heard.add(spans[no])
            if agency in group_of:
                sums.counts[no, group_of[agency]][metric] += n
        lines = [
            _line(period, span, group, recorded, sums)
            for period, span in clipped
            for group in groups
        ]
        since = {family: day_of_number(first) for family, first in recorded.first.items()}
        return Report(asked, since, lines)

    async def _plays_another_time(self) -> bool:
        """Whether the first document of the books was recorded at another time than it occurred.

        The books say so themselves, also at rest, or served without the setting they were made by.
        """
        if self._another_time is None:
            found = (await self._books.extract(_ALWAYS, 0, 1)).found
            if not found:
                return False
            first = found[0].document
            self._another_time = abs(first.recorded_at - first.occurred_at) > _NOW_US
        return self._another_time


def _members(asked: Question, agencies: Sequence[Agency]) -> list[Agency]:
    return [
        a
        for a in agencies
        if (not asked.agencies or a.code in asked.agencies) and asked.kind in ("", a.kind)
    ]


def _key(by: By, agency: Agency) -> str:
    return {By.NATION: "", By.KIND: agency.kind, By.AGENCY: agency.code}[by]


def _groups(asked: Question, members: Sequence[Agency]) -> list[Group]:
    if asked.by is By.AGENCY:
        return [Group(a.code, a.name_vi, a.name_en) for a in members]
    if asked.by is By.NATION:
        return [_SOME if asked.agencies or asked.kind else _NATION]
    found = {a.kind for a in members}
    known = [group for group in KINDS if group.key in found]
    others = sorted(found - {group.key for group in KINDS})
    return [*known, *(Group(kind, kind, kind) for kind in others)]


def _clipped(asked: Question, counted: Counted, most: int) -> list[tuple[Period, Span]]:
    """The periods asked for, and the days of each that are."""
    found = list(islice(_periods(asked, counted), most + 1))
    if len(found) > most:
        detail = {
            "place": "query.period",
            "message": f"makes more than {LINES_MAX} lines; ask for fewer days",
            "message_vi": f"cho quá {LINES_MAX} dòng; hãy chọn ít ngày hơn",
        }
        raise Rejected([Fault("request.invalid", "query.period", detail)])
    return [
        (
            period,
            (
                number_of_day(max(period.first, asked.first or period.first)),
                number_of_day(min(period.last, asked.last or period.last)),
            ),
        )
        for period in found
    ]


def _periods(asked: Question, counted: Counted) -> Iterator[Period]:
    first, last = asked.first, asked.last
    if counted.first_day is not None and counted.last_day is not None:
        first = first or day_of_number(counted.first_day)
        last = last or max(day_of_number(counted.last_day), first)
    if first is not None and last is not None:
        yield from periods(asked.unit, first, last)


def _line(period: Period, span: Span, group: Group, recorded: _Recorded, sums: _Sums) -> Line:
    values: dict[str, measures.Value] = {}
    missing: dict[str, str] = {}
    partly: dict[str, date] = {}
    for family in _FAMILIES:
        part = recorded.of_family(family, span)
        carried = part is not None and part[0] <= recorded.last
        if part is not None and carried and part[0] > span[0]:
            partly[family] = day_of_number(part[0])
        counts = {} if part is None else sums.of(part, group)
        for name, value in measures.measured(family, counts).items():
            known = carried or (part in sums.heard and name in measures.OF_WORDS)
            values[name] = value if known else None
            if not known or value is None:
                missing[name] = measures.NOTHING if known else measures.NOT_RECORDED
    whole = (number_of_day(period.first), number_of_day(period.last))
    over = whole[1] <= recorded.last and whole[1] < recorded.today
    complete = over and span == whole == recorded.of_family(measures.BOOKS, whole)
    return Line(
        period,
        day_of_number(span[0]),
        day_of_number(span[1]),
        complete,
        group,
        values,
        missing,
        partly,
    )
