"""The operator's door (``/v1/operator``): operators act, auditors read along."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from axis.api import views
from axis.api.given import TheAxis, TheCaller, TheOverseer, Whole, read_model
from axis.api.problems import invalid
from axis.api.requests import delivery_target, document_id, instant, is_text
from axis.api.running import Axis
from axis.api.v1 import DeliveryPath, DocPath, IfNoneMatch, package_response
from axis.api.wire import Json
from axis.core.caller import OPERATOR, Caller
from axis.core.errors import rejected
from axis.core.lifecycle import Business, Transport
from axis.core.questions import Search
from axis.flows.handover import PAGE_ROWS_MAX
from schemas import rest, rest_operator, rest_proof, rest_relay, rest_words

#: Lines of a log or a search unless the caller says otherwise.
LINES_DEFAULT = 100
WHY_MAX = 1000
TEXT_MAX = 200

Limit = Annotated[Whole, Query(ge=1, le=PAGE_ROWS_MAX, description="Rows of the page at most.")]
CodePath = Annotated[str, Path(description="An agency's 13-character code.")]

router = APIRouter(prefix="/v1/operator", tags=["Operators"])


@router.get(
    "/waiting",
    operation_id="waiting",
    summary="What waits, per agency",
    response_description="The agencies for which something is open or parked.",
    response_model=rest_operator.Waiting,
)
async def waiting(axis: TheAxis, caller: TheOverseer) -> Response:
    """Open and parked deliveries and the age of the oldest open one, by the axis's clock."""
    queues = await axis.oversight.waiting(caller)
    now = axis.clock.now()
    return Json({"agencies": [views.queue(queue, now) for queue in queues]})


@router.get(
    "/deliveries",
    operation_id="find",
    summary="Find deliveries",
    response_description="The deliveries that match.",
    response_model=rest_operator.Finds,
)
async def find(
    axis: TheAxis,
    caller: TheOverseer,
    sender: Annotated[
        str, Query(alias="from", max_length=40, description="Only from this agency.")
    ] = "",
    recipient: Annotated[
        str, Query(alias="to", max_length=40, description="Only to this agency.")
    ] = "",
    state: Annotated[rest_words.State | None, Query(description="Only in this state.")] = None,
    answer: Annotated[rest_words.Answer | None, Query(description="Only with this answer.")] = None,
    since: Annotated[
        str,
        Query(
            max_length=40,
            description="Only accepted since this ISO 8601 time (write + as %2B).",
            json_schema_extra={"format": "date-time"},
        ),
    ] = "",
    until: Annotated[
        str,
        Query(
            max_length=40,
            description="Only accepted before this ISO 8601 time.",
            json_schema_extra={"format": "date-time"},
        ),
    ] = "",
    text: Annotated[
        str, Query(max_length=TEXT_MAX, description="Part of subject, code or DocumentId.")
    ] = "",
    limit: Limit = LINES_DEFAULT,
) -> Response:
    """Headers and states of deliveries, newest first. Package bytes are another matter."""
    if not is_text(text):
        raise invalid("query.text", "holds NUL", "chứa ký tự NUL")
    search = Search(
        sender=axis.members.agency(sender, "query.from").code if sender else "",
        recipient=axis.members.agency(recipient, "query.to").code if recipient else "",
        transport=None if state is None else Transport[state.upper()],
        business=None if answer is None else Business[answer.upper()],
        since=instant(since, "query.since") if since else None,
        until=instant(until, "query.until") if until else None,
        text=text,
        limit=limit,
    )
    rows = await axis.oversight.find(caller, search)
    found = [{**views.delivery(row), "recipient": row.delivery.place.recipient} for row in rows]
    return Json({"deliveries": found})


@router.post(
    "/agencies/{code}/lock",
    operation_id="lock",
    summary="Lock an agency out",
    response_description="It is locked, and what was open for it is parked.",
    response_model=rest_operator.Locked,
)
async def lock(request: Request, axis: TheAxis, caller: TheCaller, code: CodePath) -> Response:
    """Nothing can be sent to it or by it from now on; what is open for it is parked."""
    return await _lock(request, axis, caller, code, locked=True)


