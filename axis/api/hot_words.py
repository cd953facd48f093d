"""The hot routes that carry words instead of packages: confirmations and statuses.

JSON is checked by hand here: there are few fields, and a model costs more than the check.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from axis.api import views
from axis.api.auth import Auth
from axis.api.bodies import (
    JSON,
    JSON_BYTES_MAX,
    PACKAGES,
    Bodies,
    HeaderMap,
    is_json,
    is_package,
    media_type,
    wrong_type,
)
from axis.api.json_text import parse_json
from axis.api.problems import invalid, problem
from axis.api.query import Query
from axis.api.requests import (
    NUMBER_MAX,
    PAGE_ROWS_DEFAULT,
    URGENCY_MAX,
    Fields,
    delivery_target,
    occurred_at,
    read_package,
    stated_at,
)
from axis.api.running import Axis
from axis.api.wire import send_json
from axis.core.caller import Caller
from axis.core.commands import ByDocument, ById, Refused, Said, Target, UpTo
from axis.core.document import Document, Event
from axis.core.errors import Fault, Rejected, rejected
from axis.core.lifecycle import Step
from axis.flows.handover import CONFIRM_MAX, PAGE_ROWS_MAX, WAIT_S_MAX
from axis.flows.statuses import STATEMENTS_MAX, STATUS_BYTES_MAX, Statement
from schemas.edxml import StatusPackage
from schemas.edxml_fields import DOCUMENT_ID_MAX
from schemas.edxml_read import read

#: Characters of a reason: what the format's description of a status may have, and room to spare.
REASON_MAX = 1000
#: Characters of a clerk's name, of an id, of an instant.
STAFF_MAX, ID_MAX, INSTANT_MAX = 200, 64, 40

#: Stands for what cannot be an id of ours; the books have no such delivery.
_NOBODY = ById("", "")

#: What names a delivery by its document, and the characters of each.
_BY_DOCUMENT = {"sender": ID_MAX, "document_id": DOCUMENT_ID_MAX, "recipient": ID_MAX}

_STEPS = {"done": Step.DONE, "fail": Step.FAIL}


class Words:
    """``POST /v1/inbox/confirm``, ``POST /v1/statuses`` and ``GET /v1/statuses``."""

    def __init__(self, axis: Axis, auth: Auth, bodies: Bodies) -> None:
        self._axis = axis
        self._auth = auth
        self._bodies = bodies

    async def confirm(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a recipient's word for what became of deliveries."""
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        at = stated_at(headers, caller)
        if not is_json(media_type(headers)):
            wrong_type(headers, JSON)
        with self._bodies.room(caller.id) as room:
            fields = Fields(parse_json(await room.read(receive, headers, JSON_BYTES_MAX)))
        step = _step(fields)
        reason = fields.text("reason", most=REASON_MAX, default="")
        names, targets, times = _targets(fields, caller, at)
        fields.end()
        items = await self._axis.handover.confirm(caller, targets, step, reason, times)
        # A range names no delivery; what it met is found by itself.
        shown = [
            views.moved(named, item, f"deliveries[{index}]")
            for index, (named, item) in enumerate(
                zip(names or [""] * len(items), items, strict=True)
            )
        ]
        changed = sum(item.changed for item in items)
        await send_json(send, 200, {"changed": changed, "items": shown})

    async def statuses(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one status package, one status as JSON, or many."""
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        at = stated_at(headers, caller)
        kind = media_type(headers)
        if is_json(kind):
            with self._bodies.room(caller.id) as room:
                value = parse_json(await room.read(receive, headers, JSON_BYTES_MAX))
            if isinstance(value, dict) and "statuses" in value:
                await send_json(send, 200, {"results": await self._many(value, caller, at)})
                return
            code, answer = await self._single(value, caller, at)
        elif is_package(kind):
            with self._bodies.room(caller.id) as room:
                raw = await read_package(
                    self._axis.refusals, room, receive, headers, STATUS_BYTES_MAX, caller
                )
            answer = await self._axis.statuses.package(raw, caller, at)
            code = _code_of(raw)
        else:
            wrong_type(headers, f"{JSON}, {PACKAGES}")
        await send_json(send, views.status_of(answer), views.said(code, answer))

    async def stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand out the statuses addressed to the caller."""
        headers: HeaderMap = dict(scope["headers"])
        caller = self._auth.caller(headers.get(b"authorization"))
        query = Query(scope["query_string"])
        after = query.number("after", 0, 0, NUMBER_MAX)
        limit = query.number("limit", PAGE_ROWS_DEFAULT, 1, PAGE_ROWS_MAX)
        wait_s = query.seconds("wait", WAIT_S_MAX)
        query.end()
        finding = self._axis.statuses.stream(caller, after, limit, wait_s)
        nothing: list[tuple[Event, Document]] = []
        if wait_s:
            finding = self._axis.polls.until_closed(finding, nothing, receive)
        found = await finding
        lines = [views.streamed(event, document) for event, document in found]
        following = found[-1][0].seq if found else after
        await send_json(send, 200, {"statuses": lines, "next": following})

    async def _single(self, value: Any, caller: Caller, at: int | None) -> tuple[str, Said]:
        statement = self._statement(value, "", caller, at)
        (answer,) = await self._axis.statuses.say(caller, [statement])
        if isinstance(answer, Refused):
            raise Rejected([answer.fault])
        return statement.code, answer

    async def _many(
        self, value: dict[str, Any], caller: Caller, at: int | None
    ) -> list[dict[str, Any]]:
        """Each status by itself, in order: one bad one never stops the others."""
        fields = Fields(value)
        listed = fields.take("statuses")
        fields.end()
        if not isinstance(listed, list) or len(listed) > STATEMENTS_MAX:
            raise invalid(
                "statuses",
                f"is not a list of at most {STATEMENTS_MAX}",
                f"không phải danh sách tối đa {STATEMENTS_MAX} mục",
            )
        read: list[Statement | Rejected] = []
        for index, item in enumerate(listed):
            try:
                read.append(self._statement(item, f"statuses[{index}]", caller, at))
            except Rejected as error:
                read.append(error)
        statements = [item for item in read if isinstance(item, Statement)]
        answers = iter(await self._axis.statuses.say(caller, statements))
        return [
            _refused(item.faults)
            if isinstance(item, Rejected)
            else _result(item.code, next(answers))
            for item in read
        ]

    def _statement(self, value: Any, place: str, caller: Caller, at: int | None) -> Statement:
        fields = Fields(value, place)
        named = fields.text("delivery", most=ID_MAX, default="")
        if named and any(map(fields.has, _BY_DOCUMENT)):
            fields.fault(
                "delivery",
                "name either delivery, or sender, document_id and recipient",
                "chỉ nêu delivery, hoặc chỉ nêu sender, document_id và recipient",
            )
        # Where a delivery is meant, a document is not missing.
        default = "" if named or not fields.sound else None
        document = [
            fields.text(name, most=most, default=default) for name, most in _BY_DOCUMENT.items()
        ]
        code = fields.text("code", most=2)
        reason = fields.text("reason", most=REASON_MAX, default="")
        staff = fields.text("staff", most=STAFF_MAX, default="")
        stated = fields.text("occurred_at", most=INSTANT_MAX, default="")
        fields.end()
        if stated:
            at = occurred_at(stated, caller, fields.place("occurred_at"))
        target = _delivery(fields, named) if named else self._document(fields, *document)
        body = {"staff": staff} if staff else {}
        return Statement(target=target, code=code, reason=reason, at=at, body=body)

    def _document(
        self, fields: Fields, sender: str, document_id: str, recipient: str
    ) -> ByDocument:
        def code(named: str, field: str) -> str:
            return self._axis.members.agency(named, fields.place(field)).code

        return ByDocument(code(sender, "sender"), document_id, code(recipient, "recipient"))


def _delivery(fields: Fields, named: str) -> ById:
    target = delivery_target(named)
    if target is None:
        raise rejected("delivery.not_found", fields.place("delivery"))
    return target


def _code_of(raw: bytes) -> str:
    """The code of a status package that was taken."""
    package = read(raw).package
    assert isinstance(package, StatusPackage)
    return package.code


def _result(code: str, answer: Said | Refused) -> dict[str, Any]:
    if isinstance(answer, Refused):
        return _refused((answer.fault,))
    return {"status": views.status_of(answer), **views.said(code, answer)}


def _refused(faults: Sequence[Fault]) -> dict[str, Any]:
    told = problem(faults)
    return {"status": told["status"], "problem": told}


def _step(fields: Fields) -> Step:
    said = fields.text("result", most=10)
    step = _STEPS.get(said)
    if step is None and fields.sound:
        fields.fault("result", "is not done or fail", "không phải done hoặc fail")
    return step or Step.DONE


def _targets(
    fields: Fields, caller: Caller, at: int | None
) -> tuple[list[str], list[Target], list[int | None]]:
    """What is confirmed: the ids as they were given, or a range of a lane; targets, and when."""
    listed, span = fields.take("deliveries"), fields.take("range")
    if (listed is None) == (span is None):
        fields.fault(
            "body",
            "needs either deliveries or range",
            "cần một trong hai: deliveries hoặc range",
        )
        return [], [], []
    if span is not None:
        lane = fields.inner(span, "range")
        if lane is None:
            return [], [], []
        urgency, no = lane.number("urgency", URGENCY_MAX), lane.number("no", NUMBER_MAX)
        lane.close()
        return [], [UpTo(caller.agency, urgency, no)], [at]
    if not isinstance(listed, list):
        fields.fault("deliveries", "is not a list of ids", "không phải danh sách mã")
        return [], [], []
    if len(listed) > CONFIRM_MAX:
        fields.fault("deliveries", f"has more than {CONFIRM_MAX} ids", f"có quá {CONFIRM_MAX} mã")
        return [], [], []
    named = [_named(fields, value, index, caller, at) for index, value in enumerate(listed)]
    names = [name for name, _ in named]
    return names, [delivery_target(name) or _NOBODY for name in names], [when for _, when in named]


def _named(
    whole: Fields, value: Any, index: int, caller: Caller, at: int | None
) -> tuple[str, int | None]:
    """A delivery's id, alone or with a time of its own."""
    if isinstance(value, str):
        return value, at
    fields = whole.inner(value, f"deliveries[{index}]")
    if fields is None:
        return "", at
    name = fields.text("delivery", most=ID_MAX)
    stated = fields.text("occurred_at", most=INSTANT_MAX)
    fields.close()
    if not fields.sound:
        return name, at
    return name, occurred_at(stated, caller, fields.place("occurred_at"))
