"""An agency that was away: what waited for it, how soon it had it, how the others fared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agencies.load.course import CONSTANT, course
from agencies.load.impossible import Impossible
from agencies.load.outage import KAFKA, Absence, Waited, absence, largest, of_kafka, outage
from agencies.load.record import Record
from agencies.load.series import series
from agencies.world import SEED
from tests.agencies.load.steps import TO, record

AWAY, OTHER = TO
#: Ten documents, one a second; away from the third to the seventh.
ABSENCE = Absence(AWAY, 3.0, 7.0)


def played() -> Record:
    """Each delivery is with its recipient a tenth of a second after it was due; what came while it
    was away half a second after its return.
    """
    made = record([0.1] * 10, every_s=1.0)
    for letter in made.letters:
        if ABSENCE.from_s <= letter.after_s < ABSENCE.until_s:
            key = letter.index, AWAY
            made.available_s[key] = made.done_s[key] = made.begin_s + ABSENCE.until_s + 0.5
    return made


def test_the_backlog_and_the_way_back_are_those_that_were_played() -> None:
    found = outage(played(), ABSENCE, 10.0)
    # Those of seconds 3, 4, 5 and 6.
    assert found.backlog_max == 4
    assert found.drained_s == pytest.approx(0.5)
    assert found.backlog == [0, 0, 0, 1, 2, 3, 4, 0, 0, 0]


def test_the_others_are_told_apart_by_the_moment_they_were_due() -> None:
    made = played()
    made.available_s[5, OTHER] += 0.4
    found = outage(made, ABSENCE, 10.0)
    assert (found.before.count, found.during.count, found.after.count) == (3, 4, 3)
    assert found.before.most == pytest.approx(0.1, rel=0.01)
    assert found.during.most == pytest.approx(0.5, rel=0.01)
    assert found.after.most == pytest.approx(0.1, rel=0.01)


def test_what_the_absent_sends_is_not_between_the_others() -> None:
    made = played()
    letters = list(made.letters)
    letters[5] = replace(letters[5], sender=AWAY)
    made.available_s[5, OTHER] += 0.4
    found = outage(replace(made, letters=letters), ABSENCE, 10.0)
    assert (found.before.count, found.during.count, found.after.count) == (3, 3, 3)
    assert found.during.most == pytest.approx(0.1, rel=0.01)


def test_what_it_never_had_is_no_way_back() -> None:
    made = played()
    del made.done_s[4, AWAY]
    assert outage(made, ABSENCE, 10.0).drained_s is None


def test_latencies_over_time_leave_out_who_is_looked_at_apart() -> None:
    made = played()
    whole, apart = series(made, 10.0), series(made, 10.0, {AWAY})
    assert max(one for one in whole.p99 if one is not None) > 4
    assert max(one for one in apart.p99 if one is not None) == pytest.approx(0.1, rel=0.01)
    assert whole.available == apart.available
    assert sum(whole.offered) == sum(whole.accepted) == sum(whole.available) == 10
    assert whole.open == [0, 0, 0, 1, 2, 3, 4, 0, 0, 0]


@pytest.mark.parametrize("away_s", [0.0, 1.9, 10.1, 30.0, float("nan")])
def test_an_absence_that_leaves_nothing_to_compare_with_is_refused(away_s: float) -> None:
    even = course(CONSTANT, seconds=20, rate=50, first=1, times=1, every_s=1, burst_s=1)
    with pytest.raises(Impossible, match="--away"):
        absence(even, AWAY, away_s)


@pytest.mark.parametrize("seconds", [4.0, 11.9, 12.0, 12.7, 14.123456789, 15.0, 90.0])
def test_the_absence_that_would_do_does(seconds: float) -> None:
    asked = dict.fromkeys(("rate", "first", "times", "every_s", "burst_s"), 50.0)
    asked["seconds"] = seconds
    with pytest.raises(Impossible, match="would do") as refused:
        absence(course(CONSTANT, **asked), AWAY, seconds)
    words = str(refused.value).partition(";")[2].split()
    if "--seconds" in words:
        assert seconds < 12
        asked["seconds"] = float(words[words.index("--seconds") + 1])
    absence(course(CONSTANT, **asked), AWAY, float(words[words.index("--away") + 1]))


def test_the_largest_recipient_is_the_government_office() -> None:
    assert largest(SEED) == "000.00.00.G22"


def test_of_kafka_what_waits_to_be_published_is_told() -> None:
    made = record([0.1] * 10, every_s=1.0)
    waits = [0, 0, 0, 5, 9, 14, 18, 18, 6, 0, 0]
    seen = [Waited(made.begin_s + n + 0.5, records) for n, records in enumerate(waits)]
    found = of_kafka(made, ABSENCE, 10.0, seen)
    assert (found.agency, found.backlog_max, found.backlog) == (KAFKA, 18, waits)
    # It is back at the seventh second; at nine and a half nothing waits.
    assert found.drained_s == pytest.approx(2.5)
    assert (found.before.count, found.during.count, found.after.count) == (6, 8, 6)
    assert of_kafka(made, ABSENCE, 10.0, seen[:-2]).drained_s is None
    # What was empty before it went away says nothing.
    assert of_kafka(made, ABSENCE, 10.0, seen[:3]).drained_s is None
