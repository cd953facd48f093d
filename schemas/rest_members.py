"""The JSON of who takes part: agencies to be added, their secrets and certificates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.rest_books import AgencyKind, Level, NameEn, NameVi
from schemas.rest_operator import Why
from schemas.rest_words import SHA256_PATTERN, At, Code, Wire

#: Characters of a certificate in PEM; one for RSA of 4096 bits has 2,500.
PEM_MAX = 16 * 1024

Fingerprint = Annotated[
    str,
    Field(
        description="SHA-256 of the certificate, hex.",
        json_schema_extra={"pattern": SHA256_PATTERN},
    ),
]


class NewAgency(Why):
    """An agency to be added."""

    code: Code = Field(
        max_length=13,
        description="Its code; units have none of their own here.",
        examples=["000.00.00.H99"],
    )
    name_vi: NameVi = Field(min_length=1, max_length=200)
    name_en: NameEn = Field(min_length=1, max_length=200)
    kind: AgencyKind = Field(min_length=1, max_length=40)
    level: Level = Field(min_length=1, max_length=40)


class Secret(Wire):
    """What an agency's client shows for a token."""

    client_id: Code
    client_secret: str = Field(description="256 random bits, hex; told this once.")


class NewCertificate(Why):
    """A certificate to be trusted."""

    certificate: str = Field(
        min_length=1,
        max_length=PEM_MAX,
        description="X.509 in PEM, issued by the axis's trust root; the first of a chain.",
        examples=["-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"],
    )


class CertificateLine(Wire):
    """A certificate of the trust list."""

    fingerprint: Fingerprint
    agency: Code
    not_before: At = Field(description="Its first instant, ISO 8601.")
    not_after: At = Field(description="Its last instant, ISO 8601.")
    revoked_at: At | None = Field(
        description="From when on it is not trusted any more; null while it was not revoked."
    )


class Certificates(Wire):
    """The trust list, by agency."""

    certificates: list[CertificateLine] = Field(
        description="Those that were ever trusted, by agency."
    )


class RevokedCertificate(Wire):
    """A certificate that is not trusted any more."""

    fingerprint: Fingerprint
    agency: Code
    revoked_at: At = Field(description="From when on it is not trusted any more.")


class Revoked(Wire):
    """What a revocation came to."""

    changed: int = Field(description="Those that were trusted until now.")
    certificates: list[RevokedCertificate] = Field(
        description="All that were meant, those that had been revoked before too."
    )
