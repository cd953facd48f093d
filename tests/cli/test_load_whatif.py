"""``axis load whatif``: two dates from two results, and what cannot be asked."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load.growth import Growth
from axis.cli.load_compare import Result, changes, verdict
from axis.cli.load_moved import lasts, words
from axis.cli.load_whatif_page import page
from tests.cli.conftest import Axis

BASE = 0.253


def told(carries: float | None = 363.0, off: float = 0.05, **other: Any) -> dict[str, Any]:
    """A result with that capacity, which may lie off by so much; ``other`` fields instead."""
    found: dict[str, Any] = {
        "version": 1,
        "base": {"documents": BASE, "fanout": 3.52},
        "growth": {"monthly": 0.08},
        "profile": "small",
        "seed": 1,
        "door": "single",
        "form": "embedded",
        "objective": {"p99": 1.0},
        "machine": {"cores": 2, "processor": "one"},
        "capacity": None,
        "date": None,
        "refused": "the objective was met at no rate",
        "limit": "the disk",
        "driver_ok": True,
        "reconciled": {"lost": 0},
    }
    if carries is not None:
        span = {"low": carries * (1 - off), "mid": carries, "high": carries * (1 + off)}
        found |= {"capacity": span, "date": {"mid": {"month": 94, "day": "2027-11"}}, "refused": ""}
    return found | other


def result(*arguments: Any, **other: Any) -> Result:
    return Result.model_validate(told(*arguments, **other))


def test_a_date_that_moves_says_from_when_to_when_and_how_sure_that_is() -> None:
    fewer = result(180.0, base={"documents": BASE, "fanout": 5.0})
    first, second, move = words(result(), fewer)
    assert first.startswith("As it is: November 2027, month 94 [93 to 95], up to 363 documents/s")
    assert second.startswith(
        "With fan-out 5.00 instead of 3.52: February 2027, month 85 [84 to 85]"
    )
    # 1.08 to the ninth is two.
    assert move.startswith("The date moves from November 2027 to February 2027, ")
    assert "9 months earlier [7." in move
    assert "more than they may lie off" in move


def test_where_the_ranges_overlap_no_difference_is_told() -> None:
    assert words(result(363.0), result(380.0))[-1].startswith("Their ranges overlap")


def test_less_than_a_month_is_no_move_of_the_date() -> None:
    a, b = result(363.0, 0.001), result(365.0, 0.001)
    assert words(a, b)[-1] == ("They differ beyond what either may lie off, by less than a month.")


def test_who_has_no_date_says_why() -> None:
    said = words(result(), result(None))
    assert len(said) == 2
    assert "no date (the objective was met at no rate)" in said[1]


@given(st.floats(1, 5_000), st.floats(1.2, 10), st.floats(0.005, 0.05))
def test_more_is_never_earlier_and_the_move_is_that_of_the_growth(
    carries: float, times: float, off: float
) -> None:
    a, b = result(carries, off), result(carries * times, off)
    first, second = lasts(a), lasts(b)
    assert first is not None
    assert second is not None
    grown = Growth(0.08, "").rate(1, second.mid - first.mid)
    assert grown == pytest.approx(times)
    assert "earlier" not in words(a, b)[-1]
    assert "later" not in words(b, a)[-1]


def test_every_change_is_named_also_one_that_was_not_asked_for() -> None:
    other = result(
        profile="real",
        signed=0.5,
        axis_cores=1,
        growth={"monthly": 0.05},
        objective={"p99": 2.0},
        machine={"cores": 2, "processor": "other"},
    )
    assert changes(result(), other) == [
        "packages real instead of small",
        "signed 50% instead of 100%",
        "cores of the axis 1 instead of 2",
        "growth 5.0% instead of 8.0%",
        "objective 2 s instead of 1 s",
        "processor other instead of one",
    ]
    assert changes(result(), result(200.0)) == []


@pytest.mark.parametrize(
    ("second", "code"),
    [(told(180.0), 0), (told(None), 3), (told(180.0, reconciled={"lost": 2}), 1)],
)
def test_two_files_are_set_side_by_side(
    axis: Axis, tmp_path: Path, second: dict[str, Any], code: int
) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, one in zip(files, (told(), second), strict=True):
        file.write_text(json.dumps(one))
    said = axis("load", "whatif", *files)
    assert said.exit_code == code, said.stdout
    assert "as it is" in said.stdout
    assert "changed" in said.stdout
    assert "As it is: " in said.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name what is changed"),
        (("a.json",), "name what is changed"),
        (("a.json", "b.json", "--fanout", "5"), "name what is changed"),
        (("--fanout", "20"), "--fanout 20 is not from 1 to 9"),
        (("--size", "huge"), "--size huge"),
        (("--signed", "half"), "50% would do"),
        (("--signed", "150%"), "75% would do"),
        (("--cores", "0"), "would do"),
        (("--cores", "1", "--large"), "without --large would do"),
        (("--cores", str(len(os.sched_getaffinity(0)))), "is not fewer than"),
        (("missing.json", "b.json"), "missing.json: No such file"),
        (("a.json", "b.json", "--json", "c.json"), "--html would do"),
    ],
)
def test_what_changes_nothing_or_cannot_be_is_refused(
    axis: Axis, arguments: tuple[str, ...], why: str
) -> None:
    said = axis("load", "whatif", *arguments)
    assert said.exit_code == 2
    assert why in " ".join(said.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": {"documents": 0, "fanout": 1}},
        {"growth": {"monthly": 0}},
        {"growth": {"monthly": float("nan")}},
        {"capacity": {"low": -1, "mid": 2, "high": 3}},
        {"capacity": {"low": 1, "mid": 2, "high": float("inf")}},
    ],
)
def test_a_file_with_figures_that_cannot_be_is_no_result(
    axis: Axis, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(told(**wrong)))
    said = axis("load", "whatif", file, file)
    assert said.exit_code == 2
    assert "is no result of axis load" in " ".join(said.stderr.replace("│", " ").split())


def compared(axis: Axis, folder: Path, first: dict[str, Any], second: dict[str, Any]) -> Any:
    """What ``axis load compare`` says of two results, and its exit code."""
    files = [folder / "a.json", folder / "b.json"]
    for file, one in zip(files, (first, second), strict=True):
        file.write_text(json.dumps(one))
    return axis("load", "compare", *files)


@pytest.mark.parametrize(
    ("wrong", "code", "why"),
    [
        ({"reconciled": {"lost": 0, "strange": 3}}, 1, "do not agree"),
        ({"reconciled": {"lost": 2}}, 1, "do not agree"),
        ({"reconciled": {"lost": 0, "books": "the books are 3 short"}}, 1, "do not agree"),
        ({"refused": "the driver was late"}, 3, "the driver was late"),
        ({"driver_ok": False}, 3, "the driver was the bottleneck"),
        ({"capacity": None}, 3, "it has no capacity"),
    ],
)
def test_what_was_not_measured_is_not_compared(
    axis: Axis, tmp_path: Path, wrong: dict[str, Any], code: int, why: str
) -> None:
    for pair, name in (((told(), told(180.0, **wrong)), "B"), ((told(**wrong), told(180.0)), "A")):
        said = compared(axis, tmp_path, *pair)
        assert said.exit_code == code, said.stdout
        assert f"Nothing to compare: of {name}, " in said.stdout
        assert why in said.stdout
        assert "times as much" not in said.stdout
        side_by_side = axis("load", "whatif", tmp_path / "a.json", tmp_path / "b.json")
        assert side_by_side.exit_code == code
        assert "The date moves" not in side_by_side.stdout


def test_a_comparison_names_all_that_the_two_differ_in(axis: Axis, tmp_path: Path) -> None:
    said = compared(axis, tmp_path, told(), told(180.0, objective={"p99": 2.0}, signed=0.5))
    assert said.exit_code == 0
    assert re.search(r"objective, p99 +1 s +2 s", said.stdout)
    last = verdict(result(), result(180.0, objective={"p99": 2.0}, signed=0.5))
    assert last.startswith("A carries 2.02 times as much, beyond what either may lie off.")
    assert last.endswith(" B had signed 50% instead of 100%, objective 2 s instead of 1 s.")
    machine = result(380.0, machine={"cores": 8, "processor": "one"}, axis_cores=2)
    assert verdict(result(), machine) == (
        "Their ranges overlap: no difference can be told. "
        "B had cores of the machine 8 instead of 2."
    )
    assert verdict(result(), result(200.0)).endswith(" beyond what either may lie off.")


def test_who_was_not_alone_on_the_machine_says_so(axis: Axis, tmp_path: Path) -> None:
    busy = told(180.0, others=1.62)
    said = compared(axis, tmp_path, told(others=0.1), busy).stdout.splitlines()
    told_of = (
        "others used 1.6 cores of the machine meanwhile; on a quiet one the axis carries more."
    )
    assert said[-1] == f"B: {told_of}"
    assert said[-2].startswith("A carries 2.02 times as much")
    assert words(result(), Result.model_validate(busy))[-1] == f"Changed: {told_of}"


STEPS = [
    {"rate": rate, "achieved": rate * 0.9, "p99": late}
    for rate, late in ((50.0, 0.02), (200.0, 0.1), (400.0, 3.0))
]


def test_the_page_has_both_dates_on_the_same_scales() -> None:
    fewer = told(180.0, base={"documents": BASE, "fanout": 5.0}, steps=STEPS)
    a, b = result(steps=STEPS), Result.model_validate(fewer)
    html = page(a, b)
    drawn = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawn) == 4
    for picture in drawn:
        ET.fromstring(picture)
    for line in words(a, b):
        assert line in html
    assert ["As it is: November 2027" in html, "Changed: February 2027" in html] == [True, True]
    assert "fan-out 5.00 instead of 3.52" in html
    assert not re.search(r"(src|href)=|url\(|@import", html)

    def at(picture: str, class_: str) -> list[tuple[str, str]]:
        return re.findall(rf'<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*class="{class_}"', picture)

    # Each has its own date as a point, and the other's where that lies there too.
    first, second = drawn[:2]
    assert at(first, "point") == at(second, "said") != []
    assert at(second, "point") == at(first, "said") != []
    assert float(at(second, "point")[0][0]) < float(at(first, "point")[0][0])
    latency = drawn[2]
    assert len(at(latency, "point")) == 2
    assert ">as it is<" in latency
    assert ">changed<" in latency


@pytest.mark.parametrize("steps", [[], STEPS[:1]])
def test_a_side_without_a_date_or_steps_has_a_page(steps: list[dict[str, float]]) -> None:
    for other in (result(None, steps=steps), result(180.0)):
        html = page(result(), other)
        for picture in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
            ET.fromstring(picture)
        assert "Side by side" in html
    assert "no date" in page(result(), result(None))


def test_two_files_make_a_page(axis: Axis, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, one in zip(files, (told(steps=STEPS), told(180.0, steps=STEPS)), strict=True):
        file.write_text(json.dumps(one))
    html = tmp_path / "c.html"
    said = axis("load", "whatif", *files, "--html", html)
    assert said.exit_code == 0, said.stdout
    assert "The date moves from" in html.read_text("utf-8")
