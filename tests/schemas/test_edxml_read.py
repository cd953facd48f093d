from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.edxml import (
    NS,
    Attachment,
    Business,
    DocumentPackage,
    ReceiverChange,
    Signer,
    Staff,
    StatusPackage,
    Trace,
)
from schemas.edxml_node import ABSENT
from schemas.edxml_read import read
from schemas.edxml_write import write
from tests.schemas.packages import ANSWERED, DOCUMENT, STATUS, documents, normal

RAW = write(DOCUMENT)
PLAIN_STATUS = write(STATUS)


def changed(old: str, new: str, raw: bytes = RAW) -> bytes:
    assert old.encode() in raw
    return raw.replace(old.encode(), new.encode(), 1)


def document(raw: bytes) -> DocumentPackage:
    package = read(raw, files=True).package
    assert isinstance(package, DocumentPackage)
    return package


def found(raw: bytes) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.split("/")[-1]) for problem in read(raw).problems]


@settings(max_examples=25)
@given(documents(), st.randoms(use_true_random=False))
def test_elements_are_read_in_any_order(package: DocumentPackage, dice: random.Random) -> None:
    root = read(write(package)).root
    assert root is not None
    for element in list(root.iter(f"{{{NS}}}*")):
        children = list(element)
        # Only the order among different elements is free: recipients keep their own.
        names = [child.tag for child in children]
        dice.shuffle(names)
        by_name: dict[object, list[etree._Element]] = {}
        for child in children:
            by_name.setdefault(child.tag, []).append(child)
        element[:] = [by_name[tag].pop(0) for tag in names]
    assert document(etree.tostring(root, encoding="UTF-8")) == normal(
        package, document(write(package))
    )


def test_the_tree_keeps_comments_and_instructions_for_the_signature() -> None:
    raw = changed("<edXML:Subject>", "<!--a--><?b c?><edXML:Subject>")
    root = read(raw).root
    assert root is not None
    assert etree.tostring(root, method="c14n", with_comments=True).count(b"<!--a--><?b c?>") == 1


@pytest.mark.parametrize("inner", ["<!--x-->", "<?x y?>", "<![CDATA[]]>", "<!--x--><?y?>"])
def test_a_text_is_read_whole_around_what_is_no_text(inner: str) -> None:
    raw = changed(">V/v báo", f">V/v{inner} báo")
    assert document(raw).subject == DOCUMENT.subject
    assert read(raw).problems == ()


def test_an_element_inside_a_text_is_reported_and_its_words_are_not_the_text() -> None:
    raw = changed(">V/v báo", ">V/v <b>không</b>báo")
    assert found(raw) == [("edxml.unknown", "b")]
    assert document(raw).subject == DOCUMENT.subject


def test_an_attachment_is_read_whole_around_comments() -> None:
    assert document(changed(">UEsD", "><!--x-->UE<!--y-->sD")).attachments[0].data == b"so lieu"


def test_files_are_filled_only_when_asked_for() -> None:
    package = read(RAW).package
    assert isinstance(package, DocumentPackage)
    (attachment,) = package.attachments
    assert attachment.data == b""
    assert attachment.encoded_bytes > 100
    assert document(RAW).attachments[0].data == b"so lieu"


@pytest.mark.parametrize("marker", ["<?axis-secret?>", "<?axis-secret level='tối mật'?>"])
@pytest.mark.parametrize("before", ["<edXML xmlns", "<edXML:Subject>", "<AttachmentEncoded>"])
def test_the_secret_marker_counts_wherever_it_stands(marker: str, before: str) -> None:
    assert document(changed(before, f"{marker}{before}")).secret


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "declaration", [b"", b"<?xml version='1.0'?>", b"<?xml\nversion='1.0' ?>\n"]
)
def test_the_secret_marker_counts_whatever_the_package_begins_with(
    declaration: bytes, mark: bytes
) -> None:
    bare = RAW[RAW.index(b"<edXML") :]
    for raw in (b"<?axis-secret?>" + bare, bare + b"<?axis-secret?>"):
        assert document(mark + declaration + raw).secret
    assert not document(mark + declaration + bare).secret
    assert not document(mark + declaration + bare.replace(b">V/v", b">V/v?")).secret


@pytest.mark.parametrize("words", ["<!--<?axis-secret?>-->", "&lt;?axis-secret?>", "TUYỆT MẬT"])
def test_words_about_secrecy_are_no_marker(words: str) -> None:
    assert not document(changed(">V/v báo", f">{words} báo")).secret


