"""``axis load check``: does an axis carry a named scenario? Yes or no, and by how much."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from agencies.load import growth, scenarios, storage
from agencies.load.impossible import Impossible, NoRoom
from agencies.load.judge import HOLDS_S, OBJECTIVE_S
from agencies.load.plan import SECONDS, Shape
from agencies.load.scenarios import Played, Scenario
from agencies.load.send import SINGLE
from agencies.load.verdict import Verdict, verdict
from agencies.sizes import SMALL
from agencies.world import SEED
from axis.cli import load_own, load_page, load_report, screen, session
from axis.cli.load_growing import Objective, Seconds, Steps, measured
from axis.cli.load_marks import digits, rate
from axis.cli.load_options import Door, HtmlFile, JsonFile, Large, Seed, Size, Target

KIND = "check"
#: Exit codes: carried; not carried, or something lost; neither can be said.
CODES = {"yes": 0, "no": 1, "unknown": 3}
_WORDS = {"yes": "Yes", "no": "No", "unknown": "Cannot be told"}


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(check)


def check(
    scenario: Annotated[
        str, typer.Argument(metavar="S1..S5|R1", help="Which one; none: list them all.")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List them, with their sources.")] = False,
    size: Size = SMALL.name,
    door: Door = SINGLE,
    objective: Objective = OBJECTIVE_S,
    documents: Annotated[
        int | None, typer.Option(help="Of each step, at least; else those of the worst minute.")
    ] = None,
    seconds: Seconds = SECONDS,
    steps: Steps = scenarios.STEPS,
    seed: Seed = SEED,
    large: Large = False,
    target: Target = "",
    run: session.Run = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """Does an axis carry a named scenario? Yes or no, and how much more it carries.

    The worst minute of the scenario is played; where that is met, rates above it say the headroom.
    Exit code 0: yes; 1: no, or something was lost; 3: it cannot be told (the driver was the
    bottleneck, others used the machine, it does not fit the disk, there is no flow for it).
    """
    if listed or not scenario:
        _list()
        return
    try:
        one = scenarios.find(scenario)
        if one.why_not:
            _leave(f"{_asks(one)}: {one.why_not}.")
        shape = Shape(seed=seed, size=size, fanout=one.fanout, seconds=seconds, reports=one.reports)
        each = storage.package_bytes(shape.profile, seed)
        played = scenarios.played(one, each, documents)
        asked = {
            "shape": Shape(**asdict(shape) | {"documents": played.documents}),
            "growth": growth.parse("seed"),
            "rates": played.rates,
            "door": door,
            "objective_s": objective,
            "steps": steps,
        }
        _introduce(one, played)
        # All rungs together write less than twice what the last does.
        usual = max(1, steps - len(played.rates)) + 2
        told = measured(asked, target, run, large=large, usual=usual, stopped=CODES["unknown"])
    except NoRoom as error:
        _leave(f"{error}.")
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    _end(one, played, told, json_file, html_file)


def words(scenario: Scenario, found: Verdict) -> str:
    """The verdict in a sentence or two."""
    why = f" ({found.why})" if found.why and found.answer == "no" else ""
    if found.answer == "unknown":
        return f"{_WORDS[found.answer]}: {_asks(scenario)}; {found.why}."
    said = f"{_WORDS[found.answer]}: {_asks(scenario)}"
    if found.headroom is None:
        return f"{said}{why}."
    low, mid, high = (digits(part) for part in asdict(found.headroom).values())
    if found.at_least:
        return f"{said}; the axis carries at least {low} times that{why}."
    return f"{said}; the axis carries {mid} times that [{low} to {high}]{why}."


def _end(
    one: Scenario,
    played: Played,
    told: dict[str, Any],
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Say what came of it, and end the command."""
    found = verdict(one, told)
    told |= {"kind": KIND, "check": _raw(one, played, found)}
    said = words(one, found)
    load_report.report(told)
    screen.say(said)
    if json_file is not None:
        json_file.write_text(load_own.as_text(told), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(load_page.page(told, said), encoding="utf-8")
    raise typer.Exit(CODES[found.answer])


def _asks(scenario: Scenario) -> str:
    minute = " in its worst minute" if scenario.unit == "documents" else ""
    called = f"{scenario.name} ({scenario.title})"
    return f"{called} asks {rate(scenario)}{minute}"


def _introduce(scenario: Scenario, played: Played) -> None:
    screen.say(
        f"{_asks(scenario)}: {scenario.derived}; fan-out {scenario.fanout:.2f}. "
        f"{scenario.mark.capitalize()}: {scenario.source}"
    )
    if scenario.reports:
        screen.say(f"{scenario.reports:.0%} of them go to the Government Office alone.")
    if played.raised:
        screen.say(
            f"Played at {played.rates[0]:g} documents/s, which is more: {played.documents} "
            f"documents, which a p99 needs, come in {HOLDS_S:g} s then."
        )


def _list() -> None:
    rows: list[list[object]] = []
    for one in scenarios.scenarios().values():
        fanout = f"{one.fanout:.2f}" if one.unit == "documents" else ""
        rows.append([one.name, one.title, rate(one), one.derived, fanout, one.mark])
    screen.table(["", "", "asks", "derived as", "fan-out", "mark"], rows)
    for one in scenarios.scenarios().values():
        why = f" Not played: {one.why_not}." if one.why_not else ""
        screen.say(f"{one.name}: {one.source}{why}")


def _leave(why: str) -> None:
    screen.say(f"{_WORDS['unknown']}: {why}")
    raise typer.Exit(CODES["unknown"])


def _raw(scenario: Scenario, played: Played, found: Verdict) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "asked": scenario.rate,
        "derived": scenario.derived,
        "mark": scenario.mark,
        "source": scenario.source,
        "fanout": scenario.fanout,
        "played": played.rates[0],
        "exit": CODES[found.answer],
        **asdict(found),
    }
