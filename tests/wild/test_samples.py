"""Every real sample, compared field by field with what the standard library finds in it.

The samples carry no licence and stay outside the repository, in ``../shared/samples``; where they
are missing these tests say so and are skipped. Their fixtures of our own are in tests/data/edxml.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from schemas.edxml import DocumentPackage, Organization, Reference, StatusPackage
from schemas.edxml_read import read
from schemas.edxml_rules import strict
from schemas.edxml_write import write

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
NS = "{http://www.mic.gov.vn/TBT/QCVN_102_2016}"
MALFORMED = {"edoc.edxml", "edoc_jmeter_template.edxml"}

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the real samples are not beside this checkout (../shared/samples)"
)

FILES = sorted(SAMPLES.rglob("*.edxml"))
WELL_FORMED = [path for path in FILES if path.name not in MALFORMED]
DOCUMENTS = [path for path in WELL_FORMED if "status" not in path.name]
STATUSES = [path for path in WELL_FORMED if "status" in path.name]


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def every(names: str, root: ET.Element) -> list[ET.Element]:
    return root.findall(".//" + "/".join(NS + part for part in names.split("/")))


def text(names: str, root: ET.Element) -> str:
    found = every(names, root)
    return (found[0].text or "").strip() if found else ""


def number(names: str, root: ET.Element) -> int | None:
    return int(text(names, root)) if text(names, root) else None


def organization(element: ET.Element) -> Organization:
    names = (
        "OrganizationInCharge",
        "OrganName",
        "OrganAdd",
        "Email",
        "Telephone",
        "Fax",
        "Website",
    )
    values = [text(one, element) for one in names]
    charge, label, address, email, telephone, fax, website = values
    return Organization(
        organ_id=text("OrganId", element),
        in_charge=charge,
        name=label,
        address=address,
        email=email,
        telephone=telephone,
        fax=fax,
        website=website,
    )


def same_reference(reference: Reference, element: ET.Element) -> bool:
    assert reference.promulgated is not None
    return [
        reference.organ_id,
        reference.code,
        reference.document_id,
        f"{reference.promulgated:%Y/%m/%d}",
    ] == [text(one, element) for one in ("OrganId", "Code", "DocumentId", "PromulgationDate")]


def loaded(path: Path) -> tuple[DocumentPackage | StatusPackage, ET.Element]:
    reading = read(path.read_bytes(), files=True)
    assert reading.errors == ()
    assert reading.ok
    assert reading.package is not None
    return reading.package, ET.parse(path).getroot()


FIELDS: dict[str, Callable[[DocumentPackage], object]] = {
    "MessageHeader/DocumentId": lambda package: package.document_id,
    "Code/CodeNumber": lambda package: package.code_number,
    "Code/CodeNotation": lambda package: package.code_notation,
    "PromulgationInfo/Place": lambda package: package.place,
    "DocumentType/TypeName": lambda package: package.type_name,
    "MessageHeader/Subject": lambda package: package.subject,
    "MessageHeader/Content": lambda package: package.content,
    "SignerInfo/Competence": lambda package: package.signer.competence,
    "SignerInfo/Position": lambda package: package.signer.position,
    "SignerInfo/FullName": lambda package: package.signer.full_name,
    "OtherInfo/SphereOfPromulgation": lambda package: package.other.sphere,
    "OtherInfo/TyperNotation": lambda package: package.other.typer_notation,
    "Bussiness/BussinessDocReason": lambda package: package.business.reason,
    "Bussiness/DocumentId": lambda package: package.business.document_id,
    "Bussiness/StaffInfo/Department": lambda package: package.business.staff[0].department,
    "Bussiness/StaffInfo/Staff": lambda package: package.business.staff[0].name,
    "Bussiness/StaffInfo/Email": lambda package: package.business.staff[0].email,
    "Bussiness/StaffInfo/Mobile": lambda package: package.business.staff[0].mobile,
}
NUMBERS: dict[str, Callable[[DocumentPackage], int | None]] = {
    "DocumentType/Type": lambda package: package.type,
    "DocumentType/TypeDetail": lambda package: package.type_detail,
    "OtherInfo/Priority": lambda package: package.other.priority,
    "OtherInfo/PromulgationAmount": lambda package: package.other.copies,
    "OtherInfo/PageAmount": lambda package: package.other.pages,
    "MessageHeader/SteeringType": lambda package: package.steering,
    "Bussiness/BussinessDocType": lambda package: package.business.doc_type,
    "Bussiness/Paper": lambda package: package.business.paper,
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_field_of_a_document_is_what_the_file_says(path: Path) -> None:
    package, root = loaded(path)
    assert isinstance(package, DocumentPackage)
    for names, of in FIELDS.items():
        assert of(package) == text(names, root), names
    for names, numbered in NUMBERS.items():
        assert numbered(package) == number(names, root), names
    assert package.sender == organization(every("MessageHeader/From", root)[0])
    assert list(package.recipients) == [organization(to) for to in every("MessageHeader/To", root)]
    assert list(package.to_places) == [place.text for place in every("ToPlaces/Place", root)]
    appendixes = [one.text for one in every("Appendixes/Appendix", root) if one.text]
    assert list(package.other.appendixes) == appendixes
    assert package.other.direction is (text("OtherInfo/Direction", root) == "true")
    assert package.promulgated is not None
    day = f"{package.promulgated:%Y/%m/%d}"
    turned = f"{package.promulgated:%d/%m/%Y}"
    assert text("PromulgationDate", root) in (day, turned)
    due = f"{package.due:%Y/%m/%d}" if package.due else ""
    assert due == text("DueDate", root)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_traces_references_and_changes_are_what_the_file_says(path: Path) -> None:
    package, root = loaded(path)
    assert isinstance(package, DocumentPackage)
    traces = [(trace.organ_id, f"{trace.at:%Y/%m/%d %H:%M:%S}") for trace in package.traces]
    stations = every("TraceHeaderList/TraceHeader", root)
    assert traces == [(text("OrganId", one), text("Timestamp", one)) for one in stations]
    references = every("MessageHeader/ResponseFor", root)
    for reference, element in zip(package.response_for, references, strict=True):
        assert same_reference(reference, element)
    business = package.business
    assert [(one.organ_id, int(one.added)) for one in business.receivers] == [
        (text("OrganId", one), number("ReceiverType", one))
        for one in every("ReceiverList/Receiver", root)
    ]
    assert business.info_changed is (True if text("DocumentInfo", root) == "1" else None)
    assert business.receivers_changed is (True if text("DocumentReceiver", root) == "1" else None)
    assert [(one.document_id, list(one.organ_ids)) for one in business.replaced] == [
        (text("DocumentId", one), [unit.text for unit in every("OrganIdList/OrganId", one)])
        for one in every("ReplacementInfoList/ReplacementInfo", root)
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_attachments_are_the_files_the_zips_hold(path: Path) -> None:
    package, root = loaded(path)
    assert isinstance(package, DocumentPackage)
    elements = every("AttachmentEncoded/Attachment", root)
    assert len(package.attachments) == len(elements) > 0
    for attachment, element in zip(package.attachments, elements, strict=True):
        encoded = text("ContentTransferEncoded", element)
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded))) as packed:
            (entry,) = packed.namelist()
            assert attachment.data == packed.read(entry)
        assert attachment.encoded_bytes == len(encoded)
        assert attachment.content_id == text("ContentId", element)
        assert attachment.name == text("AttachmentName", element)
        assert attachment.description == text("Description", element)
        assert attachment.content_type == text("ContentType", element)


@pytest.mark.parametrize("path", STATUSES, ids=name)
def test_every_field_of_a_status_is_what_the_file_says(path: Path) -> None:
    package, root = loaded(path)
    assert isinstance(package, StatusPackage)
    assert package.sender == organization(every("MessageHeader/From", root)[0])
    assert same_reference(package.response_for, every("MessageHeader/ResponseFor", root)[0])
    assert package.code == text("StatusCode", root)
    assert package.description == text("Description", root)
    assert f"{package.at:%Y/%m/%d %H:%M:%S}" == text("Timestamp", root)
    staff = (package.staff.department, package.staff.name, package.staff.email)
    assert staff == tuple(
        text(f"StaffInfo/{one}", root) for one in ("Department", "Staff", "Email")
    )
    assert package.staff.mobile == text("StaffInfo/Mobile", root)


@pytest.mark.parametrize("path", WELL_FORMED, ids=name)
def test_a_sample_written_again_says_the_same_and_passes_the_strict_schema(path: Path) -> None:
    package, _ = loaded(path)
    again = read(write(package, stored=False), files=True)
    assert again.errors == ()
    assert again.root is not None
    assert strict(again.root) == ()
    assert again.package is not None
    if isinstance(package, DocumentPackage) and isinstance(again.package, DocumentPackage):
        files = [(one.name, one.data) for one in again.package.attachments]
        assert files == [(one.name, one.data) for one in package.attachments]
        assert again.package.business == package.business
    else:
        assert again.package == package


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("edoc.edxml", {"line 74": "tag mismatch: From line 7 and MessageHeader"}),
        # Both prefixes that are not declared, each where it is first met.
        (
            "edoc_jmeter_template.edxml",
            {"line 116": "Namespace prefix xlink", "line 125": "Namespace prefix edXML"},
        ),
    ],
)
def test_a_malformed_sample_is_refused_with_each_place_and_the_reason(
    file: str, told: dict[str, str]
) -> None:
    reading = read((SAMPLES / "vnpt-sdk" / file).read_bytes())
    assert (reading.package, reading.root) == (None, None)
    for problem, (place, words) in zip(reading.problems, told.items(), strict=True):
        assert problem.code == "edxml.not_xml"
        assert problem.place.startswith(f"{place}, column ")
        assert words in problem.detail["message"]


def test_every_sample_is_one_of_these() -> None:
    assert len(DOCUMENTS) >= 6
    assert len(STATUSES) >= 11
    assert len(FILES) == len(WELL_FORMED) + len(MALFORMED)
