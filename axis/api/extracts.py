"""The operator's door to whole stretches of the books: traffic and the digest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from axis.api.given import TheAxis, TheCaller, TheOverseer, Whole
from axis.api.operator import WHY_MAX
from axis.api.problems import invalid
from axis.api.requests import NUMBER_MAX, instant, is_text
from axis.api.wire import Json
from axis.core.digest import BooksDigest
from axis.core.questions import Window
from schemas import rest_digest, traffic

TYPE_MAX = 200

From = Annotated[
    str,
    Query(
        alias="from",
        max_length=40,
        description="Only from this agency.",
        examples=["000.00.00.H37"],
    ),
]
To = Annotated[
    str,
    Query(
        alias="to",
        max_length=40,
        description="Only with this recipient.",
        examples=["000.00.00.G22"],
    ),
]
Type = Annotated[
    str,
    Query(
        alias="type",
        max_length=TYPE_MAX,
        description="Only of this type (TypeName).",
        examples=["Công văn"],
    ),
]
Since = Annotated[
    str,
    Query(
        max_length=40,
        description="Occurred since: ISO 8601 (write + as %2B).",
        json_schema_extra={"format": "date-time"},
    ),
]
Until = Annotated[
    str,
    Query(
        max_length=40,
        description="Occurred before: ISO 8601 (write + as %2B), 366 days behind at the most.",
        json_schema_extra={"format": "date-time"},
    ),
]
After = Annotated[Whole, Query(ge=0, le=NUMBER_MAX, description="The number of the page before.")]

router = APIRouter(prefix="/v1/operator", tags=["Operators"])


@router.get(
    "/traffic",
    operation_id="traffic",
    summary="Read the traffic of a window, page by page",
    response_description="A page of rows.",
    response_model=traffic.Traffic,
)
async def read_traffic(
    axis: TheAxis,
    caller: TheCaller,
    since: Since,
    until: Until,
    sender: From = "",
    recipient: To = "",
    type_name: Type = "",
    after: After = 0,
    packages: Annotated[bool, Query(description="With the packages, in base64.")] = False,
    why: Annotated[
        str, Query(max_length=WHY_MAX, description="For packages; goes into the audit log.")
    ] = "",
) -> Response:
    """One row for each document, with all its deliveries and what happened to them, in the order
    of commits. A page may be empty before the last, which has no `after`. Packages are for
    operators, with a reason; each page of them leaves its line in the audit log.
    """
    if not is_text(why) or not is_text(type_name):
        raise invalid("query", "holds NUL", "chứa ký tự NUL")
    window = Window(
        since=instant(since, "query.since"),
        until=instant(until, "query.until"),
        sender=axis.members.agency(sender, "query.from").code if sender else "",
        recipient=axis.members.agency(recipient, "query.to").code if recipient else "",
        type_name=type_name,
    )
    page = await axis.extraction.page(caller, window, after, packages=packages, why=why)
    return Response(page.model_dump_json(exclude_defaults=True), media_type="application/json")


@router.get(
    "/digest",
    operation_id="digest",
    summary="Hash the books",
    response_description="The digest, and what it is made of.",
    response_model=rest_digest.Digest,
)
async def digest(
    axis: TheAxis,
    caller: TheOverseer,
    upto: Annotated[
        Whole | None,
        Query(ge=0, le=NUMBER_MAX, description="Where the past ends; by default where all does."),
    ] = None,
) -> Response:
    """Books that have not moved have the same digest; of those that went on, the past up to a
    number stays as it was. Reads everything: seconds for a million documents.
    """
    return Json(told(await axis.extraction.digest(caller, upto)))


def told(found: BooksDigest) -> dict[str, Any]:
    """A digest as the door tells it."""
    sections = {name: section._asdict() for name, section in found.sections.items()}
    return {**found._asdict(), "sections": sections}
