"""Replay jobs at both doors: operators for all agencies, an agency for its own inbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from axis.api import replay_views as views
from axis.api.given import TheAxis, TheCaller, TheOverseer, Whole, read_model
from axis.api.problems import invalid
from axis.api.requests import NUMBER_MAX, delivery_target, instant, is_text
from axis.api.running import Axis
from axis.api.wire import Json
from axis.core.caller import OPERATOR
from axis.core.lifecycle import Business, Transport
from axis.core.replay import Act, Filter, Kind
from axis.flows.planning import Asked, Shown
from axis.replays import ITEMS_MAX
from schemas import rest_operator, rest_replays
from schemas.rest_words import JOB_PATTERN

#: DocTypes by their names.
_TYPES = {"new": 0, "recall": 1, "update": 2, "replacement": 3}
LINES_DEFAULT = 100
#: Who sees every job: operators.
_ALL = ""

JobPath = Annotated[
    str,
    Path(
        max_length=40,
        description="Id of a job: `rpl_` and a ULID.",
        json_schema_extra={"pattern": JOB_PATTERN},
    ),
]
ActPath = Annotated[
    Literal["run", "pause", "resume", "abort"], Path(description="What the job is to do.")
]
After = Annotated[
    Whole, Query(ge=0, le=NUMBER_MAX, description="The number behind which the page begins.")
]
Limit = Annotated[Whole, Query(ge=1, le=ITEMS_MAX, description="Rows of the page at most.")]
_LOCATION = {"description": "Address of the job.", "schema": {"type": "string"}}
_MADE: dict[int | str, dict[str, Any]] = {201: {"headers": {"Location": _LOCATION}}}

router = APIRouter()


@router.post(
    "/v1/operator/runs",
    operation_id="plan_run",
    tags=["Operators"],
    summary="Plan a replay job",
    response_description="The plan: what would be handed over, and what is left out.",
    response_model=rest_replays.Replay,
    status_code=201,
    responses=_MADE,
)
async def plan_run(request: Request, axis: TheAxis, caller: TheCaller) -> Response:
    """Says what would be handed over to whom, and what is left out and why. Nothing moves until
    it is run, within the hour. A shadow is seen by nobody: it is played in a run of its own.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_replays.PlanRun)
    recipient = axis.members.agency(asked.recipient, "recipient").code if asked.recipient else ""
    wanted = _asked(axis, asked, recipient)
    if wanted.kind is Kind.SHADOW:
        shown = await axis.shadowing.plan(caller, _of_window(wanted), asked.speed)
    else:
        shown = await axis.planning.plan(caller, _ALL, wanted)
    return _planned(shown, "/v1/operator/runs")


@router.get(
    "/v1/operator/runs",
    operation_id="runs",
    tags=["Operators"],
    summary="All replay jobs",
    response_description="The newest jobs.",
    response_model=rest_replays.Replays,
)
async def runs(axis: TheAxis, _: TheOverseer, limit: Limit = LINES_DEFAULT) -> Response:
    """The newest first, those of agencies too. What came of each is told by the job itself."""
    return await _jobs(axis, _ALL, limit)


@router.get(
    "/v1/operator/runs/{job}",
    operation_id="run",
    tags=["Operators"],
    summary="See one replay job",
    response_description="The job, and what came of it until now.",
    response_model=rest_replays.Replay,
)
async def run(axis: TheAxis, _: TheOverseer, job: JobPath) -> Response:
    """What was planned, how far it is and what came of it until now."""
    return Json(views.replay(await axis.planning.show(_ALL, known(job)), outcomes=True))


@router.get(
    "/v1/operator/runs/{job}/deliveries",
    operation_id="run_deliveries",
    tags=["Operators"],
    summary="The deliveries of a replay job",
    response_description="A page of its deliveries.",
    response_model=rest_replays.Items,
)
async def run_deliveries(
    axis: TheAxis, _: TheOverseer, job: JobPath, after: After = 0, limit: Limit = LINES_DEFAULT
) -> Response:
    """Each with its outcome, in the order in which they are handed over."""
    return await _items(axis, _ALL, job, after, limit)


