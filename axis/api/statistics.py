"""``GET /v1/statistics``: the statistics that QĐ 28/2018 asks for, as JSON or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from axis.api.bodies import JSON
from axis.api.counts import AGENCIES_MAX
from axis.api.given import Day, TheAxis, TheCaller
from axis.api.problems import invalid
from axis.api.queries import in_order
from axis.api.requests import agencies_at
from axis.api.wire import Json
from axis.core.period import FIRST_DAY, LAST_DAY, Unit
from axis.core.statistics import MEASURES
from axis.flows.statistics import By, Line, Question, Report
from schemas import rest_statistics

#: Characters of an agency's kind, as ``rest_members.NewAgency`` has it.
KIND_MAX: Final = 40
CSV: Final = "text/csv"

_HEAD: Final = (
    *("period", "first", "last", "complete", "group", "name_vi", "name_en"),
    *(measure.name for measure in MEASURES),
    "partly",
)
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: The weight of a media range (RFC 9110 section 12.4.2).
_WEIGHT: Final = re.compile(r"(?:^|;)\s*q=([01](?:\.[0-9]{0,3})?)")

router = APIRouter()


@router.get(
    "/v1/statistics",
    operation_id="statistics",
    tags=["Tracking"],
    summary="The statistics that the law asks for",
    response_description="The measures by period and group, as JSON or CSV.",
    response_model=rest_statistics.Statistics,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def statistics(
    axis: TheAxis,
    caller: TheCaller,  # noqa: ARG001 - any token may read the statistics
    by: Annotated[
        rest_statistics.By, Query(description="One row of a period for each.")
    ] = "nation",
    period: Annotated[
        rest_statistics.Unit, Query(description="What the days are split into; span: not at all.")
    ] = "quarter",
    first: Annotated[
        Day | None, Query(alias="from", description="First Viet Nam day, YYYY-MM-DD.")
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="Last Viet Nam day, YYYY-MM-DD.")
    ] = None,
    agency: Annotated[
        list[str],
        Query(max_length=AGENCIES_MAX, description="Only these agencies; may be repeated."),
    ] = [],  # noqa: B006 - FastAPI copies it
    kind: Annotated[
        str, Query(max_length=KIND_MAX, description="Only agencies of this kind.")
    ] = "",
    form: Annotated[
        Literal["json", "csv"] | None,
        Query(alias="format", description="Else as the header Accept says; JSON by default."),
    ] = None,
    accept: Annotated[
        str, Header(max_length=1000, description="text/csv for CSV.", include_in_schema=False)
    ] = "",
) -> Response:
    """Sent, received, refused and accepted, the share with a valid package signature, and how soon
    documents are sent and accepted (QĐ 28/2018 art. 6.2, 11, 14.3, 15.1), by period, of the nation,
    each kind of agency or each agency. What was not recorded yet is null with the reason, and
    "not yet recorded" in CSV. Sums of daily counters: no document is read.
    """
    kinds = sorted({one.kind for one in axis.members.directory})
    if kind and kind not in kinds:
        named = ", ".join(kinds)
        raise invalid("query.kind", f"is none of {named}", f"không thuộc {named}")
    codes = [one.code for one in agencies_at(axis.members, agency, "query.agency")]
    asked = question(By(by), Unit(period), (first, last), codes, kind)
    told = view(await axis.statistics.report(asked))
    if _prefers_csv(accept) if form is None else form == "csv":
        name = {"content-disposition": 'attachment; filename="statistics.csv"'}
        return Response(table(told), media_type=CSV, headers=name)
    return Json(told)


def _prefers_csv(accept: str) -> bool:
    """Whether a header ``Accept`` gives CSV a higher weight than JSON; what it leaves out has 0."""
    weights = {CSV: 0.0, JSON: 0.0}
    for item in accept.lower().split(","):
        kind, _, parameters = item.partition(";")
        if (name := kind.strip()) in weights:
            weight = _WEIGHT.search(parameters)
            weights[name] = float(weight[1]) if weight else 1.0
    return weights[CSV] > weights[JSON]


def question(
    by: By,
    unit: Unit,
    days: tuple[date | None, date | None],
    agencies: Iterable[str],
    kind: str = "",
) -> Question:
    """What is asked; raises ``request.invalid`` for days that are none of this axis's."""
    for name, day in zip(("from", "to"), days, strict=True):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise invalid(
                f"query.{name}",
                f"is not a day from {FIRST_DAY} to {LAST_DAY}",
                f"không phải ngày từ {FIRST_DAY} đến {LAST_DAY}",
            )
    first, last = days
    in_order(first, last)
    chosen = frozenset(agencies)
    return Question(by=by, unit=unit, first=first, last=last, agencies=chosen, kind=kind)


def view(report: Report) -> dict[str, Any]:
    """A report as this door tells it."""
    return {
        "by": report.asked.by.value,
        "unit": report.asked.unit.value,
        "since": {family: day.isoformat() for family, day in report.since.items()},
        "rows": list(map(_row, report.lines)),
    }


def _row(line: Line) -> dict[str, Any]:
    return {
        "period": line.period.label,
        "period_vi": line.period.name_vi,
        "period_en": line.period.name_en,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "complete": line.complete,
        "group": line.group.key,
        "name_vi": line.group.name_vi,
        "name_en": line.group.name_en,
        **line.values,
        "missing": line.missing,
        "partly": {family: day.isoformat() for family, day in line.partly.items()},
    }


def table(told: Mapping[str, Any]) -> bytes:
    """A view as CSV (RFC 4180) in UTF-8 with a byte order mark, which spreadsheets go by."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    for row in told["rows"]:
        writer.writerow([_cell(row, name) for name in _HEAD])
    return out.getvalue().encode("utf-8-sig")


def _cell(row: Mapping[str, Any], name: str) -> object:
    value = row[name]
    if value is None:
        return row["missing"][name]
    if isinstance(value, dict):
        return "; ".join(f"{family} since {day}" for family, day in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
