"""Who is calling, as a verified token says."""

from __future__ import annotations

from dataclasses import dataclass

from axis.core.errors import rejected

#: Roles a client may hold. ``history`` lets a caller state when something happened
#: (Axis-Occurred-At); only an axis started for such a run gives it.
AGENCY, OPERATOR, AUDITOR, HISTORY = "agency", "operator", "auditor", "history"


@dataclass(frozen=True, slots=True)
class Caller:
    """``id`` is an agency's code, or an operator's name."""

    id: str
    roles: frozenset[str]

    @property
    def agency(self) -> str:
        """The agency that calls; raises ``auth.role`` for anybody else."""
        self.needs(AGENCY)
        return self.id

    @property
    def oversees(self) -> bool:
        """Operators and auditors see headers and states of all."""
        return OPERATOR in self.roles or AUDITOR in self.roles

    def needs(self, role: str) -> None:
        """Raise ``auth.role`` unless the caller holds ``role``."""
        if role not in self.roles:
            raise rejected("auth.role", role=role)

    def needs_sight(self) -> None:
        """Raise ``auth.role`` unless the caller is an operator or an auditor."""
        if not self.oversees:
            raise rejected("auth.role", role="operator or auditor")
