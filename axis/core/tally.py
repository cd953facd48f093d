"""The books' counters: their names, and the two balance lines.

A counter is (agency, day, metric). *Flows* only grow and carry the Viet Nam day of the event:
``sent`` (by the sender), ``received`` (by the recipient, at the first ``done``), ``said.NN`` (each
status, by who said it), and those of ``axis.core.timeliness``. *Standing* counters carry day 0 and
follow the deliveries from state to state; they belong to the recipient. "Sent" counts accepted
document packages of all DocTypes, "received" deliveries at the first ``done``: our reading, since
no source defines the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from axis.core.document import Delivery
from axis.core.lifecycle import Business, Transport

#: (agency, day number or STANDING, metric)
Key = tuple[str, int, str]
STANDING = 0
#: Day numbers of flow counters. The last one lies in the year 2243.
FIRST_DAY, LAST_DAY = 1, 100_000

SENT, RECEIVED, DELIVERIES = "sent", "received", "deliveries"
#: What carrying documents counts. Words about one may be said years later.
CARRIED = (SENT, RECEIVED)


def said(code: str) -> str:
    """The metric of a status code."""
    return f"said.{code}"


def transport_metric(state: Transport) -> str:
    """The standing counter of a transport state."""
    return f"transport.{state.name.lower()}"


def business_metric(state: Business) -> str:
    """The standing counter of a business state, over the deliveries that are done."""
    return f"business.{state.name.lower()}"


TRANSPORT_METRICS = tuple(transport_metric(s) for s in Transport)
BUSINESS_METRICS = tuple(business_metric(s) for s in Business)


#: The two states of a delivery.
State = tuple[Transport, Business]


def standing(state: State) -> tuple[str, ...]:
    """The standing counters in which a delivery in this state counts one."""
    transport, business = state
    metrics = (DELIVERIES, transport_metric(transport))
    return (*metrics, business_metric(business)) if transport is Transport.DONE else metrics


@cache
def _difference(before: State | None, after: State) -> tuple[tuple[str, int], ...]:
    """What a step adds to which standing counter. There are few steps, and they are hot."""
    difference = Counter(standing(after))
    if before is not None:
        difference.subtract(standing(before))
    return tuple((metric, n) for metric, n in difference.items() if n)


def move(tally: Counter[Key], before: Delivery | None, after: Delivery) -> None:
    """Book a delivery's step from ``before`` (None: it is new) to ``after``."""
    agency = after.place.recipient
    origin = None if before is None else (before.transport, before.business)
    for metric, n in _difference(origin, (after.transport, after.business)):
        tally[agency, STANDING, metric] += n


@dataclass(frozen=True, slots=True)
class Balance:
    """One balance line of one agency (or of all): the total and the states it must equal."""

    line: str
    total: int
    parts: Mapping[str, int]

    @property
    def difference(self) -> int:
        """Zero when the line balances."""
        return self.total - sum(self.parts.values())


def balances(counts: Mapping[str, int]) -> tuple[Balance, Balance]:
    """The transport and the business line over standing counters (promise 5 of the design)."""
    transport = {m.partition(".")[2]: counts.get(m, 0) for m in TRANSPORT_METRICS}
    business = {m.partition(".")[2]: counts.get(m, 0) for m in BUSINESS_METRICS}
    return (
        Balance("transport", counts.get(DELIVERIES, 0), transport),
        Balance("business", transport["done"], business),
    )


def total(rows: Iterable[tuple[str, str, int]]) -> dict[str, Counter[str]]:
    """Counters per agency, and under "" of all, from (agency, metric, n) rows."""
    out: dict[str, Counter[str]] = {"": Counter()}
    for agency, metric, n in rows:
        out.setdefault(agency, Counter())[metric] += n
        out[""][metric] += n
    return out


class Since(NamedTuple):
    """From where on a family of counters is counted: events behind ``seq``, days from ``day`` on.

    What happened before ``seq`` happened on earlier days, and nobody counted it.
    """

    seq: int
    day: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What the counters cover: the first and the last day of a flow, and the last of one that
    carries documents (None: there is none yet).

    ``since`` has the families that are not counted from the first event on.
    """

    first_day: int | None
    last_day: int | None
    last_carried: int | None
    since: Mapping[str, Since]
