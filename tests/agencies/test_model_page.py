"""The model is documented by itself: the page says what the figures say, and no figure is idle."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agencies import model, model_days
from agencies.model_page import page

ROOT = Path(__file__).parents[2]


def strays(day: date) -> float:
    """How far the series is from weight times trend on a day, in documents or deliveries."""
    total = model.days()[day]
    sent, received = model_days.unrounded(day)
    return max(abs(sent - total.sent), abs(received - total.received))


def test_the_page_is_up_to_date() -> None:
    told = (ROOT / "docs" / "traffic-model.md").read_text("utf-8")
    assert told == page(), "make model"


@pytest.mark.parametrize("name", list(model.figures()))
def test_a_figure_has_its_row_with_its_mark_and_source(name: str) -> None:
    figure = model.figures()[name]
    (row,) = [line for line in page().splitlines() if line.startswith(f"| `{name}` |")]
    assert row.endswith(f"| {figure.mark} | {figure.source} |")
    assert row.count("|") == 5


@pytest.mark.parametrize("name", list(model.figures()))
def test_no_figure_is_idle(name: str) -> None:
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "agencies").rglob("*.py"))
    assert len(re.findall(rf"\b{name}\b", code)) > 1


def test_every_day_is_its_weight_times_the_trend_rounded() -> None:
    assert max(map(strays, model.days())) < 1


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("WEEKDAYS_PER_MILLE", {**model_days.WEEKDAYS_PER_MILLE.value, "Wed": 1052}),
        ("HOLIDAY_PER_MILLE", 31),
        ("EXTRA_WORKING_DAY_PER_MILLE", 1002),
        ("REPORTING_DAYS", (15, 16)),
        ("REPORTING_DAYS_PER_MILLE", 1081),
        ("LAST_QUARTER_PER_MILLE", 1041),
        ("AROUND_TET_PER_MILLE", {}),
        ("TREND_E2", (274_973, 610_910, -181_400)),
        ("SENT_SHARE_E6", (267_321, -49_517)),
    ],
)
def test_another_weight_or_trend_is_not_that_of_the_series(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: object
) -> None:
    monkeypatch.setattr(model_days, name, replace(getattr(model_days, name), value=wrong))
    assert max(map(strays, model.days())) > 1
