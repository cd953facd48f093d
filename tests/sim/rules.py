"""What may happen to a delivery, said once more and on purpose not with the tables of the axis:
a wrong entry there would otherwise be judged by itself.

Source: VPCP 2.4 sections 2.1.2, 2.2 to 2.6 and 2.8. Events are those of a document's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

#: (state, event): the state after it.
_TRANSPORT = {
    ("waiting", "offered"): "offered",
    ("waiting", "done"): "done",
    ("offered", "done"): "done",
    ("parked", "done"): "done",
    ("waiting", "parked"): "parked",
    ("offered", "parked"): "parked",
    ("parked", "reset"): "waiting",
}
#: What is done and given back: (whether it is, event): whether it is after it.
_AGAIN = {
    ("", "given"): "given",
    ("given", "handed"): "handed",
} | {(again, kind): "" for again in ("given", "handed") for kind in ("kept", "had", "withheld")}
GIVING_BACK = frozenset(kind for _, kind in _AGAIN)
_CHAIN = {"none": 0, "arrived": 1, "accepted": 3, "assigned": 4, "processing": 5, "completed": 6}
_LEADS_TO = {number: name for name, number in _CHAIN.items()}
_ENDED = ("refused", "completed")
_ANSWERS = {"15": "agreed", "16": "refused"}
CODES = ("01", "02", "03", "04", "05", "06", "13", "15", "16")
WITH_REASON = ("02", "16")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands. ``said`` are (code, reason) in order."""

    state: str = "waiting"
    answer: str = "none"
    request: str = "none"
    attempt: int = 1
    reason: str = ""
    said: tuple[str, ...] = ()
    again: str = ""


def begin(kind: int) -> Standing:
    """A new delivery; an update (DocType 2) asks its recipient to agree."""
    return Standing(request="open" if kind == 2 else "none")


def may_say(standing: Standing, code: str) -> bool:
    """Whether a status may follow."""
    if code in _ANSWERS:
        return standing.request == "open"
    if standing.answer in _ENDED:
        return False
    if code == "13":
        return True
    if code == "02":
        return standing.answer in ("none", "arrived")
    return int(code) > _CHAIN[standing.answer]


def repeats(standing: Standing, code: str, reason: str) -> bool:
    """Whether this was said before and still stands, so that it changes nothing."""
    stands = {"13": "open", **_ANSWERS}.get(code, standing.request)
    same_reason = code not in WITH_REASON or reason == standing.reason
    return code in standing.said and standing.request == stands and same_reason


def follow(standing: Standing, event: Mapping[str, Any]) -> Standing | None:
    """How a delivery stands after an event; None when the event may not follow."""
    if event["kind"] == "status":
        return _after_status(standing, event["code"], event["reason"])
    if event["kind"] in GIVING_BACK:
        again = _AGAIN.get((standing.again, event["kind"]))
        if standing.state != "done" or again is None:
            return None
        attempt = standing.attempt + (again == "given")
        return replace(standing, again=again, attempt=attempt)
    state = _TRANSPORT.get((standing.state, event["kind"]))
    if state is None:
        return None
    return replace(
        standing,
        state=state,
        attempt=standing.attempt + (state == "waiting"),
        reason=event["reason"] if state == "parked" else "",
    )


def _after_status(standing: Standing, code: str, reason: str) -> Standing | None:
    has_it = code == "13" or standing.state == "done"
    if not has_it or not may_say(standing, code) or repeats(standing, code, reason):
        return None
    standing = replace(standing, said=(*standing.said, code))
    if code in WITH_REASON:
        standing = replace(standing, reason=reason)
    if code == "13":
        return replace(standing, request="open")
    if code in _ANSWERS:
        return replace(standing, request=_ANSWERS[code])
    answer = "refused" if code == "02" else _LEADS_TO[int(code)]
    return replace(standing, answer=answer)
