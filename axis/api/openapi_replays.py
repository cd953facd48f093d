"""Examples and errors of the routes of replay jobs, for the API pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from axis.api.problems import told
from axis.core.errors import Fault

_MINE: Final = "000.00.00.H37"
_JOB: Final = "rpl_01DYKA4R00N0QB5GZK7V2M9T3C"
_DELIVERY: Final = f"doc_01DYKA4R00N0QB5GZK7V2M9T3C.{_MINE}"
_AT: Final = "2020-01-16T08:30:00+07:00"

_PLANNED: Final[dict[str, Any]] = {
    "id": _JOB,
    "kind": "give_back",
    "stage": "planned",
    "agency": "",
    "sender": "",
    "recipient": _MINE,
    "since": "2020-01-15T18:00:00+07:00",
    "until": _AT,
    "documents": 41,
    "deliveries": 41,
    "bytes": 825_617,
    "recipients": [
        {"agency": _MINE, "deliveries": 41, "documents": 41, "senders": 17, "bytes": 825_617}
    ],
    "excluded": [
        {**told(Fault("document.recalled")), "deliveries": 1, "examples": [_DELIVERY]},
    ],
    "rate": 100,
    "stop_percent": 0,
    "handed_over": 0,
    "planned_at": _AT,
    "valid_until": "2020-01-16T09:30:00+07:00",
    "begun_at": None,
    "ended_at": None,
    "ending": "",
    "actor": "lan",
    "why": "restored a backup",
}
_RUN: Final[dict[str, Any]] = {
    **_PLANNED,
    "stage": "finished",
    "handed_over": 41,
    "begun_at": _AT,
    "ended_at": _AT,
    "outcomes": {
        "handed_out": 40,
        "same_digest": 40,
        "silent": 1,
        "answered": 28,
        "already_had": 12,
        "failed": 0,
        "withheld": 0,
        "skipped": 0,
        **dict.fromkeys(("same", "different", "missing"), 0),
    },
}
_SHADOW: Final[dict[str, Any]] = {
    **_PLANNED,
    "kind": "shadow",
    "stage": "running",
    "recipient": "",
    "since": "2020-01-15T08:00:00+07:00",
    "until": "2020-01-15T09:00:00+07:00",
    "recipients": [],
    "excluded": [],
    "rate": 0,
    "speed": 10.0,
    "handed_over": 12,
    "player": "ha-noi:/srv/axis/var/shadow",
    "begun_at": _AT,
    "outcomes": {**dict.fromkeys(_RUN["outcomes"], 0)},
    "why": "before the upgrade",
}
_TIMES: Final = {
    "sent": "2020-01-15T08:02:11+07:00",
    "accepted": "2020-01-15T08:02:11+07:00",
    "done": "2020-01-15T08:02:12+07:00",
    "took_s": 0.9,
}
_VERDICT: Final = {
    "no": 1,
    "outcome": "different",
    "differences": ["answer: accepted, now arrived"],
    "recorded": _TIMES,
    "played": {**_TIMES, "took_s": 0.4},
}
_BOOKS: Final = {
    "before": "5f" * 32,
    "after": "5f" * 32,
    "past_stands": True,
    "numbers_since": 0,
}
_OWN: Final = {"agency": _MINE, "actor": _MINE}
_ITEMS: Final = {
    "deliveries": [
        {
            "no": 1,
            "delivery": _DELIVERY,
            "outcome": "already_had",
            "handed_out": True,
            "attempt": 2,
            "done_at": "2020-01-15T18:02:11+07:00",
        },
        {
            "no": 2,
            "delivery": _DELIVERY,
            "outcome": "skipped",
            "handed_out": False,
            "attempt": 0,
            "done_at": None,
            "problem": told(Fault("delivery.given_back")),
        },
    ],
    "next": 2,
}

#: By operation: the body of its first successful answer.
ANSWERS: Final[Mapping[str, Any]] = {
    "plan_run": _PLANNED,
    "runs": {"jobs": [_PLANNED]},
    "run": _RUN,
    "run_deliveries": _ITEMS,
    "steer_run": _RUN,
    "take_run": {"epoch": 3, "lease_seconds": 15, "run": _SHADOW},
    "report_run": _SHADOW,
    "plan_replay": {**_PLANNED, **_OWN},
    "replays": {"jobs": [{**_PLANNED, **_OWN}]},
    "replay": {**_RUN, **_OWN},
    "replay_deliveries": _ITEMS,
    "steer_replay": {**_RUN, **_OWN},
}

_WHY: Final = {"why": "restored a backup"}
_GIVE_BACK: Final = {"kind": "give_back", "since": "2020-01-15T18:00:00+07:00", **_WHY}
_REDRIVE: Final = {"kind": "redrive", "cause": "Ổ đĩa đầy", "rate": 20, "stop_percent": 10, **_WHY}
_NAMED: Final = {"kind": "give_back", "ids": [_DELIVERY], **_WHY}

#: By operation: named bodies to send.
REQUESTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "plan_run": {
        "give_back": {**_GIVE_BACK, "recipient": _MINE},
        "redrive": {**_REDRIVE, "recipient": _MINE},
        "named": _NAMED,
        "shadow": {
            "kind": "shadow",
            "since": "2020-01-15T08:00:00+07:00",
            "until": "2020-01-15T09:00:00+07:00",
            "speed": 10,
            "why": "before the upgrade",
        },
    },
    "steer_run": {"why": _WHY},
    "take_run": {"player": {"player": _SHADOW["player"]}},
    "report_run": {
        "progress": {"epoch": 3, "handed_over": 12},
        "verdicts": {"epoch": 3, "handed_over": 41, "deliveries": [_VERDICT]},
        "end": {"epoch": 3, "handed_over": 41, "books": _BOOKS},
    },
    "plan_replay": {"give_back": _GIVE_BACK, "redrive": _REDRIVE, "named": _NAMED},
    "steer_replay": {"why": _WHY},
}

#: The models of their bodies.
BODIES: Final[Mapping[str, str]] = {
    "plan_run": "PlanRun",
    "steer_run": "Why",
    "take_run": "Take",
    "report_run": "Report",
    "plan_replay": "PlanReplay",
    "steer_replay": "Why",
}

PARAMETERS: Final[Mapping[str, Any]] = {"job": _JOB, "act": "pause", "after": 0}

#: What a plan, a look and an act may answer, besides what every route may.
PLAN: Final = (
    "agency.unknown",
    "delivery.not_found",
    "replay.unbounded",
    "replay.window",
    "replay.too_many",
    "replay.too_many_jobs",
)
LOOK: Final = ("replay.not_found",)
STEER: Final = ("replay.not_found", "replay.expired", "replay.stage")
TAKE: Final = (
    "replay.not_found",
    "replay.not_played",
    "replay.stage",
    "replay.taken",
)
REPORT: Final = (
    "delivery.not_found",
    "replay.not_found",
    "replay.not_played",
    "replay.lost",
    "replay.unjudged",
)
#: Codes that stand in the answers of these routes, and are no answer by themselves.
TOLD: Final = frozenset(
    {
        "delivery.not_done",
        "delivery.given_back",
        "document.recalled",
        "document.replaced",
        "document.taken_back",
        "package.damaged",
        "delivery.damaged",
    }
)
EXAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    "replay.expired": {"until": _AT},
    "replay.stage": {"stage": "finished", "act": "pause"},
    "replay.window": {"days": "90", "limit": "31"},
    "replay.too_many": {"limit": "20000"},
    "replay.too_many_jobs": {"count": "10", "limit": "10"},
    "replay.taken": {"player": "ha-noi:/srv/axis/var/shadow", "until": _AT},
    "replay.not_played": {"kind": "give_back"},
    "replay.unjudged": {"count": "29"},
}
