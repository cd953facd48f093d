"""The JSON of ``GET /v1/statistics`` as models: every measure, and why it may be null."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest_words import Day, Wire

Count = int | None
Share = float | None
Mean = float | None

#: Why a measure is null. Nobody counted it then, which is not 0; or it is a share or mean of none.
Missing = Literal["not yet recorded", "nothing to measure"]
By = Literal["nation", "kind", "agency"]
Unit = Literal["month", "month30", "quarter", "half", "year", "span"]
Family = Literal["books", "signature", "sending", "acceptance"]


class Measures(Wire):
    """What was counted of some agencies in some days; null for the reason in ``missing``.

    Working days are Monday to Friday without the fixed holidays, and without Tết, Hùng Kings and
    days exchanged where those are listed: from March 2019 to March 2020.
    """

    sent: Count = Field(description="Document packages sent, of all DocTypes.")
    received: Count = Field(description="Deliveries received, at their first done.")
    refused: Count = Field(description="Deliveries refused (02), counted for the recipient.")
    accepted: Count = Field(description="Deliveries accepted (03), counted for the recipient.")
    signature_valid: Count = Field(
        description="Of those sent, packages with a valid signature. That of the document inside, "
        "the one the law speaks of (QĐ 28/2018 art. 4), is not examined."
    )
    signature_valid_share: Share = Field(description="Their share of those sent, 0 to 1.")
    sent_same_day: Count = Field(description="Sent on the day of signing (PromulgationDate).")
    sent_next_morning: Count = Field(
        description="Sent later, but before noon of the next working day (QĐ 28/2018 art. 6.2)."
    )
    sent_later: Count = Field(description="Sent later than that.")
    sent_undated: Count = Field(
        description="Sent with no known day of signing: recalls, updates and replacements, which "
        "may bear another document's date, and dates that lie ahead."
    )
    sent_in_time_share: Share = Field(
        description="Share sent by the next working morning, of those with a day of signing."
    )
    sent_mean_days: Mean = Field(
        description="Mean calendar days from signing to sending, of those with a day of signing."
    )
    accepted_within_hour: Count = Field(description="Accepted within an hour of arrival.")
    accepted_next_day: Count = Field(
        description="Accepted later, but by the end of the first working day behind the day of "
        "arrival."
    )
    accepted_later: Count = Field(description="Accepted later than that.")
    accepted_untimed: Count = Field(
        description="Accepted with no known time of arrival: it was told with the acceptance, or "
        "lies before arrivals were kept."
    )
    accepted_within_hour_share: Share = Field(
        description="Share accepted within an hour, of those with a time of arrival."
    )
    accepted_by_next_day_share: Share = Field(
        description="Share accepted by the end of the next working day, of those with a time of "
        "arrival."
    )
    accepted_mean_hours: Mean = Field(
        description="Mean hours by the clock from arrival to acceptance, of those with a time of "
        "arrival."
    )


class StatisticsRow(Measures):
    """One period of one group."""

    period: str = Field(
        description="2019-03, 30d1 (months of 30 days from 12 March 2019 on), 2019-Q1, 2019-H1, "
        "2019, or 2019-03-12/2019-04-30 for a span."
    )
    period_vi: str = Field(description="The period in Vietnamese words.")
    period_en: str = Field(description="The period in English words.")
    first: Day = Field(description="First day that is asked for of the period, YYYY-MM-DD.")
    last: Day = Field(description="Last day that is asked for of the period, YYYY-MM-DD.")
    complete: bool = Field(description="All days of the period are asked for, over and recorded.")
    group: str = Field(description="An agency's code or a kind; empty for the nation.")
    name_vi: str = Field(description="Vietnamese name of the group.")
    name_en: str = Field(description="English name of the group.")
    missing: dict[str, Missing] = Field(description="By measure: why it is null.")
    partly: dict[Family, Day] = Field(
        description="By family of measures: the day from which on it is recorded, where that lies "
        "within these days. Its measures tell of the days from then on."
    )


class Statistics(Wire):
    """Periods in order, each with all groups."""

    by: By = Field(description="What each row of a period stands for, as asked.")
    unit: Unit = Field(description="What the days are split into, as asked.")
    since: dict[Family, Day] = Field(
        description="By family of measures: the first day on which it is recorded. Empty where "
        "nothing was counted yet."
    )
    rows: list[StatisticsRow] = Field(description="Periods in order, in each its groups.")
