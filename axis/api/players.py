"""What players of shadows say to the axis whose books are shadowed.

An axis starts no processes: whoever has the world and room for an axis of its own takes the job.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from axis.api import replay_views as views
from axis.api.given import TheAxis, TheCaller, read_model
from axis.api.replays import JobPath, known
from axis.api.wire import Json
from axis.core.caller import OPERATOR
from axis.core.document import Details
from axis.core.replay import Verdict, Word
from axis.flows.shadowing import Played
from schemas import rest_replays, rest_shadows

router = APIRouter()


@router.post(
    "/v1/operator/runs/{job}/take",
    operation_id="take_run",
    tags=["Operators"],
    summary="Take a running shadow, to play it",
    response_description="The lease: the job is this player's.",
    response_model=rest_replays.Taken,
)
async def take_run(request: Request, axis: TheAxis, caller: TheCaller, job: JobPath) -> Response:
    """One player has a shadow at a time. Taken again by the same one, what that reported before is
    void; another gets it when nothing was reported for the length of the lease.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_shadows.Take)
    taken = await axis.shadowing.take(caller, known(job), asked.player)
    return Json(views.taken(taken, await axis.planning.show("", taken.id)))


@router.post(
    "/v1/operator/runs/{job}/report",
    operation_id="report_run",
    tags=["Operators"],
    summary="Report how far a shadow is, and what came of it",
    response_description="Written down; the job as it stands now.",
    response_model=rest_replays.Replay,
)
async def report_run(request: Request, axis: TheAxis, caller: TheCaller, job: JobPath) -> Response:
    """Renews the lease. `replay.lost` answers a player whose job was paused, aborted or taken; the
    same may be reported again. With `books` the job is finished.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_shadows.Report)
    played = Played(
        epoch=asked.epoch,
        played=asked.handed_over,
        verdicts=tuple(map(_verdict, asked.deliveries)),
        ending=None if asked.books is None else {"books": asked.books.model_dump()},
    )
    return Json(
        views.replay(await axis.shadowing.report(caller, known(job), played), outcomes=True)
    )


def _verdict(one: rest_shadows.Verdict) -> Verdict:
    told: Details = one.model_dump(include={"differences", "recorded", "played"})
    return Verdict(one.no, Word(one.outcome), told)
