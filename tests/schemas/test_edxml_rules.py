from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, datetime

import pytest
from lxml import etree

from schemas import edxml
from schemas import edxml_fields as fields
from schemas.edxml import (
    DS,
    NS,
    Attachment,
    Business,
    Organization,
    OtherInfo,
    ReceiverChange,
    Signer,
    Staff,
)
from schemas.edxml_read import read
from schemas.edxml_rules import rules, strict
from schemas.edxml_write import write
from tests.schemas.packages import ANSWERED, DOCUMENT, STATUS

EVERYTHING = replace(
    DOCUMENT,
    sender=Organization(
        organ_id="000.00.00.H37",
        in_charge="a",
        name="b",
        address="c",
        email="d@example.vn",
        telephone="1",
        fax="2",
        website="e.vn",
    ),
    recipients=(Organization(organ_id="000.00.00.G22"),),
    content="tóm tắt",
    signer=Signer(competence="KT.", position="Phó Chủ tịch", full_name="Nguyễn Văn A"),
    due=date(2020, 2, 28),
    other=OtherInfo(
        sphere="a", typer_notation="b", copies=1, pages=2, direction=True, appendixes=("c",)
    ),
    response_for=(ANSWERED,),
    steering=1,
    to_places=("Như trên",),
    business=Business(
        doc_type=edxml.UPDATE,
        reason="sửa",
        document_id="x",
        paper=0,
        info_changed=True,
        receivers_changed=True,
        receivers=(ReceiverChange(organ_id="000.00.00.G09", added=True),),
        staff=(Staff(department="a", name="b", email="c", mobile="1"),),
    ),
    attachments=(Attachment(content_id="cid:1", name="a.txt", description="b"),),
)

#: Whose texts a table of the reader bounds, by the name of the element around them.
TABLES = {
    "From": fields.ORGANIZATION,
    "MessageHeader": fields.DOCUMENT,
    "Code": fields.CODE,
    "PromulgationInfo": fields.PROMULGATION,
    "DocumentType": fields.DOCUMENT_TYPE,
    "SignerInfo": fields.SIGNER,
    "OtherInfo": fields.OTHER,
    "ResponseFor": fields.REFERENCE,
    "Bussiness": fields.BUSINESS,
    "StaffInfo": fields.STAFF,
    "Reference": fields.MANIFEST_REFERENCE,
    "Attachment": fields.ATTACHMENT,
}
LEAVES = sorted(
    (parent, name, longest)
    for parent, table in TABLES.items()
    for name, longest in table.values()
    if 0 <= longest < 10_000 and longest != fields.VALUE_MAX
)


def tree(package: edxml.Package) -> etree._Element:
    root = read(write(package)).root
    assert root is not None
    return root


@pytest.mark.parametrize(("parent", "name", "longest"), LEAVES)
def test_reader_and_schema_refuse_the_same_length(parent: str, name: str, longest: int) -> None:
    root = tree(EVERYTHING)
    field = root.find(f".//{{{NS}}}{parent}/{{{NS}}}{name}")
    assert field is not None, "the package must show every field"
    field.text = "cid:" + "đ" * (longest - 3)
    (problem,) = read(etree.tostring(root, encoding="UTF-8")).errors
    assert (problem.code, problem.place.split("/")[-1]) == ("edxml.too_long", name)
    assert problem.detail["limit"] == str(longest)
    assert strict(root)
    field.text = field.text[:-1]
    assert strict(root) == ()
    assert read(etree.tostring(root, encoding="UTF-8")).ok


def test_a_signature_may_stand_last_in_the_header_and_nowhere_else() -> None:
    root = tree(DOCUMENT)
    header = root[0][0]
    signature = etree.SubElement(header, f"{{{DS}}}Signature")
    etree.SubElement(signature, f"{{{DS}}}SignedInfo").set("Id", "anything")
    assert strict(root) == ()
    header.insert(0, signature)
    assert strict(root)
    header.append(signature)
    header.append(copy.deepcopy(signature))
    assert strict(root)


