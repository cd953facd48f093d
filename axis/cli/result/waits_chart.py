"""How long it took: the share of deliveries that took no longer, over time on a log scale."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

from axis.cli.result.svg import chart, element, label, line
from axis.core.spread import Spread

WIDTH, HEIGHT = 480.0, 260.0
_LEFT, _RIGHT, _TOP, _FLOOR = 46.0, 16.0, 18.0, 214.0
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
#: What people call round times, in microseconds; others have no tick.
_ROUND = {
    1_000: "1 ms",
    10_000: "10 ms",
    100_000: "0.1 s",
    _SECOND: "1 s",
    10 * _SECOND: "10 s",
    60 * _SECOND: "1 min",
    600 * _SECOND: "10 min",
    _HOUR: "1 h",
    6 * _HOUR: "6 h",
    24 * _HOUR: "1 day",
    7 * 24 * _HOUR: "7 days",
    30 * 24 * _HOUR: "30 days",
}
#: Room for the name of a time.
_NAME = 46.0
SHARES = (0.5, 0.9, 0.99)


def waits(name: str, title: str, spreads: Mapping[str, tuple[Spread, str]]) -> str:
    """Curves of spreads by the word they are called, each with its class."""
    known = {word: told for word, told in spreads.items() if told[0].count}
    least = min((spread.quantile(0.001) for spread, _ in known.values()), default=1_000)
    most = max((spread.longest for spread, _ in known.values()), default=_SECOND)
    low = max((us for us in _ROUND if us <= least), default=1_000)
    high = max(most, low * 10)
    span = log10(high / low) or 1.0

    def x_of(us: int) -> float:
        share = min(max(log10(max(us, low) / low) / span, 0.0), 1.0)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y_of(share: float) -> float:
        return _FLOOR - share * (_FLOOR - _TOP)

    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = y_of(share)
        parts.append(line(_LEFT, y, WIDTH - _RIGHT, y, "grid" if share else "floor"))
        parts.append(label(_LEFT - 6, y + 4, f"{share:.0%}", text_anchor="end"))
    named = -_NAME
    for us, text in _ROUND.items():
        if low <= us <= high:
            parts.append(line(x_of(us), _TOP, x_of(us), _FLOOR, "grid"))
            if x_of(us) - named >= _NAME:
                named = x_of(us)
                parts.append(label(named, _FLOOR + 16, text, text_anchor="middle"))
    for i, (word, (spread, class_)) in enumerate(known.items()):
        curve = list(spread.curve())
        places = [(low, 0.0), (curve[0][0] * 31 // 32, 0.0), *curve, (high, 1.0)]
        path = [f"{x_of(us):.1f},{y_of(within):.1f}" for us, within in places]
        parts.append(element("polyline", points=" ".join(path), class_=f"curve {class_}-line"))
        x = _LEFT + 140.0 * i
        parts.append(line(x, HEIGHT - 9, x + 18, HEIGHT - 9, f"curve {class_}-line"))
        parts.append(label(x + 24, HEIGHT - 5, word, "name"))
    desc = "; ".join(
        f"{word}: half within {duration(spread.quantile(0.5))}, "
        f"99 in 100 within {duration(spread.quantile(0.99))}"
        for word, (spread, _) in known.items()
    )
    return chart(name, title, desc or "nothing yet", (WIDTH, HEIGHT), *parts)


def duration(us: int) -> str:
    """A time as people say it, in two or three digits."""
    for unit, word in ((24 * _HOUR, "d"), (_HOUR, "h"), (60 * _SECOND, "min"), (_SECOND, "s")):
        if us >= unit:
            return f"{us / unit:.3g} {word}"
    return f"{us / 1_000:.3g} ms"
