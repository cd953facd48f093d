"""The figures of the benchmark are kept as they are, and the page says what they say."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import page, table
from benchmarks.parts import EXAMINE, STORE
from benchmarks.scale import Scale, in_turn
from benchmarks.table import Aim, Latency, Pair, Row, Run, Side

PAIR = Pair(
    "64 connections",
    Side("axis", [100.0, 300.0], [5.0, 7.0]),
    Side("bare", [200.0, 400.0], [4.0, 4.0]),
)
#: The page of the whole history, as far as this one takes of it.
HISTORY = (
    "# The history\n\n| CPU | µs a document |\n|---|---|\n| axis: verify | 182 |\n\nPromised: 3.\n"
)


def rows() -> dict[str, Row]:
    return {
        "single": Row(
            "single POST",
            pairs=[PAIR, replace(PAIR, other=None)],
            latencies=[Latency("POST to 201", 10, 1.5, 9.25)],
            figures={"memory of the axis, MB": 200.0},
            aims=[Aim("rate", 2500.0, "a second", 2000.0, 3000.0)],
            remarks=["as it was"],
            took_s=61.0,
            machine="a machine",
            paces=[16_120.0, 15_890.0],
        ),
        "checks": Row("checks", pairs=[PAIR, PAIR], machine="a machine"),
        "parts": Row("parts", figures={EXAMINE: 180.0, STORE: 70.0}, machine="another"),
    }


def test_kept_figures_are_read_again_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "performance.json"
    assert table.read(path) == {}
    table.keep(path, rows())
    assert table.read(path) == rows()


def test_kept_figures_are_rounded_to_what_they_are_worth(tmp_path: Path) -> None:
    path = tmp_path / "performance.json"
    table.keep(path, {"x": Row("x", figures={"a": 1234.5678, "b": 0.00123456})})
    assert table.read(path)["x"].figures == {"a": 1235.0, "b": 0.001235}


def test_a_ratio_is_that_of_each_pair() -> None:
    assert PAIR.ratio is not None
    assert asdict(PAIR.ratio) == {"median": 0.625, "low": 0.5, "high": 0.75}
    assert replace(PAIR, other=None).ratio is None


@pytest.mark.parametrize(
    ("figure", "at_most", "verdict"),
    [
        (3000.0, False, "aim met"),
        (2000.0, False, "promise kept"),
        (1999.0, False, "missed"),
        (2000.0, True, "aim met"),
        (3000.0, True, "promise kept"),
        (3001.0, True, "missed"),
    ],
)
def test_an_aim_says_whether_it_is_met(figure: float, at_most: bool, verdict: str) -> None:
    promised, aim = (3000.0, 2000.0) if at_most else (2000.0, 3000.0)
    assert Aim("x", figure, "", promised, aim, at_most).verdict == verdict


def test_the_page_has_every_figure() -> None:
    text = page.page({name: rows()[name] for name in bench.ROWS if name in rows()}, HISTORY)
    for said in (
        "a machine; another",
        "(`single`, documents; cores of 15,900 to 16,100 checks a second)",
        "(`checks`, documents)",
        "| 64 connections | axis: 200 (100 to 300) | bare: 300 (200 to 400) | 0.62 (0.50 to 0.75) | 6 / 4 |",
        "| POST to 201 | 10 | 1.5 | 9.2 |",
        "| rate | 2,500 a second | 2,000 a second | 3,000 a second | promise kept |",
        "| memory of the axis | 200 |",
        "(250 us), 4,000.",
        "- as it was",
        "| CPU | µs a document |\n|---|---|\n| axis: verify | 182 |\n",
    ):
        assert said in text
    assert "$" not in text
    assert "Promised: 3." not in text


def test_the_page_is_made_of_the_figures_that_are_kept() -> None:
    kept = table.read(bench.FIGURES)
    if not kept:
        pytest.skip("nothing was measured yet")
    assert bench.PAGE.read_text(encoding="utf-8") == page.page(
        kept, bench.HISTORY.read_text(encoding="utf-8")
    )


def test_sides_take_turns_to_begin() -> None:
    order: list[str] = []

    def act(name: str) -> Run:
        order.append(name)
        return Run(len(order), 0.0)

    ours, other = in_turn(lambda: (lambda: act("ours"), lambda: act("other")), 3)
    assert order == ["ours", "other", "other", "ours", "ours", "other"]
    assert [run.per_second for run in ours] == [1, 4, 5]
    assert [run.per_second for run in other] == [2, 3, 6]


def test_a_part_of_a_scale_is_never_nothing() -> None:
    assert Scale(pairs=1, share=0.1).of(1_000, 8) == 100
    assert Scale(pairs=1, share=0.1).of(20, 8) == 8
