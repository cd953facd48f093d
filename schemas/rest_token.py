"""What a token request is answered where it is refused (RFC 6749 section 5.2), as a model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.rest_words import Problem

OAuthError = Literal["invalid_client", "invalid_request", "unsupported_grant_type"]


class TokenProblem(Problem):
    """A problem with the member that libraries of OAuth2 look at."""

    error: OAuthError | None = Field(
        default=None,
        description="As RFC 6749 section 5.2 has it; not where the same may be repeated.",
    )
