"""What the commands of replay jobs show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axis.cli import screen


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
            "a second": told["rate"],
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
    outcomes = dict(told["outcomes"])
    if told["kind"] == "give_back":
        outcomes.pop("failed")
    else:
        for name in ("same_digest", "already_had", "withheld"):
            outcomes.pop(name)
    screen.facts(
        {
            "job": told["id"],
            "kind": told["kind"].replace("_", " "),
            "stage": f"{told['stage']}: {told['ending']}" if told["ending"] else told["stage"],
            "handed over": f"{screen.number(told['handed_over'])} of "
            f"{screen.number(told['deliveries'])}",
        }
    )
    screen.facts({name.replace("_", " "): n for name, n in outcomes.items()}, indent="  ")


def deliveries(items: Sequence[Mapping[str, Any]]) -> None:
    """Each delivery of a job with its outcome."""
    screen.table(
        ("no", "delivery", "outcome", "first done", "why"),
        [
            (
                one["no"],
                one["delivery"],
                one["outcome"].replace("_", " "),
                screen.moment(one["done_at"]) or "-",
                one.get("problem", {}).get("detail", "-"),
            )
            for one in items
        ],
        none="It has no deliveries.",
    )


def jobs(told: Sequence[Mapping[str, Any]]) -> None:
    """Jobs, one a line."""
    screen.table(
        ("job", "of", "kind", "stage", "planned", "to", "deliveries", "handed over", "why"),
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
