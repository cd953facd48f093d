"""Agency codes (``OrganId``): dot groups, the last of which names the connected agency.

A code of QĐ 28/2018 art. 10.2 has 13 characters in four groups, ``000.00.13.H53``: the agency is
``H53``, the groups before it a unit beneath it, zeros where a level is empty. Short forms of two
or three groups (``28.22.H17``) are older and still met, so they are read.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: QĐ 28/2018 art. 10.2: 13 characters. It is the longest spelling of four groups.
ORGAN_ID_MAX = 13

#: For people: what :func:`is_organ_id` accepts.
ORGAN_ID_SHAPE = "2 to 4 groups of 2 or 3 capitals or digits between dots, at most 13 characters"

_ORGAN_ID = re.compile(r"[0-9A-Z]{2,3}(?:\.[0-9A-Z]{2,3}){1,3}")
_AGENCY = re.compile(r"[A-Z][0-9A-Z]{2}")


def is_organ_id(text: str) -> bool:
    """Whether ``text`` is a code of the grammar, long or short; says nothing of the directory."""
    return len(text) <= ORGAN_ID_MAX and _ORGAN_ID.fullmatch(text) is not None


# An axis meets the same codes all day: a few thousand agencies and units.
@lru_cache(maxsize=8192)
def agency_of(organ_id: str) -> str:
    """The 13-character code of the agency a unit belongs to, by the last group of its code.

    ``28.22.H17`` and ``000.00.13.H17`` both give ``000.00.00.H17``.
    :raises ValueError: when ``organ_id`` is no code or its last group cannot name an agency.
    """
    if is_organ_id(organ_id):
        return expand(organ_id.rpartition(".")[2])
    raise ValueError(f"{organ_id!r} is not an agency code: {ORGAN_ID_SHAPE}")


def expand(short: str) -> str:
    """The 13-character code of an agency named by its group alone: ``H37`` is ``000.00.00.H37``.

    A whole code is returned as it is.
    :raises ValueError: when ``short`` is neither.
    """
    if _AGENCY.fullmatch(short):
        return f"000.00.00.{short}"
    if is_organ_id(short):
        return short
    raise ValueError(f"{short!r} is not an agency: a letter and two characters, as H37")
