"""Make a day's draws meet published figures of single agencies, and disturb nothing else.

Lạng Sơn sends so many documents and gets so many from the Government Office. Where the draws have
it otherwise, documents drawn at random change hands: their number, the sizes of the lists and the
shares of the other agencies among themselves stay what they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from agencies import lists, model
from agencies.dice import Dice
from agencies.lists import GOVERNMENT_OFFICE
from agencies.quota import Pins
from schemas.codes import AgencyRow

LANG_SON = "000.00.00.H37"


def ranks(dice: Dice, drawn: Sequence[int], pins: Pins) -> list[int]:
    """The drawn senders (places in ``model.senders_by_rank()``) with exactly so many of Lạng Sơn.

    The Government Office gets at least as many as must come from it.
    """
    weights = model.sender_weights()
    codes = [row.code for row in model.senders_by_rank()]
    lang_son, office = codes.index(LANG_SON), codes.index(GOVERNMENT_OFFICE)
    ranks = list(drawn)
    own = [i for i, rank in enumerate(ranks) if rank == lang_son]
    for i in dice.sample(own, max(0, len(own) - pins.lang_son)):
        while ranks[i] == lang_son:
            ranks[i] = dice.pick(weights)
    for rank, wanted in ((lang_son, pins.lang_son), (office, pins.from_office)):
        others = [i for i, other in enumerate(ranks) if other not in (lang_son, rank)]
        missing = max(0, wanted - ranks.count(rank))
        for i in dice.sample(others, missing) if missing else ():
            ranks[i] = rank
    return ranks


def sizes(
    dice: Dice, given: list[int], senders: Sequence[AgencyRow], most: int
) -> list[int] | None:
    """List sizes with which ``most`` documents of the Government Office can reach Lạng Sơn.

    A list of all provinces or of everyone reaches it in any case: those beyond ``most`` change
    places with a small list of a sender who may have them. None where nobody may, and where the
    Office has too few lists that Lạng Sơn can be put on.
    """
    central = set(lists.groups().central)
    own = [i for i, sender in enumerate(senders) if sender.code == GOVERNMENT_OFFICE]
    reaching = [i for i in own if given[i] in (lists.PROVINCE_LIST, lists.EVERYONE_LIST)]
    for i in dice.sample(reaching, max(0, len(reaching) - most)):
        others = [
            j
            for j, sender in enumerate(senders)
            if given[j] <= lists.SMALL_MOST
            and sender.code != GOVERNMENT_OFFICE
            and (given[i] == lists.EVERYONE_LIST or sender.code in central)
        ]
        if not others:
            return None
        j = dice.choice(others)
        given[i], given[j] = given[j], given[i]
    able = sum(given[i] not in (lists.MINISTRY_LIST, lists.CENTRAL_LIST) for i in own)
    return given if able >= most else None


def recipients(
    dice: Dice, senders: Sequence[AgencyRow], drawn: Sequence[tuple[str, ...]], wanted: int
) -> list[tuple[str, ...]]:
    """The recipient lists with Lạng Sơn on exactly ``wanted`` of those of the Government Office.

    It takes or leaves the place of another province, so the Office writes as often to provinces.
    """
    found = list(drawn)
    provinces = lists.groups().provinces
    whole = (lists.MINISTRY_LIST, lists.CENTRAL_LIST, lists.PROVINCE_LIST, lists.EVERYONE_LIST)
    own = [
        i
        for i, sender in enumerate(senders)
        if sender.code == GOVERNMENT_OFFICE and len(found[i]) not in whole
    ]
    reaching = [i for i in own if LANG_SON in found[i]]
    wanted -= sum(
        sender.code == GOVERNMENT_OFFICE and len(found[i]) in whole[2:]
        for i, sender in enumerate(senders)
    )
    for i in dice.sample(reaching, max(0, len(reaching) - wanted)):
        others = [code for code in provinces if code not in found[i]]
        found[i] = _exchanged(found[i], LANG_SON, dice.choice(others))
    missing = max(0, wanted - len(reaching))
    rest = [i for i in own if LANG_SON not in found[i]] if missing else []
    fit = [i for i in rest if not set(provinces).isdisjoint(found[i])]
    chosen = dice.sample(fit, min(missing, len(fit)))
    unfit = [i for i in rest if i not in fit]
    for i in chosen + dice.sample(unfit, missing - len(chosen)):
        replaceable = [code for code in found[i] if code in provinces] or found[i]
        found[i] = _exchanged(found[i], dice.choice(replaceable), LANG_SON)
    return found


def _exchanged(codes: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if code == old else code for code in codes)
