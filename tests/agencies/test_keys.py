"""The simulator's authority: the same seed gives the same keys, certificates and files."""

from __future__ import annotations

import resource
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.keys import (
    AUTHORITY_NAME,
    NOT_AFTER,
    NOT_BEFORE,
    make_agency,
    make_another,
    make_authority,
    write_agency_files,
)
from axis.core.trust import fingerprint_of

CODE, NAME = "000.00.00.H37", "UBND tỉnh Lạng Sơn"
codes = st.from_regex(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}", fullmatch=True)


def loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    authority = make_authority(2020)
    agency = make_agency(authority, CODE, NAME)
    assert fingerprint_of(authority.certificate_der) == (
        "c4b3d6ac03b12bf6d7dac352c9686590eb1649d829c87160e5ca73e7b4875c92"
    )
    assert fingerprint_of(agency.certificate_der) == (
        "89ce2bb744b11d220be8bff81c44ed5b4b57e25c8d5452758b169cb7ebcecbc1"
    )


@settings(max_examples=25)
@given(seed=st.integers() | st.text(max_size=8), code=codes)
def test_every_agency_of_every_seed_gets_a_key_of_its_own(seed: int | str, code: str) -> None:
    authority = make_authority(seed)
    agency = make_agency(authority, code, NAME)
    again = make_agency(make_authority(seed), code, NAME)
    assert (agency.key_pem, agency.certificate_der) == (again.key_pem, again.certificate_der)
    other = make_agency(authority, code + "x", NAME)
    assert agency.key_pem != other.key_pem
    assert (
        loaded(agency.certificate_der).serial_number != loaded(other.certificate_der).serial_number
    )
    world = make_agency(make_authority(f"{seed}x"), code, NAME)
    assert agency.key_pem != world.key_pem


def test_the_root_says_it_is_not_for_real_use_and_signs_only_certificates() -> None:
    authority = make_authority(2020)
    root = authority.certificate
    assert "not for real use" in AUTHORITY_NAME
    assert root.subject == root.issuer
    assert root.subject.rfc4514_string() == f"CN={AUTHORITY_NAME}"
    root.verify_directly_issued_by(root)
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert authority.certificate_pem.startswith(b"-----BEGIN CERTIFICATE-----")


def test_an_agency_s_certificate_carries_its_code_and_name_and_the_dates() -> None:
    authority = make_authority(2020)
    agency = make_agency(authority, CODE, NAME)
    certificate = loaded(agency.certificate_der)
    certificate.verify_directly_issued_by(authority.certificate)

    def subject(oid: x509.ObjectIdentifier) -> str | bytes:
        return certificate.subject.get_attributes_for_oid(oid)[0].value

    assert subject(NameOID.SERIAL_NUMBER) == CODE
    assert subject(NameOID.COMMON_NAME) == NAME
    assert "not for real use" in str(subject(NameOID.ORGANIZATION_NAME))
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        NOT_BEFORE,
        NOT_AFTER,
    )
    assert (NOT_BEFORE.year, NOT_AFTER.year) == (2019, 2034)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.ca is False
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (False, True)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key == agency.private_key.public_key()


def test_a_long_name_is_cut_between_characters_and_an_empty_one_is_the_code() -> None:
    authority = make_authority(2020)
    name = "Ủy ban Dân tộc và Miền núi của Chính phủ nước Cộng hòa xã hội chủ nghĩa Việt Nam"
    certificate = loaded(make_agency(authority, CODE, name).certificate_der)
    common = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    assert name.startswith(common)
    assert 60 < len(common.encode()) <= 64
    certificate = loaded(make_agency(authority, CODE, "").certificate_der)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == CODE


def test_the_key_is_kept_from_the_representation() -> None:
    agency = make_agency(make_authority(2020), CODE, NAME)
    assert "PRIVATE" not in repr(agency)
    assert "seed" not in repr(make_authority("a secret seed"))


@pytest.mark.parametrize("before", [None, 0o644])
def test_the_key_file_is_for_its_owner_only_even_where_it_stood_open(
    tmp_path: Path, before: int | None
) -> None:
    agency = make_agency(make_authority(2020), CODE, NAME)
    directory = tmp_path / "agencies" / CODE
    if before is not None:
        directory.mkdir(parents=True)
        (directory / "key.pem").write_bytes(b"half" * 1000)
        (directory / "key.pem").chmod(before)
    key_path, certificate_path = write_agency_files(directory, agency)
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert key_path.read_bytes() == agency.key_pem
    assert certificate_path.read_bytes() == agency.certificate_pem
    key = load_pem_private_key(key_path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.private_numbers() == agency.private_key.private_numbers()


def test_a_key_stays_as_it_is_where_there_is_no_room_for_another(tmp_path: Path) -> None:
    authority = make_authority(2020)
    agency = make_agency(authority, CODE, NAME)
    key_path, certificate_path = write_agency_files(tmp_path, agency)
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_agency_files(tmp_path, make_another(authority, CODE, NAME))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert key_path.read_bytes() == agency.key_pem
    assert certificate_path.read_bytes() == agency.certificate_pem
