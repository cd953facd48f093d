"""The documents of the history, day after day: 298,000 for 945,000 recipients, whatever the seed.

A day is ``agencies.traffic``'s day pinned to the published figures of 2019, in which some new
documents have become recalls, updates and replacements of earlier ones, and some are sent twice.
Counts of sender, recipients, hours and urgency are those of the day as it was drawn.

How a day knows what to speak of without knowing the whole history: positions that may speak are
reserved by the day's own draws, and only documents at other positions are spoken of. When each of
those can be is drawn with the document: on the same day, or so many days later. So no document is
spoken of twice, and a day needs the draws of the ten days before it and no more. A position looks
for a document of its sender with as many recipients, or with more and takes some of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from agencies import model, quota, wording
from agencies.dice import Dice
from agencies.pinning import LANG_SON
from agencies.traffic import Planned, Refusal, Spoken, plan_day
from agencies.words import row_of
from axis.core.timetable import MICROSECONDS
from schemas.edxml import RECALL, REPLACEMENT, UPDATE

_MINUTE_US = 60 * MICROSECONDS
#: Positions reserved for each document that shall speak of another: most find one to speak of.
_RESERVED = 6
_LAGS = tuple(model.SPOKEN_OF_AFTER_DAYS.value)
_LAG_WEIGHTS = tuple(accumulate(model.SPOKEN_OF_AFTER_DAYS.value.values()))
#: The day itself, the days it looks back to, and some room: planning on never draws a day twice.
_DRAWN_DAYS = len(_LAGS) + 5


class _Drawn(NamedTuple):
    """A day before anything speaks: its documents, the places reserved, and by (sender, days
    later) those that can be spoken of.
    """

    documents: tuple[Planned, ...]
    reserved: tuple[int, ...]
    open: Mapping[tuple[str, int], tuple[Planned, ...]]


class Moment(NamedTuple):
    """One sending: of the ``planned`` document at ``at_us``; ``again`` when it is the second."""

    at_us: int
    planned: Planned
    again: bool


def plan_of(day: date, seed: int) -> tuple[Planned, ...]:
    """The documents of a day of the history in the order of sending.

    A pure function. The first day costs up to eleven days' planning (a sixth of a second), every
    following one its own. ValueError for a day outside 12 March 2019 to 4 February 2020.
    """
    drawn = _drawn(day, seed)
    plan = list(drawn.documents)
    for position, spoken in _speaking(day, seed, drawn).items():
        plan[position] = spoken
    dice = Dice(seed, day, "again")
    least, most = model.REPEATED_AFTER_MINUTES.value
    for planned in dice.sample(plan, quota.per_mille(day, model.REPEATED_PER_MILLE.value)):
        later = least * _MINUTE_US + dice.below((most - least) * _MINUTE_US)
        plan[planned.index] = replace(planned, again_us=planned.at_us + later)
    return tuple(plan)


def moments(plan: Iterable[Planned]) -> Iterator[Moment]:
    """The sendings of a plan in the order of time, the repeated ones among them."""
    first = [Moment(planned.at_us, planned, again=False) for planned in plan]
    again = [Moment(p.again_us, p, again=True) for _, p, _ in first if p.again_us is not None]
    # Stable, so documents of one instant keep the order of the plan.
    yield from sorted(first + again, key=lambda moment: moment.at_us)


@lru_cache(maxsize=_DRAWN_DAYS)
def _drawn(day: date, seed: int) -> _Drawn:
    documents = plan_day(day, seed, pinned=True)
    wanted = len(_kinds(day, seed))
    places = Dice(seed, day, "reserved").sample(
        range(len(documents)), min(_RESERVED * wanted, len(documents) // 2)
    )
    reserved = set(places)
    found: dict[tuple[str, int], list[Planned]] = {}
    for planned in documents:
        if planned.index not in reserved:
            # The upper half of the seed; the lower one chooses the unit that drafted.
            turn = (planned.wording_seed >> 32) * _LAG_WEIGHTS[-1] >> 32
            lag = _LAGS[bisect_right(_LAG_WEIGHTS, turn)]
            found.setdefault((planned.sender, lag), []).append(planned)
    return _Drawn(documents, tuple(places), {key: tuple(of) for key, of in found.items()})


def _kinds(day: date, seed: int) -> list[int]:
    """The BussinessDocTypes of the day's recalls, updates and replacements in drawn order."""
    figures = (
        (RECALL, model.RECALLED_PER_MILLE),
        (UPDATE, model.UPDATED_PER_MILLE),
        (REPLACEMENT, model.REPLACED_PER_MILLE),
    )
    kinds = [kind for kind, f in figures for _ in range(quota.per_mille(day, f.value))]
    return Dice(seed, day, "business").sample(kinds, len(kinds))


