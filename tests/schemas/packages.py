"""Packages to test with: two plain ones, and strategies for every valid one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from hypothesis import strategies as st

from schemas import edxml
from schemas.edxml import (
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Package,
    ReceiverChange,
    Reference,
    Replaced,
    Signer,
    Staff,
    StatusPackage,
    Trace,
)

DOCUMENT = DocumentPackage(
    sender=Organization(organ_id="000.00.00.H37", name="UBND tỉnh Lạng Sơn"),
    recipients=(
        Organization(organ_id="000.00.00.G22", name="Văn phòng Chính phủ"),
        Organization(organ_id="000.00.00.G09"),
    ),
    document_id="000.00.00.H37,2020/02/14,118/UBND-KSTT",
    code_number="118",
    code_notation="UBND-KSTT",
    place="Lạng Sơn",
    promulgated=date(2020, 2, 14),
    subject="V/v báo cáo số liệu gửi, nhận văn bản điện tử",
    type_detail=18,
    type_name="Công văn",
    traces=(Trace(organ_id="000.00.00.H37", at=datetime.fromisoformat("2020-02-14 08:30:00")),),
    attachments=(Attachment(content_id="cid:att-1", name="phu-luc.txt", data=b"so lieu"),),
)

STATUS = StatusPackage(
    sender=Organization(organ_id="000.00.00.G22"),
    response_for=Reference(
        organ_id="000.00.00.H37",
        code="118/UBND-KSTT",
        document_id="000.00.00.H37,2020/02/14,118/UBND-KSTT",
        promulgated=date(2020, 2, 14),
    ),
    code="03",
    at=datetime.fromisoformat("2020-02-14 09:05:12"),
)

ANSWERED = Reference(
    organ_id="000.00.00.G22",
    code="77/VPCP-KSTT",
    document_id="000.00.00.G22,2020/01/15,77/VPCP-KSTT",
    promulgated=date(2020, 1, 15),
)


def normal(written: Package, read: Package) -> Package:
    """``written`` as reading gives it back: only the length of the base64 is not known before."""
    if isinstance(written, StatusPackage) or isinstance(read, StatusPackage):
        return written
    pairs = zip(written.attachments, read.attachments, strict=True)
    files = tuple(replace(ours, encoded_bytes=theirs.encoded_bytes) for ours, theirs in pairs)
    return replace(written, attachments=files)


_CHARACTERS = st.one_of(
    st.sampled_from("aàảãáạăâbcdđeêghiklmnoôơpqrstuưvxyABCĐ0123456789 ,./-&<>'\"\r\n\t]"),
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
)


def texts(longest: int, shortest: int = 0) -> st.SearchStrategy[str]:
    made = st.text(_CHARACTERS, min_size=shortest, max_size=min(longest, 40)).map(str.strip)
    # Now and then the greatest length, so that no limit is tighter in one place than in another.
    full = st.just("đ" * longest)
    return st.one_of(made.filter(lambda text: len(text) >= shortest), full)


_GROUP = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=3)
organ_ids = (
    st.lists(_GROUP, min_size=2, max_size=4).map(".".join).filter(lambda code: len(code) <= 13)
)
days = st.dates(min_value=date(1, 1, 1))
moments = st.datetimes().map(lambda at: at.replace(microsecond=0, fold=0))
numbers = st.one_of(st.none(), st.integers(0, 999_999_999))
flags = st.one_of(st.none(), st.booleans())

organizations = st.builds(
    Organization,
    organ_id=organ_ids,
    in_charge=texts(500),
    name=texts(200),
    address=texts(500),
    email=texts(100),
    telephone=texts(20),
    fax=texts(20),
    website=texts(100),
)
references = st.builds(
    Reference,
    organ_id=organ_ids,
    code=texts(100, 1),
    document_id=texts(200, 1),
    promulgated=st.one_of(st.none(), days),
)
staff = st.builds(Staff, department=texts(300), name=texts(300), email=texts(100), mobile=texts(30))
others = st.builds(
    OtherInfo,
    priority=st.integers(0, 4),
    sphere=texts(100),
    typer_notation=texts(10),
    copies=numbers,
    pages=numbers,
    direction=flags,
    appendixes=st.lists(texts(500, 1), max_size=2).map(tuple),
)
traces = st.builds(Trace, organ_id=st.one_of(st.just(""), organ_ids), at=moments)
changes = st.lists(
    st.builds(ReceiverChange, organ_id=organ_ids, added=st.booleans()), min_size=1, max_size=2
).map(tuple)
replacements = st.lists(
    st.builds(
        Replaced,
        document_id=texts(200, 1),
        organ_ids=st.lists(organ_ids, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=2,
).map(tuple)


@st.composite
def businesses(draw: st.DrawFn) -> Business:
    kind = draw(st.sampled_from((edxml.NEW, edxml.RECALL, edxml.UPDATE, edxml.REPLACEMENT)))
    business = Business(
        doc_type=kind,
        reason=draw(texts(1000)),
        document_id=draw(texts(200)),
        paper=draw(numbers),
        staff=tuple(draw(st.lists(staff.filter(lambda one: one != Staff()), max_size=2))),
    )
    if kind == edxml.UPDATE:
        return replace(
            business,
            info_changed=draw(st.booleans()),
            receivers_changed=True,
            receivers=draw(changes),
        )
    if kind == edxml.REPLACEMENT:
        return replace(business, replaced=draw(replacements))
    return business


@st.composite
def documents(draw: st.DrawFn) -> DocumentPackage:
    business = draw(businesses())
    recalls = 1 if business.doc_type == edxml.RECALL else 0
    names = draw(st.lists(texts(500, 1), max_size=2))
    return DocumentPackage(
        sender=draw(organizations),
        recipients=tuple(
            draw(
                st.lists(organizations, min_size=1, max_size=3, unique_by=lambda one: one.organ_id)
            )
        ),
        document_id=draw(texts(200, 1)),
        code_number=draw(texts(20, 1)),
        code_notation=draw(texts(30, 1)),
        place=draw(texts(50, 1)),
        promulgated=draw(days),
        subject=draw(texts(500, 1)),
        type=draw(numbers),
        type_detail=draw(numbers),
        type_name=draw(texts(100)),
        content=draw(texts(500)),
        signer=draw(
            st.builds(Signer, competence=texts(100), position=texts(100), full_name=texts(50))
        ),
        due=draw(st.one_of(st.none(), days)),
        other=draw(others),
        response_for=tuple(draw(st.lists(references, min_size=recalls, max_size=2))),
        steering=draw(numbers),
        to_places=tuple(draw(st.lists(texts(150, 1), max_size=2))),
        traces=tuple(draw(st.lists(traces, max_size=2))),
        business=business,
        attachments=tuple(
            Attachment(
                content_id=f"cid:{position}",
                name=name,
                data=draw(st.binary(max_size=200)),
                description=draw(texts(500)),
            )
            for position, name in enumerate(names)
        ),
        secret=draw(st.booleans()),
    )


statuses = st.builds(
    StatusPackage,
    sender=organizations,
    response_for=references,
    code=st.sampled_from(("01", "02", "03", "04", "05", "06", "13", "15", "16")),
    at=moments,
    description=texts(500, 1),
    staff=staff,
)
packages = st.one_of(documents(), statuses)
