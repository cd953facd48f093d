"""What a counterpart is told to do, in a line of the document's Content.

Grammar (one line, anywhere in the Content; the first line that begins with ``sim:`` counts)::

    line   = "sim:" step {"," step}
    step   = code [after] [reason]        say this status (01 to 06, 15, 16)
           | "slow" [duration]            take the package so much later (5 s when not said)
           | "fail" [reason]              answer ``fail``: the delivery is parked with the reason
           | "silent"                     take it and say nothing at all
    after  = "after" duration             counted from the step before; without it, at once
    duration = number ("s" | "m")         at most an hour
    reason = "reason=" quoted             between '…' or "…"

Examples: ``sim: 01 after 1s, 02 reason='sai thẩm quyền'``; ``sim: slow 5s``;
``sim: slow 2s, 01, 03 after 3s, 06 after 1m``; ``sim: fail reason='hết chỗ'``; ``sim: silent``.

``slow`` comes first and only delays; what follows it is done then, and without more the agency
answers as it always does. ``fail`` and ``silent`` stand alone or after ``slow``. A delivery that
failed and was put back is taken the second time. 02 and 16 need a reason: one is made up where the
line gives none. A line that does not fit is no instruction: the agency answers as it always does,
and its log says what was not understood. Durations pass in real time, whatever the run's speed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from schemas.shown import shown

#: What a simulated recipient may say: every code but 13, which is the sender's.
CODES: Final = frozenset({"01", "02", "03", "04", "05", "06", "15", "16"})
#: Codes that need a reason (section 3 of the format).
WITH_REASON: Final = frozenset({"02", "16"})
#: The reason given where 02, 16 or ``fail`` come without one.
REASON: Final = "Theo kịch bản của bên gửi"
#: An hour: beyond it nobody at a laptop waits.
DELAY_S_MAX: Final = 3600.0
SLOW_S: Final = 5.0
#: Every code once, and ``slow`` before them.
STEPS_MAX: Final = len(CODES) + 1
#: As long as the axis lets a reason be.
REASON_CHARS_MAX: Final = 1000

_LINE = re.compile(r"^[ \t]*sim:(.*)$", re.IGNORECASE | re.MULTILINE)
_DURATION = r"(?P<{0}>\d{{1,4}}(?:\.\d{{1,3}})?)\s*(?P<{0}_unit>[sm])"
_QUOTED = r"""reason\s*=\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")"""
_STEP = re.compile(
    rf"""\s*(?:
      (?P<code>\d\d) (?:\s+after\s+{_DURATION.format("after")})?
    | (?P<word>slow) (?:\s+{_DURATION.format("slow")})?
    | (?P<fail>fail)
    | (?P<silent>silent)
    ) (?:\s+{_QUOTED})? \s*(?P<end>,|$)""",
    re.VERBOSE | re.IGNORECASE,
)


class NotUnderstood(ValueError):
    """There is a ``sim:`` line and it does not fit the grammar; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Say ``code``, ``after_s`` seconds after the step before."""

    code: str
    after_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What one document tells its recipients to do.

    ``usual`` is the answer that is given without any script; ``steps`` are said instead.
    """

    end: Literal["usual", "steps", "fail", "silent"] = "usual"
    slow_s: float = 0.0
    steps: tuple[Step, ...] = ()
    reason: str = ""


USUAL: Final = Script()


def parse(content: str) -> Script:
    """The script in a document's Content; ``USUAL`` when there is none.

    Raises ``NotUnderstood`` for a ``sim:`` line outside the grammar.
    """
    # Nearly no document has a line, and this is asked of each.
    line = _LINE.search(content) if "sim" in content.lower() else None
    if line is None:
        return USUAL
    said = line[1].strip()
    matches = list(_steps(said))
    slow_s, first = 0.0, 0
    if matches[0]["word"]:
        slow_s, first = _seconds(matches[0], "slow", SLOW_S), 1
        if _reason(matches[0]):
            raise NotUnderstood(f"slow takes no reason: {said[:200]}")
    rest = matches[first:]
    if not rest:
        return Script(slow_s=slow_s)
    if len(rest) == 1 and rest[0]["fail"]:
        return Script("fail", slow_s, reason=_reason(rest[0]) or REASON)
    if len(rest) == 1 and rest[0]["silent"] and not _reason(rest[0]):
        return Script("silent", slow_s)
    return Script("steps", slow_s, tuple(_step(match, said) for match in rest))


def _steps(said: str) -> list[re.Match[str]]:
    matches: list[re.Match[str]] = []
    at = 0
    while True:
        match = _STEP.match(said, at)
        if match is None or len(matches) == STEPS_MAX:
            raise NotUnderstood(f"sim: {said[:200]}")
        matches.append(match)
        at = match.end()
        if not match["end"]:
            return matches


def _step(match: re.Match[str], said: str) -> Step:
    code = match["code"]
    if code not in CODES:
        raise NotUnderstood(f"sim: {said[:200]}")
    reason = _reason(match)
    if code in WITH_REASON:
        reason = reason or REASON
    return Step(code, _seconds(match, "after", 0.0), reason)


def _reason(match: re.Match[str]) -> str:
    quoted = match["single"] or match["double"] or ""
    # What the axis takes for no reason is none here: it would refuse what is said with it.
    return shown(quoted.strip()[:REASON_CHARS_MAX])


def _seconds(match: re.Match[str], name: str, default: float) -> float:
    if match[name] is None:
        return default
    return min(float(match[name]) * (60 if match[f"{name}_unit"] in "mM" else 1), DELAY_S_MAX)