@router.post(
    "/v1/operator/runs/{job}/{act}",
    operation_id="steer_run",
    tags=["Operators"],
    summary="Run, pause, resume or abort a replay job",
    response_description="The job as it stands now.",
    response_model=rest_replays.Replay,
)
async def steer_run(
    request: Request, axis: TheAxis, caller: TheCaller, job: JobPath, act: ActPath
) -> Response:
    """Said again it changes nothing. A pause takes effect within a second; what was handed over
    until then stays so. A shadow that runs waits for a player: `player` says whether one has it.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_operator.Why)
    shown = await axis.planning.steer(caller, _ALL, known(job), Act(act), asked.why)
    return Json(views.replay(shown, outcomes=True))


@router.post(
    "/v1/replays",
    operation_id="plan_replay",
    tags=["Receiving"],
    summary="Plan to have one's own deliveries again",
    response_description="The plan: what would be handed over, and what is left out.",
    response_model=rest_replays.Replay,
    status_code=201,
    responses=_MADE,
)
async def plan_replay(request: Request, axis: TheAxis, caller: TheCaller) -> Response:
    """For an agency that restored a backup, or wants back what it had parked: into its own inbox
    only. Nothing moves until it is run, within the hour.
    """
    agency = caller.agency
    asked = await read_model(request, rest_replays.PlanReplay)
    shown = await axis.planning.plan(caller, agency, _asked(axis, asked, agency))
    return _planned(shown, "/v1/replays")


@router.get(
    "/v1/replays",
    operation_id="replays",
    tags=["Receiving"],
    summary="The caller's own replay jobs",
    response_description="The newest jobs of the caller.",
    response_model=rest_replays.Replays,
)
async def replays(axis: TheAxis, caller: TheCaller, limit: Limit = LINES_DEFAULT) -> Response:
    """The newest first. What came of each is told by the job itself."""
    return await _jobs(axis, caller.agency, limit)


@router.get(
    "/v1/replays/{job}",
    operation_id="replay",
    tags=["Receiving"],
    summary="See one's own replay job",
    response_description="The job, and what came of it until now.",
    response_model=rest_replays.Replay,
)
async def replay(axis: TheAxis, caller: TheCaller, job: JobPath) -> Response:
    """What was planned, how far it is and what came of it until now."""
    shown = await axis.planning.show(caller.agency, known(job))
    return Json(views.replay(shown, outcomes=True))


@router.get(
    "/v1/replays/{job}/deliveries",
    operation_id="replay_deliveries",
    tags=["Receiving"],
    summary="The deliveries of one's own replay job",
    response_description="A page of its deliveries.",
    response_model=rest_replays.Items,
)
async def replay_deliveries(
    axis: TheAxis, caller: TheCaller, job: JobPath, after: After = 0, limit: Limit = LINES_DEFAULT
) -> Response:
    """Each with its outcome, in the order in which they are handed over."""
    return await _items(axis, caller.agency, job, after, limit)


@router.post(
    "/v1/replays/{job}/{act}",
    operation_id="steer_replay",
    tags=["Receiving"],
    summary="Run, pause, resume or abort one's own replay job",
    response_description="The job as it stands now.",
    response_model=rest_replays.Replay,
)
async def steer_replay(
    request: Request, axis: TheAxis, caller: TheCaller, job: JobPath, act: ActPath
) -> Response:
    """Said again it changes nothing. A pause takes effect within a second; what was handed over
    until then stays so.
    """
    agency = caller.agency
    asked = await read_model(request, rest_operator.Why)
    shown = await axis.planning.steer(caller, agency, known(job), Act(act), asked.why)
    return Json(views.replay(shown, outcomes=True))


def _planned(shown: Shown, door: str) -> Response:
    """201, and where the job is seen from now on."""
    location = {"location": f"{door}/{shown.job.id}"}
    return Json(views.replay(shown), status_code=201, headers=location)


async def _jobs(axis: Axis, whose: str, limit: int) -> Response:
    jobs = await axis.planning.jobs(whose, limit)
    return Json({"jobs": [views.replay(shown) for shown in jobs]})


async def _items(axis: Axis, whose: str, job: str, after: int, limit: int) -> Response:
    rows = await axis.planning.items(whose, known(job), after, limit)
    following = rows[-1].no if rows else after
    return Json({"deliveries": [views.item(row) for row in rows], "next": following})


def known(job: str) -> str:
    """An id that a store can be asked for."""
    return job if is_text(job) else ""


def _of_window(asked: Asked) -> Asked:
    """What a shadow is asked for; raises ``request.invalid`` for filters that it does not know."""
    what = asked.what
    bare = Filter(sender=what.sender, recipient=what.recipient, since=what.since, until=what.until)
    if what != bare:
        raise invalid(
            "kind",
            "shadow plays a window whole; of filters it knows sender and recipient",
            "shadow phát lại cả khoảng thời gian; chỉ lọc được theo nơi gửi và nơi nhận",
        )
    return replace(asked, rate=0)


def _asked(
    axis: Axis, asked: rest_replays.PlanReplay | rest_replays.PlanRun, recipient: str
) -> Asked:
    """What a plan's request asks for. Raises ``request.invalid``, ``agency.unknown``."""
    kind = Kind(asked.kind)
    narrowed: dict[str, Any] = {
        "sender": axis.members.agency(asked.sender, "sender").code if asked.sender else "",
        "since": instant(asked.since, "since") if asked.since else None,
        "until": instant(asked.until, "until") if asked.until else None,
        "kind": None if asked.type is None else _TYPES[asked.type],
        "transport": None if asked.state is None else Transport[asked.state.upper()],
        "business": None if asked.answer is None else Business[asked.answer.upper()],
        "reason": asked.cause,
    }
    narrows = any(value not in (None, "") for value in narrowed.values())
    # A shadow knows no ids at all, and is told so.
    if asked.ids and narrows and kind is not Kind.SHADOW:
        raise invalid("ids", "stand alone", "phải đứng riêng, không kèm bộ lọc khác")
    if kind is Kind.REDRIVE and not asked.ids and asked.state is None:
        narrowed["transport"] = Transport.PARKED
    return Asked(
        kind=kind,
        what=Filter(recipient=recipient, named=_named(asked.ids), **narrowed),
        rate=asked.rate,
        # Nothing that is done can fail.
        stop_percent=asked.stop_percent if kind is Kind.REDRIVE else 0,
        why=asked.why,
    )


def _named(ids: list[str]) -> tuple[tuple[str, str], ...]:
    """Packages and deliveries by their ids, each once."""
    named: dict[tuple[str, str], None] = {}
    for text in ids:
        target = delivery_target(text if "." in text else f"{text}.0")
        if target is None:
            raise invalid(
                "ids",
                f"{text[:60]!r} is no id",
                f"{text[:60]!r} không phải mã văn bản hay lượt gửi",
            )
        named[target.doc_id, target.recipient if "." in text else ""] = None
    return tuple(named)
