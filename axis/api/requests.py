"""Read what a request says: fields, cursors, times, ids, packages.

Whatever is wrong with it ends as one clear rejection, never as a fault of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from starlette.types import Receive

from axis.api.bodies import TOO_LARGE, HeaderMap, Room
from axis.api.problems import FAULTS_MAX, PART_MAX, invalid, invalid_fault
from axis.core.caller import HISTORY, Caller
from axis.core.commands import ById
from axis.core.directory import Agency
from axis.core.document import split_delivery_id
from axis.core.errors import Fault, Rejected, rejected
from axis.core.timetable import FIRST_US, LAST_US, from_iso
from axis.flows.members import Members
from axis.flows.refusals import Refusals
from schemas.rest_words import DOC_PATTERN

#: Rows of a page unless its caller says otherwise.
PAGE_ROWS_DEFAULT = 200
#: Numbers of lanes and of the books are signed 64 bit.
NUMBER_MAX = 2**63 - 1
URGENCY_MAX = 4

_DOCUMENT = re.compile(DOC_PATTERN)
_RECIPIENT = re.compile(r"[0-9A-Z.]{1,20}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_text(text: str) -> bool:
    """Whether every store can keep ``text``: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class Fields:
    """The fields of a JSON object, taken one by one. What is wrong with them, and fields that
    nobody took, is told all together by ``end``; until then a field with a fault reads as empty.
    """

    __slots__ = ("_faults", "_prefix", "_values")

    def __init__(self, values: Any, place: str = "", faults: list[Fault] | None = None) -> None:
        self._prefix = f"{place}." if place else ""
        #: Shared with the objects inside.
        self._faults: list[Fault] = [] if faults is None else faults
        if not isinstance(values, dict):
            raise invalid(place or "body", "is not an object", "không phải đối tượng JSON")
        self._values = dict(values)

    @property
    def sound(self) -> bool:
        """Whether nothing has been found wrong yet."""
        return not self._faults

    def place(self, name: str) -> str:
        """The place of a field in the request."""
        return self._prefix + name

    def fault(self, name: str, en: str, vi: str) -> None:
        """Note that something is wrong with a field."""
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(invalid_fault(self._prefix + name, en, vi))

    def inner(self, values: Any, name: str) -> Fields | None:
        """The fields of an object inside, whose faults are told with those of this one; None for
        what is no object.
        """
        if not isinstance(values, dict):
            self.fault(name, "is not an object", "không phải đối tượng JSON")
            return None
        return Fields(values, self._prefix + name, self._faults)

    def text(self, name: str, *, most: int, default: str | None = None) -> str:
        """A text of at most ``most`` characters; required unless there is a default."""
        value = self._values.pop(name, None)
        if value is None:
            if default is None:
                self.fault(name, "is missing", "còn thiếu")
                return ""
            return default
        if not isinstance(value, str):
            self.fault(name, "is not text", "không phải văn bản")
            return ""
        if len(value) > most:
            self.fault(name, f"has more than {most} characters", f"dài quá {most} ký tự")
            return ""
        return value

    def number(self, name: str, most: int) -> int:
        """A whole number from 0 to ``most``."""
        value = self._values.pop(name, None)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            self.fault(
                name,
                f"is not a whole number from 0 to {most}",
                f"không phải số nguyên từ 0 đến {most}",
            )
            return 0
        return value

    def take(self, name: str) -> Any:
        """Any value; None when it is not there."""
        return self._values.pop(name, None)

    def has(self, name: str) -> bool:
        """Whether a field is there with a value, as one that is null is not."""
        return self._values.get(name) is not None

    def close(self) -> None:
        """Note fields that nobody took: a misspelt one must not be lost in silence."""
        for name in self._values:
            self.fault(
                name[:PART_MAX],
                "is not a field of this request",
                "không phải trường của yêu cầu này",
            )

    def end(self) -> None:
        """Raise ``request.invalid`` with all that is wrong, here and in the objects inside."""
        self.close()
        if self._faults:
            raise Rejected(self._faults)


def whole(text: str) -> int | None:
    """Return a whole number as queries write it: digits and nothing else; None for other text."""
    return int(text) if _NUMBER.fullmatch(text) else None


def day(text: str) -> date | None:
    """Return a day as queries write it, YYYY-MM-DD; None for other text."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def cursor(seen: Mapping[int, int]) -> str:
    """Return the text of a cursor."""
    return ",".join(f"{urgency}:{no}" for urgency, no in sorted(seen.items()))


def instant(text: str, place: str) -> int:
    """Return an ISO 8601 time of a query, a header or a body (microseconds UTC).

    Raises ``request.invalid``, also for what lies beyond the years of the books.
    """
    try:
        at = from_iso(text)
    except (ValueError, OverflowError):
        at = -1
    if not FIRST_US <= at < LAST_US:
        raise invalid(
            place,
            "is not an ISO 8601 time from 2000 to 2099",
            "không phải thời điểm ISO 8601 từ 2000 đến 2099",
        )
    return at


def occurred_at(text: str | None, caller: Caller, place: str = "Axis-Occurred-At") -> int | None:
    """Return the instant a caller states for what it does (microseconds UTC), None for now.

    Raises ``auth.history`` unless the caller may play another time, ``request.invalid`` for what
    is no time.
    """
    if text is None:
        return None
    if HISTORY not in caller.roles:
        raise rejected("auth.history", place)
    return instant(text, place)


def stated_at(headers: HeaderMap, caller: Caller) -> int | None:
    """Return what the header ``Axis-Occurred-At`` states, see ``occurred_at``."""
    value = headers.get(b"axis-occurred-at")
    return None if value is None else occurred_at(value.decode("latin-1"), caller)


def agencies_at(members: Members, codes: Iterable[str], place: str) -> list[Agency]:
    """Return the agencies of a parameter that may be repeated, each once, however often it or its
    units are named; all that are unknown are told.
    """
    found: dict[str, Agency] = {}
    unknown: list[Fault] = []
    for code in codes:
        try:
            agency = members.agency(code, place)
            found[agency.code] = agency
        except Rejected as error:
            unknown += error.faults
    if unknown:
        raise Rejected(unknown)
    return list(found.values())


def document_id(text: str) -> str:
    """Return the id of a document package; ``document.not_found`` for what cannot be one."""
    if not _DOCUMENT.fullmatch(text):
        raise rejected("document.not_found")
    return text


def delivery_target(text: str) -> ById | None:
    """Return the delivery that ``text`` names; None for what cannot be the id of one."""
    parts = split_delivery_id(text)
    if parts is None or not _DOCUMENT.fullmatch(parts[0]) or not _RECIPIENT.fullmatch(parts[1]):
        return None
    return ById(*parts)


async def read_package(
    refusals: Refusals,
    room: Room,
    receive: Receive,
    headers: HeaderMap,
    limit: int,
    caller: Caller,
    too_large: str = TOO_LARGE,
) -> bytes:
    """A body of packages; one ``too_large`` leaves its line in the refusal log like others."""
    try:
        return await room.read(receive, headers, limit, too_large)
    except Rejected as error:
        if error.faults[0].code == too_large:
            await refusals.write_down(error, caller, "", min(room.size, NUMBER_MAX))
        raise
