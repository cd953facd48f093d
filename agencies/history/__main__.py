"""``python -m agencies.history --seed 1``: the plan by month, and the published points."""

from __future__ import annotations

import argparse
import hashlib
import sys

from agencies.history.anchors import Anchor, anchors, lang_son
from agencies.history.expected import Figures
from agencies.history.part import MONTHS, Part, documents
from agencies.traffic import json_line
from axis.core.timetable import month30_days
from schemas.edxml import NEW, RECALL, REPLACEMENT, UPDATE


def main() -> int:
    """Plan the whole history, compare it with the published points; 1 when one is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counted, digest = Figures(), hashlib.sha256()
    sent = from_office = 0
    for _, plan in documents(Part(), arguments.seed):
        counted.add(plan)
        digest.update("".join(json_line(planned) + "\n" for planned in plan).encode())
        of_day = lang_son(plan)
        sent, from_office = sent + of_day[0], from_office + of_day[1]
    _print_months(counted)
    business = counted.documents_by_business
    print(
        f"\n{business[NEW]:,} new, {business[RECALL]:,} recalls, {business[UPDATE]:,} updates, "
        f"{business[REPLACEMENT]:,} replacements; {counted.again:,} sent again on top\n"
        f"{counted.answers_by_code['02'] + counted.answers_by_code['16']:,} deliveries refused\n"
        f"sha256 {digest.hexdigest()}\n"
    )
    points = anchors(counted.sent_by_day, counted.received_by_day, sent, from_office)
    return _print_points(points)


def _print_months(counted: Figures) -> None:
    print("Months of 30 days from 12 March 2019, days of Viet Nam")
    print(f"{'month':>5}  {'from':<10}  {'to':<10} {'sent':>8} {'received':>9} {'together':>9}")
    for month in range(1, MONTHS + 1):
        first, last = month30_days(month)
        sent, received = counted.sent_by_month[month], counted.received_by_month[month]
        print(f"{month:>5}  {first}  {last} {sent:>8,} {received:>9,} {sent + received:>9,}")
    sent, received = counted.documents, counted.deliveries
    print(f"{'all':>5}  {'':<10}  {'':<10} {sent:>8,} {received:>9,} {sent + received:>9,}")


def _print_points(points: tuple[Anchor, ...]) -> int:
    for point in points:
        told = "" if point.exact else f", {point.found - point.published:+,}"
        print(f"{point.found:>9,} of {point.published:>9,}  {point.name}{told}")
    missed = sum(not point.exact for point in points)
    print(f"{missed} of {len(points)} points missed" if missed else "exact")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
