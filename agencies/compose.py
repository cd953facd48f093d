"""A planned document as the package an agency sends: every field, and the file inside.

Pure and the same every time: all that is not in the plan is drawn from its ``wording_seed``. The
file is a one-page PDF that opens, filled up with bytes that do not compress, so that the signed
package has the size its profile asks for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from hashlib import shake_256

from agencies import model, wording
from agencies.dice import Dice
from agencies.traffic import Planned
from schemas.codes import AgencyRow, agencies
from schemas.edxml import (
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Trace,
)

#: What the XML weighs beside the file and the recipients: elements, texts, zip, and a signature
#: with a P-256 certificate. Measured on signed packages, which stray some 300 bytes around it.
_XML_BYTES = 5_270
#: What a recipient weighs beside its name.
_RECIPIENT_BYTES = 103
_LINE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Profile:
    """Between which sizes, in bytes, signed packages lie; each size is as likely."""

    name: str
    package_bytes_min: int
    package_bytes_max: int


#: About 20 kB. A list of everyone alone weighs 13 kB; there the file is little but its page.
SMALL = Profile("small", 18_000, 22_000)


def compose(planned: Planned, profile: Profile = SMALL) -> DocumentPackage:
    """The unsigned package of a planned document."""
    sender = _row(planned.sender)
    dice = Dice(planned.wording_seed, "words")
    day = planned.day
    subject = wording.subject(planned.type_name, day, dice)
    due = _due(day, dice)
    signer = wording.signer(sender, dice)
    place = wording.place(sender)
    code = f"{planned.number}/{planned.notation}"
    page = (f"{place}, {day:%d/%m/%Y}", sender.name_vi, f"Số: {code}", subject, signer.full_name)
    return DocumentPackage(
        sender=_sender(planned.sender),
        recipients=tuple(map(_recipient, planned.recipients)),
        document_id=planned.document_id,
        code_number=str(planned.number),
        code_notation=planned.notation,
        place=place,
        promulgated=day,
        type=2,
        type_detail=planned.type_detail,
        type_name=planned.type_name,
        subject=subject,
        content=wording.content(due),
        signer=signer,
        due=due,
        other=OtherInfo(
            priority=planned.urgency, copies=len(planned.recipients), pages=1, direction=False
        ),
        to_places=("Như trên", f"Lưu: VT, {planned.notation.rpartition('-')[2]}"),
        traces=(Trace(organ_id=sender.code, at=planned.local.replace(tzinfo=None, microsecond=0)),),
        business=Business(
            doc_type=planned.business,
            reason="Văn bản điện tử mới",
            paper=0,
            staff=(wording.clerk(sender, dice),),
        ),
        attachments=(
            Attachment(
                content_id="cid:1",
                name=f"{planned.number}_{planned.notation}.pdf",
                data=pdf(page, planned.wording_seed, _file_bytes(planned, profile, dice)),
                description=subject,
            ),
        ),
    )


@cache
def _row(code: str) -> AgencyRow:
    return next(row for row in agencies() if row.code == code)


@cache
def _sender(code: str) -> Organization:
    row = _row(code)
    return Organization(
        organ_id=code,
        in_charge=row.name_vi,
        name=row.name_vi,
        address=wording.place(row),
        email=wording.mailbox(row),
    )


@cache
def _recipient(code: str) -> Organization:
    return Organization(organ_id=code, name=_row(code).name_vi)


@cache
def _recipient_bytes(code: str) -> int:
    """What one recipient adds to the package."""
    return _RECIPIENT_BYTES + len(_row(code).name_vi.encode())


def _due(day: date, dice: Dice) -> date | None:
    """The day an answer is due by, where one is named."""
    if dice.below(1000) >= model.DUE_PER_MILLE.value:
        return None
    first, last = model.DUE_DAYS.value
    return day + timedelta(days=first + dice.below(last - first + 1))


def _file_bytes(planned: Planned, profile: Profile, dice: Dice) -> int:
    """How large a file brings the package to a size of the profile; base64 makes 4 bytes of 3."""
    jitter = dice.below(profile.package_bytes_max - profile.package_bytes_min + 1)
    rest = profile.package_bytes_min + jitter - _XML_BYTES
    return (rest - sum(map(_recipient_bytes, planned.recipients))) * 3 // 4


def pdf(lines: Sequence[str], seed: int, size_bytes: int) -> bytes:
    """A valid one-page PDF with these lines, some bytes off ``size_bytes`` where they leave room.

    The built-in font has no Vietnamese letters, so the page shows the lines without their marks.
    An object nothing refers to holds the filling: bytes drawn from ``seed``.
    """
    page = _page(lines)
    filling = shake_256(b"file/%d" % seed).digest(max(0, size_bytes - len(page) - _FRAME_BYTES))
    # By chance one file in four thousand would hold the mark of a file spoilt by text decoding.
    return _pdf(page, filling.replace(b"\xef\xbf\xbd", b"\x00\x00\x00"))


def _page(lines: Sequence[str]) -> bytes:
    """The drawing instructions of a page of text."""
    return f"BT /F1 12 Tf 60 780 Td 18 TL\n{''.join(map(_shown, lines))}ET".encode("ascii")


# Subjects, agencies and people come again; most lines of most pages are found here.
@lru_cache(maxsize=4096)
def _shown(line: str) -> str:
    """One line in ASCII letters without Vietnamese marks, cut where the page ends."""
    plain = unicodedata.normalize("NFD", line.replace("đ", "d").replace("Đ", "D"))
    plain = plain.encode("ascii", "ignore").decode()
    cut = [plain[i : i + _LINE_CHARACTERS] for i in range(0, len(plain), _LINE_CHARACTERS)]
    return "".join(f"({part.translate(_PDF_ESCAPES)}) Tj T*\n" for part in cut)


_PDF_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def _pdf(page: bytes, filling: bytes) -> bytes:
    """The file: seven objects, the page's text and the filling among them, and their places."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources 6 0 R>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(page), page),
        b"<</Font<</F1 4 0 R>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(filling), filling),
    ]
    # Four bytes above 127 tell programs that copy the file that it is not text (PDF 32000, 7.5.2).
    made = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    table = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        table.append(b"%010d 00000 n \n" % len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n%b" % (len(table), b"".join(table))
    made += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(table), start)
    return bytes(made)


_FRAME_BYTES = len(_pdf(b"", b""))
