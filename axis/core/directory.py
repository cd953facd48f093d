"""The agencies an axis serves, and which of them a code belongs to.

A 13-character code names an agency (``000.00.00.H37``) or a unit beneath one (``000.00.13.H37``);
a unit, and an old short code (``28.22.H17``), belongs to the agency of its last group. Books count
agencies and keep the unit (QĐ 28/2018 art. 10.2a).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from schemas.organ import agency_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A connected agency. ``certainty`` says how sure the code is, with its source."""

    code: str
    name_vi: str
    name_en: str
    kind: str
    level: str
    certainty: str
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who may ask for a token. ``secret_sha256`` is hex; secrets are 256 random bits, so a plain
    digest of one cannot be searched and a slow one would only slow the token door.

    ``renewed_at`` is when an operator gave it that secret, None where it is that of the set-up.
    """

    id: str
    secret_sha256: str
    roles: tuple[str, ...]
    renewed_at: int | None = None


class Directory:
    """The agencies by code. A snapshot: changes make a new one."""

    def __init__(self, agencies: Iterable[Agency]) -> None:
        self._by_code = {a.code: a for a in agencies}

    def __iter__(self) -> Iterator[Agency]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def get(self, code: str) -> Agency | None:
        """The agency with exactly this code."""
        return self._by_code.get(code)

    def agency_of(self, organ_id: str) -> Agency | None:
        """The agency that ``organ_id`` names or lies beneath; None when there is none."""
        try:
            return self._by_code.get(agency_of(organ_id))
        except ValueError:
            # Not a code, or one of the order that QĐ 20/2020 turned round: nobody's here.
            return None

    def with_agency(self, agency: Agency) -> Directory:
        """A directory in which ``agency`` is added or stands in for the one of its code."""
        return Directory((self._by_code | {agency.code: agency}).values())

    def locked(self, code: str, locked: bool) -> Directory:
        """A directory in which ``code`` is locked or not."""
        return self.with_agency(replace(self._by_code[code], locked=locked))