def test_the_wrong_order_fails_with_its_line() -> None:
    raw = write(DOCUMENT)
    subject = b"<edXML:Subject>V/v b"
    turned = raw.replace(subject, b"<edXML:Content>x</edXML:Content>\n" + subject)
    reading = read(turned)
    assert reading.root is not None
    assert reading.ok
    problem = strict(reading.root)[0]
    line = turned[: turned.index(b"<edXML:Content>")].count(b"\n") + 1
    assert (problem.code, problem.place) == ("edxml.schema", f"line {line}")
    assert problem.detail["message"].startswith("Element 'Content': This element is not expected")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version="1.0">', b'version="2.0">'),
        (b"<edXML:Priority>0", b"<edXML:Priority>5"),
        (b"2020/02/14<", b"14/02/2020<"),
        (b"000.00.00.G09", b"phong ban"),
        (b"<edXML:MessageHeader>", b"<edXML:MessageHeader>stray text"),
        (b"</edXML:MessageHeader>", b"<edXML:Secrecy/></edXML:MessageHeader>"),
        (b">cid:att-1<", b">att-1<"),
    ],
)
def test_what_we_would_not_write_fails(old: bytes, new: bytes) -> None:
    raw = write(DOCUMENT)
    head, declaration, body = raw.partition(b"?>\n")
    assert old in body
    root = read(head + declaration + body.replace(old, new, 1)).root
    assert root is not None
    assert strict(root)


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "05", "06", "13", "15", "16"])
def test_known_statuses_are_accepted_and_two_need_a_reason(code: str) -> None:
    assert rules(replace(STATUS, code=code, description="lý do")) == []
    for nothing in ("", " \u200b"):
        bare = [problem.code for problem in rules(replace(STATUS, code=code, description=nothing))]
        assert bare == (["status.reason_missing"] if code in ("02", "16") else [])


@pytest.mark.parametrize("code", ["00", "07", "12", "14", "17", "1", "999"])
def test_other_statuses_are_unknown(code: str) -> None:
    (problem,) = rules(replace(STATUS, code=code))
    assert (problem.code, problem.detail) == ("status.unknown_code", {"found": code})


def test_a_recipient_named_again_is_an_error_at_its_place() -> None:
    again = replace(DOCUMENT, recipients=(*DOCUMENT.recipients, DOCUMENT.recipients[0]))
    (problem,) = rules(again)
    assert problem.code == "recipient.twice"
    assert problem.place == "edXMLHeader/MessageHeader/To[3]/OrganId"
    assert problem.detail == {"organ_id": "000.00.00.G22"}


def test_two_units_of_one_agency_are_two_recipients() -> None:
    units = (Organization(organ_id="000.00.13.H53"), Organization(organ_id="000.00.14.H53"))
    assert rules(replace(DOCUMENT, recipients=units)) == []


def test_a_disagreeing_document_id_is_only_a_warning() -> None:
    (problem,) = rules(replace(DOCUMENT, promulgated=date(2020, 2, 15)))
    assert (problem.code, problem.severity) == ("document.id_disagrees", "warning")
    assert problem.detail["expected"] == "000.00.00.H37,2020/02/15,118/UBND-KSTT"


def test_a_uuid_as_document_id_cannot_disagree() -> None:
    assert rules(replace(DOCUMENT, document_id="9fbfbad2-f1f8-4256-a2eb-50fb1061cddb")) == []


@pytest.mark.parametrize(
    ("business", "element"),
    [
        (Business(doc_type=edxml.RECALL), "ResponseFor"),
        (Business(doc_type=edxml.UPDATE), "BussinessDocumentInfo"),
        (Business(doc_type=edxml.UPDATE, receivers_changed=True), "ReceiverList"),
        (Business(doc_type=edxml.REPLACEMENT), "ReplacementInfoList"),
    ],
)
def test_recall_update_and_replacement_must_name_what_they_mean(
    business: Business, element: str
) -> None:
    (problem,) = rules(replace(DOCUMENT, business=business))
    assert (problem.code, problem.severity) == ("business.missing", "error")
    assert problem.detail == {"element": element, "doc_type": str(business.doc_type)}


def test_an_update_that_changes_only_the_text_is_complete() -> None:
    changed = Business(doc_type=edxml.UPDATE, info_changed=True, receivers_changed=False)
    assert rules(replace(DOCUMENT, business=changed)) == []


def test_a_status_of_the_very_first_year_is_still_four_digits() -> None:
    raw = write(replace(STATUS, at=datetime.fromisoformat("0019-08-13 01:02:03")))
    assert b">0019/08/13 01:02:03<" in raw
