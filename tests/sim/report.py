"""What a person is shown of a run."""

from __future__ import annotations

from tests.sim.simulate import Result

#: Violations shown, characters of each, and lines of the trace of the first.
_VIOLATIONS_MAX = 5
_TEXT_MAX = 600
_TRACE_LINES_MAX = 60


def report(result: Result, plant: str = "") -> str:
    """The digest of a run; when it failed also why, what led there, and how to see it again."""
    lines = [f"seed {result.seed}: history {result.history.digest()}"]
    if not result.violations:
        return "\n".join([*lines, "every promise was kept"])
    lines += [f"  {violation}"[:_TEXT_MAX] for violation in result.violations[:_VIOLATIONS_MAX]]
    more = len(result.violations) - _VIOLATIONS_MAX
    if more > 0:
        lines.append(f"  and {more} more")
    lines.append("what led to the first:")
    lines += result.history.trace(result.violations[0].about, _TRACE_LINES_MAX)
    planted = f" --plant {plant!r}" if plant else ""
    lines.append(f"again: python -m tests.sim --seed {result.seed}{planted}")
    return "\n".join(lines)
