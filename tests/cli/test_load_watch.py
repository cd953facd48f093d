"""What a load test shows while it runs: a view at a terminal, plain lines elsewhere."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from agencies.load.pulse import BUILDING, DRAINING, PLAYING, RECONCILING
from axis.cli.load_watch import LoadWatch, done, view

STEP = {
    "number": 3,
    "rate": 120.0,
    "achieved": 119.7,
    "p50": 0.012,
    "p99": 0.048,
    "lag": 0.1,
    "late": 0.002,
    "met": True,
    "driver_ok": True,
    "why": "",
}
MISSED = STEP | {"rate": 2_000.0, "met": False, "why": "p99 5.82 s"}
COUNTS = st.integers(0, 200_000)
RATES = st.floats(0, 20_000)
SECONDS = st.floats(0, 3_600)
PARTS = st.sampled_from(["driver", "axis", "signature checks", "PostgreSQL", "Kafka", "relay"])


def playing(**other: Any) -> dict[str, Any]:
    """A message of the driver; ``other`` fields instead."""
    return {
        "doing": PLAYING,
        "number": 3,
        "rate": 120.0,
        "at": 4.0,
        "seconds": 16.0,
        "offered": 118.5,
        "achieved": 117.25,
        "p50": 0.012,
        "p99": 1.5,
        "late": 0.0004,
        "documents": 2_000,
        "accepted": 1_000,
        "refused": 0,
        "unanswered": 7,
        "available": 3_500,
        "deliveries": 3_520,
        "open": 20,
        "cpu": {"driver": 0.25, "axis": 0.81},
        "memory_mb": {"axis": 140.4},
    } | other


def drawn(told: dict[str, Any], width: int) -> str:
    paper = Console(file=StringIO(), width=width)
    paper.print(view(told, width))
    assert isinstance(paper.file, StringIO)
    return paper.file.getvalue()


def terminal() -> tuple[Console, StringIO]:
    """One that is written to as people see it, with what was written."""
    written = StringIO()
    return Console(file=written, force_terminal=True, width=80), written


@pytest.mark.parametrize("width", [80, 120])
def test_the_view_tells_how_the_step_goes(width: int) -> None:
    said = drawn(playing(), width)
    for told in (
        *("step 3: 120 documents/s", "playing", "25%", "118.5 documents/s of 120.0 planned"),
        *("117.2 documents/s", "p50 12 ms, p99 1,500 ms", "0.4 ms behind its moments"),
        *("1,000 of 2,000 accepted", "7 for a receipt, 20 deliveries", "0.81  140"),
    ):
        assert told in said


def test_a_wide_terminal_has_the_processes_beside_the_figures() -> None:
    narrow, wide = (drawn(playing(), width).splitlines() for width in (80, 120))
    assert len(wide) < len(narrow)
    assert any("offered" in line and "process" in line for line in wide)


@given(
    told=st.fixed_dictionaries(
        {
            "doing": st.sampled_from([PLAYING, DRAINING]),
            "number": st.none() | st.integers(0, 30),
            **dict.fromkeys(("offered", "achieved", "rate"), RATES),
            **dict.fromkeys(("late", "p50", "at"), SECONDS),
            "p99": st.none() | SECONDS,
            "seconds": st.floats(2, 3_600),
            "documents": st.integers(200, 200_000),
            **dict.fromkeys(("accepted", "refused", "unanswered", "deliveries", "open"), COUNTS),
            "cpu": st.dictionaries(PARTS, st.floats(0, 64)),
            "memory_mb": st.dictionaries(PARTS, st.floats(0, 1e6)),
        }
    ),
    width=st.sampled_from([80, 100, 120]),
)
def test_whatever_is_told_fits_the_terminal(told: dict[str, Any], width: int) -> None:
    lines = drawn(told, width).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert len(lines) <= 16
    assert "…" not in "".join(lines)
    assert 0 <= done(told) <= 1


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ({"doing": BUILDING, "built": 50, "documents": 200}, 0.25),
        (playing(at=20.0), 1.0),
        (playing(doing=DRAINING, accepted=2_000, open=1_760), 0.5),
        # What has no receipt yet has deliveries that nobody knows of.
        (playing(doing=DRAINING, open=0), 0.5),
    ],
)
def test_a_phase_tells_what_share_of_it_is_done(told: dict[str, Any], share: float) -> None:
    assert done(told) == share


def test_each_phase_is_named() -> None:
    assert "50 of 200 built and signed" in drawn(
        {"doing": BUILDING, "number": 0, "rate": 1.0, "built": 50, "documents": 200}, 80
    )
    assert "all of it" in drawn(playing(doing=DRAINING), 80)
    assert "second 4 of 16" in drawn(playing(number=None), 80)
    assert "reconciling" in drawn({"doing": RECONCILING}, 80)


def test_finished_steps_stay_above_the_view_with_their_verdict() -> None:
    paper, written = terminal()
    with LoadWatch(paper) as watch:
        watch.show(playing())
        watch.show({"step": STEP})
        watch.show(playing(number=4))
        watch.show({"step": MISSED})
    said = written.getvalue()
    assert said.count("documents/s   achieved") == 1
    assert "48 ms   0.1 s  \x1b[32mmet" in said
    assert "\x1b[31mmissed: p99 5.82 s" in said
    assert said.index("step 3:") < said.index("met") < said.index("step 4:")


def test_without_a_terminal_there_are_plain_lines_and_no_view(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LoadWatch() as watch:
        for told in (
            playing(),
            {"step": STEP},
            {"turned": {"at": 5.0, "times": 2.0, "documents": 300}},
            {"doing": RECONCILING},
        ):
            watch.show(told)
    assert capsys.readouterr().out.splitlines() == [
        "120 documents/s: achieved 119.7, p50 12 ms, p99 48 ms, met",
        "second 5: from here on 2 times the planned rate, 300 documents in all",
    ]
