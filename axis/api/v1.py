"""The agencies' door: everything but its hot routes (``axis.api.hot``)."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from axis.api import views
from axis.api.auth import FORM_BYTES_MAX, TOKEN_PATH
from axis.api.given import TheAuth, TheAxis, TheCaller, Whole, read_body
from axis.api.requests import NUMBER_MAX, delivery_target, document_id, is_text
from axis.api.wire import Json, has_tag, piece
from axis.core.commands import ById
from axis.core.document import Document
from axis.core.errors import rejected
from axis.flows.tracking import PAGE_PACKAGES_MAX
from schemas import rest, rest_books
from schemas.edxml_fields import DOCUMENT_ID_MAX
from schemas.rest_words import DELIVERY_PATTERN, DOC_PATTERN

IfNoneMatch = Annotated[
    str, Header(max_length=1000, description='ETags the caller has, such as "<sha256>".')
]
DeliveryPath = Annotated[
    str,
    Path(
        description="Id of a delivery: `<doc id>.<recipient code>`, as lists give it.",
        json_schema_extra={"pattern": DELIVERY_PATTERN},
    ),
]
DocPath = Annotated[
    str,
    Path(
        description="Id of a package: `doc_` and a ULID.",
        json_schema_extra={"pattern": f"^{DOC_PATTERN}$"},
    ),
]

router = APIRouter()


@router.post(
    TOKEN_PATH,
    operation_id="token",
    tags=["Access"],
    summary="Exchange a client's secret for a token",
    response_description="A token.",
    response_model=rest.Token,
)
async def token(request: Request, auth: TheAuth) -> Response:
    """OAuth2 client credentials (RFC 6749 section 4.4): id and secret as form fields or as HTTP
    Basic. The token is a bearer of its roles until it ends; ask for the next one in time. What is
    refused has the `error` of RFC 6749 section 5.2 beside the members of every problem.
    """
    form = await read_body(request, FORM_BYTES_MAX)
    answer = await auth.grant(dict(request.scope["headers"]), form)
    return Json(answer, headers={"cache-control": "no-store"})


@router.get(
    "/v1/deliveries/{delivery}/package",
    operation_id="package",
    tags=["Receiving"],
    summary="Take the package of one delivery",
    response_class=Response,
)
async def package(
    axis: TheAxis, caller: TheCaller, delivery: DeliveryPath, if_none_match: IfNoneMatch = ""
) -> Response:
    """The very bytes that were accepted, with their digest. For the recipient, who is then known
    to have been handed it, and for the sender. HEAD is not served (405): a GET is recorded as
    handing the package out, and a HEAD hands nothing out; the inbox tells size and digest.
    """
    target = _delivery(delivery)
    document, body = await axis.handover.package(caller, target.doc_id, target.recipient)
    return package_response(document, body, if_none_match)


@router.post(
    "/v1/deliveries/{delivery}/reset",
    operation_id="reset",
    tags=["Receiving"],
    summary="Put a parked delivery back into its lane",
    response_description="The delivery waits again.",
    response_model=rest.Moved,
)
async def reset(axis: TheAxis, caller: TheCaller, delivery: DeliveryPath) -> Response:
    """Only for the caller's own deliveries, and only when they are parked."""
    item = await axis.handover.reset(caller, _delivery(delivery))
    return Json(views.moved(delivery, item))


@router.get(
    "/v1/documents/{doc}",
    operation_id="document",
    tags=["Tracking"],
    summary="See one package: states and history",
    response_description="The package as the caller may see it.",
    response_model=rest_books.View,
)
async def document(axis: TheAxis, caller: TheCaller, doc: DocPath) -> Response:
    """A sender sees the states of all recipients, a recipient only its own, an operator or
    auditor everything but the bytes. For everybody else there is no such document.
    """
    seen = await axis.tracking.view(caller, document_id(doc))
    return Json(views.view(seen, axis.signer))


@router.get(
    "/v1/documents",
    operation_id="documents_named",
    tags=["Tracking"],
    summary="See every package of one document",
    response_description="A page of the packages of that document.",
    response_model=rest_books.Views,
)
async def documents_named(
    axis: TheAxis,
    caller: TheCaller,
    sender: Annotated[str, Query(max_length=40, description="The sender's code, or a unit's.")],
    document_id: Annotated[
        str, Query(max_length=DOCUMENT_ID_MAX, description="DocumentId as the sender wrote it.")
    ],
    after: Annotated[
        Whole, Query(ge=0, le=NUMBER_MAX, description="`next` of the page before.")
    ] = 0,
    limit: Annotated[
        Whole, Query(ge=1, le=PAGE_PACKAGES_MAX, description="Packages of the page at most.")
    ] = PAGE_PACKAGES_MAX,
) -> Response:
    """A document may have gone out in several packages: to more recipients, as an update, a
    recall. Oldest first, and only those that the caller may see. A page with fewer than `limit` is
    the last; otherwise ask again behind `next`.
    """
    agency = axis.members.agency(sender, "query.sender")
    if not is_text(document_id):
        raise rejected("document.not_found")
    found = await axis.tracking.named(caller, agency.code, document_id, after, limit)
    told = []
    for seen in found:
        told.append(piece(views.view(seen, axis.signer)))
        # One with many recipients is milliseconds of work; what else has come goes first.
        await asyncio.sleep(0)
    return Json({"documents": told, "next": found[-1].document.seq if found else after})


@router.get(
    "/v1/agencies",
    operation_id="agencies",
    tags=["Tracking"],
    summary="The connected agencies",
    response_description="All connected agencies.",
    response_model=rest_books.Agencies,
)
async def agencies(axis: TheAxis, caller: TheCaller) -> Response:  # noqa: ARG001 - any token
    """The directory, by code, with how certain each code is and from where it is known."""
    listed = sorted(axis.members.directory, key=lambda agency: agency.code)
    return Json({"agencies": [views.agency(agency) for agency in listed]})


def package_response(document: Document, body: bytes, if_none_match: str) -> Response:
    """Return the bytes of a package, or 304 when the caller says it has them."""
    etag = f'"{document.sha256}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if has_tag(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    digest = base64.b64encode(bytes.fromhex(document.sha256)).decode()
    headers["content-digest"] = f"sha-256=:{digest}:"
    headers["content-disposition"] = f'attachment; filename="{document.id}.edxml"'
    return Response(body, media_type="application/xml", headers=headers)


def _delivery(text: str) -> ById:
    target = delivery_target(text)
    if target is None:
        raise rejected("delivery.not_found")
    return target