@router.post(
    "/agencies/{code}/unlock",
    operation_id="unlock",
    summary="Let an agency in again",
    response_description="It is let in, and what the lock had parked waits again.",
    response_model=rest_operator.Locked,
)
async def unlock(request: Request, axis: TheAxis, caller: TheCaller, code: CodePath) -> Response:
    """What the lock had parked waits again; what had failed by itself stays parked."""
    return await _lock(request, axis, caller, code, locked=False)


@router.post(
    "/deliveries/{delivery}/reset",
    operation_id="operator_reset",
    summary="Put a parked delivery back into its lane",
    response_description="The delivery waits again.",
    response_model=rest.Moved,
)
async def operator_reset(
    request: Request, axis: TheAxis, caller: TheCaller, delivery: DeliveryPath
) -> Response:
    """For any agency's delivery; the recipient is told that it waits."""
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_operator.Why)
    target = delivery_target(delivery)
    if target is None:
        raise rejected("delivery.not_found")
    item = await axis.oversight.reset(caller, target.doc_id, target.recipient, asked.why)
    return Json(views.moved(delivery, item))


@router.post(
    "/agencies/{code}/redrive",
    operation_id="redrive",
    summary="Publish an agency's lanes to Kafka again",
    response_description="What will be published again.",
    response_model=rest_relay.Redriven,
)
async def redrive(request: Request, axis: TheAxis, caller: TheCaller, code: CodePath) -> Response:
    """From a number on, as its deliveries stand now. Readers drop what they have."""
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_relay.Redrive)
    agency = axis.members.member(code)
    await axis.oversight.redrive(caller, agency.code, asked.urgency, asked.no, asked.why)
    relayed = axis.lanes is not None
    told = {"agency": agency.code, "urgency": asked.urgency, "no": asked.no, "relayed": relayed}
    return Json(told)


@router.get(
    "/documents/{doc}/package",
    operation_id="operator_package",
    summary="Read the bytes of a package, with a reason",
    response_class=Response,
)
async def operator_package(
    axis: TheAxis,
    caller: TheCaller,
    doc: DocPath,
    why: Annotated[str, Query(max_length=WHY_MAX, description="Goes into the audit log.")] = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """Operators see headers and states; the content of a document only so, and it is recorded."""
    if not is_text(why):
        raise invalid("query.why", "holds NUL", "chứa ký tự NUL")
    document, body = await axis.oversight.package(caller, document_id(doc), why)
    return package_response(document, body, if_none_match)


@router.get(
    "/audit-log",
    operation_id="audit_log",
    summary="What operators did",
    response_description="The newest acts.",
    response_model=rest_operator.Acts,
)
async def audit_log(axis: TheAxis, _: TheOverseer, limit: Limit = LINES_DEFAULT) -> Response:
    """Who did what to what, and why; the newest first. An act that was refused says so."""
    return Json({"acts": [views.act(audit) for audit in await axis.store.audit_log(limit)]})


@router.get(
    "/refusals",
    operation_id="refusals",
    summary="Packages that were refused",
    response_description="The newest refusals.",
    response_model=rest_operator.Refusals,
)
async def refusals(axis: TheAxis, _: TheOverseer, limit: Limit = LINES_DEFAULT) -> Response:
    """The newest first. A refused package leaves this line and nothing else."""
    return Json({"refusals": [views.refusal(r) for r in await axis.store.refusals(limit)]})


@router.get(
    "/audit",
    operation_id="audit",
    summary="Prove the books",
    response_description="What was found; `clean` when nothing is wrong.",
    response_model=rest_proof.Proof,
)
async def audit(
    axis: TheAxis,
    _: TheOverseer,
    packages: Annotated[
        bool, Query(description="Also read the bytes of every package again.")
    ] = False,
) -> Response:
    """Recomputes every counter and every delivery from the events and compares, and looks for the
    bytes of every document. Reads everything: seconds for a million documents, with the packages
    as long as the disk takes. What nothing repeats it cannot prove, such as subjects.
    """
    return Json(views.proof(await axis.tracking.audit(read_packages=packages)))


async def _lock(
    request: Request, axis: Axis, caller: Caller, code: str, *, locked: bool
) -> Response:
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_operator.Why)
    moved = await axis.oversight.lock(caller, code, locked, asked.why)
    return Json({"agency": code, "locked": locked, "moved": moved})
