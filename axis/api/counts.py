"""``GET /v1/counts``: what was sent, received and said, and how the books stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from axis.api.given import Day, TheAxis, TheCaller
from axis.api.queries import in_order
from axis.api.requests import agencies_at
from axis.api.wire import Json
from axis.core import tally
from axis.core.timetable import day_of_number, month30, number_of_day
from axis.flows.tracking import Tracking
from axis.ports import Store
from schemas import rest_books

#: Agencies of one question: more than there are, fewer than a query may name by accident.
AGENCIES_MAX = 200

_SAID = tally.said("")

By = Literal["total", "day", "month", "month30", "agency"]

_KEYS: Mapping[str, Callable[[str, date], str | int]] = {
    "day": lambda _, day: day.isoformat(),
    "month": lambda _, day: f"{day:%Y-%m}",
    "month30": lambda _, day: month30(day),
    "agency": lambda agency, _: agency,
}

router = APIRouter()


@router.get(
    "/v1/counts",
    operation_id="counts",
    tags=["Tracking"],
    summary="Count what was sent, received and said",
    response_description="The sums, how the deliveries stand, and the two balance lines.",
    response_model=rest_books.Counts,
)
async def counts(
    axis: TheAxis,
    caller: TheCaller,  # noqa: ARG001 - any token may read the counts
    agency: Annotated[
        list[str],
        Query(max_length=AGENCIES_MAX, description="Only these agencies; may be repeated."),
    ] = [],  # noqa: B006 - FastAPI copies it
    first: Annotated[
        Day | None, Query(alias="from", description="First Viet Nam day, YYYY-MM-DD.")
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="Last Viet Nam day, YYYY-MM-DD.")
    ] = None,
    by: Annotated[By, Query(description="One row for each; total: no rows.")] = "total",
) -> Response:
    """Sums over a span of Viet Nam days (all, unless one is named), split into rows as `by` says;
    beside them how the deliveries of these agencies stand now, and the two lines that must
    balance. *Sent* is counted for the sender, *received* and the deliveries for the recipient, a
    status for who said it. Months of 30 days count from 12 March 2019, the day the axis opened.
    """
    codes = [one.code for one in agencies_at(axis.members, agency, "query.agency")]
    return Json(await answer(axis.store, axis.tracking, codes, (first, last), by))


async def answer(
    store: Store,
    tracking: Tracking,
    codes: Sequence[str],
    days: tuple[date | None, date | None],
    by: By,
) -> dict[str, Any]:
    """The counts of agencies (none named: of all) between two days, as this door tells them."""
    first, last = days
    in_order(first, last)
    span = (
        tally.FIRST_DAY if first is None else max(tally.FIRST_DAY, number_of_day(first)),
        tally.LAST_DAY if last is None else min(tally.LAST_DAY, number_of_day(last)),
    )
    flows = await store.counts(codes or None, *span) if span[0] <= span[1] else []
    standing = await tracking.standing()
    now: Counter[str] = sum((standing.get(code, Counter()) for code in codes or [""]), Counter())
    return {**_sums(flows), "rows": _rows(flows, by), **_books(now)}


def _sums(flows: Iterable[tuple[str, int, str, int]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for _, _, metric, n in flows:
        total[metric] += n
    return _shown(total)


def _shown(total: Mapping[str, int]) -> dict[str, Any]:
    return {
        "sent": total.get(tally.SENT, 0),
        "received": total.get(tally.RECEIVED, 0),
        "statuses": {
            metric.removeprefix(_SAID): n
            for metric, n in sorted(total.items())
            if metric.startswith(_SAID)
        },
    }


def _rows(flows: Iterable[tuple[str, int, str, int]], by: By) -> list[dict[str, Any]]:
    if by == "total":
        return []
    key_of = _KEYS[by]
    rows: defaultdict[str | int, Counter[str]] = defaultdict(Counter)
    for agency, day, metric, n in flows:
        rows[key_of(agency, day_of_number(day))][metric] += n
    return [{by: key, **_shown(rows[key])} for key in sorted(rows, key=_order)]


def _order(key: str | int) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (0, key)


def _books(now: Mapping[str, int]) -> dict[str, Any]:
    return {
        "standing": {metric: n for metric, n in sorted(now.items()) if n},
        "balances": [
            {
                "line": line.line,
                "total": line.total,
                "parts": dict(line.parts),
                "difference": line.difference,
            }
            for line in tally.balances(now)
        ],
    }
