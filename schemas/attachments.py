"""Attachments: base64 of a ZIP with one entry, opened within hard bounds.

VNPT's library writes every attachment so and fails on anything else ("zip END header not
found"); packages in the wild also carry bare base64 and several entries, which are reported and
carried as they are (VNPT EdXML102-0.0.3.jar and its samples). The ZIP directory is read here by
hand: what is accepted is exactly one file, stored or deflated, whose sizes are true.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import struct
import uuid
import zlib
from collections.abc import Mapping
from typing import Literal, NamedTuple

#: Everything the attachments of one package may inflate to: as much as a package may weigh.
ATTACHMENT_BYTES_MAX = 50 * 1024 * 1024

#: Deflate reaches 1,030 to 1, office files 2 to 20; blank scans do go far, so small ones may.
INFLATE_RATIO_MAX = 100
INFLATE_RATIO_FREE_BYTES = 1024 * 1024

#: Decoding as text spoils the first bytes above 127, and a PDF has some in its second line.
#: Looking much further would call sound files damaged by chance.
DAMAGE_LOOK_BYTES = 2048

_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW, _UTF8_NAME = 0x1, 0x8, 0x800
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
#: ZIP64, which some writers use for files of any size: a second end record, what says where it is,
#: and an extra field for numbers that their headers have no room for.
_END64, _LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_FIELD, _FIELD64, _IN_FIELD64 = struct.Struct("<2H"), 1, 0xFFFFFFFF
_IN_END64 = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
#: 1 January 1980, the first day ZIP can write: a fixed one keeps the bytes the same every time.
_TIME_1980, _DATE_1980 = 0, 33


class Fault(NamedTuple):
    """A problem code and its detail, still without the attachment's name and place."""

    code: str
    severity: Literal["error", "warning"]
    detail: Mapping[str, str]


class Unpacked(NamedTuple):
    """``data`` is the file the zip held, or the bytes as they came where it was no proper zip.

    ``zipped`` tells which of the two; ``inflated`` counts against the bound of the package.
    """

    data: bytes
    zipped: bool
    inflated: int
    faults: tuple[Fault, ...]


class _Entry(NamedTuple):
    method: int
    crc: int
    start: int
    packed: int
    declared: int


