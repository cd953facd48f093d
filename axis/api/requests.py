"""Read what a request says: fields, query, cursors, times, ids.

Whatever is wrong with it ends as one clear rejection, never as a fault of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from axis.api.bodies import HeaderMap
from axis.api.problems import invalid
from axis.core.caller import HISTORY, Caller
from axis.core.commands import ById
from axis.core.document import split_delivery_id
from axis.core.errors import rejected
from axis.core.timetable import from_iso

#: Rows of a page unless its caller says otherwise.
PAGE_ROWS_DEFAULT = 200
#: Numbers of lanes and of the books are signed 64 bit.
NUMBER_MAX = 2**63 - 1
URGENCY_MAX = 4
#: Years a time may lie in: beyond them a clock is broken, and times could not be written.
_FIRST_US, _LAST_US = from_iso("2000-01-01"), from_iso("2100-01-01")

_DOCUMENT = re.compile(r"doc_[0-9A-HJKMNP-TV-Z]{26}")
_RECIPIENT = re.compile(r"[0-9A-Z.]{1,20}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PAIR = re.compile(r"([0-4]):([0-9]{1,19})")


def is_text(text: str) -> bool:
    """Whether every store can keep ``text``: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class Fields:
    """The fields of a JSON object, taken one by one; those left over are refused by ``end``."""

    def __init__(self, values: Any, place: str = "") -> None:
        if not isinstance(values, dict):
            raise invalid(place or "body", "is not an object", "không phải đối tượng JSON")
        self._values = dict(values)
        self._prefix = f"{place}." if place else ""

    def text(self, name: str, *, most: int, default: str | None = None) -> str:
        """A text of at most ``most`` characters; required unless there is a default."""
        value = self._values.pop(name, None)
        if value is None:
            if default is None:
                raise invalid(self._prefix + name, "is missing", "còn thiếu")
            return default
        if not isinstance(value, str):
            raise invalid(self._prefix + name, "is not text", "không phải văn bản")
        if len(value) > most:
            raise invalid(
                self._prefix + name,
                f"has more than {most} characters",
                f"dài quá {most} ký tự",
            )
        return value

    def number(self, name: str, most: int) -> int:
        """A whole number from 0 to ``most``."""
        value = self._values.pop(name, None)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise invalid(
                self._prefix + name,
                f"is not a whole number from 0 to {most}",
                f"không phải số nguyên từ 0 đến {most}",
            )
        return value

    def take(self, name: str) -> Any:
        """Any value; None when it is not there."""
        return self._values.pop(name, None)

    def end(self) -> None:
        """Refuse fields that nobody took: a misspelt one must not be lost in silence."""
        for name in self._values:
            raise invalid(
                f"{self._prefix}{name[:60]}",
                "is not a field of this request",
                "không phải trường của yêu cầu này",
            )


def parse_query(raw: bytes) -> dict[str, str]:
    """Return the fields of a query string, of which none is repeated (``axis.api.queries``)."""
    if not raw:
        return {}
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise invalid("query", "cannot be read", "không đọc được") from None


def whole(text: str) -> int | None:
    """Return a whole number as queries write it: digits and nothing else; None for other text."""
    return int(text) if _NUMBER.fullmatch(text) else None


def day(text: str) -> date | None:
    """Return a day as queries write it, YYYY-MM-DD; None for other text."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def query_number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Return a whole number of the query within its bounds."""
    text = query.get(name)
    if text is None:
        return default
    number = whole(text)
    if number is None or not least <= number <= most:
        raise invalid(
            f"query.{name}",
            f"is not a whole number from {least} to {most}",
            f"không phải số nguyên từ {least} đến {most}",
        )
    return number


def query_seconds(query: Mapping[str, str], name: str, most: float) -> float:
    """Return seconds of the query: a decimal number from 0 to ``most``; 0 when it is not there."""
    text = query.get(name, "0")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) > most:
        raise invalid(
            f"query.{name}",
            f"is not a number of seconds from 0 to {most:g}",
            f"không phải số giây từ 0 đến {most:g}",
        )
    return float(text)


def parse_cursor(text: str) -> dict[int, int]:
    """Return the last number seen per urgency class of a cursor ``0:12,3:1``."""
    seen: dict[int, int] = {}
    for part in text.split(",") if text else ():
        pair = _PAIR.fullmatch(part)
        if pair is None or int(pair[1]) in seen or int(pair[2]) > NUMBER_MAX:
            raise invalid(
                "query.after",
                "is not a cursor that an inbox gave, such as 0:12,3:1",
                "không phải con trỏ do hộp đến cấp, ví dụ 0:12,3:1",
            )
        seen[int(pair[1])] = int(pair[2])
    return seen


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
    if not _FIRST_US <= at < _LAST_US:
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
