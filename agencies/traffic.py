"""The plan of a day: who sends what to whom, and when. A pure function of seed and date.

Day totals are exact: so many documents, so many recipients in all. Everything else is drawn from
the shares of ``agencies.model``. Each step has its own stream of draws, named by seed, day and
step, so a step can be given a quota without moving what the others draw: a day of the whole history
(``agencies.history``) is *pinned* to the day's part of two yearly figures of Lạng Sơn.

The steps: senders (independent, by rank); sizes of the recipient lists (drawn until they come near
the day's total, then small lists are moved by one until they meet it; wide lists are never
touched); wide lists are given to senders outside their class; recipients; times, types, urgency;
running numbers; which deliveries will be refused.
"""

from __future__ import annotations

import argparse
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import NamedTuple

from agencies import lists, model, numbering, pinning, quota, wording
from agencies.dice import Dice
from agencies.quota import Pins
from axis.core.timetable import VIETNAM, day_number, day_of_number, day_start_us
from schemas.codes import AgencyRow
from schemas.edxml import NEW, UPDATE

_HOUR_US = 3_600_000_000
_URGENCIES = tuple(model.URGENCY_PER_MILLE.value)
_URGENCY_WEIGHTS = tuple(accumulate(model.URGENCY_PER_MILLE.value.values()))
_KIND_WEIGHTS = tuple(accumulate(kind.per_mille for kind in model.DOCUMENT_KINDS.value))


class Refusal(NamedTuple):
    """A recipient that will refuse the document with 02, and the reason it will give."""

    agency: str
    reason: str


class Spoken(NamedTuple):
    """An earlier document of the same sender, sent at ``at_us``, and all who received it."""

    at_us: int
    number: int
    notation: str
    type_name: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One document to send. ``index`` is its place in the day's order of sending, from 0.

    ``at_us`` is microseconds UTC; ``recipients`` are distinct agency codes, never the sender;
    ``urgency`` is 0 to 3; ``business`` is the BussinessDocType (0: new); ``number`` runs per
    sender in the calendar year; ``wording_seed`` is all that subject, people and file depend on.

    ``about`` is the document that is recalled, updated or replaced (``business`` 1 to 3). An
    update is that document once more and bears its number. ``again_us`` is when the same bytes
    are sent a second time; that counts nowhere.
    """

    index: int
    at_us: int
    sender: str
    recipients: tuple[str, ...]
    urgency: int
    business: int
    type_name: str
    type_detail: int
    number: int
    notation: str
    signed: bool
    wording_seed: int
    refused_by: tuple[Refusal, ...] = ()
    about: Spoken | None = None
    again_us: int | None = None

    @property
    def at(self) -> datetime:
        """The instant of sending, aware, UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.at_us)

    @property
    def local(self) -> datetime:
        """The instant of sending in the Viet Nam zone."""
        return self.at.astimezone(VIETNAM)

    @property
    def day(self) -> date:
        """The Viet Nam day of sending."""
        return day_of_number(day_number(self.at_us))

    @property
    def promulgated(self) -> date:
        """The Viet Nam day the document is dated: an update keeps that of what it updates."""
        return self.about_day if self.business == UPDATE else self.day

    @property
    def about_day(self) -> date:
        """The Viet Nam day of the document it is about; there must be one."""
        assert self.about is not None, "about nothing"
        return day_of_number(day_number(self.about.at_us))

    @property
    def document_id(self) -> str:
        """``<sender>,<yyyy/MM/dd>,<number>/<notation>`` (VPCP 2.4): unique per sender, but for
        an update, which bears the name of the document it updates.
        """
        return document_id(self.sender, self.promulgated, self.number, self.notation)

    @property
    def about_id(self) -> str:
        """The DocumentId of ``about``; empty where the document speaks of none."""
        if self.about is None:
            return ""
        return document_id(self.sender, self.about_day, self.about.number, self.about.notation)


def document_id(sender: str, day: date, number: int, notation: str) -> str:
    """The name of a document (VPCP 2.4, 1.14)."""
    return f"{sender},{day.year}/{day.month:02}/{day.day:02},{number}/{notation}"


