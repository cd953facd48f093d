"""Named scenarios: what somebody may ask of an axis in a worst minute, and where that comes from.

S1 to S5 are the published series so many times over: the worst minute of its peak day
(``growth.base``) times their multiple of its mean of 113,000 documents sent and received in thirty
days. Nothing is known of how many recipients others' documents have, so they have the peak day's.
R1 comes on top of that day. What the axis has no door for is listed with the reason, as are the
counts of other systems that are marks to compare with. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from agencies import model
from agencies.figure import Figure
from agencies.load.growth import BURST, PEAK_DAY, base
from agencies.load.impossible import Impossible
from agencies.load.judge import HOLDS_S
from agencies.load.plan import DOCUMENTS_MIN
from agencies.load.search import RATE_MAX
from agencies.load.storage import TOP_BYTES, TOP_DOCUMENTS

#: Documents sent and received in thirty days, the mean of eleven: 1,243,000 / 11.
MONTH_MEAN = 113_000

TIMES = {
    "S1": Figure(
        1.0,
        "sourced",
        "298,000 documents sent and 945,000 received in eleven times thirty days (Báo Lạng Sơn, "
        "7 February 2020).",
    ),
    "S2": Figure(
        1.8,
        "derived",
        "1.3 million by 25 February (en.qdnd.vn) and 1.7 million by 27 April 2020 (vietnam.vnanet."
        "vn): 6,450 a day, 200,000 in March. Both ends are rounded.",
    ),
    "S3": Figure(
        10.0,
        "assumed",
        "Districts and communes on the axis as well; nothing published says how much they send.",
    ),
    "S4": Figure(
        53.0,
        "derived",
        "73.13 million documents between 1,724 Korean institutions in 2010 (jnnews.co.kr).",
    ),
    "S5": Figure(
        129.0,
        "derived",
        "177.16 million documents between 2,489 Korean institutions in 2022 (ddaily.co.kr).",
    ),
}
REPORTS = Figure(
    20,
    "sourced",
    "Periodic reports of each ministry to the Government and the Prime Minister (en.vietnamplus.vn,"
    " March 2020); that provinces have as many is assumed.",
)
REPORTERS = 94
DOSSIERS = Figure(
    75_000,
    "derived",
    "Dossiers a day that the public service portal took over, at the most: 7.3 million by 19 May "
    "and 14 million by 19 August 2020 (opendevelopmentmekong.net, en.vietnamplus.vn), rounded up. "
    "Each is two calls: the dossier, and how far it is.",
)
CERTIFIED_MAILS = Figure(
    6_500_000,
    "sourced",
    "Certified e-mails a day in Italy in 2019 (news.mrw.it, adnkronos.com).",
)
XROAD = Figure(
    21_270_000,
    "sourced",
    "Requests a day over Estonia's X-Road, December 2025 to May 2026 (ria.ee).",
)
SPINE = Figure(
    3_500,
    "sourced",
    "Messages a second at the peak of England's NHS Spine in October 2018 (ukauthority.com).",
)
_DAY_S = 86_400

Mark = Literal["sourced", "derived", "assumed"]

#: Between two rates that are tried above the one that is asked for.
TIMES_UP = 4.0
#: Steps of one check: five or so up, and four to say where between two the capacity lies.
STEPS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``rate``: so many ``unit`` a second; of documents that is what the worst minute carries, each
    with ``fanout`` recipients, ``reports`` of them to the Government Office alone.

    ``derived`` is the arithmetic, ``source`` where its figure is from, and ``mark`` how sure that
    is. ``why_not``: why it cannot be played.
    """

    name: str
    title: str
    rate: float
    derived: str
    mark: Mark
    source: str
    fanout: float = 1.0
    reports: float = 0.0
    unit: str = "documents"
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """How a scenario is played: first at ``rates[0]``, documents a second, which is what it asks,
    or more (``raised``) where a minute of that has too few documents for a p99.
    """

    documents: int
    rates: tuple[float, ...]
    raised: bool


