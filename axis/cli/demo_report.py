"""What ``axis demo`` says before and after."""

from __future__ import annotations

import time
from collections.abc import Sequence

from agencies.sizes import SMALL
from agencies.traffic import Planned, digest
from axis.cli import outcome, screen
from axis.cli.playing import Played
from axis.settings import Settings

#: Differences shown by name.
SHOWN_MAX = 20


def introduce(
    plan: Sequence[Planned], seed: int, settings: Settings, *, fresh: bool, servers: str | None
) -> None:
    """What is going to be played, and where."""
    received = sum(len(planned.recipients) for planned in plan)
    day = plan[0].local
    screen.say(
        f"{day:%-d %B %Y}: {screen.number(len(plan))} documents for {screen.number(received)} "
        f"recipients between 95 agencies"
    )
    over = {} if servers is None else {"over": servers}
    screen.facts(
        {
            "plan": f"seed {seed}, SHA-256 {digest(plan)}",
            "sizes": f"profile '{SMALL.name}': about 20 kB each, attachment inside",
            "folder": f"{settings.home}/ (logs in {settings.home}/run/)",
            **over,
        },
        indent="  ",
    )
    if not fresh:
        screen.say("An earlier demo was stopped half-way; this one goes on where it was.")


def report(played: Played, journals: outcome.Journals, begun_s: float) -> None:
    """The table by kind of agency, the times, the two lines of the books.

    ``begun_s`` is when the command began, on the monotonic clock.
    """
    counts = played.counts
    rows = outcome.by_kind(counts)
    totals = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    screen.say("")
    screen.table(
        ("agencies", "number", "sent", "received", "said 01", "said 02", "said 03"),
        [*rows, ("all", *totals)],
    )
    screen.say("")
    _facts(played, outcome.speed(journals, begun_s), time.monotonic() - begun_s)
    for line in counts["balances"]:
        parts = " + ".join(f"{name} {screen.number(n)}" for name, n in line["parts"].items() if n)
        word = "balances" if line["difference"] == 0 else f"IS OFF BY {line['difference']}"
        screen.say(f"The {line['line']} line {word}: {screen.number(line['total'])} = {parts}")
    restarts = {name: n for name, n in played.restarts.items() if n}
    if restarts:
        told = ", ".join(f"{name} {n}" for name, n in restarts.items())
        screen.say(f"Started again after being killed (times): {told}")


def _facts(played: Played, speed: outcome.Speed, whole_s: float) -> None:
    said = played.counts["statuses"]
    rate = speed.documents / speed.sending_s if speed.sending_s else 0.0
    screen.facts(
        {
            "refused": f"{said.get('02', 0)} deliveries, with 02 and a reason",
            "statuses back": f"{screen.number(played.heard)}: 01, and 03 or 02, of each delivery",
            "POST to available": _milliseconds(speed.available_ms),
            "POST to done": _milliseconds(speed.done_ms),
            "documents a second": f"{rate:.0f} while sending ({speed.sending_s:.1f} s), "
            f"{speed.documents / whole_s:.0f} over all ({whole_s:.1f} s)",
            "package bytes": f"{screen.number(speed.bytes_sent)} (profile '{SMALL.name}')",
        }
    )


def _milliseconds(pair: tuple[float, float]) -> str:
    return f"median {pair[0]:.0f} ms, 99th percentile {pair[1]:.0f} ms, from the planned moment"


def not_exact(differences: Sequence[str]) -> None:
    """Print what did not come about as planned; the first ones tell what the others are."""
    screen.say(f"NOT EXACT: {len(differences)} differences")
    for difference in differences[:SHOWN_MAX]:
        screen.say(f"  {difference}")


def how_to_go_on() -> None:
    """What a newcomer can do next."""
    screen.say("Exact, and both lines balance. How to go on:")
    screen.facts(
        {
            ".venv/bin/axis counts --json": "the books of this day",
            ".venv/bin/axis audit": "every counter recomputed from the events",
            "make serve": "an axis of your own: 94 agencies answer, the 95th chair is yours",
            "docs/ten-minutes/": "a page for an agency's developer, one for an operator",
        },
        indent="  ",
    )
