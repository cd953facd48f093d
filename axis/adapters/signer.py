"""The axis's own Ed25519 key: receipts and tokens."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from axis.adapters import durable


class AxisSigner:
    """Signs compact JWS. Ed25519 is deterministic: the same payload gives the same bits."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key()
        self._jws = PyJWS(algorithms=["EdDSA"])
        self._jwk = _public_jwk(self._public)
        #: By ``typ``: one is made for every accepted document, and they never change.
        self._headers: dict[str, bytes] = {}

    def public_jwk(self) -> Mapping[str, str]:
        """What a receipt is verified with (RFC 8037 section 2), named by its thumbprint (RFC 7638
        section 3), as the header of each signature names it.
        """
        return self._jwk

    def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS over ``payload`` (RFC 7515 section 7.1)."""
        text = self.signing_input(payload, typ)
        return compact(text, self.signature(text))

    async def sign_all(self, payloads: Sequence[bytes], typ: str) -> list[str]:
        """``sign`` of each."""
        return [self.sign(payload, typ) for payload in payloads]

    def secret(self) -> bytes:
        """The key itself (RFC 8032 section 5.1.5), for another process of this axis."""
        return self._key.private_bytes_raw()

    def signing_input(self, payload: bytes, typ: str) -> bytes:
        """What is signed of ``payload`` (RFC 7515 section 5.1)."""
        header = self._headers.get(typ)
        if header is None:
            named = {"alg": "EdDSA", "kid": self._jwk["kid"], "typ": typ}
            header = self._headers[typ] = _base64url(_compact_json(named))
        return header + b"." + _base64url(payload)

    def signature(self, text: bytes) -> bytes:
        """The signature of a signing input."""
        return self._key.sign(text)

    def verify(self, jws: str, typ: str) -> bytes | None:
        """The payload, when this key signed it as ``typ``."""
        try:
            decoded = self._jws.decode_complete(jws, self._public, algorithms=["EdDSA"])
        except (PyJWTError, ValueError):
            return None
        if decoded["header"].get("typ") != typ:
            return None
        payload: bytes = decoded["payload"]
        return payload


def compact(text: bytes, signature: bytes) -> str:
    """The compact JWS of a signing input and its signature."""
    return (text + b"." + _base64url(signature)).decode()


def _public_jwk(key: Ed25519PublicKey) -> Mapping[str, str]:
    named = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key.public_bytes_raw()).decode()}
    thumbprint = hashlib.sha256(_compact_json(named)).digest()
    return {**named, "kid": _base64url(thumbprint).decode(), "alg": "EdDSA", "use": "sig"}


def _compact_json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def load_signer(path: Path) -> AxisSigner:
    """The key in ``path``, made there when it is the first start."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _make_private(path, pem)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 key")
    return AxisSigner(key)


def _make_private(path: Path, data: bytes) -> None:
    """Write whole or not at all, readable by the owner only. Of several axes that start at once the
    first one's stays: all sign with one key.
    """
    durable.make_folder(path.parent)
    with path.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write_private(path, data)


def _write_private(path: Path, data: bytes) -> None:
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    durable.sync_folder(path.parent)