@cache
def scenarios() -> Mapping[str, Scenario]:
    """All of them by their names, S1 to S8, P1 and R1."""
    multiples = (
        ("S1", "The series as published"),
        ("S2", "March 2020"),
        ("S3", "All four levels of government"),
        ("S4", "Korea in 2010"),
        ("S5", "Korea in 2022"),
    )
    found = (*(_multiple(name, title) for name, title in multiples), *_marks(), _portal())
    return {one.name: one for one in (*found, _reports())}


def find(name: str) -> Scenario:
    """The scenario of that name; raises ``Impossible``."""
    one = scenarios().get(name.upper())
    if one is None:
        raise Impossible(f"{name} is none of {', '.join(scenarios())}; S3 would do")
    return one


def played(scenario: Scenario, package_bytes: float, documents: int | None) -> Played:
    """The worst minute itself, then rates above it up to what two cores were seen to get through;
    ``documents`` is how many the first step has instead of those of a minute.
    """
    assert not scenario.why_not, "it cannot be played"
    least = max(DOCUMENTS_MIN, math.ceil(scenario.rate * HOLDS_S))
    count = least if documents is None else documents
    rate = _up(max(scenario.rate, count / HOLDS_S))
    top = min(TOP_DOCUMENTS, TOP_BYTES / package_bytes, RATE_MAX)
    rungs = [rate]
    while rungs[-1] * TIMES_UP <= top:
        rungs.append(rungs[-1] * TIMES_UP)
    return Played(count, tuple(rungs), raised=rate > _up(scenario.rate))


def _multiple(name: str, title: str) -> Scenario:
    first, times = base(), TIMES[name]
    return Scenario(
        name=name,
        title=title,
        rate=first.documents * times.value,
        derived=f"{times.value:g} x {first.documents:.3f}",
        mark=times.mark,
        source=times.source,
        fanout=first.fanout,
    )


def _reports() -> Scenario:
    """All reports of a period in one working day: they close on the 14th and are due one or two
    working days later, and the peak day is the 15th.
    """
    day, first = model.days()[PEAK_DAY], base()
    told = REPORTERS * REPORTS.value
    sent = day.sent + told
    return Scenario(
        name="R1",
        title="The day reports are due",
        rate=first.documents * sent / day.sent,
        derived=f"({day.sent:,} + {REPORTERS} x {REPORTS.value}) / {day.sent:,} x "
        f"{first.documents:.3f}",
        mark="derived",
        source=REPORTS.source,
        fanout=(day.received + told) / sent,
        reports=told / sent,
    )


def _portal() -> Scenario:
    hour = max(model.HOURS_PER_MILLE.value.values()) / 1000
    calls = 2 * DOSSIERS.value
    return Scenario(
        name="P1",
        title="A burst of the public service portal",
        rate=calls * hour / 3600 * BURST.value,
        derived=f"{calls:,} x {hour:g} / 3,600 x {BURST.value}",
        mark=DOSSIERS.mark,
        source=DOSSIERS.source,
        unit="calls",
        why_not="dossiers are calls of the portal's own interface, for which the axis has no door",
    )


def _marks() -> tuple[Scenario, ...]:
    mean = "{:,} / 86,400, a mean"
    mails, requests = CERTIFIED_MAILS.value, XROAD.value
    rows = (
        ("S6", "Italy's certified e-mail in 2019", mails / _DAY_S, mean.format(mails)),
        ("S7", "Estonia's X-Road in 2026", requests / _DAY_S, mean.format(requests)),
        ("S8", "England's NHS Spine in 2018", SPINE.value, "its peak"),
    )
    figures = (CERTIFIED_MAILS, XROAD, SPINE)
    return tuple(
        Scenario(
            name=name,
            title=title,
            rate=rate,
            derived=derived,
            mark=figure.mark,
            source=figure.source,
            unit="requests" if figure is XROAD else "messages",
            why_not="it is a count of another system, a mark on the chart of growth and no more",
        )
        for (name, title, rate, derived), figure in zip(rows, figures, strict=True)
    )


def _up(rate: float) -> float:
    """Three digits, never less: who carries it carries what was asked."""
    digits = 2 - math.floor(math.log10(rate))
    power = 10.0**digits
    return math.ceil(round(rate * power, 6)) / power
