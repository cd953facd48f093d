"""Letters between agencies of a made world, signed with their own keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from agencies.world import read_key
from schemas.edxml import Attachment, DocumentPackage, Organization, OtherInfo
from schemas.edxml_write import write
from schemas.xmldsig import sign


def letter(
    home: Path, sender: str, to: str, number: int, *, urgency: int = 0, filling: int = 0
) -> bytes:
    """A document package of about 4 kB, and a file of ``filling`` bytes in it."""
    file = Attachment(content_id="cid:1", name="phụ lục.txt", data=b"." * filling)
    raw = write(
        DocumentPackage(
            sender=Organization(organ_id=sender, name="Bên gửi"),
            recipients=(Organization(organ_id=to, name="Bên nhận"),),
            document_id=f"{sender},2020/01/15,{number}/QĐ-UBND",
            code_number=str(number),
            code_notation="QĐ-UBND",
            place="Lạng Sơn",
            promulgated=date(2020, 1, 15),
            type_name="Quyết định",
            subject="V/v báo cáo",
            other=OtherInfo(priority=urgency),
            attachments=(file,) if filling else (),
        )
    )
    return sign(raw, *read_key(home, sender))
