"""The HTTP app of one axis: FastAPI, with the hot routes as plain ASGI beside its router."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from axis.api import (
    counts,
    extracts,
    members,
    openapi,
    openapi_hot,
    operator,
    players,
    replays,
    service,
    statistics,
    v1,
)
from axis.api.auth import Auth
from axis.api.bodies import Bodies
from axis.api.door import Door
from axis.api.hot import PAGES_BYTES_MAX, Hot
from axis.api.metrics import Meter, Metrics
from axis.api.pools import Pool
from axis.api.queries import declared_only, only
from axis.api.running import Axis
from axis.flows.handover import STREAM_BYTES_MAX

#: Handing out a package is an act that is recorded, so these addresses serve GET and not HEAD.
_NO_HEAD = ("/package", "/packages", "/traffic")


class Application(FastAPI):
    """FastAPI's router and documentation behind our own door.

    FastAPI's stack of middleware is left out: the door renders every error, so that hot routes
    and others tell of it in the same words.
    """

    def __init__(self, axis: Axis) -> None:
        super().__init__(
            title=openapi.TITLE,
            version=openapi.VERSION,
            # Made beside the loop, and once: service.add_pages.
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            separate_input_output_schemas=False,
        )
        self.state.axis = axis
        self.state.auth = Auth(axis.settings, axis.store, axis.signer, axis.clock)
        self.state.bodies = Bodies()
        self.state.pages = Pool(PAGES_BYTES_MAX, STREAM_BYTES_MAX)
        self.state.metrics = Metrics()
        state = self.state
        hot = Hot(axis, state.auth, state.bodies, state.pages, state.metrics).routes
        self._hot = {key: only(app, openapi_hot.queries(*key)) for key, app in hot.items()}
        for module in (
            v1,
            counts,
            statistics,
            operator,
            members,
            players,
            replays,
            extracts,
            service,
        ):
            # As they stand: an included router would be matched once more by itself.
            self.router.routes.extend(map(declared_only, module.router.routes))
        service.add_pages(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As Starlette has it: FastAPI looks for telemetry in the environment at each request."""
        await Starlette.__call__(self, scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Meter, door, router."""
        polls = self.state.axis.polls
        router = AsyncExitStackMiddleware(self.router)
        door = Door(router, self._hot, self._methods, lambda: polls.closed)
        return Meter(door, self.state.metrics, self._hot)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if not self.openapi_schema:
            self.openapi_schema = openapi.document(self.routes)
        return self.openapi_schema

    def _methods(self, scope: Scope) -> frozenset[str]:
        """The methods that an address takes; none when there is nothing at it."""
        path = scope["path"]
        # What is mounted leaves its own root in the scope, from which no route would match.
        scope = {**scope, "root_path": ""}
        hot = {method for method, hot_path in self._hot if hot_path == path}
        # By how much of the address their templates leave open.
        found: dict[int, set[str]] = {0: hot} if hot else {}
        for route in self.routes:
            match, _ = route.matches(scope)
            if match is not Match.NONE:
                taken = getattr(route, "methods", None) or {"GET"}
                found.setdefault(len(getattr(route, "param_convertors", ())), set()).update(taken)
        # Where they overlap, the one that says most of it is meant.
        methods = found[min(found)] if found else set()
        if "GET" in methods and not path.endswith(_NO_HEAD):
            methods.add("HEAD")
        return frozenset(methods | {"OPTIONS"}) if methods else frozenset()


def create_app(axis: Axis) -> Application:
    """Return the app that serves ``axis``. It starts and stops nothing."""
    return Application(axis)
