"""What the statistics must say of some books, reckoned from their documents and events by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from axis.core.document import Document, Event
from axis.core.period import Unit
from axis.core.statistics import MEASURES
from axis.flows.statistics import By, Line, Question, Statistics
from axis.ports import Store
from tests.contract.books import NOON

_COUNTS = tuple(m.name for m in MEASURES if m.kind == "count")
_VIETNAM = timezone(timedelta(hours=7))
#: Days that are not worked near those of the recipes.
_HOLIDAYS = {date(2020, 1, 1), date(2020, 4, 30), date(2020, 5, 1)} | {
    date(2020, 1, day) for day in range(23, 30)
}


class Calendar:
    """A clock that stands behind everything that happens in these books."""

    def now(self) -> int:
        return NOON + 200 * 86_400_000_000


async def report(store: Store, by: By, unit: Unit, **rest: Any) -> list[Line]:
    asked = Question(by=by, unit=unit, **rest)
    return list((await Statistics(store, Calendar()).report(asked)).lines)


async def must_agree(store: Store) -> None:
    """Parts add up to wholes, and each agency's days to what its documents and events say."""
    wholes = {by: _sum(await report(store, by, Unit.SPAN)) for by in By}
    assert wholes[By.NATION] == wholes[By.KIND] == wholes[By.AGENCY]
    for by in By:
        lines = {unit: await report(store, by, unit) for unit in Unit}
        for unit in Unit:
            assert _sum(lines[unit]) == wholes[by], unit
        for large, small in (
            (Unit.YEAR, Unit.HALF),
            (Unit.HALF, Unit.QUARTER),
            (Unit.QUARTER, Unit.MONTH),
        ):
            for line in lines[large]:
                parts = (part for part in lines[small] if _within(part, line))
                assert _sum(parts) == _sum([line])
    by_agency = await report(store, By.AGENCY, Unit.MONTH)
    found = {(line.period.label, line.group.key): _counts(line) for line in by_agency}
    reckoned = await _reckoned(store)
    assert {key: counts for key, counts in found.items() if counts} == reckoned


def _within(part: Line, whole: Line) -> bool:
    inside = whole.period.first <= part.period.first and part.period.last <= whole.period.last
    return inside and part.group == whole.group


def _counts(line: Line) -> Counter[str]:
    counts = {name: line.values[name] for name in _COUNTS}
    return Counter({name: int(n) for name, n in counts.items() if n})


def _sum(lines: Iterable[Line]) -> Counter[str]:
    total: Counter[str] = Counter()
    for line in lines:
        total.update(_counts(line))
    return total


async def _reckoned(store: Store) -> dict[tuple[str, str], Counter[str]]:
    """Counts by (month, agency)."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    arrived: dict[tuple[int, str], datetime] = {}
    async for item in store.history():
        match item:
            case Document():
                at = _local(item.occurred_at)
                to = counts[f"{at:%Y-%m}", item.sender]
                to["sent"] += 1
                to["signature_valid"] += item.verdict == "valid"
                to[_sending(item, at)] += 1
            case Event(kind="done"):
                at = _local(item.occurred_at)
                arrived[item.doc, item.recipient] = at
                counts[f"{at:%Y-%m}", item.recipient]["received"] += 1
            case Event(kind="status", code="01"):
                key = item.doc, item.recipient
                arrived[key] = min(arrived[key], _local(item.occurred_at))
            case Event(kind="status", code="02"):
                counts[f"{_local(item.occurred_at):%Y-%m}", item.actor]["refused"] += 1
            case Event(kind="status", code="03"):
                at = _local(item.occurred_at)
                to = counts[f"{at:%Y-%m}", item.actor]
                to["accepted"] += 1
                to[_acceptance(arrived[item.doc, item.recipient], at)] += 1
    return {key: +of for key, of in counts.items() if +of}


def _local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(_VIETNAM)


def _worked_after(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() > 4 or day in _HOLIDAYS:
        day += timedelta(days=1)
    return day


def _sending(document: Document, at: datetime) -> str:
    stated = document.meta.get("promulgated")
    signed = date.fromisoformat(stated) if stated and document.kind == 0 else date.max
    if signed > at.date():
        return "sent_undated"
    if signed == at.date():
        return "sent_same_day"
    limit = datetime.combine(_worked_after(signed), time(12), _VIETNAM)
    return "sent_next_morning" if at < limit else "sent_later"


def _acceptance(arrived: datetime, at: datetime) -> str:
    if at <= arrived:
        return "accepted_untimed"
    if at - arrived <= timedelta(hours=1):
        return "accepted_within_hour"
    in_time = at.date() <= _worked_after(arrived.date())
    return "accepted_next_day" if in_time else "accepted_later"
