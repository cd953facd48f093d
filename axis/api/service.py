"""What everybody may ask of an axis: is it up, is it ready, its key, its metrics, its API pages."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from os import PathLike, stat_result

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from axis.api import openapi
from axis.api.given import TheAxis, TheMetrics
from axis.api.metrics import MEDIA_TYPE
from axis.api.running import READY_S, Axis
from axis.api.wire import Json, dumps, has_tag
from axis.core import tally
from axis.core.errors import Unavailable
from axis.lanes import Lag
from schemas import rest_service

DOCS, DOCUMENT = "/docs", "/openapi.json"
#: Scripts and styles of the page come from the package fastapi-offline: no network is needed.
_ASSETS = "/docs/assets"

#: Swagger makes XML of its own even of an example that is there, and what it makes no door takes.
_EXAMPLES_AS_THEY_ARE = """\
<script>
const samples = ui.getSystem().fn.jsonSchema202012;
const xmlOf = samples.getXmlSampleSchema;
samples.getXmlSampleSchema = (schema, config, example) =>
    typeof example === "string" ? example : xmlOf(schema, config, example);
</script>
"""

router = APIRouter(tags=["Service"])


@router.get(
    "/v1/health",
    operation_id="health",
    summary="Is the process up?",
    response_description="The process answers.",
    response_model=rest_service.Health,
)
async def health(axis: TheAxis) -> Response:
    """Answers as long as the process serves at all. A loop that dies takes the process with it.
    `mode` says what the books are worth: nobody drives a load test at `live` ones.
    """
    return Json({"status": "up", "mode": "simulation" if axis.settings.simulation else "live"})


@router.get(
    "/v1/ready",
    operation_id="ready",
    summary="Can the axis work?",
    response_description="The axis can work.",
    response_model=rest_service.Ready,
    responses={
        503: {
            "model": rest_service.Ready,
            "description": "The store or the bus does not answer, or the store is read only.",
        }
    },
)
async def ready(axis: TheAxis) -> Response:
    """The store answers a read and is not read only (a standby is), and the bus takes a notice. 503
    until both do. On a full disk an axis stays ready: it hands out what it has.
    """
    found = await axis.readiness()
    content = {
        "ready": found.ready,
        "store": found.store,
        "bus": found.bus,
        "waiting_commands": axis.committer.waiting,
    }
    if found.ready:
        return Json(content)
    return Json(content, status_code=503, headers={"retry-after": f"{Unavailable.retry_after_s}"})


@router.get(
    "/v1/keys",
    operation_id="keys",
    summary="What receipts are verified with",
    response_description="The keys, as a JWK Set.",
    response_model=rest_service.Keys,
)
async def keys(axis: TheAxis) -> Response:
    """A JWK Set (RFC 7517 section 5) with the one key of this axis. A receipt is a compact JWS: it
    was signed by the axis when the key verifies it and its `typ` is `axis-receipt+jws`; its payload
    is then what the axis says it accepted. Keep the key with the receipts: they outlive an address.
    """
    return Json({"keys": [axis.signer.public_jwk()]})


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_description="Metrics in the text format of Prometheus.",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(axis: TheAxis, meters: TheMetrics) -> Response:
    """Packages accepted and refused by code, documents sent and deliveries by state (read from the
    books' counters when asked), numbers not published to Kafka yet by agency, events not published
    to observers yet where there are any, request latency by route, commands waiting to be written,
    long polls under way, process memory. While the books are away `axis_books_answer` is 0, and
    what they told last is told again.
    """
    counts, lags, events = await _of_books(axis)
    relayed = [agency.code for agency in axis.members.directory] if axis.lanes else ()
    told = meters.scrape(counts, axis.committer.waiting, axis.polls.waiting, lags, relayed, events)
    return Response(told, media_type=MEDIA_TYPE)


async def _of_books(axis: Axis) -> tuple[Counter[str] | None, Sequence[Lag], int | None]:
    """Standing counters with what was ever sent, and what is not published yet to agencies, and to
    observers if they are told; None where the books do not answer.
    """
    try:
        async with asyncio.timeout(READY_S):
            counts = (await axis.tracking.standing())[""]
            counts[tally.SENT] = await axis.tracking.sent()
            if axis.lanes is None:
                return counts, (), None
            events = await axis.lanes.events_behind() if axis.settings.kafka.events else None
            return counts, await axis.lanes.lag(), events
    except (TimeoutError, Unavailable):
        # The store has said so. What this process counts is never more wanted.
        return None, (), None


def add_pages(app: FastAPI) -> None:
    """Add the API pages and what they show; everything they load comes from this axis."""
    pages = _Document(app)
    app.mount(_ASSETS, _Assets(directory=_static()))

    async def docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=app.title,
            oauth2_redirect_url=None,
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon.png",
            # Swagger would show a badge of validator.swagger.io beside any other address.
            swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
        )
        text = bytes(page.body).decode()
        return HTMLResponse(text.replace("</body>", f"{_EXAMPLES_AS_THEY_ARE}</body>"))

    async def document(request: Request) -> Response:
        body, etag = await pages.get()
        headers = {"etag": etag, "cache-control": "no-cache"}
        if has_tag(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def to_docs() -> Response:
        return RedirectResponse(DOCS)

    app.add_api_route(DOCS, docs, methods=["GET"], include_in_schema=False)
    for near in ("/", f"{DOCS}/"):
        # What people type; addresses of the API have one spelling each.
        app.add_api_route(near, to_docs, methods=["GET"], include_in_schema=False)
    app.add_api_route(DOCUMENT, document, methods=["GET"], include_in_schema=False)


@cache
def _static() -> str:
    return str(files("fastapi_offline") / "static")


class _Assets(StaticFiles):
    """Files, each whole: of a range that it cannot serve Starlette tells in words of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """RFC 9110 section 14.2 lets a server ignore what is asked of ranges."""
        headers = [header for header in scope["headers"] if header[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    def file_response(
        self,
        full_path: PathLike[str] | str,
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """As Starlette has it, without its word that ranges are served."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["accept-ranges"] = "none"
        return response


class _Document:
    """The OpenAPI document in bytes, made when it is first asked for.

    It takes half a second, which is too much for a start and for the loop: a thread makes it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._making = asyncio.Lock()
        self._made: tuple[bytes, str] | None = None

    async def get(self) -> tuple[bytes, str]:
        """The document and its entity tag."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        return self._made

    def _make(self) -> tuple[bytes, str]:
        body = dumps(openapi.document(self._app.routes))
        return body, f'"{hashlib.sha256(body).hexdigest()}"'
