"""What is played: a day of the agencies' plan in so many seconds, drawn up anew by every process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date as Date  # noqa: N812 - the field is the date
from functools import cached_property
from pathlib import Path
from typing import Any

from agencies.compose import compose
from agencies.crew import hours
from agencies.drive import package
from agencies.pace import Pace
from agencies.traffic import Planned, plan_day
from agencies.world import read_key
from tests.sim.history import Sent

DATE = Date(2020, 1, 15)
#: Deliveries for each document, as on the real day, and one in how many is refused by a clerk.
RECIPIENTS, REFUSED = 3.52, 25
#: Seconds before the first document is due: every agency has its token by then.
LEAD_S = 1.0


@dataclass(frozen=True)
class Day:
    """``sent`` documents of 15 January 2020 in ``seconds``."""

    seed: int
    seconds: float
    sent: int

    @property
    def date(self) -> Date:
        """The day that is played."""
        return DATE

    @cached_property
    def documents(self) -> Sequence[Planned]:
        """The plan."""
        received = int(self.sent * RECIPIENTS)
        refusals = received // REFUSED
        return plan_day(DATE, self.seed, sent=self.sent, received=received, refusals=refusals)

    def pace(self, origin_s: float) -> Pace:
        """Its time, when it opens at the monotonic reading ``origin_s``."""
        day = hours(DATE)
        return Pace(
            monotonic=time.monotonic,
            start_us=day.opens_us,
            origin_s=origin_s,
            speed=(day.closes_us - day.opens_us) / (self.seconds * 1e6),
            last_us=day.last_us,
            played=True,
        )

    def as_json(self) -> dict[str, Any]:
        """What another process draws it up from."""
        return asdict(self)

    def letters(self, home: Path) -> Iterator[tuple[Sent, bytes, int]]:
        """What is going to be sent: the facts that the checkers are told, the bytes, and when it
        occurs (microseconds of the run's time).
        """
        keys = {code: read_key(home, code) for code in {p.sender for p in self.documents}}
        for planned in self.documents:
            raw = package(planned, *keys[planned.sender])
            content = compose(planned)
            units: dict[str, list[str]] = {}
            for recipient in content.recipients:
                units.setdefault(f"000.00.00.{recipient.organ_id[-3:]}", []).append(
                    recipient.organ_id
                )
            sent = Sent(
                sender=planned.sender,
                unit=content.sender.organ_id,
                sha256=hashlib.sha256(raw).hexdigest(),
                document_id=content.document_id,
                kind=content.business.doc_type,
                urgency=content.other.priority,
                size=len(raw),
                subject=content.subject,
                recipients={code: tuple(named) for code, named in units.items()},
            )
            yield sent, raw, planned.at_us
