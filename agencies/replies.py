"""When each recipient of a planned document takes it, and what it says of it when.

A pure function of the plan: of seed, sender, DocumentId, kind and recipient, and of the moment of
sending. A run that was killed knows from the plan of the last few days what is still owed, and
whoever plays the history knows all 945,000 answers beforehand. ``agencies.clerk`` is the rule for
agencies that answer live; median and spread are the same.

Software fetches a document, says 01 at once, and a clerk answers in working hours, within two
whole working days: 03, or 02 with the reason the plan has. An update is asked of a recipient and
not told, so its answer is 15 or 16 (VPCP 2.4 section 2.6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from agencies import lists, model_offices, office_hours, wording
from agencies.clerk import DELAY
from agencies.dice import Dice
from agencies.traffic import Planned
from agencies.words import row_of
from axis.core.timetable import MICROSECONDS, OPENED, day_number, day_of_number
from schemas.edxml import UPDATE

_DAYS_MAX = model_offices.ANSWER_WORKING_DAYS_MAX.value
#: No clerk takes longer, in working time.
DELAY_MAX_US = _DAYS_MAX * office_hours.WORKING_DAY_US
_FETCH_US = model_offices.FETCH_EVERY_SECONDS.value * MICROSECONDS
_AT_ONCE_US = model_offices.FETCH_AT_ONCE_SECONDS.value * MICROSECONDS
_CLERKS = model_offices.CLERKS.value


class Reply(NamedTuple):
    """What one recipient does: it takes the document and says 01 at ``taken_us``, and says
    ``code`` at ``answered_us``, later. Microseconds UTC. ``reason`` goes with 02 and 16; ``staff``
    is the clerk who answers.
    """

    recipient: str
    taken_us: int
    code: str
    answered_us: int
    reason: str
    staff: str


def replies(planned: Planned, seed: int) -> tuple[Reply, ...]:
    """One reply for each recipient, in the order of the package."""
    refused = dict(planned.refused_by)
    agreed, declined = ("15", "16") if planned.business == UPDATE else ("03", "02")
    # An update has the name of another package; its kind keeps their answers apart.
    name = f"{seed}/reply/{planned.document_id}/{planned.business}/".encode()
    told = []
    for recipient in planned.recipients:
        digest = hashlib.sha256(name + recipient.encode()).digest()
        taken_us = _taken_us(recipient, seed, planned.at_us)
        delay_us = min(DELAY.at(int.from_bytes(digest[:8], "big")), DELAY_MAX_US)
        reason = refused.get(recipient, "")
        told.append(
            Reply(
                recipient,
                taken_us,
                declined if reason else agreed,
                office_hours.after(taken_us, delay_us),
                reason,
                _clerks(recipient, seed)[digest[8] % _CLERKS],
            )
        )
    return tuple(told)


def owing_since(at_us: int) -> date:
    """The first day of sending of which something may still be unsaid at this moment.

    Everything sent on an earlier Viet Nam day was answered before. That is two to five days back,
    nine at Tết, and never before the axis opened; after 6 February 2020 it is a day that the plan
    no longer has, since nothing is owed.
    """
    day = office_hours.day_before(day_of_number(day_number(at_us)), _DAYS_MAX)
    return max(day, OPENED)


def _taken_us(recipient: str, seed: int, at_us: int) -> int:
    """When a document of that moment is taken: an agency takes in the order of sending."""
    place = _places(seed)[recipient]
    if _direct(recipient):
        return at_us + 1 + (place * _AT_ONCE_US >> 64)
    offset_us = place * _FETCH_US >> 64
    return at_us + _FETCH_US - (at_us - offset_us) % _FETCH_US


@cache
def _places(seed: int) -> Mapping[str, int]:
    """By agency 64 bits: when within five minutes it looks, or how soon it has what it is told."""

    def place(code: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{seed}/looks/{code}".encode()).digest()[:8], "big")

    return {code: place(code) for code in lists.groups().everyone}


@cache
def _clerks(agency: str, seed: int) -> tuple[str, ...]:
    """The people of an agency's registry."""
    row, dice = row_of(agency), Dice(seed, "registry", agency)
    return tuple(wording.clerk(row, dice).name for _ in range(_CLERKS))


@cache
def _direct(code: str) -> bool:
    known = lists.groups()
    return code in known.central or code[-3:] in model_offices.FETCHING_DIRECTLY.value
