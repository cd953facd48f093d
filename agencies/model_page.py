"""``python -m agencies.model_page``: the traffic model as a page, ``docs/traffic-model.md``.

Every figure with its mark and its source, from the figures themselves, so that the page cannot say
otherwise than the model. A test holds the file against it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from types import ModuleType

from agencies import model, model_days, model_offices
from agencies.figure import Figure
from agencies.history.part import MONTHS
from agencies.model import DocumentKind
from axis.core.timetable import month30_days

_ABOUT = """\
# The traffic model

The agencies are simulated, and so is what they write. What was published about the real axis is a
handful of totals; everything else here is arithmetic on them, or ours. This page is made from the
model itself (`make model`), and a test fails when it is not.

A number is marked
- **sourced**: a publication says it;
- **derived**: arithmetic on published numbers, shown beside it;
- **assumed**: ours; nothing published supports it.

Published are the points of the first table and the calendar. No list of recipients, no daily or
hourly series and no share of any agency, type or urgency was ever published, so the shape of the
traffic is assumed. The totals tie it to what was.

## How a day is made

A pure function of the seed and the day (`agencies/traffic.py`, `agencies/history/plan.py`): whole
numbers from SHAKE-256, the same bytes on every machine.

1. The day's totals come from the day series: so many documents, so many deliveries, exactly.
2. Senders are drawn by rank; Lạng Sơn and the Government Office are then moved to the day's part
   of the published figures of 2019.
3. List lengths are drawn from a mixture of short and wide lists whose mean is the month's received
   per sent; then some short ones are moved by one until the sum is the day's. Wide lists name a
   class (all ministries, all provinces, everyone) and go to senders outside it; recipients of short
   ones are drawn one by one.
4. Hours, urgencies and types are drawn by their shares, minutes and seconds evenly.
5. Some new documents become recalls, updates and replacements of earlier ones of the same sender;
   they are among the documents sent. Some are sent a second time, the same bytes: those come on
   top and count nowhere.
6. Each recipient fetches, and a clerk answers in office hours (`agencies/replies.py`).
"""

_HELD = """\
## What holds it

Tests hold the plan of seed 1, all 298,000 documents, against the figures above
(`tests/agencies/test_history_shares.py`, `test_traffic.py`, `test_replies.py`, `test_sizes.py`),
and `test_shares_can_fail.py` has wrong shares fail each of them. Bounds are six standard
deviations, or the quantile of chi-square that is as far out: a sound plan would cross one once in a
thousand million.

| what | how it is held |
|---|---|
| published points | exactly, whatever the seed |
| totals of every day, week days, months | exactly: they are the day series |
| the day series | each day within one of its weight times the trend |
| senders, hours, minutes, urgencies, types | chi-square |
| recipients of short lists, by side and agency | binomial and chi-square |
| lengths of recipient lists | binomial for each length; short ones with 1 % of room, as some move |
| recipients per document, month by month | rising, from 2.77 to 3.53 |
| refusals, recalls, updates, replacements, sendings repeated | counts |
| how long answers take, how large files are | binomial at the median and one sigma on either side |

## What is not modelled

- What is signed after 15:30 may leave next morning (QĐ 28/2018 art. 6.2). Here everything leaves
  when it is written.
- Documents without a signature: how many there were was never published, so all are signed.
- Statuses 04, 05 and 06: recipients answer with 01 and then 02, 03, 15 or 16.
- Bursts within an hour: arrivals are uniform in it.
"""

_PARTS: tuple[tuple[str, str, ModuleType], ...] = (
    (
        "The days",
        "Points, weights and trend (`agencies/model_days.py`). Rounded they are `data/daily.csv`.",
        model_days,
    ),
    (
        "The documents",
        "When in the day, from whom, to how many, what (`agencies/model.py`).",
        model,
    ),
    (
        "The offices",
        "When they work, fetch and answer, how large files are (`agencies/model_offices.py`).",
        model_offices,
    ),
)


def page() -> str:
    """The page, ended by a line feed."""
    figures = [figure for _, _, module in _PARTS for _, figure in figures_of(module)]
    marks = Counter(figure.mark for figure in figures)
    told = ", ".join(f"{marks[mark]} {mark}" for mark in ("sourced", "derived", "assumed"))
    parts = [_ABOUT, f"{len(figures)} figures: {told}.\n"]
    for title, about, module in _PARTS:
        parts.append(f"## {title}\n\n{about}\n")
        parts.append(_table(module))
    return "\n".join([*parts, _months(), _HELD])


def figures_of(module: ModuleType) -> list[tuple[str, Figure[object]]]:
    """The figures of a module by name, in its order."""
    return [(name, f) for name, f in vars(module).items() if isinstance(f, Figure)]


def _table(module: ModuleType) -> str:
    lines = ["| figure | value | mark | source, or reason |", "|---|---|---|---|"]
    for name, figure in figures_of(module):
        source = figure.source.replace("|", "\\|")
        lines.append(f"| `{name}` | {_told(figure.value)} | {figure.mark} | {source} |")
    return "\n".join(lines) + "\n"


def _told(value: object) -> str:
    """A value as people read it: shares by name, runs of equal ones together."""
    match value:
        case DocumentKind():
            return f"{value.name} {value.per_mille}"
        case Mapping():
            return ", ".join(f"{key}: {share}" for key, share in _runs(value))
        case tuple():
            return ", ".join(_key(item) for item in value)
        case date():
            return f"{value:%Y-%m-%d}"
        case int():
            return f"{value:,}"
    return str(value)


def _runs(shares: Mapping[object, object]) -> Iterable[tuple[str, str]]:
    """Keys and values as text; whole numbers that follow each other and share a value as one."""
    run: list[object] = []
    items = list(shares.items())
    for (key, share), (after, other) in pairwise([*items, (None, None)]):
        run.append(key)
        if isinstance(key, int) and isinstance(after, int) and after == key + 1 and share == other:
            continue
        first = _key(run[0])
        name = first if len(run) == 1 else f"{first} to {_key(run[-1])}"
        yield name, f"{_told(share)} each" if len(run) > 1 else _told(share)
        run = []


def _key(key: object) -> str:
    return " to ".join(map(_told, key)) if isinstance(key, tuple) else _told(key)


_MIXTURE = (
    "Windows of 30 days. The share of wide lists is the one parameter of the mixture: it makes the "
    "mean length the month's received per sent."
)


def _months() -> str:
    lines = [
        "## The months that come of it",
        "",
        _MIXTURE,
        "",
        "| month | from | to | sent | received | together | received per sent | wide lists |",
        "|---:|---|---|---:|---:|---:|---:|---:|",
    ]
    for number in range(1, MONTHS + 1):
        sent, received = model.month_total(number)
        _, ends = model.list_weights(sent, received)
        small = ends[len(model.SMALL_LISTS_PER_MILLE.value) - 1]
        first, last = month30_days(number)
        lines.append(
            f"| {number} | {first} | {last} | {sent:,} | {received:,} | {sent + received:,} | "
            f"{received / sent:.3f} | {100 - 100 * small / ends[-1]:.2f} % |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
