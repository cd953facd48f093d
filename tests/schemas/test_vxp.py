from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from schemas.vxp import same_hash

ZEROS = bytes([0, 1, 0x0A, 0xF0, 0xFF])


def without_zeros(digest: bytes) -> str:
    return "".join(f"{byte:x}" for byte in digest)


@given(st.binary())
def test_both_spellings_of_a_digest_are_the_same_hash(data: bytes) -> None:
    digest = hashlib.sha256(data).digest()
    assert same_hash(digest.hex(), digest)
    assert same_hash(digest.hex().upper(), digest)
    assert same_hash(without_zeros(digest), digest)


@given(st.binary(), st.binary())
def test_another_file_never_has_the_same_hash(one: bytes, other: bytes) -> None:
    if one != other:
        digest = hashlib.sha256(other).digest()
        assert not same_hash(hashlib.sha256(one).hexdigest(), digest)
        assert not same_hash(without_zeros(hashlib.sha256(one).digest()), digest)


def test_only_a_whole_spelling_counts() -> None:
    assert same_hash("01af0ff", ZEROS)
    assert not same_hash("01af0f", ZEROS)
    assert not same_hash("0001af0ff", ZEROS)  # One byte with its zero, the others without.
    assert not same_hash("", ZEROS)
