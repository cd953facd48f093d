"""Who writes to whom: a field for each sender and recipient, and the kinds they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

import orjson

from axis.cli.result.scales import SHADES, bounds, shade
from axis.cli.result.svg import chart, element, label
from axis.cli.screen import number
from axis.core.directory import Agency

_CELL = 6.0
_GAP = 4.0
_LEFT, _TOP = 132.0, 96.0
#: Kinds of the directory in the order of the map: English, Vietnamese, and short for a border.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "ministry": ("Ministries", "Bộ", "ministries"),
    "ministerial-level agency": (
        "Ministerial-level agencies",
        "Cơ quan ngang bộ",
        "ministerial level",
    ),
    "government-attached agency": (
        "Agencies under the Government",
        "Cơ quan thuộc Chính phủ",
        "under Government",
    ),
    "party office": ("Party Central Office", "Văn phòng Trung ương Đảng", "Party Office"),
    "centrally-run city": (
        "Centrally run cities",
        "Thành phố trực thuộc trung ương",
        "cities",
    ),
    "province": ("Provinces", "Tỉnh", "provinces"),
}


def names_of(kind: str) -> tuple[str, str, str]:
    """English, Vietnamese and short name of a kind of agency; a strange one is called as it is."""
    return KINDS.get(kind, (kind, "", kind))


def in_order(directory: Sequence[Agency]) -> list[Agency]:
    """The agencies kind by kind, the kinds in the order of the map, and by code."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(directory, key=lambda a: (order.get(a.kind, len(order)), a.kind, a.code))


def pairs(found: Counter[tuple[str, str]], agencies: Sequence[Agency]) -> tuple[str, list[int]]:
    """The map, senders in rows and recipients in columns, and the bounds of its shades."""
    upper = bounds(max(found.values(), default=0))
    places, borders = _places(agencies)
    codes = [agency.code for agency in agencies]
    # One path for each shade: nine thousand elements would be half a megabyte.
    paths: dict[int, list[str]] = {n: [] for n in range(SHADES + 1)}
    for sender, y in zip(codes, places, strict=True):
        for recipient, x in zip(codes, places, strict=True):
            if sender != recipient:
                at = f"M{_LEFT + x:g} {_TOP + y:g}h5v5h-5z"
                paths[shade(found[sender, recipient], upper)].append(at)
    parts = [element("path", d="".join(d), class_=f"h{n}") for n, d in paths.items() if d]
    for kind, middle in borders:
        short = names_of(kind)[2]
        parts.append(label(_LEFT - 10, _TOP + middle + 4, short, text_anchor="end"))
        x, y = _LEFT + middle, _TOP - 10
        parts.append(label(x, y, short, transform=f"rotate(-40 {x:g} {y:g})"))
    edge = (places[-1] if places else 0) + _CELL
    desc = f"{number(found.total())} deliveries between {len(agencies)} agencies. "
    desc += "Senders are rows, recipients columns, kind by kind; the table below has the kinds."
    size = (_LEFT + edge + 46, _TOP + edge + 8)
    return chart("pairs", "Deliveries by sender and recipient", desc, size, *parts), upper


def data(found: Counter[tuple[str, str]], agencies: Sequence[Agency]) -> str:
    """What a pointer on the map is told, as JSON that may stand in a page: places, names, counts
    row by row.
    """
    codes = [agency.code for agency in agencies]
    told = {
        "left": _LEFT,
        "top": _TOP,
        "cell": _CELL,
        "places": _places(agencies)[0],
        "names": [f"{a.name_vi} ({a.code})" for a in agencies],
        "rows": [[found[sender, recipient] for recipient in codes] for sender in codes],
    }
    return orjson.dumps(told).decode().replace("<", "\\u003c")


def by_kinds(
    found: Counter[tuple[str, str]], agencies: Sequence[Agency]
) -> Counter[tuple[str, str]]:
    """Deliveries by the kinds of sender and recipient."""
    kinds = {agency.code: agency.kind for agency in agencies}
    told: Counter[tuple[str, str]] = Counter()
    for (sender, recipient), n in found.items():
        told[kinds[sender], kinds[recipient]] += n
    return told


def _places(agencies: Sequence[Agency]) -> tuple[list[float], list[tuple[str, float]]]:
    """How far each agency stands from the corner, and each kind with the middle of its band."""
    places: list[float] = []
    borders: list[tuple[str, float]] = []
    at = 0.0
    for kind, members in groupby(agencies, key=lambda agency: agency.kind):
        start = at
        for _ in members:
            places.append(at)
            at += _CELL
        borders.append((kind, (start + at - _CELL) / 2 + _CELL / 2))
        at += _GAP
    return places, borders
