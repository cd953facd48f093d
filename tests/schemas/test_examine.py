"""What bytes alone decide about a package, as plain values."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.trust import fingerprint_of
from schemas.edxml import Business, DocumentPackage
from schemas.edxml_read import read
from schemas.edxml_write import write
from schemas.examine import examine
from schemas.examined import Examined, heard, told
from schemas.xmldsig import sign
from tests.schemas.packages import ANSWERED, DOCUMENT, STATUS
from tests.schemas.xmldsig_cases import EC


def examined(package: DocumentPackage) -> Examined:
    return examine(sign(write(package), EC.key, EC.der))


def test_a_letter_says_what_the_package_says() -> None:
    found = examined(DOCUMENT)
    letter = found.letter
    assert letter is not None
    assert (found.kind, found.flaws) == ("document", ())
    assert letter.sender == DOCUMENT.sender.organ_id
    assert letter.recipients == tuple(r.organ_id for r in DOCUMENT.recipients)
    assert letter.document_id == DOCUMENT.document_id
    assert letter.code == f"{DOCUMENT.code_number}/{DOCUMENT.code_notation}"
    assert letter.subject == DOCUMENT.subject
    assert DOCUMENT.promulgated is not None
    assert letter.promulgated == DOCUMENT.promulgated.isoformat()
    assert letter.attachments == tuple(a.name for a in DOCUMENT.attachments)
    assert not letter.secret


def test_what_a_package_speaks_of_is_told() -> None:
    recall = replace(DOCUMENT, business=Business(doc_type=1), response_for=(ANSWERED,))
    letter = examined(recall).letter
    assert letter is not None
    assert (letter.doc_type, letter.answers) == (1, ((ANSWERED.organ_id, ANSWERED.document_id),))


def test_a_seal_names_the_certificate_it_holds_under() -> None:
    seal = examined(DOCUMENT).seal
    assert seal == ("candidate", "", fingerprint_of(EC.der), True)
    raw = sign(write(DOCUMENT), EC.key, EC.der)
    altered = raw.replace("báo cáo".encode(), "cáo báo".encode())
    assert not examine(altered).seal.genuine
    assert examine(write(DOCUMENT)).seal.kind == "absent"


@pytest.mark.parametrize("version", [3, 0x41, 0x7F])
def test_a_certificate_of_no_known_version_is_none(version: int) -> None:
    """Nobody vouches for the certificate in a package: its bytes may be any."""
    at = EC.der.index(b"\xa0\x03\x02\x01\x02") + 4
    raw = sign(write(DOCUMENT), EC.key, EC.der)
    der = EC.der[:at] + bytes([version]) + EC.der[at + 1 :]
    other = raw.replace(b64encode(EC.der), b64encode(der))
    assert other != raw
    assert examine(other).seal == ("candidate", "", fingerprint_of(der), False)


@pytest.mark.parametrize("kind", ["", "status"])
def test_what_is_no_document_has_no_letter(kind: str) -> None:
    raw = write(STATUS) if kind else b"<a/>"
    found = examine(raw)
    assert (found.kind, found.letter, found.size) == (kind, None, len(raw))
    assert [flaw.code for flaw in found.flaws] == [p.code for p in read(raw).problems]


@given(st.binary(max_size=200))
def test_any_bytes_are_examined_and_travel(raw: bytes) -> None:
    found = examine(raw)
    assert heard(told(found)) == found
    assert any(flaw.error for flaw in found.flaws)
