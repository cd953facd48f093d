"""A load test over its seconds: what was offered, what came of it, how quickly. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from agencies.load.judge import latency
from agencies.load.record import Record

#: Seconds beyond the last moment that are told: what takes longer is lost, and said to be.
BEYOND_MAX = 600


@dataclass(frozen=True, slots=True)
class Series:
    """One figure a second. ``offered``, ``accepted`` and ``available`` are documents: due, with a
    receipt, with all their recipients. ``open`` are deliveries at the end of the second, accepted
    and not done. ``p50`` and ``p99`` are latencies until a recipient had it (seconds), of what was
    due in that second; None where nothing was. Agencies that are looked at apart are left out of
    them.
    """

    offered: Sequence[int]
    accepted: Sequence[int]
    available: Sequence[int]
    open: Sequence[int]
    p50: Sequence[float | None]
    p99: Sequence[float | None]


def series(record: Record, seconds: float, apart: Collection[str] = ()) -> Series:
    """The seconds of a test that lasted ``seconds`` and of what it left behind; the agencies
    ``apart`` have latencies of their own.
    """
    begin_s = record.begin_s
    last_s = max([*record.done_s.values(), begin_s + seconds]) - begin_s
    count = math.ceil(min(last_s, seconds + BEYOND_MAX))
    late: defaultdict[int, list[float]] = defaultdict(list)
    everywhere: list[float] = []
    for letter in record.letters:
        times = [record.available_s.get((letter.index, code)) for code in letter.recipients]
        known = [at for at in times if at is not None]
        if letter.sender not in apart:
            late[math.floor(letter.after_s)] += [
                record.available_s[letter.index, code] - record.due_s(letter.index)
                for code in letter.recipients
                if code not in apart and (letter.index, code) in record.available_s
            ]
        away = sum(code in record.absent for code in letter.recipients)
        if letter.index in record.receipts and known and len(known) + away == len(times):
            everywhere.append(max(known))
    due = Counter(math.floor(letter.after_s) for letter in record.letters)
    found = [latency(late[n]) if late[n] else None for n in range(count)]
    return Series(
        offered=[due[n] for n in range(count)],
        accepted=_by_second(record.accepted_s.values(), begin_s, count),
        available=_by_second(everywhere, begin_s, count),
        open=still_open(record, count),
        p50=[None if one is None else one.p50 for one in found],
        p99=[None if one is None else one.p99 for one in found],
    )


def still_open(record: Record, count: int, agency: str = "") -> list[int]:
    """Deliveries (of one agency, where it is named) accepted and not done at the end of each of so
    many seconds.
    """
    begun, ended = spans(record, agency)
    ends = [record.begin_s + n + 1 for n in range(count)]
    return [bisect_right(begun, at) - bisect_right(ended, at) for at in ends]


def spans(record: Record, agency: str = "") -> tuple[list[float], list[float]]:
    """When deliveries were accepted and when they were done, each in order.

    A recipient may have one before its sender has the receipt: it is no less accepted then.
    """
    begun, ended = [], []
    for letter, code in record.deliveries():
        if agency and code != agency:
            continue
        done = record.done_s.get((letter.index, code))
        accepted = record.accepted_s[letter.index]
        begun.append(accepted if done is None else min(accepted, done))
        if done is not None:
            ended.append(done)
    return sorted(begun), sorted(ended)


def _by_second(times: Iterable[float], begin_s: float, count: int) -> list[int]:
    counted = Counter(math.floor(at - begin_s) for at in times)
    return [counted[n] for n in range(count)]
