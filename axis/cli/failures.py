"""How a command can fail in the world; everything else is a usage error or a bug of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class NoAxis(Exception):
    """Nobody answers; the message says where."""


class Refusal(Exception):
    """The axis refused; ``problem`` is its problem object (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem.get("code", ""))

    @property
    def faults(self) -> Sequence[Mapping[str, Any]]:
        """Every fault that the problem names."""
        return self.problem.get("problems") or [self.problem]
