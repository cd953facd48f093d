"""Signed packages of about 20 kB, made beforehand so that making them costs the runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from agencies.compose import compose
from agencies.traffic import plan_day
from agencies.world import read_key
from schemas.codes import agencies
from schemas.edxml_write import write
from schemas.signing import sign
from schemas.xmldsig import PrivateKey

FIRST_DAY = date(2019, 10, 8)
#: Where two streams of packages go to one axis, no document may be in both.
EARLIER_DAY = date(2019, 6, 3)
DAYS = 100


@dataclass(frozen=True, slots=True)
class Signed:
    """One package ready to be posted."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes


Keys = Mapping[str, tuple[PrivateKey, bytes]]


@cache
def keys(home: Path) -> Keys:
    """What the agencies of a world sign with."""
    return {row.code: read_key(home, row.code) for row in agencies()}


def signed(
    home: Path, with_keys: Keys | None = None, to: str = "", first_day: date = FIRST_DAY
) -> Iterator[Signed]:
    """Different documents for ever, one day after the other, signed with the keys of a world or
    with others; each to its own recipients, or all to one (who then sends none).
    """
    chosen = with_keys or keys(home)
    for seed in count(1):
        for offset in range(DAYS):
            for planned in plan_day(first_day + timedelta(days=offset), seed):
                if planned.sender == to:
                    continue
                one = replace(planned, recipients=(to,)) if to else planned
                raw = sign(write(compose(one)), *chosen[one.sender])
                yield Signed(one.sender, one.recipients, raw)
