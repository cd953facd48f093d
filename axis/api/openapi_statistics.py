"""The example of the statistics: the last quarter of 2019, signatures counted since December."""

from __future__ import annotations

from datetime import date
from typing import Final

from axis.api.statistics import table, view
from axis.core.period import Unit, periods
from axis.core.statistics import BOOKS, NOT_RECORDED, Value, measured
from axis.core.timeliness import ACCEPTANCE, FAMILIES, SENDING, SIGNATURE
from axis.flows.statistics import By, Group, Line, Question, Report

_FIRST, _LAST = date(2019, 10, 1), date(2019, 12, 31)
_BOOKS: Final = {"sent": 104_440, "received": 349_501, "said.02": 1048, "said.03": 348_260}
_SIGNATURE: Final = {"sent": 35_815, "signature.absent": 3102, "signature.weak": 18}
_SENDING: Final = {"sent": 104_440, "sending.next_morning": 8930, "sending.days": 13_200}

_SIGNED_SINCE: Final = date(2019, 12, 1)


def _report() -> Report:
    values: dict[str, Value] = {
        **measured(BOOKS, _BOOKS),
        **measured(SIGNATURE, _SIGNATURE),
        **measured(SENDING, _SENDING),
        **dict.fromkeys(measured(ACCEPTANCE, {})),
    }
    (period,) = periods(Unit.QUARTER, _FIRST, _LAST)
    line = Line(
        period,
        _FIRST,
        _LAST,
        complete=True,
        group=Group("", "Cả nước", "The nation"),
        values=values,
        missing={name: NOT_RECORDED for name, value in values.items() if value is None},
        partly={SIGNATURE: _SIGNED_SINCE},
    )
    begun = dict.fromkeys((BOOKS, *FAMILIES), date(2019, 3, 12))
    since = {**begun, SIGNATURE: _SIGNED_SINCE, ACCEPTANCE: date(2020, 1, 2)}
    return Report(Question(by=By.NATION, unit=Unit.QUARTER), since, [line])


ANSWER: Final = view(_report())
TEXT: Final = table(ANSWER).decode()
