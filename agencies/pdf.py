"""The file inside a simulated document: a PDF of one page that opens, as large as asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from hashlib import shake_256

_LINE_CHARACTERS = 80


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
