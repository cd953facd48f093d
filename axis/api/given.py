"""What FastAPI hands to a route: the axis, the caller, a bounded body."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticKnownError

from axis.api import requests
from axis.api.auth import Auth
from axis.api.bodies import JSON, JSON_BYTES_MAX, Bodies, is_json, media_type, wrong_type
from axis.api.json_text import parse_object
from axis.api.metrics import Metrics
from axis.api.problems import FAULTS_MAX
from axis.api.running import Axis
from axis.core.caller import Caller

_Model = TypeVar("_Model", bound=BaseModel)


async def _axis(request: Request) -> Axis:
    axis: Axis = request.app.state.axis
    return axis


async def _auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _caller(request: Request) -> Caller:
    auth: Auth = request.app.state.auth
    header = request.headers.get("authorization")
    caller = auth.caller(None if header is None else header.encode("latin-1"))
    # Whose body it is that may be read next.
    request.state.caller = caller.id
    return caller


async def _overseer(request: Request) -> Caller:
    caller = await _caller(request)
    caller.needs_sight()
    return caller


TheAxis = Annotated[Axis, Depends(_axis)]
TheAuth = Annotated[Auth, Depends(_auth)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheCaller = Annotated[Caller, Depends(_caller)]
#: A caller who may see the whole of the books: an operator or an auditor.
TheOverseer = Annotated[Caller, Depends(_overseer)]


def _whole(value: str) -> int:
    number = requests.whole(value)
    if number is None:
        raise PydanticKnownError("int_parsing")
    return number


def _day(value: str) -> date:
    found = requests.day(value)
    if found is None:
        raise PydanticKnownError("date_parsing", {"error": "is not YYYY-MM-DD"})
    return found


#: Numbers and days of a query, read as strictly as the hot routes read theirs: pydantic takes 1_0,
#: 1.0 and seconds since 1970 too.
Whole = Annotated[int, BeforeValidator(_whole)]
Day = Annotated[date, BeforeValidator(_day)]


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of at most ``limit`` bytes."""
    bodies: Bodies = request.app.state.bodies
    with bodies.room(getattr(request.state, "caller", "")) as room:
        return await room.read(request.receive, dict(request.scope["headers"]), limit)


async def read_model(request: Request, model: type[_Model]) -> _Model:
    """Return a JSON body as ``model``; raises ``request.invalid`` with its faults.

    A number is one as JSON has it: pydantic would take true and "1" too.
    """
    headers = dict(request.scope["headers"])
    if not is_json(media_type(headers)):
        wrong_type(headers, JSON)
    fields = parse_object(await read_body(request, JSON_BYTES_MAX))
    try:
        return model.model_validate(fields, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(faults[:FAULTS_MAX]) from None