def _speaking(day: date, seed: int, drawn: _Drawn) -> dict[int, Planned]:
    """By position the documents that speak of an earlier one."""
    dice = Dice(seed, day, "spoken of")
    kinds = _kinds(day, seed)[::-1]
    used: set[str] = set()
    speaking: dict[int, Planned] = {}
    for position in drawn.reserved:
        if not kinds:
            break
        planned = drawn.documents[position]
        fitting = [p for p in _before(planned, day, seed) if p.document_id not in used]
        if not fitting:
            continue
        # One with just as many recipients, where there is one: most such packages go to them all.
        size = len(planned.recipients)
        earlier = dice.choice([p for p in fitting if len(p.recipients) == size] or fitting)
        used.add(earlier.document_id)
        speaking[position] = _speak(dice, planned, kinds.pop(), earlier)
    return speaking


def _before(planned: Planned, day: date, seed: int) -> Iterator[Planned]:
    """The documents that ``planned`` may speak of."""
    latest = planned.at_us - model.SPOKEN_OF_AFTER_MINUTES.value * _MINUTE_US
    known = model.days()
    for lag in _LAGS:
        earlier = day - timedelta(days=lag)
        if earlier not in known:
            continue
        for candidate in _drawn(earlier, seed).open.get((planned.sender, lag), ()):
            # What the Government Office sends to Lạng Sơn is counted, so it stays as drawn.
            alike = (LANG_SON in candidate.recipients) == (LANG_SON in planned.recipients)
            enough = len(candidate.recipients) >= len(planned.recipients)
            if candidate.at_us <= latest and alike and enough:
                yield candidate


def _speak(dice: Dice, planned: Planned, kind: int, earlier: Planned) -> Planned:
    """``planned`` as a package of this kind about ``earlier``."""
    recipients = _some(dice, earlier.recipients, len(planned.recipients))
    # As many refusals as were drawn, by those who stand at the same places of the list.
    places = {code: i for i, code in enumerate(planned.recipients)}
    refused = tuple(
        Refusal(recipients[places[r.agency]], wording.DONE_WITH) for r in planned.refused_by
    )
    about = Spoken(
        earlier.at_us, earlier.number, earlier.notation, earlier.type_name, earlier.recipients
    )
    spoken = replace(planned, business=kind, recipients=recipients, refused_by=refused, about=about)
    if kind == RECALL:
        letter = model.DOCUMENT_KINDS.value[0]
        return replace(
            spoken,
            type_name=letter.name,
            type_detail=letter.detail,
            notation=wording.notation(
                row_of(planned.sender), letter.name, letter.letters, planned.wording_seed
            ),
        )
    return replace(
        spoken,
        type_name=earlier.type_name,
        type_detail=earlier.type_detail,
        notation=earlier.notation,
        wording_seed=earlier.wording_seed,
        number=earlier.number if kind == UPDATE else planned.number,
    )


def _some(dice: Dice, recipients: Sequence[str], count: int) -> tuple[str, ...]:
    """``count`` of the recipients in their order; Lạng Sơn is always among them."""
    if count == len(recipients):
        return tuple(recipients)
    kept = [code for code in recipients if code == LANG_SON]
    rest = [code for code in recipients if code != LANG_SON]
    chosen = {*kept, *dice.sample(rest, count - len(kept))}
    return tuple(code for code in recipients if code in chosen)
