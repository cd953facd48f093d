"""What an address may be asked: the query parameters that its operation declares, and no others.

A misspelt filter that is passed over makes somebody read figures of all as figures of a part.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Awaitable, Collection
from datetime import date
from typing import get_origin

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from axis.api.problems import FAULTS_MAX, PART_MAX, invalid, invalid_fault
from axis.api.query import pairs_of
from axis.core.errors import Rejected


def only(app: ASGIApp, single: Collection[str], many: Collection[str] = ()) -> ASGIApp:
    """Return ``app`` for requests that name parameters of ``single`` once at most, and of ``many``
    as often as they like; others are refused with all that is wrong with their names.
    """
    usual = frozenset(name.encode() for name in single)

    def asked(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if raw := scope["query_string"]:
            # Names that are known as they stand are nearly all there are.
            names = [part.partition(b"=")[0] for part in raw.split(b"&")]
            if not usual.issuperset(names) or len(set(names)) < len(names):
                _check(raw, single, many)
        return app(scope, receive, send)

    return asked


def declared_only(route: BaseRoute) -> BaseRoute:
    """Return ``route`` for requests with the parameters that its function declares. What is no
    operation, such as a page, is asked what browsers like.
    """
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return route
    single, many = _declared(route.dependant)
    # The route itself is shared by all apps of the process.
    bounded = copy.copy(route)
    bounded.app = only(route.app, single, many)
    return bounded


def _declared(dependant: Dependant) -> tuple[set[str], set[str]]:
    """The names of parameters that may stand once, and of those that may be repeated."""
    many = {
        field.alias
        for field in dependant.query_params
        if get_origin(field.field_info.annotation) is list
    }
    single = {field.alias for field in dependant.query_params} - many
    for inner in dependant.dependencies:
        more = _declared(inner)
        single |= more[0]
        many |= more[1]
    return single, many


def _check(raw: bytes, single: Collection[str], many: Collection[str]) -> None:
    pairs = pairs_of(raw)
    known = ", ".join(sorted({*single, *many}))
    known_vi = ", ".join(f"'{name}'" for name in sorted({*single, *many})) or "không có"
    faults = []
    for name, times in Counter(name for name, _ in pairs).items():
        place = f"query.{name[:PART_MAX]}"
        if name not in single and name not in many:
            faults.append(
                invalid_fault(
                    place,
                    f"is no parameter of this operation, which takes {known or 'none'}",
                    f"không phải tham số của thao tác này (chỉ nhận: {known_vi})",
                )
            )
        elif times > 1 and name not in many:
            faults.append(invalid_fault(place, "is given more than once", "được ghi nhiều lần"))
    if faults:
        raise Rejected(faults[:FAULTS_MAX])


def in_order(first: date | None, last: date | None) -> None:
    """Refuse a span of days that ends before it begins; it would read as one without traffic."""
    if first is not None and last is not None and first > last:
        raise invalid(
            "query.from", f"is later than to ({last})", f"muộn hơn ngày cuối 'to' ({last})"
        )
