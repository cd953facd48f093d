"""Curves over a rate or over months, on scales that may be logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axis.cli.result.svg import chart, element, label, line

WIDTH, HEIGHT = 480.0, 280.0
_LEFT, _RIGHT, _TOP, _FLOOR = 52.0, 16.0, 18.0, 224.0
#: Ticks of a linear scale, some so many, and what lies between two; those of a logarithmic one.
_TICKS = 5
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_NAMES = (1.0, 2.0, 5.0)
#: Below a curve's key: the line, the gap, and a letter of its name.
_KEY, _GAP, _LETTER = 16.0, 21.0, 7.2

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from ``low`` to ``high``; ``unit`` is written at its end."""

    low: float
    high: float
    unit: str
    log: bool = True

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        if self.log:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def spread(self, count: int) -> list[float]:
        """So many values from end to end, evenly as the scale goes."""
        shares = [n / (count - 1) for n in range(count)]
        if self.log:
            return [self.low * float((self.high / self.low) ** share) for share in shares]
        return [self.low + (self.high - self.low) * share for share in shares]

    def ticks(self) -> list[float]:
        """Round values in it."""
        if not self.log:
            rough = (self.high - self.low) / _TICKS
            power = 10.0 ** math.floor(math.log10(rough))
            step = next(n * power for n in _STEPS if n * power >= rough)
            count = math.floor((self.high - self.low) / step + 1e-9)
            return [self.low + n * step for n in range(count + 1)]
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        many = last - first > 3
        names = _NAMES[:1] if many else _NAMES
        found = [n * 10.0**power for power in range(first, last + 1) for n in names]
        return [value for value in found if self.low <= value <= self.high]


def over(values: Sequence[float], unit: str, *, log: bool = True) -> Axis:
    """A scale that holds the values, with a little room."""
    known = [value for value in values if value > 0] or [1.0]
    if log:
        return Axis(min(known) / 1.15, max(known) * 1.15, unit)
    return Axis(0.0, max(known) * 1.1, unit, log=False)


def curves(
    name: str,
    title: str,
    x: Axis,
    y: Axis,
    drawn: Mapping[str, tuple[str, Points]],
    levels: Mapping[str, float] = {},
    marks: Points = (),
    named: Mapping[str, tuple[float, float]] = {},
) -> str:
    """Curves by the word they are called, each with its class; ``levels`` are lines across,
    ``marks`` points that matter, and ``named`` points to compare with.
    """

    def place(point: tuple[float, float]) -> tuple[float, float]:
        across = _LEFT + x.share(point[0]) * (WIDTH - _LEFT - _RIGHT)
        return across, _FLOOR - min(max(y.share(point[1]), 0.0), 1.0) * (_FLOOR - _TOP)

    parts = _grid(x, y)
    for word, value in levels.items():
        height = place((x.low, value))[1]
        parts.append(line(_LEFT, height, WIDTH - _RIGHT, height, "point-line"))
        # The unit stands above the highest.
        foot = height - 5 if height > _TOP + 20 else height + 14
        parts.append(label(_LEFT + 4, foot, word, "name"))
    at = _LEFT
    for word, (class_, points) in drawn.items():
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in map(place, points))
        parts.append(element("polyline", points=path, class_=f"curve {class_}-line"))
        parts.append(line(at, HEIGHT - 9, at + _KEY, HEIGHT - 9, f"curve {class_}-line"))
        parts.append(label(at + _GAP, HEIGHT - 5, word, "name"))
        at += _GAP + _LETTER * len(word) + _KEY
    for word, point in named.items():
        a, b = place(point)
        parts.append(element("circle", cx=a, cy=b, r=3.0, class_="said"))
        # What rises to the right leaves room to the left of it, but at the left end of the scale.
        near = a < _LEFT + 4 * _LETTER
        where = (a, b - 9, "start") if near else (a - 5, b - 5, "end")
        parts.append(label(*where[:2], word, "mark-name", text_anchor=where[2]))
    for point in marks:
        a, b = place(point)
        parts.append(element("circle", cx=a, cy=b, r=5.0, class_="point"))
    desc = "; ".join(f"{word}: {len(points)} points" for word, (_, points) in drawn.items())
    return chart(name, title, desc, (WIDTH, HEIGHT), *parts)


def _grid(x: Axis, y: Axis) -> list[str]:
    parts = [line(_LEFT, _FLOOR, WIDTH - _RIGHT, _FLOOR, "floor")]
    for value in x.ticks():
        at = _LEFT + x.share(value) * (WIDTH - _LEFT - _RIGHT)
        parts.append(line(at, _TOP, at, _FLOOR, "grid"))
        parts.append(label(at, _FLOOR + 16, f"{value:,.6g}", text_anchor="middle"))
    for value in y.ticks():
        height = _FLOOR - y.share(value) * (_FLOOR - _TOP)
        parts.append(line(_LEFT, height, WIDTH - _RIGHT, height, "grid"))
        parts.append(label(_LEFT - 6, height + 4, f"{value:,.6g}", text_anchor="end"))
    parts.append(label(WIDTH - _RIGHT, _FLOOR + 32, x.unit, text_anchor="end"))
    parts.append(label(_LEFT, _TOP - 6, y.unit, text_anchor="start"))
    return parts
