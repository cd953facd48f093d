"""A route whose time is known: it reads a package, waits, and answers with a receipt.

Nearly all of a request's latency is this wait, so two generators that ask at the same rate must
come to the same median whatever they cost themselves. Served as the axis is, in one process.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

#: Twenty times what a generator adds, and a third of what Locust's user has for a request. From a
#: tenth of a second on Locust rounds to hundredths.
SERVICE_S = 0.08


async def wait(request: Request) -> Response:
    """A receipt for a document without recipients, as the load test's driver reads it."""
    body = await request.body()
    await asyncio.sleep(SERVICE_S)
    receipt = {"doc": "doc", "sha256": hashlib.sha256(body).hexdigest(), "deliveries": []}
    return JSONResponse(receipt, 201)


app = Starlette(routes=[Route("/v1/documents", wait, methods=["POST"])])


def main() -> None:
    """Serve on the port that is named."""
    uvicorn.run(
        "benchmarks.waiting:app",
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
