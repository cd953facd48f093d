"""The doors of an axis as a load test goes through them: is it there for that, tokens, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from agencies.load.impossible import Impossible
from agencies.load.wire import Gone, Pool, Reply, request
from agencies.world import OPERATOR_ID, agency_dir, read_secret
from schemas.codes import agencies

SIMULATION = "simulation"
_UNPUBLISHED = "axis_unpublished"


async def require_simulation(pool: Pool, url: str) -> None:
    """Refuse an axis whose books are live, or that is none; raises ``Impossible``."""
    try:
        reply = await pool.ask(request("GET", "/v1/health"))
        told = orjson.loads(reply.body)
        mode = told.get("mode") if isinstance(told, dict) else None
    except (Gone, orjson.JSONDecodeError):
        mode = None
    if mode is None:
        raise Impossible(f"no axis answers at {url}; a running one would do")
    if mode != SIMULATION:
        raise Impossible(
            f"the books at {url} are '{mode}'; an axis of another run that was started with "
            f"AXIS_SIMULATION=true and says '{SIMULATION}' at /v1/health would do"
        )


async def sign_in(pool: Pool, home: Path) -> tuple[dict[str, str], str]:
    """Bearer headers of the 95 agencies by code, and the operator's.

    Raises ``Impossible`` where the world in ``home`` is not that of the axis.
    """
    operator = await _token(pool, OPERATOR_ID, home / "operator")
    codes = [row.code for row in agencies()]
    return {code: await _token(pool, code, agency_dir(home, code)) for code in codes}, operator


async def counts(pool: Pool, operator: str) -> Mapping[str, int]:
    """``sent`` and ``received`` of the whole books."""
    told = _json(await pool.ask(request("GET", "/v1/counts", Authorization=operator)))
    return {name: int(told[name]) for name in ("sent", "received")}


@dataclass(frozen=True, slots=True)
class Books:
    """What the books have of one agency: documents sent, deliveries received, and those that wait
    for it or were handed out and are not confirmed.
    """

    sent: int = 0
    received: int = 0
    open: int = 0


async def books(pool: Pool, operator: str) -> dict[str, Books]:
    """The books of each agency."""
    counted = _json(await pool.ask(request("GET", "/v1/counts?by=agency", Authorization=operator)))
    waiting = _json(await pool.ask(request("GET", "/v1/operator/waiting", Authorization=operator)))
    rows = {row["agency"]: row for row in counted["rows"]}
    queues = {row["agency"]: row for row in waiting["agencies"]}
    return {
        row.code: Books(
            sent=int(rows.get(row.code, {}).get("sent", 0)),
            received=int(rows.get(row.code, {}).get("received", 0)),
            open=sum(int(queues.get(row.code, {}).get(name, 0)) for name in ("waiting", "offered")),
        )
        for row in agencies()
    }


async def unpublished(pool: Pool) -> int:
    """Records of all lanes that no topic has yet."""
    told = (await pool.ask(request("GET", "/metrics"))).body.decode()
    lines = (line for line in told.splitlines() if line.startswith(f"{_UNPUBLISHED}{{"))
    return sum(round(float(line.rpartition(" ")[2])) for line in lines)


async def proven(pool: Pool, operator: str) -> bool:
    """Whether every counter follows from the events, and both lines balance."""
    proof = _json(await pool.ask(request("GET", "/v1/operator/audit", Authorization=operator)))
    books = _json(await pool.ask(request("GET", "/v1/counts", Authorization=operator)))
    balanced = all(not line["difference"] for line in books["balances"])
    return bool(proof["clean"]) and balanced


async def _token(pool: Pool, client: str, folder: Path) -> str:
    try:
        secret = read_secret(folder)
    except OSError:
        raise Impossible(
            f"{folder} has no secret of {client}; the folder of the axis's own run would do "
            "(AXIS_VAR, --run)"
        ) from None
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    raw = request(
        "POST",
        "/v1/token",
        urlencode(form).encode(),
        Content_Type="application/x-www-form-urlencoded",
    )
    reply = await pool.ask(raw)
    if reply.status != 200:
        raise Impossible(
            f"the axis does not know {client} by the secret in {folder} ({reply.told}); "
            "the folder of the axis's own run would do (AXIS_VAR, --run)"
        )
    return f"Bearer {_json(reply)['access_token']}"


def _json(reply: Reply) -> Any:
    if reply.status != 200:
        raise Gone(reply.told)
    return orjson.loads(reply.body)
