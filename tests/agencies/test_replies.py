"""When the recipients of the history take documents, and what they say when."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import NormalDist, median

import pytest

from agencies import lists, model, model_offices, office_hours
from agencies.history.plan import plan_of
from agencies.lognormal import LogNormal
from agencies.office_hours import WORKING_DAY_US, after, is_working_day, working_us
from agencies.replies import DELAY_MAX_US, Reply, owing_since, replies
from agencies.traffic import Planned
from axis.core.timetable import DAY_US, VIETNAM, day_number, day_start_us, to_us
from schemas.edxml import UPDATE
from tests.agencies.historic import near, whole_history

MINUTE_US, SECOND_US = 60_000_000, 1_000_000
#: Around Tết, around the long week of April 2019, and the last days.
DAYS = [date(2020, 1, 20) + timedelta(days=n) for n in range(4)]
DAYS += [date(2019, 4, 25), date(2019, 4, 26), date(2019, 5, 3), date(2020, 2, 3), date(2020, 2, 4)]


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=VIETNAM))


@cache
def some() -> list[tuple[Planned, Reply]]:
    return [(p, r) for day in DAYS for p in plan_of(day, 1) for r in replies(p, 1)]


# Working time


def test_the_working_days_are_those_that_carry_the_traffic() -> None:
    working = [day for day in model.days() if is_working_day(day)]
    assert len(working) == 226
    assert all((total.sent > 300) == is_working_day(day) for day, total in model.days().items())


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2020-01-15T08:00", 25, "2020-01-15T08:25"),
        ("2020-01-15T11:20", 25, "2020-01-15T13:15"),
        ("2020-01-15T12:10", 25, "2020-01-15T13:25"),
        ("2020-01-15T16:50", 25, "2020-01-16T07:45"),
        ("2020-01-15T16:50", 10, "2020-01-15T17:00"),
        ("2020-01-15T20:00", 240, "2020-01-16T11:30"),
        ("2020-01-15T20:00", 480, "2020-01-16T17:00"),
        ("2020-01-17T17:00", 1, "2020-01-20T07:31"),
        ("2020-01-22T16:00", 90, "2020-01-30T08:00"),
        ("2019-05-03T16:59", 2, "2019-05-04T07:31"),
        ("2020-02-04T09:00", 960, "2020-02-06T09:00"),
        ("2020-01-15T05:00", 1, "2020-01-15T07:31"),
    ],
)
def test_working_minutes_pass_in_office_hours_alone(start: str, minutes: int, end: str) -> None:
    assert after(us(start), minutes * MINUTE_US) == us(end)


def test_working_time_passes_as_it_is_counted() -> None:
    start = us("2020-01-21T15:00")
    for work_us in (1, MINUTE_US - 1, 2 * WORKING_DAY_US, 3 * WORKING_DAY_US + 7):
        assert working_us(after(start, work_us)) - working_us(start) == work_us


@pytest.mark.parametrize("text", ["2019-02-28T12:00", "2020-04-01T00:00"])
def test_the_calendar_has_an_end(text: str) -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        working_us(us(text))


# Log-normal draws


def test_draws_have_median_and_spread() -> None:
    delays = LogNormal(1_000_000, 1_100)
    assert delays.at(1 << 63) == 1_000_000
    # One sigma up and down: 84.13 % and 15.87 % of the draws.
    assert abs(delays.at(int(0.8413447 * 2**64)) - 3_004_166) < 3_000
    assert abs(delays.at(int(0.1586553 * 2**64)) - 332_871) < 300
    words = [n << 48 for n in range(0, 1 << 16, 7)]
    found = [delays.at(word) for word in words]
    assert found == sorted(found)


def test_draws_are_cut_where_the_table_ends() -> None:
    sizes = LogNormal(180_000, 900)
    assert 6_000 < sizes.at(0) < sizes.at((1 << 64) - 1) < 6_000_000


def test_no_quantile_lies_where_another_machines_last_bit_would_round_it_otherwise() -> None:
    step = 10**9
    for n in range(1, 4096):
        quantile = Decimal(NormalDist().inv_cdf(n / 4096)) * step
        assert abs(abs(quantile % 1) - Decimal("0.5")) > Decimal("1e-5")


def test_a_table_is_pinned() -> None:
    draws = LogNormal(25 * MINUTE_US, 1_100)
    assert [draws.at(n << 61) for n in range(8)] == [
        26524217,
        423196271,
        714284728,
        1056500264,
        1500000000,
        2129672918,
        3150004348,
        5316682008,
    ]


# Replies


def test_every_recipient_replies_in_the_order_of_the_package() -> None:
    for planned in plan_of(DAYS[0], 1)[:200]:
        assert tuple(r.recipient for r in replies(planned, 1)) == planned.recipients


def test_a_document_is_taken_the_day_it_is_sent_within_five_minutes() -> None:
    waits = [reply.taken_us - planned.at_us for planned, reply in some()]
    assert min(waits) > 0
    assert max(waits) <= 300 * SECOND_US
    assert all(day_number(r.taken_us) == day_number(p.at_us) for p, r in some())


def test_sixty_agencies_look_every_five_minutes_and_the_others_are_told() -> None:
    looks: dict[str, set[int]] = defaultdict(set)
    longest: Counter[str] = Counter()
    for planned, reply in some():
        looks[reply.recipient].add(reply.taken_us % (300 * SECOND_US))
        waited = reply.taken_us - planned.at_us
        longest[reply.recipient] = max(longest[reply.recipient], waited)
    looking = {code for code, moments in looks.items() if len(moments) == 1}
    assert len(looking) == 60
    assert looking < set(lists.groups().provinces)
    told = set(lists.groups().everyone) - looking
    assert max(longest[code] for code in told) <= 2 * SECOND_US
    assert min(longest[code] for code in looking) > 200 * SECOND_US


def test_an_agency_takes_in_the_order_of_sending() -> None:
    last: dict[str, int] = {}
    for planned in plan_of(DAYS[1], 1):
        for reply in replies(planned, 1):
            assert last.get(reply.recipient, 0) <= reply.taken_us
            last[reply.recipient] = reply.taken_us


def test_a_clerk_answers_in_office_hours_within_two_working_days() -> None:
    for _, reply in some():
        worked = working_us(reply.answered_us) - working_us(reply.taken_us)
        assert 0 < worked <= DELAY_MAX_US == 2 * WORKING_DAY_US
        # No office works while nothing passes: the moment before is working time too.
        assert working_us(reply.answered_us) - working_us(reply.answered_us - 1) == 1


def test_delays_are_log_normal_with_a_median_of_25_working_minutes() -> None:
    worked = sorted(working_us(r.answered_us) - working_us(r.taken_us) for _, r in some())
    assert abs(median(worked) / MINUTE_US - 25) < 0.75
    count = len(worked)
    for sigmas in (-2.0, -1.0, 1.0, 2.0):
        bound = 25 * MINUTE_US * 2.718281828 ** (1.1 * sigmas)
        below = sum(delay <= bound for delay in worked)
        assert near(below, count, NormalDist().cdf(sigmas)), sigmas


def test_who_refuses_is_whom_the_plan_names() -> None:
    for planned, reply in some():
        named = dict(planned.refused_by).get(reply.recipient, "")
        assert reply.reason == named
        if planned.business == UPDATE:
            assert reply.code == ("16" if named else "15")
        else:
            assert reply.code == ("02" if named else "03")
        assert reply.staff


def test_nothing_is_owed_from_before_the_day_that_owing_since_names() -> None:
    for planned, reply in some():
        # Just before its answer: then it is owed, so its day must still be looked at.
        assert owing_since(reply.answered_us - 1) <= planned.day


def test_what_may_be_owed_is_the_plan_of_a_few_days() -> None:
    back = {
        (day - owing_since(day_start_us(day) + DAY_US - 1)).days
        for day in model.days()
        if day >= date(2019, 3, 20)
    }
    assert min(back) == 2
    assert max(back) == 9
    assert owing_since(us("2019-03-12T09:00")) == date(2019, 3, 12)
    assert owing_since(us("2020-02-07T00:00")) > date(2020, 2, 4)


def test_the_same_seed_gives_the_same_replies_and_another_others() -> None:
    planned = plan_of(DAYS[2], 1)[7]
    assert replies(planned, 1) == replies(planned, 1)
    assert replies(planned, 1) != replies(planned, 2)


def test_an_update_is_answered_for_itself() -> None:
    update = next(p for p in whole_history().speaking if p.business == UPDATE)
    [original] = [
        p
        for p in plan_of(update.about_day, 1)
        if p.document_id == update.document_id and not p.business
    ]
    worked = [
        working_us(r.answered_us) - working_us(r.taken_us)
        for p in (original, update)
        for r in replies(p, 1)
        if r.recipient == update.recipients[0]
    ]
    assert len(set(worked)) == 2


def test_office_hours_are_eight_a_day() -> None:
    assert office_hours.WORKING_DAY_US == 8 * 60 * MINUTE_US
    assert len(model_offices.HOLIDAYS.value) == 15
