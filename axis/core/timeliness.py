"""How good and how quick sending and accepting is, as counters that days can be summed from.

A document has to be sent on the day it is signed or on the next working morning (QĐ 28/2018 art.
6.2). Of the signing the package tells the day (PromulgationDate). How soon a recipient accepts (03)
what has reached it no source limits: the classes are ours.

What is usual is what is left over: a counter is written for what is not, so that most documents
cost none. ``sent`` less every ``signature`` counter are packages with a valid signature, less the
three classes of ``sending`` those sent on their day; ``said.03`` less the three classes of
``acceptance`` those accepted within an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from axis.core.document import Details
from axis.core.lifecycle import ACCEPTED
from axis.core.timetable import DAY_US, MICROSECONDS, day_number, number_of_day, start_us
from axis.core.working_days import next_working_day
from schemas.edxml import NEW

#: The families of these counters. Books know for each since when it is counted.
SIGNATURE, SENDING, ACCEPTANCE = "signature", "sending", "acceptance"
FAMILIES: Final = (SIGNATURE, SENDING, ACCEPTANCE)

#: By the sender, on the day of sending: behind the day of signing but in time; too late; of no
#: known day; and the days from signing to sending of those behind it.
NEXT_MORNING: Final = "sending.next_morning"
SENT_LATER: Final = "sending.later"
UNDATED: Final = "sending.undated"
LAG_DAYS: Final = "sending.days"

#: By the recipient, on the day of acceptance: behind an hour but by the end of the first working
#: day behind that of arrival; later; of no known arrival; and the whole seconds of all but these.
NEXT_DAY: Final = "acceptance.next_day"
ACCEPTED_LATER: Final = "acceptance.later"
UNTIMED: Final = "acceptance.untimed"
SECONDS: Final = "acceptance.seconds"

#: A morning ends at noon.
MORNING_US: Final = DAY_US // 2
HOUR_US: Final = 3600 * MICROSECONDS

#: What an event adds to which counters of its agency and day.
Counts = Sequence[tuple[str, int]]

#: The verdict on a package signature that is not counted by itself.
VALID: Final = "valid"
_DATED: Final = "promulgated"


def of_sending(kind: int, verdict: str, meta: Details, at: int) -> Counts:
    """Count a document of a DocType that was sent at an instant (microseconds UTC).

    Recalls, updates and replacements may bear the date of the document that they speak of, so of
    them no day of signing is known; nor where the date lies behind the sending.
    """
    timed = _lag(kind, meta, at)
    return timed if verdict == VALID else ((f"{SIGNATURE}.{verdict}", 1), *timed)


def _lag(kind: int, meta: Details, at: int) -> Counts:
    stated = meta.get(_DATED)
    if stated is None or kind != NEW:
        return ((UNDATED, 1),)
    signed, sent = number_of_day(date.fromisoformat(stated)), day_number(at)
    if sent == signed:
        return ()
    if sent < signed:
        return ((UNDATED, 1),)
    limit = start_us(next_working_day(signed)) + MORNING_US
    return ((NEXT_MORNING if at < limit else SENT_LATER, 1), (LAG_DAYS, sent - signed))


def arrival(known: int | None, at: int, *, told: bool = True) -> int | None:
    """When a delivery arrived, as far as that is known and if it is ``told`` for an instant.

    It is told by its confirmation and by 01. The earlier one counts: a lane may be confirmed in one
    stroke long after its documents came.
    """
    if not told:
        return known
    return at if known is None else min(known, at)


def of_status(code: str, arrived_at: int | None, at: int) -> Counts:
    """Count a status, said at an instant, of a delivery that arrived then: 03, and no other.

    Whoever tells of both at one instant has told nothing of the time between.
    """
    if code != ACCEPTED:
        return ()
    if arrived_at is None or at <= arrived_at:
        return ((UNTIMED, 1),)
    seconds = (SECONDS, (at - arrived_at) // MICROSECONDS)
    if at - arrived_at <= HOUR_US:
        return (seconds,)
    late = day_number(at) > next_working_day(day_number(arrived_at))
    return ((ACCEPTED_LATER if late else NEXT_DAY, 1), seconds)
