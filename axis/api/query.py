"""The query of a hot route, read by hand; FastAPI reads those of the others."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from axis.api.problems import invalid, invalid_fault
from axis.api.requests import NUMBER_MAX, whole
from axis.core.errors import Fault, Rejected

_PAIR = re.compile(r"([0-4]):([0-9]{1,19})")
#: As programs write a number: what is left of a time they wait for has 17 digits, or an exponent.
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]+)?(e-[0-9]{1,3})?")


def pairs_of(raw: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a query string, as often as they stand in it."""
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise invalid("query", "cannot be read", "không đọc được") from None


class Query:
    """The parameters of a query string, of which each stands once (``axis.api.queries``). What is
    wrong with them is told all together by ``end``.
    """

    __slots__ = ("_faults", "_given")

    def __init__(self, raw: bytes) -> None:
        self._faults: list[Fault] = []
        self._given: dict[str, str] = {}
        if raw:
            self._given.update(pairs_of(raw))

    def text(self, name: str, default: str) -> str:
        """Any text."""
        return self._given.get(name, default)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within its bounds."""
        text = self._given.get(name)
        if text is None:
            return default
        number = whole(text)
        if number is None or not least <= number <= most:
            self.fault(
                name,
                f"is not a whole number from {least} to {most}",
                f"không phải số nguyên từ {least} đến {most}",
            )
            return default
        return number

    def seconds(self, name: str, most: float) -> float:
        """A decimal number from 0 to ``most``; 0 when it is not there."""
        text = self._given.get(name, "0")
        if not _SECONDS.fullmatch(text) or float(text) > most:
            self.fault(
                name,
                f"is not a number of seconds from 0 to {most:g}",
                f"không phải số giây từ 0 đến {most:g}",
            )
            return 0.0
        return float(text)

    def cursor(self, name: str) -> dict[int, int]:
        """The last number seen per urgency class of a cursor ``0:12,3:1``."""
        seen: dict[int, int] = {}
        text = self._given.get(name, "")
        for part in text.split(",") if text else ():
            pair = _PAIR.fullmatch(part)
            if pair is None or int(pair[1]) in seen or int(pair[2]) > NUMBER_MAX:
                self.fault(
                    name,
                    "is not a cursor that an inbox gave, such as 0:12,3:1",
                    "không phải con trỏ do hộp đến cấp, ví dụ 0:12,3:1",
                )
                return {}
            seen[int(pair[1])] = int(pair[2])
        return seen

    def fault(self, name: str, en: str, vi: str) -> None:
        """Note that something is wrong with a parameter."""
        self._faults.append(invalid_fault(f"query.{name}", en, vi))

    def end(self) -> None:
        """Raise ``request.invalid`` with all that is wrong."""
        if self._faults:
            raise Rejected(self._faults)
