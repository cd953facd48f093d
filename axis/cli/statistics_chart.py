"""Sent and received of each period as bars: SVG that stands in the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from axis.cli.statistics_words import count

_WIDTH, _HEIGHT = 1000, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 10, 26, 34
_GAP: Final = 0.3
#: A bar is no wider, however few there are.
_BAR_MAX: Final = 46
#: What the name of a period takes.
_LABEL: Final = 60
_BARS: Final = (("sent", "Gửi · Sent"), ("received", "Nhận · Received"))


def step_of(most: int, lines: int = 4) -> int:
    """The distance of grid lines, 1, 2 or 5 times a power of ten; at most so many to ``most``."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step * lines >= most:
                return step
        power *= 10


def chart(rows: Sequence[Mapping[str, Any]]) -> str:
    """The bars; what is not recorded has none. Empty where there is nothing to compare."""
    most = max((row[name] or 0 for row in rows for name, _ in _BARS), default=0)
    if not most:
        return ""
    step = step_of(most)
    top = step * -(-most // step)
    parts = [_grid(step * n, top) for n in range(top // step + 1)]
    room = (_WIDTH - _LEFT - _RIGHT) / len(rows)
    named = math.ceil(_LABEL / room)
    for index, row in enumerate(rows):
        parts += _bars(row, _LEFT + index * room, room, top)
        if index % named == 0:
            parts += _named(row, _LEFT + (index + 0.5) * room)
    return (
        f'<div class="picture"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Gửi và nhận theo kỳ · Sent and received by period">{_legend()}'
        f"{''.join(parts)}</svg></div>"
    )


def _y(value: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top


def _grid(value: int, top: int) -> str:
    y = _y(value, top)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count(value)}</text>'
    )


def _bars(row: Mapping[str, Any], left: float, room: float, top: int) -> list[str]:
    width = min(room * (1 - _GAP) / len(_BARS), _BAR_MAX)
    begin = left + (room - width * len(_BARS)) / 2
    floor = _y(0, top)
    # Between two bars is a little room, however narrow they are.
    drawn = width - min(1.0, width * _GAP)
    parts = []
    for index, (name, _) in enumerate(_BARS):
        y = _y(row[name] or 0, top)
        parts.append(
            f'<rect class="{name}" x="{begin + index * width:.1f}" y="{y:.1f}" '
            f'width="{drawn:.2f}" height="{floor - y:.1f}"/>'
        )
    return parts


def _named(row: Mapping[str, Any], middle: float) -> Iterator[str]:
    """The name of a period below its bars, and a word where it has none."""
    floor = _HEIGHT - _BOTTOM
    yield _text(middle, floor + 18, "" if "/" in row["period"] else row["period"])
    if row["sent"] is None:
        yield _text(middle, floor - 6, "chưa ghi nhận")


def _text(middle: float, y: float, words: str) -> str:
    return f'<text x="{middle:.1f}" y="{y:.1f}" text-anchor="middle">{escape(words)}</text>'


def _legend() -> str:
    parts = []
    x = _LEFT
    for name, words in _BARS:
        parts.append(
            f'<rect class="{name}" x="{x}" y="4" width="11" height="11"/>'
            f'<text x="{x + 17}" y="14">{words}</text>'
        )
        x += 150
    return "".join(parts)