def test_an_absent_part_is_empty_and_never_complains() -> None:
    raw = write(replace(DOCUMENT, signer=Signer(position="Phó Chủ tịch")))
    start, end = raw.index(b"<edXML:SignerInfo>"), raw.index(b"<edXML:OtherInfo>")
    assert document(raw[:start] + raw[end:]).signer == Signer()
    assert read(raw[:start] + raw[end:]).problems == ()
    assert ABSENT.moment("Timestamp") is None  # An error anywhere else.
    assert (ABSENT.texts, ABSENT.parts, ABSENT.notes.problems) == ({}, {}, [])


def test_places_name_the_element_and_number_it_among_its_twins() -> None:
    raw = changed("000.00.00.G09", "Bộ Nội vụ")
    (problem,) = read(raw).problems
    assert problem.place == "edXMLHeader/MessageHeader/To[2]/OrganId"
    assert problem.detail["found"] == "Bộ Nội vụ"


def test_a_missing_part_is_reported_once_and_not_with_each_of_its_fields() -> None:
    start, end = RAW.index(b"<edXML:Code>"), RAW.index(b"<edXML:PromulgationInfo>")
    assert found(RAW[:start] + RAW[end:]) == [("edxml.missing", "Code")]


def test_a_refused_package_still_says_whose_it_was() -> None:
    reading = read(changed("<edXML:Subject>", "<edXML:Subject/><edXML:Subject>"))
    assert not reading.ok
    assert isinstance(reading.package, DocumentPackage)
    assert reading.package.sender.organ_id == "000.00.00.H37"


def test_elements_only_vnpts_library_knows_are_passed_over() -> None:
    raw = changed("<edXML:Subject>", "<edXML:ApplicationType/><edXML:Subject>")
    assert read(raw).problems == ()


@pytest.mark.parametrize(
    ("written", "meant"), [("true", True), ("False", False), ("1", True), ("0", False), ("", None)]
)
def test_direction_is_read_in_every_spelling(written: str, meant: bool | None) -> None:
    direction = f"</edXML:Priority><edXML:Direction>{written}</edXML:Direction>"
    assert document(changed("</edXML:Priority>", direction)).other.direction is meant


@pytest.mark.parametrize("number", ["-1", "1.5", "١٢", "1_0", "+1", "1234567890", "1e3"])
def test_a_number_is_digits_and_nothing_else(number: str) -> None:
    pages = f"</edXML:Priority><edXML:PageAmount>{number}</edXML:PageAmount>"
    assert found(changed("</edXML:Priority>", pages)) == [("edxml.value", "PageAmount")]


@pytest.mark.parametrize(
    "day", ["2020/2/14", "2020/02/30", "2020/02/14 00:00", "30/02/2020", "٢٠٢٠/٠٢/١٤", "0000/01/01"]
)
def test_a_day_has_one_spelling(day: str) -> None:
    raw = changed("<edXML:PromulgationDate>2020/02/14", f"<edXML:PromulgationDate>{day}")
    assert found(raw)[0] == ("edxml.value", "PromulgationDate")


def test_a_time_with_the_day_first_is_read_as_such() -> None:
    raw = changed("2020/02/14 08:30:00", "14/02/2020 08:30:00")
    assert found(raw) == [("edxml.date_order", "Timestamp")]
    assert document(raw).traces == DOCUMENT.traces


@pytest.mark.parametrize(
    "moment",
    [
        "2020/02/14",
        "2020/02/14T08:30:00",
        "2020/02/14 24:00:00",
        "2020/02/14 23:60:00",
        "2020/02/14 23:59:60",
        "2020/02/30 08:30:00",
        "30/02/2020 08:30:00",
        "14/02/2020 24:00:00",
    ],
)
def test_a_time_has_one_spelling(moment: str) -> None:
    assert found(changed("2020/02/14 08:30:00", moment)) == [("edxml.value", "Timestamp")]


@pytest.mark.parametrize("priority", ["5", "-1", "Khẩn", "01"])
def test_a_priority_out_of_range_is_read_as_normal(priority: str) -> None:
    raw = changed("<edXML:Priority>0", f"<edXML:Priority>{priority}")
    assert found(raw) == [("edxml.priority", "Priority")]
    assert document(raw).other.priority == 0


def test_the_numbers_of_the_document_type_never_refuse() -> None:
    raw = changed("<edXML:Type>2<", "<edXML:Type>công văn<")
    assert found(raw) == [("edxml.value", "Type")]
    assert read(raw).ok
    assert document(raw).type is None
    assert document(raw).type_name == "Công văn"


def test_a_status_is_told_from_a_document_by_its_code() -> None:
    package = read(PLAIN_STATUS).package
    assert isinstance(package, StatusPackage)
    assert package == STATUS


