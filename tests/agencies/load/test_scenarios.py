"""The named scenarios: their figures, and that what is played is never less than what is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.lists import GOVERNMENT_OFFICE
from agencies.load.growth import base
from agencies.load.impossible import Impossible
from agencies.load.plan import Shape, plan
from agencies.load.scenarios import MONTH_MEAN, TIMES, find, played, scenarios

PLAYED = ("S1", "S2", "S3", "S4", "S5", "R1")
BASE = base().documents


def test_the_multiples_are_those_of_the_published_figures() -> None:
    assert round((298_000 + 945_000) / 11) == MONTH_MEAN
    year = 30 / 365
    counted = {"S1": MONTH_MEAN, "S2": 200_000, "S4": 73.13e6 * year, "S5": 177.16e6 * year}
    for name, month in counted.items():
        assert month / MONTH_MEAN == pytest.approx(TIMES[name].value, rel=0.02), name


def test_each_asks_what_its_derivation_says() -> None:
    asked = {name: one.rate for name, one in scenarios().items()}
    assert asked["S1"] == BASE
    assert asked["S3"] == pytest.approx(2.531, abs=1e-3)
    assert asked["S5"] == pytest.approx(32.65, abs=0.01)
    assert asked["S6"] == pytest.approx(75, abs=0.5)
    assert asked["S7"] == pytest.approx(246, abs=0.5)
    assert asked["S8"] == 3_500
    # 75,000 dossiers, two calls each, in the busiest hour, three times its mean.
    assert asked["P1"] == pytest.approx(75_000 * 2 * 0.16 / 3600 * 3)
    # 1,880 reports beside the 1,898 documents of the day.
    assert asked["R1"] == pytest.approx((1898 + 1880) * 0.16 / 3600 * 3)


def test_what_has_no_flow_says_so_and_what_has_one_is_played() -> None:
    assert [name for name, one in scenarios().items() if not one.why_not] == list(PLAYED)
    assert all(one.source for one in scenarios().values())


def test_a_name_is_found_however_it_is_written_and_none_is_made_up() -> None:
    assert find("s3") is find("S3")
    with pytest.raises(Impossible, match=r"S9 is none of S1, .*R1; S3 would do"):
        find("S9")


@given(
    name=st.sampled_from(PLAYED),
    package=st.floats(1_000, 50e6),
    documents=st.none() | st.integers(200, 200_000),
)
def test_what_is_played_first_is_a_minute_of_no_less_than_what_is_asked(
    name: str, package: float, documents: int | None
) -> None:
    one = find(name)
    found = played(one, package, documents)
    first = found.rates[0]
    assert first >= one.rate
    assert found.documents >= 200
    # What it offers comes within the minute that the objective must hold.
    assert found.documents / first <= 60 * (1 + 1e-9)
    assert found.raised or first <= one.rate * 1.01
    assert list(found.rates) == sorted(set(found.rates))
    # Whoever names no documents plays the minute that is asked for, where it has enough.
    if documents is None and one.rate * 60 >= 200:
        assert not found.raised


def test_a_report_day_is_that_many_reports_beside_the_documents_of_the_day() -> None:
    one = find("R1")
    shape = Shape(fanout=one.fanout, documents=3_778, seconds=2, reports=one.reports)
    letters = plan(shape.step(1, 1000))
    reports = [letter for letter in letters if letter.recipients == (GOVERNMENT_OFFICE,)]
    assert len(letters) == 1_898 + 1_880
    assert sum(len(letter.recipients) for letter in letters) == 6_685 + 1_880
    # Others write to the Office alone too, but nobody is left over who should have reported.
    assert 1_880 <= len(reports) < 1_880 * 1.05
