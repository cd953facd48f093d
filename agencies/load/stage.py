"""The 95 agencies before an axis that is to be loaded: keys, tokens, connections, recipients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agencies.examine import Examiner
from agencies.load import doors
from agencies.load.record import Known
from agencies.load.send import REQUESTS_MAX
from agencies.load.spool import Keys
from agencies.load.take import Recipient
from agencies.load.wire import Pool, place
from agencies.world import read_certificates, read_key
from schemas.codes import agencies

NOT_PROVEN = "the books do not balance, or do not follow from their events"


@dataclass
class Stage:
    """Everything that stands ready before the first package; ``home`` is the folder of the axis's
    run. ``tokens`` are bearer headers by code.
    """

    home: Path
    url: str
    pool: Pool = field(init=False)
    keys: Keys = field(init=False, repr=False)
    known: Known = field(default_factory=Known)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    operator: str = field(default="", repr=False)
    _recipients: list[Recipient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = Pool(place(self.url), REQUESTS_MAX)
        self.keys = {row.code: read_key(self.home, row.code) for row in agencies()}

    async def open(self) -> None:
        """See that the axis is there for this, and sign in. Raises ``Impossible``, ``Gone``."""
        await doors.require_simulation(self.pool, self.url)
        await self.sign_in()

    async def sign_in(self) -> None:
        """Tokens for the next stretch, also for the recipients."""
        tokens, self.operator = await doors.sign_in(self.pool, self.home)
        # Whoever sends holds the same mapping.
        self.tokens.update(tokens)
        for recipient in self._recipients:
            recipient.token = tokens[recipient.code]

    def recipients(self, make: Callable[..., Recipient] = Recipient) -> list[Recipient]:
        """All agencies as recipients, each made by ``make`` from what a ``Recipient`` has; once."""
        assert not self._recipients, "made already"
        examiner = Examiner(read_certificates(self.home))
        to = place(self.url)
        self._recipients = [
            make(
                code=code,
                token=token,
                polling=Pool(to, 1),
                confirming=Pool(to, 1),
                known=self.known,
                examiner=examiner,
            )
            for code, token in self.tokens.items()
        ]
        return self._recipients
