"""What ``axis replay history`` says before and after: the books against the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from agencies.history.anchors import Anchor
from agencies.history.expected import Figures
from agencies.history.progress import Progress
from agencies.sizes import REAL, SMALL
from axis.cli import archive, history_memory, replay_report, screen
from axis.cli.history_playing import Play
from axis.cli.history_state import State
from axis.cli.result import figures
from axis.cli.result.figures import Result
from axis.core.timetable import month30, month30_days
from axis.settings import Settings

_SIZES = {
    SMALL.name: "about 20 kB each, attachment inside",
    REAL.name: "what offices send, 1.4 MB each on average",
}
#: Differences shown by name.
SHOWN_MAX = 20


def introduce(state: State, settings: Settings, begun: Progress, servers: str) -> None:
    """What is going to be played, and where; over which ``servers``, if any."""
    part = state.part
    only = f", only {part.only}" if part.only else ""
    sample = f", sample {part.sample[0]} of {part.sample[1]}" if part.sample[1] > 1 else ""
    screen.say(f"The history from {part.first} to {part.last}{only}{sample}")
    screen.facts(
        {
            "plan": f"seed {state.seed}",
            "sizes": f"profile '{state.size}': {_SIZES[state.size]}",
            "over": servers,
            "folder": f"{settings.home}/ (logs in {settings.home}/run/)",
            "goes on behind": "" if begun.day is None else begun.day.isoformat(),
        },
        indent="  ",
    )


def outcome(settings: Settings, play: Play) -> dict[str, Any]:
    """Everything that came of a play; ``differences`` is empty when all is as planned."""
    by_day = archive.counts(settings, "", (None, None), "day")
    by_agency = archive.counts(settings, "", (None, None), "agency")
    planned = play.figures
    sent = {date.fromisoformat(row["day"]): int(row["sent"]) for row in by_day["rows"]}
    received = {date.fromisoformat(row["day"]): int(row["received"]) for row in by_day["rows"]}
    found = [
        *_differences("sent", planned.sent_by_day, sent),
        *_differences("received", planned.received_by_day, received),
        *_of_agencies(planned, by_agency["rows"]),
        *_of_totals(planned, by_day, play.told),
    ]
    if not play.published:
        found.append("some numbers have not reached their topics yet")
    if not play.silent:
        screen.say("Breaking the books down; those of the whole history take half a minute.")
    broken = broken_down(lambda: figures.read(settings), settings.home / replay_report.FOLDER)
    return {
        "part": {
            "from": f"{play.part.first}",
            "to": f"{play.part.last}",
            "only": play.part.only,
            "sample": "/".join(map(str, play.part.sample)),
        },
        "seed": play.seed,
        "sent": by_day["sent"],
        "received": by_day["received"],
        "statuses": by_day["statuses"],
        "sent_again": play.told["again"],
        "package_bytes": play.told["size"],
        "months": _months(sent, received),
        "anchors": [{**point._asdict(), "last": f"{point.last}"} for point in broken.points],
        "balances": by_day["balances"],
        "seconds": round(play.took_s, 1),
        "sent_this_time": play.sent,
        "memory": play.memory.by_month(),
        "restarts": {name: n for name, n in play.restarts.items() if n},
        "files": broken.files,
        "differences": [*found, *broken.differences],
    }


class Broken(NamedTuple):
    """What came of breaking the books down: the paths of the page and its CSV files, the published
    points that were reached, and what is not as it should be.
    """

    files: list[str]
    points: Sequence[Anchor]
    differences: list[str]


def broken_down(read: Callable[[], Result], folder: Path) -> Broken:
    """Break the books down and write the page and its CSV files. What a file of the run or the disk
    keeps from it is a difference: that the documents were played is told all the same.
    """
    points: Sequence[Anchor] = ()
    missed: list[str] = []
    try:
        result = read()
        points = result.points
        missed = [f"{p.name}: {p.found}, published {p.published}" for p in points if not p.exact]
        told = replay_report.written(result, folder)
    except OSError as error:
        return Broken([], points, [*missed, f"the report cannot be made: {error}"])
    return Broken(told["files"], points, [*missed, *told["differences"]])


def _differences(what: str, planned: Mapping[Any, int], found: Mapping[Any, int]) -> list[str]:
    return [
        f"{what} {key}: {found.get(key, 0)} in the books, {planned.get(key, 0)} planned"
        for key in sorted({*planned, *found}, key=str)
        if planned.get(key, 0) != found.get(key, 0)
    ]


def _of_agencies(figures: Figures, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    sent = {row["agency"]: int(row["sent"]) for row in rows}
    received = {row["agency"]: int(row["received"]) for row in rows}
    return [
        *_differences("sent by", figures.sent_by_agency, sent),
        *_differences("received by", figures.received_by_agency, received),
    ]


def _of_totals(figures: Figures, counts: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """Statuses, what came back to the senders, sendings repeated, the lines of the books."""
    said = Counter({code: int(n) for code, n in counts["statuses"].items()})
    planned = Counter({"01": figures.deliveries}) + figures.answers_by_code
    found = _differences("said", planned, said)
    if told["heard"] != sum(said.values()):
        found.append(f"{told['heard']} statuses came back, {sum(said.values())} were said")
    if told["again"] != figures.again:
        found.append(f"{told['again']} documents were sent again, {figures.again} planned")
    return found + [
        f"the {line['line']} line is off by {line['difference']}"
        for line in counts["balances"]
        if line["difference"]
    ]


def _months(sent: Mapping[date, int], received: Mapping[date, int]) -> list[dict[str, Any]]:
    by_month: dict[int, list[int]] = {}
    for column, by_day in enumerate((sent, received)):
        # Behind the last day of the history clerks only answer.
        for day, n in ((day, n) for day, n in by_day.items() if n):
            by_month.setdefault(month30(day), [0, 0])[column] += n
    return [
        {
            "month": month,
            "from": f"{month30_days(month)[0]}",
            "to": f"{month30_days(month)[1]}",
            "sent": by_month[month][0],
            "received": by_month[month][1],
        }
        for month in sorted(by_month)
    ]


def report(told: Mapping[str, Any]) -> None:
    """The months, the published points, the rates, the lines, and whether all is exact."""
    screen.say("")
    rows = [
        (m["month"], m["from"], m["to"], m["sent"], m["received"], m["sent"] + m["received"])
        for m in told["months"]
    ]
    total = (told["sent"], told["received"], told["sent"] + told["received"])
    screen.table(
        ("month", "from", "to", "sent", "received", "together"), [*rows, ("all", "", "", *total)]
    )
    screen.say("")
    for point in told["anchors"]:
        mark = "exact" if point["published"] == point["found"] else "NOT EXACT"
        screen.say(
            f"{screen.number(point['found']):>9} of {screen.number(point['published']):>9}  "
            f"{point['name']}: {mark}"
        )
    if told["anchors"]:
        screen.say("Months are windows of 30 days from 12 March 2019; 'twice' is said of month 10,")
        screen.say("sent and received together: 138,544 = 2 x 69,272.")
    history_memory.show(told["memory"])
    rate = told["sent_this_time"] / told["seconds"] if told["seconds"] else 0.0
    screen.facts(
        {
            "statuses": ", ".join(
                f"{code} {screen.number(n)}" for code, n in sorted(told["statuses"].items())
            ),
            "sent again": f"{screen.number(told['sent_again'])} on top, which count nowhere",
            "package bytes": screen.number(told["package_bytes"]),
            "time": f"{told['seconds']} s this time, {rate:,.0f} documents a second",
        }
    )
    for line in told["balances"]:
        word = "balances" if line["difference"] == 0 else f"IS OFF BY {line['difference']}"
        screen.say(f"The {line['line']} line {word}: {screen.number(line['total'])}")
    if told["restarts"]:
        again = ", ".join(f"{name} {n}" for name, n in told["restarts"].items())
        screen.say(f"Started again after being killed (times): {again}")
    if told["files"]:
        replay_report.show_files(told["files"])
    found = told["differences"]
    if found:
        screen.say(f"NOT EXACT: {len(found)} differences")
        for difference in found[:SHOWN_MAX]:
            screen.say(f"  {difference}")
    else:
        screen.say("Exact, and both lines balance. The books: axis counts --run history")
