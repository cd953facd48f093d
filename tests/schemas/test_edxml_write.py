from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from schemas import edxml
from schemas.edxml import Attachment, Business, Package, ReceiverChange, Replaced
from schemas.edxml_read import read
from schemas.edxml_rules import strict
from schemas.edxml_write import write
from tests.schemas.packages import ANSWERED, DOCUMENT, STATUS, documents, normal, packages

KINDS = {
    "new": DOCUMENT,
    "recall": replace(DOCUMENT, response_for=(ANSWERED,), business=Business(doc_type=edxml.RECALL)),
    "update": replace(
        DOCUMENT,
        business=Business(
            doc_type=edxml.UPDATE,
            info_changed=False,
            receivers_changed=True,
            receivers=(ReceiverChange(organ_id="000.00.00.H14", added=True),),
        ),
    ),
    "replacement": replace(
        DOCUMENT,
        business=Business(
            doc_type=edxml.REPLACEMENT,
            replaced=(Replaced(document_id="x", organ_ids=("000.00.00.H14", "28.22.H17")),),
        ),
    ),
    "status": STATUS,
}


@settings(max_examples=75)
@given(packages)
def test_what_is_written_is_read_back(package: Package) -> None:
    reading = read(write(package), files=True)
    assert reading.errors == ()
    assert reading.package is not None
    assert reading.package == normal(package, reading.package)


@settings(max_examples=75)
@given(packages)
def test_what_is_written_passes_the_strict_schema(package: Package) -> None:
    root = read(write(package)).root
    assert root is not None
    assert strict(root) == ()


@settings(max_examples=20)
@given(documents())
def test_deflated_files_are_read_back_too(package: edxml.DocumentPackage) -> None:
    reading = read(write(package, stored=False), files=True)
    assert reading.package is not None
    assert reading.package == normal(package, reading.package)


@pytest.mark.parametrize("package", KINDS.values(), ids=KINDS.keys())
def test_each_kind_is_written_without_a_complaint_and_the_same_way_twice(package: Package) -> None:
    raw = write(package)
    assert read(raw).problems == ()
    assert write(package) == raw


def test_the_envelope_is_prefixed_and_the_attachments_are_not() -> None:
    text = write(DOCUMENT).decode()
    assert text.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<edXML xmlns="{edxml.NS}">\n<edXML:edXMLEnvelope xmlns:edXML="{edxml.NS}">'
    )
    envelope, _, attachments = text.partition("</edXML:edXMLEnvelope>")
    inside = envelope.partition("<edXML:edXMLEnvelope")[2]
    assert not re.search(r"<(?!/?edXML:)", inside)
    assert re.findall(r"<(edXML:\w+)", attachments) == ["edXML:ContentTransferEncoded"]
    assert f'<edXML:ContentTransferEncoded xmlns:edXML="{edxml.NS}">' in attachments
    assert "<AttachmentEncoded>" in attachments


def test_fields_stand_in_the_order_of_vnpt() -> None:
    full = replace(
        DOCUMENT,
        content="tóm tắt",
        due=date(2020, 2, 28),
        response_for=(ANSWERED,),
        steering=1,
        to_places=("Như trên",),
    )
    header = re.search(r"<edXML:MessageHeader>\n(.*)</edXML:Mess", write(full).decode(), re.DOTALL)
    assert header
    names = []
    depth = 0
    for slash, name in re.findall(r"<(/?)edXML:(\w+)", header[1]):
        depth += -1 if slash else 1
        if not slash and depth == 1:
            names.append(name)
    assert names == [
        "From",
        "To",
        "To",
        "DocumentId",
        "Code",
        "PromulgationInfo",
        "DocumentType",
        "Subject",
        "Content",
        "SignerInfo",
        "DueDate",
        "OtherInfo",
        "ResponseFor",
        "SteeringType",
        "ToPlaces",
    ]


def test_a_status_package_is_its_header_alone() -> None:
    text = write(STATUS).decode()
    for absent in ("TraceHeaderList", "edXMLBody", "AttachmentEncoded", "Signature"):
        assert absent not in text


def test_the_secret_marker_stands_inside_what_is_signed() -> None:
    raw = write(replace(DOCUMENT, secret=True))
    assert raw.index(b"<edXML ") < raw.index(b"<?axis-secret?>") < raw.index(b"</edXML>")
    package = read(raw).package
    assert isinstance(package, edxml.DocumentPackage)
    assert package.secret


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1f", "\ud800", "\uffff"])
def test_a_character_xml_cannot_carry_is_refused_by_its_number(character: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
        write(replace(DOCUMENT, subject=f"V/v {character}"))


def test_line_breaks_survive() -> None:
    package = read(write(replace(DOCUMENT, content="một\r\nhai\rba\tbốn"))).package
    assert isinstance(package, edxml.DocumentPackage)
    assert package.content == "một\r\nhai\rba\tbốn"


def test_a_content_id_gets_its_prefix_once() -> None:
    bare = replace(DOCUMENT, attachments=(Attachment(content_id="att-1", name="a.txt"),))
    assert write(bare).count(b">cid:att-1<") == 2