def plan_day(
    day: date,
    seed: int,
    *,
    sent: int | None = None,
    received: int | None = None,
    refusals: int | None = None,
    pinned: bool = False,
) -> tuple[Planned, ...]:
    """The documents of a day in the order of sending.

    ``sent`` and ``received`` (both or neither) stand in for the day's own totals; ``refusals`` is
    how many deliveries will be refused (default 3 per mille, rounded). ``pinned`` makes the day
    meet its part of Lạng Sơn's figures of 2019, and needs the day's own totals. ValueError for a
    day outside 12 March 2019 to 4 February 2020, and for totals that no plan can meet.
    """
    if pinned and sent is not None:
        raise ValueError("a pinned day has its own totals")
    sent, received, weights = _totals(day, sent, received)
    pins = quota.pins(day) if pinned else None
    refusals = _share(received, model.REFUSED_PER_MILLE.value) if refusals is None else refusals
    if not 0 <= refusals <= received:
        raise ValueError(f"{refusals} refusals do not fit {received} deliveries")
    ranks = numbering.ranks(day, seed, sent, pins)
    senders = [model.senders_by_rank()[rank] for rank in ranks]
    recipients = _recipients(day, seed, senders, (received, weights), pins)
    refused = _refusals(Dice(seed, day, "refusals"), recipients, refusals)
    numbers = numbering.numbers(day, seed, ranks, pinned=pinned)
    instants = _instants(Dice(seed, day, "times"), day, sent)
    urgencies = Dice(seed, day, "urgency").picks(_URGENCY_WEIGHTS, sent)
    kinds = Dice(seed, day, "types").picks(_KIND_WEIGHTS, sent)
    seeds = Dice(seed, day, "wording").words(sent)
    plan = []
    for i, sender in enumerate(senders):
        kind = model.DOCUMENT_KINDS.value[kinds[i]]
        plan.append(
            Planned(
                index=i,
                at_us=instants[i],
                sender=sender.code,
                recipients=recipients[i],
                urgency=_URGENCIES[urgencies[i]],
                business=NEW,
                type_name=kind.name,
                type_detail=kind.detail,
                number=numbers[i],
                notation=wording.notation(sender, kind.name, kind.letters, seeds[i]),
                signed=True,
                wording_seed=seeds[i],
                refused_by=refused.get(i, ()),
            )
        )
    return tuple(plan)


def digest(plan: Iterable[Planned]) -> str:
    """SHA-256 of the plan's JSON lines, each ended by a line feed."""
    lines = "".join(json_line(planned) + "\n" for planned in plan)
    return sha256(lines.encode()).hexdigest()


def json_line(planned: Planned) -> str:
    """One document of the plan as JSON, keys in the order of the fields; without ``about`` and
    ``again_us`` where there are none, as in a day that is played alone.
    """
    told = {name: value for name, value in asdict(planned).items() if value is not None}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _totals(
    day: date, sent: int | None, received: int | None
) -> tuple[int, int, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Documents, deliveries, and the weights of the list sizes for them."""
    total = model.days().get(day)
    if total is None:
        raise ValueError(f"{day} is outside the published period, 2019-03-12 to 2020-02-04")
    if sent is None and received is None:
        return total.sent, total.received, model.list_weights(*model.month_total(total.month30))
    if sent is None or received is None:
        raise ValueError("give both sent and received, or neither")
    most = sent * lists.SMALL_MOST
    if not 0 < sent <= received <= most:
        raise ValueError(f"{sent} documents cannot make {received} deliveries ({sent} to {most})")
    return sent, received, model.list_weights(sent, received)


def _share(count: int, per_mille: int) -> int:
    """``per_mille`` of ``count``, rounded half up."""
    return (count * per_mille + 500) // 1000


def _recipients(
    day: date,
    seed: int,
    senders: Sequence[AgencyRow],
    totals: tuple[int, tuple[tuple[int, ...], tuple[int, ...]]],
    pins: Pins | None,
) -> list[tuple[str, ...]]:
    """The recipient list of each document; ``totals`` are deliveries and weights of the sizes."""
    dice = Dice(seed, day, "lists")
    if pins is None:
        sizes = lists.sizes_of_day(dice, senders, *totals)
    else:
        most, own = pins.from_office, Dice(seed, day, "pinned lists")
        sizes = lists.sizes_of_day(
            dice, senders, *totals, lambda given: pinning.sizes(own, given, senders, most)
        )
    dice = Dice(seed, day, "recipients")
    drawn = [lists.recipients(dice, s.code, n) for s, n in zip(senders, sizes, strict=True)]
    if pins is None:
        return drawn
    own = Dice(seed, day, "pinned recipients")
    return pinning.recipients(own, senders, drawn, pins.from_office)


def _instants(dice: Dice, day: date, count: int) -> list[int]:
    """Instants of sending in order, microseconds UTC: an hour by weight, uniform within it."""
    hours = model.HOURS_PER_MILLE.value
    of_day = list(hours)
    start = day_start_us(day)
    picked = dice.picks(tuple(accumulate(hours.values())), count)
    within = dice.words(count)
    return sorted(
        start + of_day[hour] * _HOUR_US + (word * _HOUR_US >> 64)
        for hour, word in zip(picked, within, strict=True)
    )


def _refusals(
    dice: Dice, recipients: Sequence[Sequence[str]], count: int
) -> dict[int, tuple[Refusal, ...]]:
    """``count`` deliveries of the day with the reasons they are refused for, by document."""
    ends = list(accumulate(map(len, recipients)))
    refused: dict[int, tuple[Refusal, ...]] = {}
    for delivery in sorted(dice.sample(range(ends[-1]), count)):
        document = bisect_right(ends, delivery)
        agency = recipients[document][delivery - ends[document]]
        refusal = Refusal(agency, dice.choice(wording.REFUSAL_REASONS))
        refused[document] = (*refused.get(document, ()), refusal)
    return refused


def main() -> None:
    """Print a day's plan as JSON lines, and last a line with its counts and its SHA-256."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--day", type=date.fromisoformat, required=True, help="2020-01-15")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    plan = plan_day(arguments.day, arguments.seed)
    for planned in plan:
        print(json_line(planned))
    summary = {
        "day": arguments.day.isoformat(),
        "seed": arguments.seed,
        "sent": len(plan),
        "received": sum(len(planned.recipients) for planned in plan),
        "sha256": digest(plan),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
