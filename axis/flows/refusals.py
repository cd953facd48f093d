"""The refusal log: one line of each package that was refused, and nothing else of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from axis.core.caller import Caller
from axis.core.commands import Refuse
from axis.core.errors import Rejected, Unavailable
from axis.flows.commit import Committer
from axis.ports import Clock

#: Characters of a sentence or a place in the refusal log: a package may be wrong in thousands of
#: names, and thousands of lines are kept.
WORDS_MAX: Final = 1000


class Refusals:
    """Writes its lines."""

    def __init__(self, committer: Committer, clock: Clock) -> None:
        self._committer = committer
        self._clock = clock

    async def write_down(self, error: Rejected, caller: Caller, sha256: str, size: int) -> None:
        """Leave the line of a refusal; ``sha256`` is empty for a package that was not read."""
        fault = error.faults[0]
        refuse = Refuse(
            caller=caller.id,
            code=fault.code,
            place=fault.place[:WORDS_MAX],
            sentence=" ".join(one.sentence() for one in error.faults)[:WORDS_MAX],
            sha256=sha256,
            size=size,
            now=self._clock.now(),
        )
        # The refusal itself stands; that its log line is missing does not make it another.
        with suppress(Unavailable):
            await self._committer.submit([refuse])
