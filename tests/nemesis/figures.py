"""What a run amounted to, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tests.nemesis.faults import Fault
from tests.nemesis.run import Run
from tests.sim.history import Violation

#: Violations shown, and characters of each.
_SHOWN_MAX, _TEXT_MAX = 20, 600


def figures(run: Run, faults: Sequence[tuple[Fault, float, float]]) -> dict[str, object]:
    """The figures by name; spans in seconds."""
    asked = Counter(
        (one.who, one.method, one.path, f"{one.said}") for one in run.heard if one.method == "POST"
    )
    counts = run.final.counts
    return {
        "faults": dict(sorted(Counter(_kind(fault) for fault, *_ in faults).items())),
        "documents": len(run.final.views),
        "deliveries": sum(map(len, run.final.inboxes.values())),
        "statuses": sum(counts["statuses"].values()),
        "requests": len(run.heard),
        "repeated": sum(asked.values()) - len(asked),
        "unknown outcomes": sum(one.method == "POST" and not one.answered for one in run.heard),
        "answered 503": sum(one.status == 503 for one in run.heard),
        "notices on topics": sum(map(len, run.topics.values())),
        "numbers no notice told": _untold(run),
        "longest outage": round(_outage_s(run), 1),
    }


def _kind(fault: Fault) -> str:
    who = fault.target.rpartition("-")[0] or fault.target
    if fault.kind == "kill worker":
        return fault.kind
    if not fault.other:
        return f"{fault.kind} {who}"
    return f"{fault.kind} {who} from {fault.other.rpartition('-')[0] or fault.other}"


def _untold(run: Run) -> int:
    told = {message.subject for messages in run.topics.values() for message in messages}
    return sum(row["id"] not in told for rows in run.final.inboxes.values() for row in rows)


def _outage_s(run: Run) -> float:
    """The longest time in which nobody at all got a receipt, until all was healed."""
    at = sorted(one.ended for one in run.heard if one.text and one.ended <= run.healed_s)
    return max((after - before for before, after in pairwise([*at, run.healed_s])), default=0.0)


def report(told: dict[str, object], violations: Sequence[Violation]) -> str:
    """The figures and the verdict, for a person."""
    lines = [f"{name}: {value}" for name, value in told.items()]
    lines += [f"  {violation}"[:_TEXT_MAX] for violation in violations[:_SHOWN_MAX]]
    if len(violations) > _SHOWN_MAX:
        lines.append(f"  and {len(violations) - _SHOWN_MAX} more")
    kinds = ", ".join(f"{kind} {n}" for kind, n in Counter(v.kind for v in violations).items())
    lines.append(f"verdict: {kinds or 'every promise was kept'}")
    return "\n".join(lines)
