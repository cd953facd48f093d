"""Which of the agencies one process plays: a share of them, some, or all but some."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple


class Share(NamedTuple):
    """Part ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Share(1, 1)


def share_of(text: str) -> Share:
    """Read ``1/4``. Raises ``ValueError`` with a sentence for a person."""
    first, _, second = text.partition("/")
    if not (first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second)):
        raise ValueError(f"{text} is no share; the first of four is 1/4")
    return Share(int(first), int(second))


def chosen(
    codes: Sequence[str],
    share: Share = WHOLE,
    only: Collection[str] = (),
    but: Collection[str] = (),
) -> tuple[str, ...]:
    """The codes of a share in their order, without ``but``, and of ``only`` where it is given.

    The shares of one number make the whole and have nothing in common; each is as large as the
    others, give or take one. Raises ``ValueError`` for a code that is none of ``codes``.
    """
    strange = [code for code in (*only, *but) if code not in codes]
    if strange:
        raise ValueError(f"{', '.join(strange)}: none of the {len(codes)} agencies")
    part = codes[share.number - 1 :: share.of]
    return tuple(c for c in part if c not in but and (not only or c in only))
