"""The verdict on a package's signature, decided over plain values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.catalogue import CATALOGUE
from axis.core.trust import (
    ALTERED,
    Certificate,
    Judgement,
    Verdict,
    distrust,
    fingerprint_of,
    judge,
    refusal,
)
from schemas.examined import Seal

DER = b"a certificate"
H37, G22 = "000.00.00.H37", "000.00.00.G22"
CERTIFICATE = Certificate(
    agency=H37, fingerprint=fingerprint_of(DER), not_before=1_000, not_after=9_000, der=DER
)
CANDIDATE = Seal("candidate", "", CERTIFICATE.fingerprint, genuine=True)
VERDICTS: tuple[Verdict, ...] = ("valid", "absent", "weak", "untrusted", "broken")


def verdict(certificate: Certificate | None, agency: str = H37, at: int = 5_000) -> Judgement:
    known = {} if certificate is None else {certificate.fingerprint: certificate}
    return judge(CANDIDATE, known, agency, at)


def test_a_true_signature_by_the_sender_s_certificate_is_valid() -> None:
    assert verdict(CERTIFICATE) == Judgement("valid")


@pytest.mark.parametrize(
    ("certificate", "agency", "at", "reason"),
    [
        (None, H37, 5_000, "unknown"),
        (CERTIFICATE, G22, 5_000, "foreign"),
        (CERTIFICATE, H37, 999, "not_yet_valid"),
        (CERTIFICATE, H37, 9_001, "expired"),
        (replace(CERTIFICATE, revoked_at=5_000), H37, 5_000, "revoked"),
        (replace(CERTIFICATE, revoked_at=2_000), H37, 5_000, "revoked"),
    ],
)
def test_a_certificate_that_does_not_speak_for_the_sender_then_is_untrusted(
    certificate: Certificate | None, agency: str, at: int, reason: str
) -> None:
    known = {} if certificate is None else {certificate.fingerprint: certificate}
    assert judge(CANDIDATE, known, agency, at) == Judgement("untrusted", reason)
    assert distrust(certificate, agency, at) == reason


def test_both_ends_of_the_validity_belong_to_it() -> None:
    assert verdict(CERTIFICATE, at=1_000) == Judgement("valid")
    assert verdict(CERTIFICATE, at=9_000) == Judgement("valid")


def test_what_was_signed_before_a_revocation_stays_valid() -> None:
    revoked = replace(CERTIFICATE, revoked_at=5_001)
    assert verdict(revoked, at=5_000) == Judgement("valid")
    assert verdict(revoked, at=5_001) == Judgement("untrusted", "revoked")


def test_a_certificate_is_known_by_its_bytes_and_not_by_its_name() -> None:
    known = {CERTIFICATE.fingerprint: CERTIFICATE}
    other = CANDIDATE._replace(fingerprint=fingerprint_of(DER + b"\x00"))
    assert judge(other, known, H37, 5_000) == Judgement("untrusted", "unknown")


def test_a_signature_that_does_not_hold_is_broken() -> None:
    known = {CERTIFICATE.fingerprint: CERTIFICATE}
    assert judge(CANDIDATE._replace(genuine=False), known, H37, 5_000) == Judgement(
        "broken", ALTERED
    )


def test_a_malformed_signature_is_broken_and_says_how() -> None:
    seal = Seal("malformed", "there is more than one Signature")
    assert judge(seal, {}, H37, 5_000) == Judgement("broken", seal.reason)


def test_absent_and_weak_are_verdicts_of_their_own_and_need_no_certificate() -> None:
    assert judge(Seal("absent"), {}, H37, 5_000) == Judgement("absent")
    assert judge(Seal("weak"), {}, H37, 5_000) == Judgement("weak")


times = st.integers(-10_000, 20_000)


@given(agency=st.sampled_from([H37, G22]), at=times, revoked_at=st.none() | times)
def test_a_certificate_speaks_for_its_agency_inside_its_time_only(
    agency: str, at: int, revoked_at: int | None
) -> None:
    inside = 1_000 <= at <= 9_000 and (revoked_at is None or at < revoked_at)
    trusted = agency == H37 and inside
    assert (verdict(replace(CERTIFICATE, revoked_at=revoked_at), agency, at) == ("valid", "")) is (
        trusted
    )


@pytest.mark.parametrize(
    ("strict", "refused"),
    [(False, {"untrusted", "broken"}), (True, {"untrusted", "broken", "absent", "weak"})],
)
def test_the_policy_refuses_what_lies_and_when_strict_what_proves_nothing(
    strict: bool, refused: set[str]
) -> None:
    codes = {v: refusal(v, strict_signatures=strict) for v in VERDICTS}
    assert {v: code for v, code in codes.items() if code} == {v: f"signature.{v}" for v in refused}
    for v in refused:
        assert f"signature.{v}" in CATALOGUE
