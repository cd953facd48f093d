"""The trust list: what comes in, and what it says of packages."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from agencies.keys import NOT_AFTER, NOT_BEFORE, make_agency, make_authority
from axis.adapters.trust_list import TrustList, read_certificate
from axis.core.trust import ALTERED, BadCertificate, Certificate, Judgement
from schemas import xmldsig
from schemas.examine import seal_of
from tests.schemas.xmldsig_cases import AUTHORITY, EC, G22, H37, Signer, package, parse, rsa_signer

RAW = xmldsig.sign(package(), EC.key, EC.der)
VALID = Judgement("valid")


def us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


AT = us(datetime(2020, 1, 15, 3, tzinfo=UTC))


def trust_list(*certificates: Certificate) -> TrustList:
    known = certificates or (read_certificate(H37.code, H37.certificate_der),)
    return TrustList(AUTHORITY.certificate_der, known)


def certificate(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    ca: bool | None = False,
    issuer: x509.Name = AUTHORITY.certificate.subject,
    by: ec.EllipticCurvePrivateKey = AUTHORITY.private_key,
    subject: x509.Name | None = None,
) -> bytes:
    name = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(1).not_valid_before(not_before).not_valid_after(not_after)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_package_of_the_certificate_s_agency_is_valid() -> None:
    assert trust_list().judge(seal_of(parse(RAW)), H37.code, AT) == VALID


def test_an_rsa_certificate_works_like_any_other() -> None:
    signer = rsa_signer(3072)
    raw = xmldsig.sign(package(), signer.key, signer.der)
    trusted = trust_list(read_certificate(H37.code, signer.der))
    assert trusted.judge(seal_of(parse(raw)), H37.code, AT) == VALID


def test_values_are_read_from_the_certificate() -> None:
    value = read_certificate(H37.code, H37.certificate_der)
    assert value.agency == "000.00.00.H37"
    assert (value.not_before, value.not_after) == (us(NOT_BEFORE), us(NOT_AFTER))
    assert len(value.fingerprint) == 64
    assert value.revoked_at is None


@pytest.mark.parametrize(
    ("agency", "at", "reason"),
    [
        (G22.code, AT, "foreign"),
        (H37.code, us(NOT_BEFORE) - 1, "not_yet_valid"),
        (H37.code, us(NOT_AFTER) + 1, "expired"),
    ],
)
def test_foreign_early_and_late_packages_are_untrusted(agency: str, at: int, reason: str) -> None:
    trusted = trust_list()
    assert trusted.judge(seal_of(parse(RAW)), agency, at) == Judgement("untrusted", reason)
    assert trusted.judge(seal_of(parse(RAW)), agency, at) == Judgement("untrusted", reason)


def test_a_certificate_of_another_world_is_unknown() -> None:
    other = make_agency(make_authority(seed=1), H37.code, "UBND tỉnh Lạng Sơn")
    raw = xmldsig.sign(package(), other.private_key, other.certificate_der)
    assert trust_list().judge(seal_of(parse(raw)), H37.code, AT) == Judgement(
        "untrusted", "unknown"
    )


def test_the_certificate_of_another_agency_over_one_s_own_signature_is_broken() -> None:
    both = trust_list(
        read_certificate(H37.code, H37.certificate_der),
        read_certificate(G22.code, G22.certificate_der),
    )
    swapped = RAW.replace(
        base64.b64encode(H37.certificate_der), base64.b64encode(G22.certificate_der)
    )
    assert both.judge(seal_of(parse(swapped)), G22.code, AT) == Judgement("broken", ALTERED)
    assert both.judge(seal_of(parse(swapped)), H37.code, AT) == Judgement("untrusted", "foreign")


def test_an_altered_package_is_broken_and_an_unsigned_one_absent() -> None:
    trusted = trust_list()
    altered = RAW.replace(b"118/UBND", b"119/UBND")
    assert trusted.judge(seal_of(parse(altered)), H37.code, AT) == Judgement("broken", ALTERED)
    assert trusted.judge(seal_of(parse(package())), H37.code, AT) == Judgement("absent")
    doubled = RAW.replace(b"</edXML>", b"<Signature/></edXML>")
    assert trusted.judge(seal_of(parse(doubled)), H37.code, AT).verdict == "broken"


def test_a_certificate_added_while_running_counts_at_once() -> None:
    trusted = TrustList(AUTHORITY.certificate_der)
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT) == Judgement("untrusted", "unknown")
    trusted.add(read_certificate(H37.code, H37.certificate_der))
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT) == VALID


def test_a_revocation_counts_at_once_and_from_its_moment_on() -> None:
    trusted = trust_list()
    value = read_certificate(H37.code, H37.certificate_der)
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT) == VALID
    trusted.renew([replace(value, revoked_at=AT)])
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT) == Judgement("untrusted", "revoked")
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT - 1) == VALID
    reloaded = trust_list(replace(value, revoked_at=AT))
    assert reloaded.judge(seal_of(parse(RAW)), H37.code, AT) == Judgement("untrusted", "revoked")
    # What was read before the revocation, and what the list does not hold, change nothing.
    trusted.renew([value, replace(value, fingerprint="00" * 32, revoked_at=AT)])
    assert trusted.judge(seal_of(parse(RAW)), H37.code, AT) == Judgement("untrusted", "revoked")


KEY = EC.public_key
OTHER = make_authority(seed=1)
DAY = timedelta(days=1)
BAD = {
    "rubbish": (b"rubbish", "not a certificate"),
    "another authority": (
        certificate(KEY, issuer=OTHER.certificate.subject, by=OTHER.private_key),
        "not issued",
    ),
    "another name": (certificate(KEY, issuer=x509.Name([])), "not issued"),
    "an authority": (certificate(KEY, ca=True), "signs no packages"),
    "the root itself": (AUTHORITY.certificate_der, "signs no packages"),
    "too early": (certificate(KEY, not_before=NOT_BEFORE - DAY), "longer than the trust root"),
    "too late": (certificate(KEY, not_after=NOT_AFTER + DAY), "longer than the trust root"),
    "P-384": (certificate(ec.generate_private_key(ec.SECP384R1()).public_key()), "P-256"),
    "RSA-1024": (certificate(rsa.generate_private_key(65537, 1024).public_key()), "P-256"),
}


@pytest.mark.parametrize(("der", "why"), BAD.values(), ids=BAD.keys())
def test_a_certificate_that_cannot_be_trusted_does_not_come_in(der: bytes, why: str) -> None:
    with pytest.raises(BadCertificate, match=why):
        trust_list(read_certificate(H37.code, der))


def test_what_the_books_gained_is_trusted_from_then_on() -> None:
    trusted = trust_list()
    another = read_certificate(G22.code, G22.certificate_der)
    raw = xmldsig.sign(package(), G22.private_key, G22.certificate_der)
    assert trusted.judge(seal_of(parse(raw)), G22.code, AT) == Judgement("untrusted", "unknown")
    bad = [
        read_certificate(H37.code, der) for der, why in BAD.values() if why != "not a certificate"
    ]
    trusted.renew([*bad, another])
    assert trusted.judge(seal_of(parse(raw)), G22.code, AT) == VALID


def test_a_certificate_without_basic_constraints_may_sign_packages() -> None:
    der = certificate(KEY, ca=None)
    signer = Signer(EC.key, x509.load_der_x509_certificate(der))
    raw = xmldsig.sign(package(), signer.key, signer.der)
    trusted = trust_list(read_certificate(H37.code, der))
    assert trusted.judge(seal_of(parse(raw)), H37.code, AT) == VALID


def test_a_value_that_disagrees_with_its_certificate_does_not_come_in() -> None:
    value = read_certificate(H37.code, H37.certificate_der)
    for wrong in (
        replace(value, fingerprint="00" * 32),
        replace(value, not_after=value.not_after + 1),
        replace(value, not_before=0),
    ):
        with pytest.raises(BadCertificate, match="fingerprint or dates"):
            trust_list(wrong)


def test_only_an_authority_that_signed_itself_is_a_trust_root() -> None:
    forged = certificate(
        OTHER.private_key.public_key(), ca=True, subject=AUTHORITY.certificate.subject
    )
    for der, why in ((H37.certificate_der, "no certificate authority"), (forged, "sign itself")):
        with pytest.raises(BadCertificate, match=why):
            TrustList(der)