class _Base64:
    """Checked base64 without white space, decoded only where it is looked at."""

    __slots__ = ("size", "text")

    def __init__(self, text: bytes, padding: int) -> None:
        self.text = text
        self.size = len(text) // 4 * 3 - padding

    def part(self, start: int, stop: int) -> bytes:
        """The decoded bytes from ``start`` to before ``stop``."""
        first = start // 3
        decoded = binascii.a2b_base64(self.text[first * 4 : (stop + 2) // 3 * 4])
        return decoded[start - first * 3 : stop - first * 3]


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WHITE = b" \t\r\n"
_NOT_BASE64 = Fault("attachment.base64", "error", {})
_NOT_ZIP = Fault("attachment.not_zip", "warning", {})
_DAMAGED = Fault("attachment.damaged", "warning", {})


def _checked(text: bytes) -> _Base64 | None:
    """``None`` when ``text`` is not base64; ASCII white space may stand anywhere in it."""
    rest = text.translate(None, _ALPHABET)
    if rest.strip(b"="):
        # Lines of 64 or 76 characters are common; one pass takes out every break.
        text = text.translate(None, _WHITE)
        rest = rest.translate(None, _WHITE)
    padding = len(rest)
    if len(text) % 4 or rest not in (b"", b"=", b"==") or not text.endswith(b"=" * padding):
        return None
    return _Base64(text, padding)


def unpack(text: bytes, *, budget_bytes: int = ATTACHMENT_BYTES_MAX, files: bool) -> Unpacked:
    """Open the zip in a base64 text and prove its sizes.

    Never inflates more than the declared size plus one byte. A stored entry is measured by
    arithmetic alone: without ``files`` it is not even decoded, and ``data`` stays empty.
    ``budget_bytes`` is what the package may still inflate to.
    """
    source = _checked(text)
    if source is None:
        return Unpacked(b"", False, 0, (_NOT_BASE64,))
    entry = _only_entry(source)
    if isinstance(entry, Fault):
        return _as_it_came(source, files, entry)
    declared = entry.declared
    limit = budget_bytes
    if declared > INFLATE_RATIO_FREE_BYTES:
        limit = min(limit, entry.packed * INFLATE_RATIO_MAX)
    if declared > limit:
        detail = {"size": str(declared), "limit": str(limit)}
        return Unpacked(b"", False, 0, (Fault("attachment.bomb", "error", detail),))
    if entry.method == _STORED:
        return _stored(source, entry, files)
    return _inflated(source, entry, files)


def _stored(source: _Base64, entry: _Entry, files: bool) -> Unpacked:
    if entry.packed != entry.declared:
        return Unpacked(b"", False, 0, (_lies(entry.declared, str(entry.packed)),))
    wanted = entry.packed if files else min(entry.packed, DAMAGE_LOOK_BYTES)
    data = source.part(entry.start, entry.start + wanted)
    if files and zlib.crc32(data) != entry.crc:
        return _as_it_came(source, files, _NOT_ZIP)
    return Unpacked(data if files else b"", True, entry.packed, _damage(data))


def _inflated(source: _Base64, entry: _Entry, files: bool) -> Unpacked:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    declared = entry.declared
    try:
        data = engine.decompress(source.part(entry.start, entry.start + entry.packed), declared + 1)
    except zlib.error:
        # How much was made of it before it broke is lost; it was not more than this.
        return _as_it_came(source, files, _NOT_ZIP, declared)
    if len(data) > declared:
        return Unpacked(b"", False, len(data), (_lies(declared, f">{declared}"),))
    if not engine.eof or engine.unused_data:
        return _as_it_came(source, files, _NOT_ZIP, len(data))
    if len(data) < declared:
        return Unpacked(b"", False, len(data), (_lies(declared, str(len(data))),))
    if zlib.crc32(data) != entry.crc:
        return _as_it_came(source, files, _NOT_ZIP, len(data))
    return Unpacked(data if files else b"", True, declared, _damage(data))


def _as_it_came(source: _Base64, files: bool, fault: Fault, inflated: int = 0) -> Unpacked:
    data = source.part(0, source.size if files else min(source.size, DAMAGE_LOOK_BYTES))
    faults = (fault, *_damage(data)) if fault is _NOT_ZIP else (fault,)
    return Unpacked(data if files else b"", False, inflated, faults)


def _only_entry(source: _Base64) -> _Entry | Fault:
    """The single entry, or why these bytes are not a zip of one file that can be opened."""
    directory = _directory_of(source)
    if directory is None:
        return _NOT_ZIP
    end_at, count, size, offset = directory
    if count != 1:
        return Fault("attachment.entries", "warning", {"count": str(count)})
    if offset + size != end_at or size < _CENTRAL.size:
        return _NOT_ZIP
    central = _CENTRAL.unpack_from(source.part(offset, offset + _CENTRAL.size))
    signature, _, _, flags, method, _, _, crc = central[:8]
    if signature != b"PK\x01\x02" or size != _CENTRAL.size + sum(central[10:13]):
        return _NOT_ZIP
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
        return _NOT_ZIP
    extra_at = offset + _CENTRAL.size + central[10]
    extra = source.part(extra_at, extra_at + central[11])
    declared, packed, at = _wide((central[9], central[8], central[16]), extra)
    if at + _LOCAL.size > offset:
        return _NOT_ZIP
    local = _LOCAL.unpack_from(source.part(at, at + _LOCAL.size))
    start = at + _LOCAL.size + local[9] + local[10]
    if local[0] != b"PK\x03\x04" or local[3] != method or start + packed > offset:
        return _NOT_ZIP
    # Whoever reads front to back believes these sizes, whoever seeks believes the directory's.
    sizes = _wide((local[8], local[7]), source.part(start - local[10], start))
    if not local[2] & _SIZES_FOLLOW and sizes != (declared, packed):
        return _lies(sizes[0], str(declared))
    return _Entry(method, crc, start, packed, declared)


def _directory_of(source: _Base64) -> tuple[int, int, int, int] | None:
    """Where the directory must end, how many entries and bytes it has, and where it begins."""
    end_at, tail = _end_of(source)
    if end_at < 0:
        return None
    _, *said, comment = _END.unpack_from(tail)
    if len(tail) != _END.size + comment:
        return None
    at = end_at - _LOCATOR.size
    if at >= 0 and (locator := source.part(at, end_at)).startswith(b"PK\x06\x07"):
        _, disk, end_at, disks = _LOCATOR.unpack(locator)
        if disk or disks > 1 or end_at + _END64.size > at:
            return None
        signature, size, _, _, *wide = _END64.unpack(source.part(end_at, end_at + _END64.size))
        # Whoever knows no ZIP64 believes the other record.
        agreed = all(s in (w, most) for s, w, most in zip(said, wide, _IN_END64, strict=True))
        if signature != b"PK\x06\x06" or end_at + size + 12 != at or not agreed:
            return None
        said = wide
    disk, first_disk, here, count, size, offset = said
    return None if disk or first_disk or here != count else (end_at, count, size, offset)


def _wide(numbers: tuple[int, ...], extra: bytes) -> tuple[int, ...]:
    """The numbers of a header; those without room in it stand in the extra field of ZIP64."""
    fields, at = [], 0
    while at + _FIELD.size <= len(extra):
        kind, length = _FIELD.unpack_from(extra, at)
        at += _FIELD.size + length
        if kind == _FIELD64:
            fields.append(extra[at - length : at])
    # Of two fields some readers take the first and others the last.
    field = fields[0] if len(fields) == 1 else b""
    room = struct.iter_unpack("<Q", field[: len(field) & ~7])
    return tuple(n if n != _IN_FIELD64 else next(room, (n,))[0] for n in numbers)


def _end_of(source: _Base64) -> tuple[int, bytes]:
    """Where the end record begins, and everything from there; (-1, b"") when there is none."""
    for reach in (_END.size, _END.size + 0xFFFF):
        first = max(0, source.size - reach)
        tail = source.part(first, source.size)
        at = tail.rfind(b"PK\x05\x06")
        if at >= 0 and len(tail) - at >= _END.size:
            return first + at, tail[at:]
    return -1, b""


def _lies(declared: int, found: str) -> Fault:
    return Fault("attachment.size_lies", "error", {"declared": str(declared), "found": found})


def _damage(data: bytes) -> tuple[Fault, ...]:
    """U+FFFD in UTF-8 near the start of a PDF or a zip: somebody decoded the file as text."""
    head = data[:DAMAGE_LOOK_BYTES]
    if head.startswith((b"%PDF", b"PK\x03\x04")) and b"\xef\xbf\xbd" in head:
        return (_DAMAGED,)
    return ()


_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,10}\Z")


def entry_name(name: str, data: bytes) -> str:
    """``<uuid>.<extension of name>``, as VNPT's library names the entry; the uuid from ``data``.

    The true name of the file stands only in ``AttachmentName``. The same file always gets the
    same entry name, so that building a package twice gives the same bytes.
    """
    digest = hashlib.sha256(data).digest()
    extension = _EXTENSION.search(name)
    return f"{uuid.UUID(bytes=digest[:16], version=5)}{extension[0] if extension else ''}"


def pack_attachment(name: str, data: bytes, entry_name: str, stored: bool) -> bytes:
    """A ZIP of one entry ``entry_name``, dated 1 January 1980; ``stored`` or else deflated.

    Stored bytes are the same everywhere; a deflated stream may differ between versions of zlib.
    :raises ValueError: when the file is larger than any package may carry; names ``name``.
    """
    if len(data) > ATTACHMENT_BYTES_MAX:
        raise ValueError(f"{name!r} has {len(data)} bytes; {ATTACHMENT_BYTES_MAX} are allowed")
    packed, method = data, _STORED
    if not stored:
        engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed, method = engine.compress(data) + engine.flush(), _DEFLATED
    entry = entry_name.encode()
    flags = 0 if entry_name.isascii() else _UTF8_NAME
    shared = (20, flags, method, _TIME_1980, _DATE_1980, zlib.crc32(data), len(packed), len(data))
    local = _LOCAL.pack(b"PK\x03\x04", *shared, len(entry), 0) + entry
    central = _CENTRAL.pack(b"PK\x01\x02", 20, *shared, len(entry), 0, 0, 0, 0, 0, 0) + entry
    end = _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return b"".join((local, packed, central, end))
