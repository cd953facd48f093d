"""What the commands of replay jobs show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axis.cli import screen
from axis.core.replay import Kind

_HANDED = ("handed_out", "silent", "answered", "skipped")
#: All that was handed over is one of these.
_HEARD = ("silent", "answered", "already_had", "failed", "withheld")
#: What each kind comes to.
_OUTCOMES: Mapping[str, Sequence[str]] = {
    Kind.GIVE_BACK: (*_HANDED, "same_digest", "already_had", "withheld"),
    Kind.REDRIVE: (*_HANDED, "failed", "withheld"),
    Kind.SHADOW: ("same", "different", "missing"),
}


def plan(told: Mapping[str, Any]) -> None:
    """What a plan answers."""
    window = ""
    if told["since"] or told["until"]:
        window = f"{screen.moment(told['since']) or '-'} to {screen.moment(told['until']) or '-'}"
    screen.facts(
        {
            "job": told["id"],
            "kind": told["kind"].replace("_", " "),
            "stage": told["stage"],
            "valid until": screen.moment(told["valid_until"]),
            "window": window,
            "documents": told["documents"],
            "deliveries": told["deliveries"],
            "bytes": told["bytes"],
            "a second": told["rate"] or "",
            "speed": f"{told['speed']:g}" if "speed" in told else "",
            "why": told["why"],
        }
    )
    if told["recipients"]:
        screen.table(
            ("who will see", "deliveries", "documents", "from senders", "bytes"),
            [
                (r["agency"], r["deliveries"], r["documents"], r["senders"], r["bytes"])
                for r in told["recipients"]
            ],
        )
    elif told["kind"] == Kind.SHADOW:
        screen.say("It is played in a run of its own: of these agencies nobody sees anything.")
    if told["excluded"]:
        screen.table(
            ("left out", "why", "for example"),
            [
                (out["deliveries"], out["detail"], ", ".join(out["examples"][:2]))
                for out in told["excluded"]
            ],
        )


def job(told: Mapping[str, Any]) -> None:
    """How far a job is, and what came of it; of one that was not run what was planned."""
    if told["stage"] in ("planned", "expired"):
        plan(told)
        return
    shadow = told["kind"] == Kind.SHADOW
    of_kind = _OUTCOMES[told["kind"]]
    outcomes = {name: n for name, n in told["outcomes"].items() if name in of_kind}
    # What was passed over has had its turn, and was not handed over.
    came = told["handed_over"] if shadow else sum(told["outcomes"].get(one, 0) for one in _HEARD)
    screen.facts(
        {
            "job": told["id"],
            "kind": told["kind"].replace("_", " "),
            "stage": f"{told['stage']}: {told['ending']}" if told["ending"] else told["stage"],
            "played" if shadow else "handed over": f"{screen.number(came)} of "
            f"{screen.number(told['deliveries'])}",
            "player": told.get("player") or "",
        }
    )
    screen.facts({name.replace("_", " "): n for name, n in outcomes.items()}, indent="  ")
    if shadow and told["stage"] == "running" and not told["player"]:
        screen.say(f"Nobody plays it yet: axis replay run {told['id']}")
    if "books" in told:
        _books(told["books"])


def _books(told: Mapping[str, Any]) -> None:
    """The digests of the books that were shadowed."""
    if told["before"] == told["after"]:
        screen.say(f"The books did not move: {told['before']}")
    else:
        stands = "stands" if told["past_stands"] else "WAS CHANGED"
        screen.say(
            f"The books went on by {screen.number(told['numbers_since'])}; their past {stands}"
        )


def shadowed(items: Sequence[Mapping[str, Any]]) -> None:
    """Each delivery of a shadow: what it came to, and when it was done in either run."""
    screen.table(
        ("no", "delivery", "outcome", "recorded", "took s", "played", "took s", "differences"),
        [
            (
                one["no"],
                one["delivery"],
                one["outcome"],
                *_times(one.get("recorded")),
                *_times(one.get("played")),
                "; ".join(one.get("differences", ())) or "-",
            )
            for one in items
        ],
        none="It has no deliveries.",
    )


def _times(told: Mapping[str, Any] | None) -> tuple[str, str]:
    """When a delivery was done, by the clock of its axis, and how long that took."""
    if told is None or not told["done"]:
        return "-", "-"
    return screen.moment(told["done"]), f"{told['took_s']:.3f}"


def _outcome(one: Mapping[str, Any]) -> str:
    """Who took the package and has said nothing since is not who never came for it."""
    words = str(one["outcome"]).replace("_", " ")
    return f"handed out, {words}" if one["handed_out"] and words == "silent" else words


def deliveries(items: Sequence[Mapping[str, Any]]) -> None:
    """Each delivery of a job with its outcome, and when it was first done where it was before."""
    dated = any(one["done_at"] for one in items)
    screen.table(
        ("no", "delivery", "outcome", *(["first done"] if dated else []), "why"),
        [
            (
                one["no"],
                one["delivery"],
                _outcome(one),
                *([screen.moment(one["done_at"]) or "-"] if dated else []),
                one.get("problem", {}).get("detail", "-"),
            )
            for one in items
        ],
        none="It has no deliveries.",
    )


def jobs(told: Sequence[Mapping[str, Any]]) -> None:
    """Jobs, one a line."""
    screen.table(
        ("job", "of", "kind", "stage", "planned", "to", "deliveries", "had a turn", "why"),
        [
            (
                one["id"],
                one["agency"] or "operators",
                one["kind"].replace("_", " "),
                one["stage"],
                screen.moment(one["planned_at"]),
                one["recipient"] or "-",
                one["deliveries"],
                one["handed_over"],
                one["why"],
            )
            for one in told
        ],
        none="No job was planned.",
    )
