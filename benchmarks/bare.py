"""The yardstick: a bare Starlette route that reads the same body and does nothing with it.

Served exactly as the axis is: uvicorn, uvloop, httptools, no access log; in as many processes.
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def read(request: Request) -> Response:
    await request.body()
    return Response(status_code=201)


app = Starlette(routes=[Route("/v1/documents", read, methods=["POST"])])


def main() -> None:
    uvicorn.run(
        "benchmarks.bare:app",
        host="127.0.0.1",
        port=int(sys.argv[1]),
        workers=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
