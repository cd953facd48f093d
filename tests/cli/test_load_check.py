"""``axis load check`` before it plays: what it lists, what it refuses, and its sentences."""

from __future__ import annotations

import pytest

from agencies.load.outlook import Span
from agencies.load.scenarios import find, scenarios
from agencies.load.verdict import Verdict
from axis.cli.load_check import CODES, words
from tests.cli.conftest import Axis

TWICE = Span(1.9, 2.0, 2.1)


@pytest.mark.parametrize("arguments", [(), ("--list",), ("S3", "--list")])
def test_all_scenarios_are_listed_with_what_they_ask_and_where_it_comes_from(
    axis: Axis, arguments: tuple[str, ...]
) -> None:
    told = axis("load", "check", *arguments)
    assert told.exit_code == 0
    for one in scenarios().values():
        assert f"{one.name}: {one.source}" in told.stdout
    assert "S3  All four levels of government         2.53 documents/s" in told.stdout
    assert "10 x 0.253" in told.stdout


@pytest.mark.parametrize(("name", "why"), [("P1", "no door"), ("S8", "a mark on the chart")])
def test_what_has_no_flow_cannot_be_told(axis: Axis, name: str, why: str) -> None:
    told = axis("load", "check", name)
    assert told.exit_code == CODES["unknown"]
    assert told.stdout.startswith(f"Cannot be told: {name} ")
    assert why in told.stdout


def test_what_does_not_fit_the_disk_cannot_be_told_either(axis: Axis) -> None:
    # 200,000 packages of 1.4 MB, twice, and several times over.
    told = axis("load", "check", "S5", "--size", "real", "--documents", "200000")
    assert told.exit_code == CODES["unknown"]
    assert "Cannot be told: the run would write" in told.stdout
    assert "would do" in told.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("S9",),
        ("S3", "--objective", "0"),
        ("S3", "--documents", "20"),
        ("S3", "--documents", "0"),
        ("S3", "--steps", "0"),
    ],
)
def test_what_cannot_be_is_refused(axis: Axis, arguments: tuple[str, ...]) -> None:
    told = axis("load", "check", *arguments)
    assert told.exit_code == 2
    assert "would do" in " ".join(told.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Verdict("yes", "", TWICE, at_least=False), "the axis carries 2 times that [1.9 to 2.1]."),
        (Verdict("yes", "", TWICE, at_least=True), "the axis carries at least 1.9 times that."),
        (
            Verdict("no", "at 32.7 documents/s: p99 3.00 s", None, at_least=False),
            "in its worst minute (at 32.7 documents/s: p99 3.00 s).",
        ),
        (
            Verdict("unknown", "the driver was the bottleneck", TWICE, at_least=False),
            "in its worst minute; the driver was the bottleneck.",
        ),
    ],
)
def test_the_verdict_is_a_sentence(found: Verdict, said: str) -> None:
    told = words(find("S5"), found)
    start = {"yes": "Yes", "no": "No", "unknown": "Cannot be told"}[found.answer]
    asks = "S5 (Korea in 2022) asks 32.6 documents/s in its worst minute"
    assert told.startswith(f"{start}: {asks}")
    assert told.endswith(said)
