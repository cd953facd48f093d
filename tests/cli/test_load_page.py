"""The page of a load test: whole by itself, and true to its result whatever that is."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load.curve import Curve
from agencies.load.judge import raw
from agencies.load.outlook import Capacity
from agencies.load.usage import AXIS, DRIVER
from axis.cli.load_charts import Axis
from axis.cli.load_course_report import row
from axis.cli.load_course_report import words as course_words
from axis.cli.load_page import page
from tests.agencies.load.steps import measured, usage

CURVE = Curve(floor=0.04, queue=0.01, saturation=360.0)
CAPACITY = asdict(Capacity(300.0, 363.0, 400.0, "knee", 310.0, 390.0, 9, CURVE))


def told(*rates: tuple[float, float], dated: bool = True) -> dict[str, Any]:
    """A result whose steps had these rates and latencies."""
    when = {"month": 95, "day": "2027-12"}
    return {
        "base": {"documents": 0.253, "deliveries": 0.89, "fanout": 3.52},
        "growth": {"monthly": 0.08, "told": "twice in nine months"},
        "profile": "small",
        "package_bytes": 20_000,
        "seed": 1,
        "form": "embedded",
        "objective": {"p99": 1.0, "holds": 60.0},
        "machine": {"cores": 2, "processor": "<b>&"},
        "steps": [raw(measured(rate, p99)) for rate, p99 in rates],
        "capacity": CAPACITY if dated else None,
        "date": {"low": when, "mid": when, "high": when} if dated else None,
        "refused": "" if dated else "the objective was met at no rate",
        "limit": "the disk",
        "others": 0.0,
        "storage": {"month_gb": 0.7, "disk_gb": 77.0, "retention": 24, "full": "August 2022"},
        "reconciled": {
            "accepted": 5,
            "deliveries": 9,
            "lost": 0,
            "strange": 0,
            "books": "",
            "lost_ids": [],
            "strange_ids": [],
            "foreign": 0,
        },
    }


def test_the_page_says_the_words_and_draws_the_curves() -> None:
    html = page(told((100, 0.05), (200, 0.1), (400, 3.0)))
    assert "up to 363 documents/s [300 to 400]" in html
    assert "month 95, December 2027 [December]" in html
    drawn = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawn) == 6
    for picture in drawn:
        ET.fromstring(picture)
    # What a machine calls itself is only read, and nothing is fetched.
    assert "&lt;b&gt;&amp;" in html
    assert not re.search(r"(src|href)=|url\(|@import", html)


@pytest.mark.parametrize(("low", "high"), [(155.0, 400.0), (300.0, 780.0)])
def test_a_range_that_ends_where_nobody_looked_further_says_so(low: float, high: float) -> None:
    result = told((100, 0.05), (200, 0.1), (400, 3.0))
    assert "alone" not in page(result)
    result["capacity"] = CAPACITY | {"low": low, "high": high}
    assert "It was looked for from 155 to 780 alone" in page(result)


def test_a_step_whose_driver_was_late_says_so() -> None:
    result = told((100, 0.05), (200, 0.1))
    result["steps"][1]["driver_ok"] = False
    assert page(result).count("met; driver late</td>") == 1


def test_servers_of_the_large_form_are_drawn_and_listed() -> None:
    result = told((100, 0.05), (200, 0.1))
    for step in result["steps"]:
        step["cpu"] = {"driver": 0.1, "axis": 0.9, "relay": 0.05, "PostgreSQL": 0.4, "Kafka": 0.2}
        step["usage"] |= {"cpu": step["cpu"], "memory_mb": {"PostgreSQL": 1310.4}}
    html = page(result)
    assert "0.40, 1,310" in html
    (cores,) = re.findall(r"<svg(?:(?!</svg>).)*CPU by process.*?</svg>", html, re.DOTALL)
    assert [name in cores for name in ("axis", "PostgreSQL", "Kafka", "relay")] == [
        *(True, True, True),
        False,
    ]
    (memory,) = re.findall(r"<svg(?:(?!</svg>).)*Memory by process.*?</svg>", html, re.DOTALL)
    assert "PostgreSQL" in memory


def test_the_fitted_curve_is_drawn_through_the_capacity_and_said() -> None:
    result = told((100, 0.05), (200, 0.1), (400, 3.0))
    html = page(result)
    assert "with a knee at 360 documents/s, fitted to the p99 of 9 steps" in html
    assert "90% interval" in html
    assert "310 met the objective and 390 missed it" in html
    drawn = re.search(r'<svg id="latency".*?</svg>', html, re.DOTALL)
    assert drawn
    assert drawn[0].count("<circle") == 1
    assert "p99 of a minute, fitted" in drawn[0]
    # It leaves the picture where it is above everything measured, and begins at its left end.
    fitted = re.search(r'points="([^"]*)" class="curve said-line"', drawn[0])
    assert fitted
    heights = [float(point.split(",")[1]) for point in fitted[1].split()]
    assert 50 < len(heights) < 100
    assert heights == sorted(heights, reverse=True)


def test_without_a_curve_the_bracket_is_all_there_is() -> None:
    result = told((100, 0.05), (400, 3.0))
    bare = asdict(Capacity(300.0, 363.0, 400.0, "bracket", 300.0, 400.0, 2, None))
    html = page(result | {"capacity": bare})
    assert "No curve: that takes 7 steps" in html
    assert "300 met the objective and 400 missed it" in html
    assert "fitted" not in html


def test_the_scenarios_are_marked_on_the_chart_of_growth_in_their_order() -> None:
    html = page(told((100, 0.05), (200, 0.1), (400, 3.0)), "Yes: it does.")
    drawn = re.search(r'<svg id="growth".*?</svg>', html, re.DOTALL)
    assert drawn
    names = [f"S{n}" for n in range(1, 9)]
    assert re.findall(r">(S\d)<", drawn[0]) == names
    at = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"[^>]*class="said"', drawn[0])]
    assert at == sorted(at)
    # The first is the base itself, at the left end; the last is within the picture.
    assert at[0] == pytest.approx(52, abs=0.1)
    assert at[-1] <= 480 - 16
    assert "S3 All four levels of government: 2.53 documents/s" in html
    assert html.index("Yes: it does.") < html.index("Reconciled:")


@pytest.mark.parametrize("rates", [(), ((100.0, 5.0),), ((50.0, 5.0), (100.0, 7.0))])
def test_a_run_without_a_date_has_a_page(rates: tuple[tuple[float, float], ...]) -> None:
    html = page(told(*rates, dated=False))
    assert "No capacity" in html
    assert "the objective was met at no rate" in html


@given(low=st.floats(0.01, 1000), times=st.floats(1.5, 1e5), log=st.booleans())
def test_ticks_lie_within_their_scale_in_order(low: float, times: float, log: bool) -> None:
    scale = Axis(low, low * times, "", log) if log else Axis(0.0, low * times, "", log)
    ticks = scale.ticks()
    assert ticks == sorted(set(ticks))
    assert all(-1e-9 <= scale.share(tick) <= 1 + 1e-9 for tick in ticks)
    assert log or 3 <= len(ticks) <= 6


def test_an_agency_that_took_nothing_has_no_latency() -> None:
    late = {"count": 3, "p99": 0.25}
    came = {
        "agency": "000.00.00.G22",
        "persona": "away",
        **dict.fromkeys(("documents", "accepted", "deliveries", "done", "waiting"), 1),
        "refused": {},
        "available": late,
        "confirmed": late | {"count": 0, "p99": 0.0},
    }
    assert row(came)[-2:] == [250, "-"]


def test_a_course_on_a_machine_that_was_not_quiet_says_so() -> None:
    latency = dict.fromkeys(("p50", "p99", "most", "count"), 1)
    result = {
        "course": {"shape": "constant", "seconds": 20, "pieces": [{"first": 15, "last": 15}]},
        "usage": asdict(usage({DRIVER: 0.2, AXIS: 0.3}, 1.9)),
        **dict.fromkeys(("available", "accepted", "done"), latency),
        **dict.fromkeys(("documents", "refused", "unexpected"), 0),
        "changes": [],
        "driver_ok": True,
        "outage": None,
        "personas": [],
        "reconciled": told((100, 0.05))["reconciled"] | {"waiting": 0},
    }
    busy = "Others used 1.4 cores of this machine meanwhile: on a quiet one it is quicker."
    assert busy in course_words(result)
    result["usage"] = asdict(usage({DRIVER: 0.2, AXIS: 0.3}, 0.6))
    assert not any("Others used" in line for line in course_words(result))
