"""The traps that real packages and libraries set, each with a test of its name.

Number 14, the same DocumentId again with DocType 1 to 3, is for the books and tested with them.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from schemas.edxml import DocumentPackage
from schemas.edxml_read import Reading, read
from schemas.edxml_write import write
from schemas.vxp import same_hash

DATA = Path(__file__).parent.parent / "data" / "edxml"


def reading_of(name: str) -> Reading:
    (path,) = DATA.glob(f"*/{name}.edxml")
    return read(path.read_bytes(), files=True)


def document(name: str) -> DocumentPackage:
    reading = reading_of(name)
    assert reading.errors == ()
    assert isinstance(reading.package, DocumentPackage)
    return reading.package


def codes(name: str) -> list[str]:
    return [problem.code for problem in reading_of(name).problems]


def test_trap_01_cid_cid_is_read_as_one_prefix_and_never_written() -> None:
    package = document("attachment.doubled_cid--rebuilt-package")
    assert [one.content_id for one in package.attachments] == ["cid:att-1"]
    assert set(codes("attachment.doubled_cid--rebuilt-package")) == {"attachment.doubled_cid"}
    again = write(package)
    assert b"cid:cid:" not in again
    assert read(again).problems == ()


def test_trap_02_bussiness_may_stand_before_or_after_the_traces() -> None:
    before, after = document("clean--bussiness-before-trace"), document("clean--document")
    assert before == after
    assert len(after.traces) == 1


def test_trap_03_a_signature_may_be_in_either_namespace_or_missing() -> None:
    without = document("clean--document")
    for namespace in ("edxml", "xmldsig"):
        assert document(f"clean--signature-in-{namespace}-namespace") == without


def test_trap_04_a_mislabelled_content_type_is_a_warning_and_the_zip_is_opened() -> None:
    for name in ("zip-called-pdf", "manifest-says-pdf"):
        (attachment,) = document(f"attachment.mislabelled--{name}").attachments
        assert attachment.data == "Phụ lục số liệu\n".encode()
        assert codes(f"attachment.mislabelled--{name}") == ["attachment.mislabelled"]


def test_trap_05_raw_base64_instead_of_a_zip_is_carried_as_it_is() -> None:
    (attachment,) = document("attachment.not_zip--raw-pdf").attachments
    assert attachment.data.startswith(b"%PDF-1.4")
    assert codes("attachment.not_zip--raw-pdf") == ["attachment.not_zip"]


def test_trap_06_a_pdf_spoiled_by_text_decoding_is_noticed() -> None:
    for kind in ("pdf", "zip"):
        assert "attachment.damaged" in codes(f"attachment.damaged--{kind}-decoded-as-text")
    assert "attachment.damaged" not in codes("attachment.not_zip--raw-pdf")


def test_trap_07_a_date_with_the_day_first_is_read_as_such() -> None:
    package = document("edxml.date_order--day-first")
    assert package.promulgated == date(2020, 2, 14)  # Not 13 August of the year 19.
    assert codes("edxml.date_order--day-first") == ["edxml.date_order"]


def test_trap_08_garbage_before_the_declaration_is_counted_and_shown() -> None:
    (problem,) = reading_of("edxml.leading_garbage--tool-output").problems
    assert problem.detail == {"count": "14", "found": r"'HTTP/1.1 200\n\n'"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mismatched-tag", "From line 6 and MessageHeader"),
        ("undeclared-xlink-prefix", "Namespace prefix xlink"),
        ("prefix-outside-its-scope", "Namespace prefix edXML on AttachmentEncoded"),
    ],
)
def test_trap_09_mismatched_tags_and_undeclared_prefixes_say_where(name: str, words: str) -> None:
    (problem,) = reading_of(f"edxml.not_xml--{name}").problems
    assert problem.place.startswith("line ")
    assert words in problem.detail["message"]


def test_trap_10_a_trace_without_organ_id_or_with_the_word_null_names_nobody() -> None:
    for name in ("clean--trace-without-organ-id", "clean--trace-organ-id-null"):
        (trace,) = document(name).traces
        assert trace.organ_id == ""
        assert trace.at is not None


def test_trap_11_an_empty_response_for_answers_nothing() -> None:
    for name in ("clean--empty-response-for", "clean--response-for-of-empty-elements"):
        assert document(name).response_for == ()
        assert codes(name) == []


def test_trap_12_a_code_number_may_carry_letters() -> None:
    assert document("clean--code-number-with-letters").code_number == "74fass22"


def test_trap_13_a_document_id_that_disagrees_is_a_warning() -> None:
    package = document("document.id_disagrees--other-year")
    assert package.document_id.startswith("000.00.00.H37,2015/")
    assert codes("document.id_disagrees--other-year") == ["document.id_disagrees"]


def test_trap_15_a_hash_without_leading_zeros_is_the_same_hash() -> None:
    # A file whose digest has bytes below 16, which the SDK prints with one digit.
    files = (str(number).encode() for number in range(1000))
    digest = next(
        digest
        for digest in map(hashlib.sha256, files)
        if sum(byte < 16 for byte in digest.digest()) == 2
    ).digest()
    spelled = "".join(f"{byte:x}" for byte in digest)
    assert len(spelled) == 62
    assert same_hash(spelled, digest)
    assert not same_hash(spelled, hashlib.sha256(b"another file").digest())


def test_rebuilding_a_parsed_package_changes_nothing_but_the_wrapping() -> None:
    """Trap 1 and 4 to 5 together: what was read can be written, and is then clean."""
    package = document("attachment.not_zip--raw-pdf")
    again = read(write(package), files=True)
    assert again.problems == ()
    assert isinstance(again.package, DocumentPackage)
    (before,), (after,) = package.attachments, again.package.attachments
    assert after == replace(before, encoded_bytes=after.encoded_bytes)
    assert after.encoded_bytes > len(base64.b64encode(before.data))
