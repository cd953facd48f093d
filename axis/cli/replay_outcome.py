"""What came of recorded traffic that was played: each delivery against its record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

from agencies.replays.score import Played, Score
from axis.cli import archive, screen
from axis.cli.replay_apart import Playing
from axis.cli.session import Session
from axis.cli.traffic_source import Source
from axis.core.comparison import Compared, compared
from axis.core.document import delivery_id
from axis.core.questions import Window
from axis.core.spread import percentile
from axis.settings import Settings
from schemas.traffic import Row

#: In the folder of the run: the outcome as ``--json`` shows it, and a line for each delivery.
OUTCOME_FILE: Final = "outcome.json"
DELIVERIES_FILE: Final = "deliveries.jsonl"
#: Deliveries that are not the same shown by name.
SHOWN_MAX: Final = 20


@dataclass
class _Sums:
    """What has been compared so far."""

    verdicts: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    said: int = 0
    took: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    shown: list[dict[str, Any]] = field(default_factory=list)


def outcome(
    settings: Settings, window: Window, playing: Playing, *, same_bytes: bool
) -> dict[str, Any]:
    """Everything that came of a play. Writes a line for each delivery into the run's folder."""
    sums = _Sums()
    with (
        Score(settings.home) as score,
        (settings.home / DELIVERIES_FILE).open("w", encoding="utf-8") as lines,
    ):
        for recorded, played in _pairs(score, Source(Session(settings), window)):
            sums.refused += bool(recorded.refused)
            sums.said += 0 if played is None else _said(played)
            for one in compared(recorded.row, played, recorded.refused, same_bytes=same_bytes):
                _count(sums, recorded, _with_troubles(recorded, one), lines)
        state = score.state
    verdicts = {name: sums.verdicts[name] for name in ("same", "different", "missing")}
    return {
        "documents": state.documents,
        "refused": sums.refused,
        "deliveries": verdicts,
        "statuses": {"said": sums.said, "came_back": state.heard},
        "took_s": dict(zip(("recorded", "played"), map(_percentiles, sums.took), strict=True)),
        "published": playing.published,
        "audit_clean": archive.audit(settings)["clean"],
        "seconds": round(playing.took_s, 1),
        "restarts": {name: n for name, n in playing.restarts.items() if n},
        "not_same": sums.shown,
    }


def _pairs(score: Score, source: Source) -> Iterator[tuple[Played, Row | None]]:
    """Every document of the score with what the books have of it."""
    seen: set[int] = set()
    for page in source.pages():
        for row in page:
            found = score.of(row.doc)
            # Nobody else writes into the books of a run of its own.
            assert found is not None, f"{row.doc} was not played from this score"
            seen.add(found.no)
            yield found, row
    yield from ((one, None) for one in score.played() if one.no not in seen)


def _with_troubles(recorded: Played, one: Compared) -> Compared:
    """What the axis said to a delivery that is not the same explains why it is not."""
    if one.verdict == "same":
        return one
    told = tuple(told for recipient, told in recorded.troubles if recipient == one.recipient)
    return one._replace(differences=one.differences + told)


def _count(sums: _Sums, recorded: Played, one: Compared, lines: IO[str]) -> None:
    sums.verdicts[one.verdict] += 1
    for took, times in zip(sums.took, (one.recorded, one.played), strict=True):
        if times.took_s is not None:
            took.append(times.took_s)
    line = {
        "delivery": delivery_id(recorded.row.doc, one.recipient),
        "played_as": delivery_id(recorded.doc, one.recipient) if recorded.doc else None,
        "document_id": recorded.row.document_id,
        "verdict": one.verdict,
        "differences": one.differences,
        "recorded": one.recorded._asdict(),
        "played": one.played._asdict(),
    }
    lines.write(json.dumps(line, ensure_ascii=False) + "\n")
    if one.verdict != "same" and len(sums.shown) < SHOWN_MAX:
        sums.shown.append(line)


def _said(row: Row) -> int:
    return sum(one.kind == "status" for share in row.deliveries for one in share.happened)


def _percentiles(took: list[float]) -> dict[str, float | None]:
    """Seconds from being accepted to being done."""
    took.sort()
    found = {f"p{percent}": percentile(took, percent) for percent in (50, 99)}
    return {name: None if value is None else round(value, 3) for name, value in found.items()}


def good(told: Mapping[str, Any]) -> bool:
    """Whether all came out as it was recorded."""
    statuses = told["statuses"]
    return (
        not told["deliveries"]["different"]
        and not told["deliveries"]["missing"]
        and statuses["said"] == statuses["came_back"]
        and bool(told["audit_clean"])
    )


def write(settings: Settings, told: Mapping[str, Any]) -> None:
    """Leave the outcome in the folder of the run."""
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    (settings.home / OUTCOME_FILE).write_text(text, encoding="utf-8")


def report(settings: Settings, told: Mapping[str, Any], record: str) -> None:
    """The verdicts, the times of both, what is not the same; ``record`` names what was played."""
    screen.say("")
    verdicts = told["deliveries"]
    screen.table(("deliveries", "same", "different", "missing"), [_row(verdicts)])
    took = told["took_s"]
    screen.table(
        ("accepted to done", "p50", "p99"),
        [(name, *map(_seconds, took[key].values())) for name, key in _names(record)],
    )
    statuses = told["statuses"]
    audit = "true" if told["audit_clean"] else "DIFFER FROM THEIR EVENTS"
    screen.facts(
        {
            "statuses": f"{screen.number(statuses['said'])} said, "
            f"{screen.number(statuses['came_back'])} came back",
            "refused": told["refused"] or "",
            "topics": "" if told["published"] else "some numbers have not been published yet",
            "books": f"{audit}: axis counts --run {settings.run}",
            "each delivery": f"{settings.home / DELIVERIES_FILE}",
            "time": f"{told['seconds']} s this time",
        }
    )
    if told["restarts"]:
        again = ", ".join(f"{name} {n}" for name, n in told["restarts"].items())
        screen.say(f"Started again after being killed (times): {again}")
    for one in told["not_same"]:
        screen.say(f"{one['verdict']} {one['delivery']} {'; '.join(one['differences'])}")


def _row(verdicts: Mapping[str, int]) -> tuple[int, ...]:
    return sum(verdicts.values()), verdicts["same"], verdicts["different"], verdicts["missing"]


def _names(record: str) -> tuple[tuple[str, str], ...]:
    return (record, "recorded"), ("played", "played")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f} s"
