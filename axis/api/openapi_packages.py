"""The packages that the API pages show: whoever tries them out has them taken as they stand."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from schemas.edxml import DocumentPackage, Organization, Reference, Signer, StatusPackage
from schemas.edxml_write import write
from schemas.frames import frame

MINE, THEIRS = "000.00.00.H37", "000.00.00.G22"
DOCUMENT_ID = "000.00.00.H37,2020/01/15,7/UBND-VP"
SUBJECT = "V/v báo cáo tình hình thực hiện nhiệm vụ tháng 01 năm 2020"


@cache
def document_package(number: int = 7) -> str:
    """A document package that an axis takes as it stands, from Lạng Sơn to one recipient."""
    package = DocumentPackage(
        sender=Organization(organ_id=MINE, name="Ủy ban nhân dân tỉnh Lạng Sơn"),
        recipients=(Organization(organ_id=THEIRS, name="Văn phòng Chính phủ"),),
        document_id=f"{MINE},2020/01/15,{number}/UBND-VP",
        code_number=str(number),
        code_notation="UBND-VP",
        place="Lạng Sơn",
        promulgated=date(2020, 1, 15),
        type_name="Công văn",
        subject=SUBJECT,
        content="Văn bản thử nghiệm",
        signer=Signer(position="Chủ tịch", full_name="Nguyễn Văn An"),
    )
    return write(package).decode()


@cache
def bulk() -> str:
    """Two such packages as frames."""
    packages = (document_package(number).encode() for number in (7, 8))
    return b"".join(frame({}, package) for package in packages).decode()


@cache
def status_package() -> str:
    """A status package: the recipient says 03 of the document of ``document_package``."""
    package = StatusPackage(
        sender=Organization(organ_id=THEIRS, name="Văn phòng Chính phủ"),
        response_for=Reference(
            organ_id=MINE,
            code="7/UBND-VP",
            document_id=DOCUMENT_ID,
            promulgated=date(2020, 1, 15),
        ),
        code="03",
        # The format writes Viet Nam time without a zone.
        at=datetime(2020, 1, 15, 9, 30),  # noqa: DTZ001
    )
    return write(package).decode()
