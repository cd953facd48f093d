"""When to try again: a schedule is data, the decision a pure function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling delays from ``first_s`` to ``most_s``, spread so clients do not march in step."""

    first_s: float = 0.05
    most_s: float = 2.0

    def delay_s(self, attempt: int, die: float) -> float:
        """Seconds before try ``attempt`` + 1 (``attempt`` counts from 1).

        ``die`` in [0, 1) spreads the delay over the upper half of its length.
        """
        full = min(self.most_s, self.first_s * float(1 << min(attempt - 1, 30)))
        return full * (0.5 + die / 2)
