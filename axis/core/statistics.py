"""The measures of the statistics: what each is made of, and what is said where there is none.

QĐ 28/2018 art. 11 wants sending and receiving counted by the systems themselves, art. 15.1 a report
of them each quarter. The law names no measures; these are ours. Every one is made of sums of
counters, so that sums over agencies and days are sums of theirs. For the same reason there is no
median: none can be had from sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, get_args

from axis.core.lifecycle import ACCEPTED, REFUSED
from axis.core.tally import RECEIVED, SENT, said
from axis.core.timeliness import (
    ACCEPTANCE,
    ACCEPTED_LATER,
    LAG_DAYS,
    NEXT_DAY,
    NEXT_MORNING,
    SECONDS,
    SENDING,
    SENT_LATER,
    SIGNATURE,
    UNDATED,
    UNTIMED,
    VALID,
)
from axis.core.trust import Verdict

#: The family of what is counted from the first event of all books on.
BOOKS: Final = "books"

_REFUSED: Final = said(REFUSED)
_ACCEPTED: Final = said(ACCEPTED)
_UNSIGNED: Final = tuple(f"{SIGNATURE}.{v}" for v in get_args(Verdict) if v != VALID)

#: Every counter that the measures are made of.
METRICS: Final = (
    *(SENT, RECEIVED, _REFUSED, _ACCEPTED, *_UNSIGNED),
    *(NEXT_MORNING, SENT_LATER, UNDATED, LAG_DAYS),
    *(NEXT_DAY, ACCEPTED_LATER, UNTIMED, SECONDS),
)

Counts = Mapping[str, int]
Value = int | float | None

#: Why a measure is null.
NOT_RECORDED: Final = "not yet recorded"
NOTHING: Final = "nothing to measure"

_HOUR_S: Final = 3600


class Measure(NamedTuple):
    """A measure by its name in JSON and CSV.

    ``of`` makes it of the counters of a span; None where there is nothing to measure. Only counts
    of a whole are sums of those of its parts. Shares lie between 0 and 1 and have four digits
    behind the point, means have two.
    """

    name: str
    family: str
    kind: Literal["count", "share", "mean"]
    of: Callable[[Counts], Value]


def _n(counts: Counts, *metrics: str) -> int:
    return sum(counts.get(metric, 0) for metric in metrics)


def _valid(counts: Counts) -> int:
    return _n(counts, SENT) - _n(counts, *_UNSIGNED)


def _dated(counts: Counts) -> int:
    return _n(counts, SENT) - _n(counts, UNDATED)


def _same_day(counts: Counts) -> int:
    return _dated(counts) - _n(counts, NEXT_MORNING, SENT_LATER)


def _timed(counts: Counts) -> int:
    return _n(counts, _ACCEPTED) - _n(counts, UNTIMED)


def _within_hour(counts: Counts) -> int:
    return _timed(counts) - _n(counts, NEXT_DAY, ACCEPTED_LATER)


def _share(part: int, whole: int) -> Value:
    return round(part / whole, 4) if whole else None


def _mean(total: float, whole: int) -> Value:
    return round(total / whole, 2) if whole else None


#: By name; what each means stands in ``schemas.rest_statistics``.
MEASURES: Final = (
    Measure("sent", BOOKS, "count", lambda c: _n(c, SENT)),
    Measure("received", BOOKS, "count", lambda c: _n(c, RECEIVED)),
    Measure("refused", BOOKS, "count", lambda c: _n(c, _REFUSED)),
    Measure("accepted", BOOKS, "count", lambda c: _n(c, _ACCEPTED)),
    Measure("signature_valid", SIGNATURE, "count", _valid),
    Measure("signature_valid_share", SIGNATURE, "share", lambda c: _share(_valid(c), _n(c, SENT))),
    Measure("sent_same_day", SENDING, "count", _same_day),
    Measure("sent_next_morning", SENDING, "count", lambda c: _n(c, NEXT_MORNING)),
    Measure("sent_later", SENDING, "count", lambda c: _n(c, SENT_LATER)),
    Measure("sent_undated", SENDING, "count", lambda c: _n(c, UNDATED)),
    Measure(
        "sent_in_time_share",
        SENDING,
        "share",
        lambda c: _share(_same_day(c) + _n(c, NEXT_MORNING), _dated(c)),
    ),
    Measure("sent_mean_days", SENDING, "mean", lambda c: _mean(_n(c, LAG_DAYS), _dated(c))),
    Measure("accepted_within_hour", ACCEPTANCE, "count", _within_hour),
    Measure("accepted_next_day", ACCEPTANCE, "count", lambda c: _n(c, NEXT_DAY)),
    Measure("accepted_later", ACCEPTANCE, "count", lambda c: _n(c, ACCEPTED_LATER)),
    Measure("accepted_untimed", ACCEPTANCE, "count", lambda c: _n(c, UNTIMED)),
    Measure(
        "accepted_within_hour_share",
        ACCEPTANCE,
        "share",
        lambda c: _share(_within_hour(c), _timed(c)),
    ),
    Measure(
        "accepted_by_next_day_share",
        ACCEPTANCE,
        "share",
        lambda c: _share(_within_hour(c) + _n(c, NEXT_DAY), _timed(c)),
    ),
    Measure(
        "accepted_mean_hours",
        ACCEPTANCE,
        "mean",
        lambda c: _mean(_n(c, SECONDS) / _HOUR_S, _timed(c)),
    ),
)

#: The counters and the measures of what recipients say. They may say it days behind the last
#: document that a run carries.
WORDS: Final = (_REFUSED, _ACCEPTED)
OF_WORDS: Final = frozenset(
    {"refused", "accepted", *(m.name for m in MEASURES if m.family == ACCEPTANCE)}
)


def measured(family: str, counts: Counts) -> dict[str, Value]:
    """The measures of a family."""
    return {m.name: m.of(counts) for m in MEASURES if m.family == family}
