"""What the texts of one planned document are, drawn from its ``wording_seed`` in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from agencies import model, wording
from agencies.dice import Dice
from agencies.traffic import Planned
from schemas.codes import AgencyRow, agencies
from schemas.edxml import RECALL, UPDATE, Signer, Staff
from schemas.organ import agency_of


class Words(NamedTuple):
    """The texts of a document; ``turn`` is 64 bits that its size may depend on."""

    subject: str
    content: str
    due: date | None
    signer: Signer
    clerk: Staff
    turn: int


def words(planned: Planned) -> Words:
    """The texts of a planned document.

    An update and a replacement keep those of the document they are about; a recall names it.
    """
    sender, day = row_of(planned.sender), planned.promulgated
    dice = Dice(planned.wording_seed, "words")
    subject = wording.subject(planned.type_name, day, dice)
    due = _due(day, dice)
    signer = wording.signer(sender, dice)
    clerk = wording.clerk(sender, dice)
    content = wording.content(due)
    if planned.about is not None and planned.business == RECALL:
        about = planned.about
        code = f"{about.number}/{about.notation}"
        subject, due = wording.recall(about.type_name, code, planned.about_day), None
        content = wording.RECALLED
    elif planned.business == UPDATE:
        content = wording.UPDATED
    return Words(subject, content, due, signer, clerk, dice.below(1 << 64))


def row_of(code: str) -> AgencyRow:
    """The agency of a code in the directory. Raises ``KeyError`` where it is none of the 95."""
    return _rows()[code]


def name_of(organ_id: str) -> str:
    """The name of an agency or of the one that a unit belongs to; the code itself where it is none
    of the 95: the axis knows who was added.
    """
    try:
        return row_of(agency_of(organ_id)).name_vi
    except (KeyError, ValueError):
        return organ_id


@cache
def _rows() -> Mapping[str, AgencyRow]:
    return {row.code: row for row in agencies()}


def _due(day: date, dice: Dice) -> date | None:
    """The day an answer is due by, where one is named."""
    if dice.below(1000) >= model.DUE_PER_MILLE.value:
        return None
    first, last = model.DUE_DAYS.value
    return day + timedelta(days=first + dice.below(last - first + 1))