def test_a_document_with_a_status_code_stays_a_document() -> None:
    raw = changed("<edXML:Subject>", "<edXML:StatusCode>03</edXML:StatusCode><edXML:Subject>")
    assert isinstance(read(raw).package, DocumentPackage)
    assert found(raw) == [("edxml.unknown", "StatusCode")]


def test_a_status_with_attachments_is_told_that_nobody_looks_at_them() -> None:
    raw = changed("</edXML>", "<AttachmentEncoded/></edXML>", PLAIN_STATUS)
    assert found(raw) == [("edxml.unknown", "AttachmentEncoded")]


def test_an_empty_reference_is_dropped_among_others() -> None:
    package = replace(DOCUMENT, response_for=(ANSWERED,))
    raw = changed("<edXML:ResponseFor>", "<edXML:ResponseFor/><edXML:ResponseFor>", write(package))
    assert document(raw).response_for == (ANSWERED,)


def test_a_half_filled_reference_is_an_error() -> None:
    half = "<edXML:ResponseFor><edXML:Code>1/A</edXML:Code></edXML:ResponseFor><edXML:OtherInfo>"
    raw = changed("<edXML:OtherInfo>", half)
    assert found(raw) == [("edxml.missing", "OrganId"), ("edxml.missing", "DocumentId")]


def test_attachments_and_manifest_pair_one_to_one() -> None:
    twice = replace(DOCUMENT, attachments=DOCUMENT.attachments * 2)
    assert read(write(twice)).problems == ()
    lonely = write(replace(DOCUMENT, attachments=(Attachment(content_id="cid:2", name="b"),)))
    assert found(changed("<ContentId>cid:2", "<ContentId>cid:3", lonely)) == [
        ("attachment.unmatched", "ContentId"),
        ("attachment.unmatched", "ContentId"),
    ]


def test_a_name_only_in_the_manifest_is_enough() -> None:
    raw = changed("<AttachmentName>phu-luc.txt</AttachmentName>", "")
    assert document(raw).attachments[0].name == "phu-luc.txt"


def test_attachments_share_one_budget() -> None:
    from schemas.edxml_parse import Limits

    file = DOCUMENT.attachments[0]
    two = replace(DOCUMENT, attachments=(file, replace(file, content_id="cid:2")))
    raw = write(two, stored=False)
    assert read(raw, limits=Limits(inflated_bytes=2 * len(file.data))).ok
    (problem,) = read(raw, limits=Limits(inflated_bytes=2 * len(file.data) - 1)).errors
    assert problem.code == "attachment.bomb"
    assert problem.place == "AttachmentEncoded/Attachment[2]/ContentTransferEncoded"


def test_days_before_the_year_1000_keep_four_digits() -> None:
    old = replace(DOCUMENT, promulgated=date(19, 8, 13), document_id="x")
    assert document(write(old)).promulgated == date(19, 8, 13)


def test_a_trace_without_a_time_is_an_error() -> None:
    raw = changed("<edXML:Timestamp>2020/02/14 08:30:00</edXML:Timestamp>", "")
    assert found(raw) == [("edxml.missing", "Timestamp")]
    assert document(raw).traces == (Trace(organ_id="000.00.00.H37", at=None),)


def test_a_station_that_is_named_null_is_named_nothing() -> None:
    trace = "<edXML:TraceHeader>\n<edXML:OrganId>"
    (station,) = document(changed(f"{trace}000.00.00.H37", f"{trace}null")).traces
    assert station == replace(DOCUMENT.traces[0], organ_id="")


@pytest.mark.parametrize(
    ("kind", "told", "last"), [("BussinessDocType", 2, 3), ("ReceiverType", 1, 1)]
)
def test_a_choice_is_one_of_those_there_are(kind: str, told: int, last: int) -> None:
    receivers = (ReceiverChange(organ_id="000.00.00.G09", added=True),)
    business = Business(doc_type=2, receivers_changed=True, receivers=receivers)
    raw = write(replace(DOCUMENT, business=business))
    for digit in range(5):
        one = changed(f"<edXML:{kind}>{told}<", f"<edXML:{kind}>{digit}<", raw)
        assert (("edxml.value", kind) in found(one)) == (digit > last), digit
    assert document(raw).business.receivers == receivers


def test_a_person_without_any_word_is_nobody() -> None:
    staff = (Staff(name="Nguyễn Văn An"),)
    raw = write(replace(DOCUMENT, business=Business(doc_type=2, staff=staff, info_changed=True)))
    nobody = "<edXML:StaffInfo/><edXML:StaffInfo>"
    assert document(changed("<edXML:StaffInfo>", nobody, raw)).business.staff == staff
