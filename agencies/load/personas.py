"""Agencies that behave otherwise than they should, and what must come of each of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from agencies.load.impossible import Impossible
from agencies.traffic import Planned
from axis.core.timetable import DAY_US
from schemas.codes import agencies

SLOW, AWAY, FLAKY, TWICE = "slow", "away", "flaky", "sending-twice"
WRONG, MALFORMED, SKEWED = "wrong-certificate", "malformed", "skewed-clock"

#: How long a slow recipient keeps what it took before it says so.
SLOW_S = 2.0
#: How far a skewed clock is ahead: beyond any day an axis may be run on.
SKEW = timedelta(days=36_524)
#: A flaky recipient gives back one delivery in so many before it keeps it, and breaks off one
#: request in so many.
GIVEN_BACK_EVERY, BROKEN_EVERY = 10, 3
#: Of 95 agencies; the others are what a persona is compared with.
PERSONAS_MAX = 20

#: Each with what must come of it, for people.
MUST: Mapping[str, str] = {
    SLOW: f"confirms {SLOW_S:g} s late, and nothing is lost",
    AWAY: "takes nothing; what is for it waits at the axis, whole",
    FLAKY: "breaks off requests and gives deliveries back; all of it counts once",
    TWICE: "sends every package twice; the same receipt, counted once",
    WRONG: "signs with a certificate nobody knows; all of it is refused",
    MALFORMED: "sends what is no package; all of it is refused",
    SKEWED: "dates a hundred years ahead; accepted with a warning, by the axis's own clock",
}
#: The codes with which a persona's packages are refused, one after the other.
REFUSED_WITH: Mapping[str, tuple[str, ...]] = {
    WRONG: ("signature.untrusted",),
    MALFORMED: ("edxml.not_xml", "edxml.doctype"),
}
#: What an axis says of a date that lies ahead.
AHEAD_WARNING = "document.future"

#: Persona by the agency's code.
Personas = Mapping[str, str]


def parse(texts: Sequence[str]) -> Personas:
    """``H37=slow`` and the like; the code may be whole. Raises ``Impossible``."""
    found: dict[str, str] = {}
    for text in texts:
        name, _, persona = text.partition("=")
        if persona not in MUST:
            raise Impossible(f"--persona {text}: it is AGENCY= and one of {', '.join(MUST)}")
        code = agency(name)
        if code in found:
            raise Impossible(f"--persona {text}: {name} is {found[code]} already; name another")
        found[code] = persona
    if len(found) > PERSONAS_MAX:
        raise Impossible(
            f"{len(found)} personas leave too few to compare with; {PERSONAS_MAX} would do"
        )
    return found


def agency(name: str) -> str:
    """The code of an agency by its last group or whole. Raises ``Impossible``."""
    codes = [row.code for row in agencies()]
    found = [code for code in codes if name in (code, code.rpartition(".")[2])]
    if len(found) != 1:
        raise Impossible(f"{name or 'nothing'} is none of the 95 agencies; H37 would do")
    return found[0]


def of(personas: Personas, *names: str) -> frozenset[str]:
    """The agencies that behave in one of these ways."""
    return frozenset(code for code, persona in personas.items() if persona in names)


def refusal(persona: str, index: int) -> str:
    """The code with which the axis must refuse a package; empty where it must take it."""
    codes = REFUSED_WITH.get(persona, ("",))
    return codes[index % len(codes)]


def dated(planned: Planned, personas: Personas) -> Planned:
    """The document as its sender dates it."""
    if personas.get(planned.sender) != SKEWED:
        return planned
    return replace(planned, at_us=planned.at_us + SKEW.days * DAY_US)


def spoilt(planned: Planned, raw: bytes, personas: Personas) -> bytes:
    """The package as its sender sends it: cut in the middle, or with a document type."""
    if personas.get(planned.sender) != MALFORMED:
        return raw
    if planned.index % 2 == 0:
        return raw[: len(raw) // 2]
    head, end, rest = raw.partition(b"?>\n")
    return head + end + b"<!DOCTYPE edXML>\n" + rest
