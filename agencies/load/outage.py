"""What comes of one agency, or Kafka, being away for a while: the backlog, the way back, everybody
else. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from agencies import traffic
from agencies.load.course import Course
from agencies.load.growth import PEAK_DAY
from agencies.load.impossible import Impossible
from agencies.load.judge import Latency, latency
from agencies.load.record import Record
from agencies.load.series import spans, still_open

#: Seconds of an outage, and of the time before and after it: without any there is nothing to
#: compare with.
AWAY_MIN_S, BESIDE_MIN_S = 2.0, 5.0


#: Who is away where it is no agency; orders name its first process so among those beside the axis.
KAFKA = "Kafka"


@dataclass(frozen=True, slots=True)
class Absence:
    """One agency takes nothing, or Kafka answers nobody, from ``from_s`` to ``until_s``."""

    agency: str
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """``backlog_max`` deliveries (of Kafka: records to be published) waited for it at the most;
    ``drained_s`` after its return it had all that was accepted before (of Kafka: nothing waited;
    None: never). ``before``, ``during`` and ``after`` are latencies of deliveries between the
    others, by their intended moment; ``backlog`` is one figure a second.
    """

    agency: str
    from_s: float
    until_s: float
    backlog_max: int
    drained_s: float | None
    before: Latency
    during: Latency
    after: Latency
    backlog: list[int]


def absence(course: Course, agency: str, away_s: float) -> Absence:
    """An absence in the middle of a course. Raises ``Impossible``."""
    beside_s = (course.seconds - away_s) / 2
    if not away_s >= AWAY_MIN_S or beside_s < BESIDE_MIN_S:
        raise Impossible(
            f"--away {away_s:g} does not lie in {course.seconds:g} s with {BESIDE_MIN_S:g} s "
            f"before and after it; {_fitting(course.seconds)} would do"
        )
    return Absence(agency, beside_s, beside_s + away_s)


def _fitting(seconds: float) -> str:
    """An absence that lies within so many seconds, or those and one that does."""
    most_s = min(seconds / 3, seconds - 2 * BESIDE_MIN_S)
    if most_s < AWAY_MIN_S:
        return f"--seconds {3 * BESIDE_MIN_S:g} --away {BESIDE_MIN_S:g}"
    return f"--away {math.floor(most_s * 10) / 10:g}"


@cache
def largest(seed: int) -> str:
    """The agency that receives most on the peak day."""
    received = Counter(
        code for planned in traffic.plan_day(PEAK_DAY, seed) for code in planned.recipients
    )
    return max(sorted(received), key=lambda code: received[code])


def outage(record: Record, away: Absence, seconds: float) -> Outage:
    """What came of it, from a record that is as whole as it will be."""
    begun, ended = spans(record, away.agency)
    steps = sorted([(at, 1) for at in begun] + [(at, -1) for at in ended])
    backlog = most = 0
    for _, step in steps:
        backlog += step
        most = max(most, backlog)
    back_s = record.begin_s + away.until_s
    owed = [
        record.done_s.get((letter.index, code))
        for letter, code in record.deliveries()
        if code == away.agency and record.accepted_s[letter.index] <= back_s
    ]
    had = [at for at in owed if at is not None]
    whole = len(had) == len(owed)
    last_s = max([*record.done_s.values(), record.begin_s + seconds]) - record.begin_s
    return Outage(
        agency=away.agency,
        from_s=away.from_s,
        until_s=away.until_s,
        backlog_max=most,
        drained_s=max(0.0, max(had, default=back_s) - back_s) if whole else None,
        before=_others(record, away.agency, 0.0, away.from_s),
        during=_others(record, away.agency, away.from_s, away.until_s),
        after=_others(record, away.agency, away.until_s, math.inf),
        backlog=still_open(record, math.ceil(last_s), away.agency),
    )


class Waited(NamedTuple):
    """How many records waited to be published at a moment (seconds of the machine's clock)."""

    at_s: float
    records: int


def of_kafka(record: Record, away: Absence, seconds: float, seen: Sequence[Waited]) -> Outage:
    """The same where Kafka was away, from what was seen to wait meanwhile."""
    back_s = record.begin_s + away.until_s
    empty = [one.at_s for one in seen if one.at_s >= back_s and not one.records]
    backlog = [
        max((one.records for one in seen if n <= one.at_s - record.begin_s < n + 1), default=0)
        for n in range(math.ceil(max([seconds, *(one.at_s - record.begin_s for one in seen)])))
    ]
    return Outage(
        agency=KAFKA,
        from_s=away.from_s,
        until_s=away.until_s,
        backlog_max=max((one.records for one in seen), default=0),
        drained_s=empty[0] - back_s if empty else None,
        before=_others(record, KAFKA, 0.0, away.from_s),
        during=_others(record, KAFKA, away.from_s, away.until_s),
        after=_others(record, KAFKA, away.until_s, math.inf),
        backlog=backlog,
    )


def _others(record: Record, agency: str, from_s: float, until_s: float) -> Latency:
    return latency(
        record.available_s[letter.index, code] - record.due_s(letter.index)
        for letter, code in record.deliveries()
        if agency not in (letter.sender, code)
        and from_s <= letter.after_s < until_s
        and (letter.index, code) in record.available_s
    )
