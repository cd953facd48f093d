"""The axis's own key: compact JWS that any library can verify, the same bits every time."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from axis.adapters import durable
from axis.adapters.signer import AxisSigner, load_signer

TYP = "axis-receipt+jws"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> AxisSigner:
    return load_signer(tmp_path_factory.mktemp("axis") / "signer.pem")


@given(payload=st.binary(max_size=2000))
def test_another_library_verifies_what_is_signed(signer: AxisSigner, payload: bytes) -> None:
    jws = signer.sign(payload, TYP)
    key = jwt.PyJWK.from_dict(dict(signer.public_jwk()))
    decoded = jwt.PyJWS().decode_complete(jws, key, algorithms=["EdDSA"])
    assert decoded["payload"] == payload
    named = signer.public_jwk()["kid"]
    assert decoded["header"] == {"alg": "EdDSA", "kid": named, "typ": TYP}
    assert signer.sign(payload, TYP) == jws


def test_a_key_is_named_by_its_thumbprint() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    # RFC 8037 appendix A: the key (A.2) and its thumbprint (A.3).
    assert AxisSigner(Ed25519PrivateKey.from_private_bytes(seed)).public_jwk() == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "alg": "EdDSA",
        "use": "sig",
    }


def test_a_token_is_no_receipt_and_a_changed_bit_is_nothing(signer: AxisSigner) -> None:
    jws = signer.sign(b"{}", TYP)
    assert signer.verify(jws, TYP) == b"{}"
    assert signer.verify(jws, "axis-token+jwt") is None
    head, payload, signature = jws.split(".")
    other = jws[:-2] + ("AA" if jws[-2:] != "AA" else "BA")
    for changed in (f"{head}.e31.{signature}", f"{head}.{payload}.", "", "..", other):
        assert signer.verify(changed, TYP) is None


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "signer.pem"
    first = load_signer(path)
    assert load_signer(path).public_jwk() == first.public_jwk()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_name_of_a_new_key_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt that it signed could not be verified after a power cut."""
    path = tmp_path / "axis" / "signer.pem"
    synced: list[tuple[Path, bool]] = []
    monkeypatch.setattr(durable, "sync_folder", lambda one: synced.append((one, path.exists())))
    load_signer(path)
    assert synced == [(tmp_path, False), (tmp_path / "axis", True)]
    load_signer(path)
    assert len(synced) == 2
