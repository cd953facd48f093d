"""The JSON of who takes part: agencies to be added, their secrets and certificates."""

from __future__ import annotations

from pydantic import Field

from schemas.rest import Code, Wire
from schemas.rest_books import Why

#: Characters of a certificate in PEM; one for RSA of 4096 bits has 2,500.
PEM_MAX = 16 * 1024


class NewAgency(Why):
    """An agency to be added."""

    code: str = Field(
        max_length=13,
        description="Its code; units have none of their own here.",
        examples=["000.00.00.H99"],
    )
    name_vi: str = Field(min_length=1, max_length=200)
    name_en: str = Field(min_length=1, max_length=200)
    kind: str = Field(min_length=1, max_length=40, examples=["province"])
    level: str = Field(min_length=1, max_length=40, examples=["provincial"])


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

    fingerprint: str = Field(description="SHA-256 of the certificate, hex.")
    agency: Code
    not_before: str = Field(description="Its first instant, ISO 8601.")
    not_after: str = Field(description="Its last instant, ISO 8601.")
    revoked_at: str | None = Field(description="Null while it was not revoked.")


class Certificates(Wire):
    """The trust list, by agency."""

    certificates: list[CertificateLine]


class RevokedCertificate(Wire):
    """A certificate that is not trusted any more."""

    fingerprint: str = Field(description="SHA-256 of the certificate, hex.")
    agency: Code
    revoked_at: str


class Revoked(Wire):
    """What a revocation came to."""

    changed: int = Field(description="Those that were trusted until now.")
    certificates: list[RevokedCertificate]
