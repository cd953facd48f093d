"""Who may come in: client secrets are exchanged for short-lived tokens, tokens for callers.

A token is a compact JWS of the axis's own key (``typ`` ``axis-token+jwt``) that names its holder,
its roles and its end. Nothing is looked up to verify one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from axis.api.bodies import HeaderMap, media_type, wrong_type
from axis.api.problems import PART_MAX
from axis.api.requests import is_text
from axis.api.wire import canonical
from axis.core.caller import AGENCY, HISTORY, Caller
from axis.core.directory import Client
from axis.core.errors import Fault, Rejected, rejected
from axis.core.timetable import MICROSECONDS
from axis.ports import Clock, Signer, Store
from axis.settings import Settings

TOKEN_TYPE = "axis-token+jwt"  # noqa: S105 - a media type, no secret
#: Verified tokens remembered: a hundred times the agencies there are, some 500 bytes each.
TOKENS_MAX = 10_000
#: Bytes of a token: seven times what one of ours has.
TOKEN_BYTES_MAX = 2048
#: A token request: grant type, id and secret.
FORM_BYTES_MAX = 8 * 1024
FORM_FIELDS_MAX = 16
GRANT = "client_credentials"
TOKEN_PATH = "/v1/token"  # noqa: S105 - an address, no secret

#: A compact JWS to the letter. Decoders pass over what is no letter of theirs, and each spelling of
#: one token would be remembered by itself.
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_FORM = "application/x-www-form-urlencoded"


#: What RFC 6749 section 5.2 calls a refusal; every other one is an invalid request to it.
_OAUTH = {"auth.bad_client": "invalid_client", "auth.grant": "unsupported_grant_type"}


class Auth:
    """The token door, and the check at every other one."""

    def __init__(self, settings: Settings, store: Store, signer: Signer, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._signer = signer
        self._clock = clock
        #: By the token: its caller, and when its token ends (microseconds UTC).
        self._known: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    async def grant(self, headers: HeaderMap, form: bytes) -> dict[str, Any]:
        """Answer a token request (RFC 6749 section 4.4); raises ``auth.*`` and ``request.form``."""
        fields = _form(headers, form)
        basic = headers.get(b"authorization")
        client_id, secret = _basic(basic) if basic is not None else _in_form(fields)
        if not fields.get("grant_type"):
            raise _no_form("grant_type", "grant_type is missing", "thiếu grant_type")
        if fields["grant_type"] != GRANT:
            raise rejected("auth.grant", "grant_type")
        client = await self._store.client(client_id) if is_text(client_id) else None
        if not _holds(client, secret):
            raise rejected("auth.bad_client")
        assert client is not None
        return self._token(client)

    def _token(self, client: Client) -> dict[str, Any]:
        roles = list(client.roles)
        if self._settings.history and AGENCY in roles:
            roles.append(HISTORY)
        now = self._clock.now() // MICROSECONDS
        seconds = self._settings.token_seconds
        claims = {"sub": client.id, "roles": roles, "iat": now, "exp": now + seconds}
        return {
            "access_token": self._signer.sign(canonical(claims), TOKEN_TYPE),
            "token_type": "bearer",
            "expires_in": seconds,
            "scope": " ".join(roles),
        }

    def caller(self, authorization: bytes | None) -> Caller:
        """Return who the value of an ``Authorization`` header says is calling.

        Raises ``auth.missing``, ``auth.bad_token`` and ``auth.expired``.
        """
        if authorization is None:
            raise rejected("auth.missing")
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise rejected("auth.missing")
        token = token.strip()
        known = self._known.get(token)
        if known is None:
            known = self._verify(token)
            self._remember(token, known)
        caller, end = known
        if self._clock.now() >= end:
            self._known.pop(token, None)
            raise rejected("auth.expired")
        return caller

    def _verify(self, token: bytes) -> tuple[Caller, int]:
        payload = None
        if len(token) <= TOKEN_BYTES_MAX and _COMPACT.fullmatch(token):
            payload = self._signer.verify(token.decode(), TOKEN_TYPE)
        if payload is None:
            raise rejected("auth.bad_token")
        claims = json.loads(payload)
        return Caller(claims["sub"], frozenset(claims["roles"])), claims["exp"] * MICROSECONDS

    def _remember(self, token: bytes, known: tuple[Caller, int]) -> None:
        if len(self._known) >= TOKENS_MAX:
            # The oldest goes: it is the first to end, or will be verified once more.
            self._known.popitem(last=False)
        self._known[token] = known


def oauth_error(fault: Fault) -> Mapping[str, str]:
    """The member ``error`` of a refused token request. What may be repeated as it is has none."""
    status = fault.entry.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return {}
    return {"error": _OAUTH.get(fault.code, "invalid_request")}


def _form(headers: HeaderMap, form: bytes) -> Mapping[str, str]:
    if media_type(headers) != _FORM:
        wrong_type(headers, _FORM)
    if not form:
        raise rejected("request.empty", taken=_FORM)
    try:
        pairs = parse_qsl(
            form.decode(), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
    except ValueError:
        raise _no_form(
            "body",
            f"it cannot be read, or has more than {FORM_FIELDS_MAX} fields",
            f"không đọc được, hoặc có quá {FORM_FIELDS_MAX} trường",
        ) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            short = name[:PART_MAX]
            raise _no_form(short, f"{short} is given twice", f"{short} được ghi hai lần")
        fields[name] = value
    return fields


def _no_form(place: str, en: str, vi: str) -> Rejected:
    return rejected("request.form", place, message=en, message_vi=vi)


def _in_form(fields: Mapping[str, str]) -> tuple[str, str]:
    return fields.get("client_id", ""), fields.get("client_secret", "")


def _basic(header: bytes) -> tuple[str, str]:
    """Id and secret of HTTP Basic, each form-encoded inside it (RFC 6749 section 2.3.1)."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        raise rejected("auth.bad_client")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise rejected("auth.bad_client") from None
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _holds(client: Client | None, secret: str) -> bool:
    """Compare in the same time whether or not there is such a client."""
    expected = "0" * 64 if client is None else client.secret_sha256
    found = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return hmac.compare_digest(found, expected) and client is not None
