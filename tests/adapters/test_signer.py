"""The axis's own key: compact JWS that any library can verify, the same bits every time."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from axis.adapters.signer import AxisSigner, load_signer

TYP = "axis-receipt+jws"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> AxisSigner:
    return load_signer(tmp_path_factory.mktemp("axis") / "signer.pem")


@given(payload=st.binary(max_size=2000))
def test_another_library_verifies_what_is_signed(signer: AxisSigner, payload: bytes) -> None:
    jws = signer.sign(payload, TYP)
    key = load_pem_public_key(signer.public_pem)
    decoded = jwt.PyJWS().decode_complete(jws, key, algorithms=["EdDSA"])  # type: ignore[arg-type]
    assert decoded["payload"] == payload
    assert decoded["header"] == {"alg": "EdDSA", "typ": TYP}
    assert signer.sign(payload, TYP) == jws


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
    assert load_signer(path).public_pem == first.public_pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
