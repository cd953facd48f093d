"""Days and months of the books.

Inside, a time is int64 microseconds UTC; at the edges a day is a Viet Nam day (QĐ 28/2018
art. 14.4: the axis's time is the Viet Nam zone). Viet Nam has had one offset, UTC+7 and no
summer time, since 1975, so a constant serves and no zone database is read on the hot path.

A *30-day month* counts from 12 March 2019, the day the axis opened: 12 March 2019 to 4 February
2020 is 330 days, eleven such months, and "the tenth month carried twice the first" is said of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

MICROSECONDS = 1_000_000
DAY_US = 86_400 * MICROSECONDS
VIETNAM = timezone(timedelta(hours=7), "+07:00")
#: What is added to an instant in UTC to have Viet Nam's hours and days.
OFFSET_US = 7 * 3600 * MICROSECONDS
_EPOCH = date(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
OPENED = date(2019, 3, 12)


def day_number(at_us: int) -> int:
    """The Viet Nam day of an instant, as days since 1 January 1970."""
    return (at_us + OFFSET_US) // DAY_US


def day_of_number(number: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=number)


def number_of_day(day: date) -> int:
    """The day number of a date."""
    return (day - _EPOCH).days


def day_start_us(day: date) -> int:
    """The instant at which a Viet Nam day begins."""
    return start_us(number_of_day(day))


def start_us(number: int) -> int:
    """The instant at which the Viet Nam day of a day number begins."""
    return number * DAY_US - OFFSET_US


def month30(day: date) -> int:
    """The 30-day month of a day: 1 for 12 March to 10 April 2019; 0 or less before."""
    return (day - OPENED).days // 30 + 1


def month30_days(month: int) -> tuple[date, date]:
    """First and last day of a 30-day month."""
    first = OPENED + timedelta(days=30 * (month - 1))
    return first, first + timedelta(days=29)


def to_us(at: datetime) -> int:
    """Microseconds of an aware datetime; a naive one is a bug of ours."""
    assert at.tzinfo is not None, "naive time"
    delta = at - _EPOCH_UTC
    return (delta.days * 86_400 + delta.seconds) * MICROSECONDS + delta.microseconds


@lru_cache(maxsize=1024)  # Years of days; lists and histories name the same ones again and again.
def _date(number: int) -> str:
    return day_of_number(number).isoformat()


# A group of commands is recorded at few instants, and lists name each of them again and again.
@lru_cache(maxsize=4096)
def iso(at_us: int) -> str:
    """ISO 8601 in the Viet Nam zone (QĐ 28/2018 art. 14.4), with microseconds where there are."""
    # By hand: a list names three moments of each row, and strftime takes thrice as long.
    number, since = divmod(at_us + OFFSET_US, DAY_US)
    seconds, micro = divmod(since, MICROSECONDS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{micro:06}" if micro else ""
    return f"{_date(number)}T{hour:02}:{minute:02}:{second:02}{fraction}+07:00"


def from_iso(text: str) -> int:
    """Microseconds of an ISO 8601 time; without a zone it is Viet Nam time. ValueError if none."""
    at = datetime.fromisoformat(text)
    return to_us(at if at.tzinfo else at.replace(tzinfo=VIETNAM))


#: Years a time may lie in: beyond them a clock is broken, and times could not be written.
FIRST_US, LAST_US = from_iso("2000-01-01"), from_iso("2100-01-01")
