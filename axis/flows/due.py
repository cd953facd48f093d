"""Whom a relay looks at next, and whom it sets aside.

One topic that takes nothing (it has no leader, or somebody made it with other partitions) must not
keep the lanes of others waiting: once a page failed while the bus was there, its agencies are tried
one by one, and one that fails by itself is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from axis.core.retry import Backoff

#: While one page is being acknowledged another is read, of other agencies.
STREAMS = 2
#: Of so few agencies one page tells all: halves of them would cost two pages, and the second half
#: half as much delay again.
FEW_AGENCIES = 24
#: How long an agency is left alone; each try may cost the others as long as a publish may take.
ASIDE = Backoff(first_s=2.0, most_s=60.0)


class Due:
    """Agencies to look at, those that have waited longest first. Times are microseconds UTC."""

    def __init__(self) -> None:
        #: A dict, since sets have no order. None of them is in two pages at the same time.
        self._due: dict[str, None] = {}
        self.busy: set[str] = set()
        #: How often each failed by itself, of those that were in a page that failed.
        self._suspects: dict[str, int] = {}
        self._aside: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._due)

    def add(self, codes: Iterable[str]) -> None:
        """Something may wait for these."""
        for code in codes:
            self._due.setdefault(code)

    def any_ready(self, now: int) -> bool:
        """Whether a page may be begun: some are in one, and some are left alone."""
        return any(self._ready(code, now) for code in self._due)

    def take(self, now: int) -> tuple[list[str], bool]:
        """The agencies of the next page, busy from here on, and whether others are left."""
        ready = [code for code in self._due if self._ready(code, now)]
        if ready and ready[0] in self._suspects:
            chosen = ready[:1]
        else:
            sound = [code for code in ready if code not in self._suspects]
            # Of many, some are left to the other stream.
            chosen = sound[: max(FEW_AGENCIES, -(-len(sound) // STREAMS))]
        for code in chosen:
            del self._due[code]
        self.busy.update(chosen)
        return chosen, len(chosen) < len(ready)

    def _ready(self, code: str, now: int) -> bool:
        return code not in self.busy and self._aside.get(code, 0) <= now

    def give_back(self, codes: Iterable[str]) -> None:
        """A page of these ended."""
        self.busy.difference_update(codes)

    def blame(self, codes: Sequence[str], now: int, die: float) -> str | None:
        """A page failed, and the bus was there; the agency that is set aside for it, if one is.

        ``die`` in [0, 1) spreads the delays.
        """
        for code in codes:
            self._suspects.setdefault(code, 0)
        if len(codes) > 1:
            return None
        (code,) = codes
        tries = self._suspects[code] = self._suspects[code] + 1
        self._aside[code] = now + int(ASIDE.delay_s(tries, die) * 1e6)
        return code

    def clear(self, codes: Iterable[str]) -> None:
        """These were published, or had nothing to publish."""
        if self._suspects:
            for code in codes:
                self._suspects.pop(code, None)
                self._aside.pop(code, None)
