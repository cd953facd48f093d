"""What can be asked of the books about who takes part: the directory, who may come in, and whose
signatures hold; decided like any other command (``axis.core.commands``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axis.core.directory import Agency
from axis.core.trust import Certificate

if TYPE_CHECKING:
    from axis.core.commands import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Add an agency to the directory."""

    agency: Agency
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Give an agency a client secret, its first or another: the one before opens nothing more.

    ``secret_sha256`` is hex.
    """

    agency: str
    secret_sha256: str
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """Trust a certificate of an agency, beside those that it has."""

    certificate: Certificate
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Distrust a certificate, or every one of an agency, from ``audit.now`` on. What was signed
    before stays good, and one that was revoked before keeps its date.
    """

    fingerprint: str = ""
    agency: str = ""
    audit: Audit


MemberCommand = Register | Renew | Certify | Revoke


@dataclass(frozen=True, slots=True)
class Revoked:
    """Answer to ``Revoke``: the certificates meant as they stand now; ``changed`` of them anew."""

    certificates: tuple[Certificate, ...]
    changed: int
