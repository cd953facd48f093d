"""Pictures show the numbers they are given: heights, places and shades follow them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from axis.cli.result import pairs_chart, time_charts, waits_chart
from axis.cli.result.figures import Month
from axis.cli.result.scales import SHADES, bounds, shade, short, ticks
from axis.core.breakdown import Count
from axis.core.spread import Spread
from tests.cli.told import DIRECTORY

_counts = st.builds(Count, st.integers(0, 10**6), st.integers(0, 10**6))


def months_of(counts: list[Count]) -> list[Month]:
    day = date(2019, 3, 12)
    return [Month(str(i), day, day, count) for i, count in enumerate(counts, 1)]


def bars(picture: str, class_: str) -> list[float]:
    root = ET.fromstring(picture)
    return [float(r.get("height", "")) for r in root.iter("rect") if r.get("class") == class_]


@given(st.integers(0, 10**9))
def test_ticks_rise_from_nothing_to_beyond_the_most(most: int) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert found[-1] >= most
    assert 2 <= len(found) <= 6
    assert len({b - a for a, b in pairwise(found)}) == 1


@given(st.integers(0, 10**7), st.sampled_from((1, 2)))
def test_shades_rise_with_values_and_the_most_is_the_darkest(most: int, power: int) -> None:
    upper = bounds(most, power)
    assert upper == sorted(set(upper))
    assert len(upper) <= SHADES
    values = sorted({0, 1, most // 3, most // 2, most})
    shades = [shade(value, upper) for value in values]
    assert shades == sorted(shades)
    assert shade(0, upper) == 0
    assert shade(max(most, 1), upper) == SHADES
    assert all(shade(value, upper) > 0 for value in values if value)


def test_numbers_of_ticks_are_short() -> None:
    assert [short(n) for n in (0, 12, 350, 1_500, 350_000, 1_200_000)] == [
        *("0", "12", "350", "1.5 k", "350 k", "1.2 M"),
    ]


@given(st.lists(_counts, min_size=1, max_size=11))
def test_bars_are_as_high_as_their_numbers(counts: list[Count]) -> None:
    picture = time_charts.months(months_of(counts), ())
    highest = time_charts.HEIGHT
    for place, class_ in enumerate(("sent", "received")):
        found = bars(picture, class_)
        assert len(found) == len(counts)
        most = ticks(max(map(sum, counts)))[-1]
        for height, count in zip(found, counts, strict=True):
            assert abs(height / (highest - 64) - count[place] / most) < 0.001


@given(st.lists(_counts, min_size=1, max_size=40))
def test_the_curves_of_growth_end_at_the_totals_and_never_fall(counts: list[Count]) -> None:
    days = {date(2019, 3, 12) + timedelta(days=i): c for i, c in enumerate(counts)}
    root = ET.fromstring(time_charts.growth(days, ()))
    for line, class_ in zip(root.iter("polyline"), ("sent", "received"), strict=True):
        assert f"{class_}-line" in line.get("class", "")
        places = [tuple(map(float, p.split(","))) for p in line.get("points", "").split()]
        assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(places))
        assert len(places) == len(counts)


def test_months_along_the_growth_tell_each_year_once() -> None:
    days = {date(2019, 3, 12) + timedelta(days=n): Count(1, 3) for n in range(330)}
    root = ET.fromstring(time_charts.growth(days, ()))
    named = [text.text for text in root.iter("text") if re.match(r"\d\d(/|$)", text.text or "")]
    assert named == ["04/2019", "06", "08", "10", "12", "02/2020"]


def test_the_calendar_has_a_field_for_each_day_on_its_weekday() -> None:
    first, last = date(2019, 12, 25), date(2020, 1, 15)
    days = {first: Count(1, 1), last: Count(900, 5000)}
    picture, upper = time_charts.calendar(days)
    root = ET.fromstring(picture)
    fields = {r[0].text or "": r for r in root.iter("rect")}
    assert len(fields) == (last - first).days + 1
    busiest = next(r for text, r in fields.items() if text.startswith("Wed 2020-01-15: 900 sent"))
    assert busiest.get("class") == f"h{SHADES}"
    quiet = next(r for text, r in fields.items() if "2020-01-01" in text)
    assert quiet.get("class") == "h0"
    # Wednesdays stand in one row.
    assert busiest.get("y") == quiet.get("y")
    assert upper[-1] == 5900


def test_a_calendar_of_many_years_shows_the_last_one() -> None:
    days = {date(2020, 1, 1) + timedelta(days=i): Count(1, 0) for i in range(2000)}
    root = ET.fromstring(time_charts.calendar(days)[0])
    assert 371 < sum(1 for _ in root.iter("rect")) <= 7 * time_charts.WEEKS_MAX


def test_the_hours_have_a_field_for_each_and_the_busiest_is_darkest() -> None:
    picture, _ = time_charts.hours({(0, 9): Count(50, 0), (6, 23): Count(1, 0)})
    fields = list(ET.fromstring(picture).iter("rect"))
    assert len(fields) == 7 * 24
    assert [i for i, r in enumerate(fields) if r.get("class") == f"h{SHADES}"] == [9]
    assert [i for i, r in enumerate(fields) if r.get("class") == "h1"] == [7 * 24 - 1]


def test_the_map_has_a_field_for_every_two_agencies() -> None:
    agencies = pairs_chart.in_order(DIRECTORY)
    a, b = agencies[0].code, agencies[-1].code
    found = Counter({(a, b): 400, (b, a): 1})
    picture, _ = pairs_chart.pairs(found, agencies)
    paths = {p.get("class"): p.get("d", "").count("M") for p in ET.fromstring(picture).iter("path")}
    assert sum(paths.values()) == 95 * 94
    assert (paths[f"h{SHADES}"], paths["h1"], paths["h0"]) == (1, 1, 95 * 94 - 2)


def test_kinds_stand_together_in_the_order_of_the_map() -> None:
    kinds = [agency.kind for agency in pairs_chart.in_order(DIRECTORY)]
    assert list(dict.fromkeys(kinds)) == list(pairs_chart.KINDS)
    assert sum(a != b for a, b in pairwise(kinds)) == len(pairs_chart.KINDS) - 1


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_curves_of_waiting_rise_from_nothing_to_all(durations: list[int]) -> None:
    spread = Spread()
    for us in durations:
        spread.add(us)
    root = ET.fromstring(waits_chart.waits("x", "Waiting", {"done": (spread, "sent")}))
    (line,) = root.iter("polyline")
    places = [tuple(map(float, p.split(","))) for p in line.get("points", "").split()]
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(places))
    assert places[0][1] > places[-1][1]


def test_durations_are_said_as_people_say_them() -> None:
    second = 1_000_000
    said = [waits_chart.duration(us) for us in (1_500, 40_000, second, 90 * second, 7200 * second)]
    assert said == ["1.5 ms", "40 ms", "1 s", "1.5 min", "2 h"]
    assert waits_chart.duration(3 * 86_400 * second) == "3 d"


def test_every_picture_says_what_it_shows_to_who_cannot_see_it() -> None:
    spread = Spread()
    spread.add(5)
    pictures = [
        time_charts.months(months_of([Count(3, 4)]), ()),
        time_charts.growth({date(2019, 3, 12): Count(3, 4)}, ()),
        time_charts.calendar({date(2019, 3, 12): Count(3, 4)})[0],
        time_charts.hours({(0, 9): Count(3, 4)})[0],
        pairs_chart.pairs(Counter(), DIRECTORY)[0],
        waits_chart.waits("x", "Waiting", {"done": (spread, "sent")}),
    ]
    for picture in pictures:
        root = ET.fromstring(picture)
        ids = {element.get("id") for element in root}
        assert set(str(root.get("aria-labelledby")).split()) <= ids
        assert root.get("role") == "img"
        title, desc = root.find("title"), root.find("desc")
        assert title is not None
        assert desc is not None
        assert title.text
        assert desc.text
        assert not re.search(r"[a-z]+:(nan|inf)|NaN", picture)
