from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.attachments import (
    ATTACHMENT_BYTES_MAX,
    INFLATE_RATIO_FREE_BYTES,
    Unpacked,
    entry_name,
    pack_attachment,
    unpack,
)

DATA = "Phụ lục số liệu\n".encode() * 40


def encoded(data: bytes) -> bytes:
    return base64.b64encode(data)


def opened(packed: bytes, **options: int) -> Unpacked:
    return unpack(encoded(packed), files=True, **options)


def codes(unpacked: Unpacked) -> list[str]:
    return [fault.code for fault in unpacked.faults]


def by_zipfile(data: bytes, method: int = zipfile.ZIP_DEFLATED, count: int = 1) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for number in range(count):
            made.writestr(f"{number}.txt", data)
    return target.getvalue()


def streamed(data: bytes) -> bytes:
    """A zip as Java's ZipOutputStream writes it: the sizes follow the data."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    target = Unseekable()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", data)
    return target.getvalue()


def in_zip64(packed: bytes, *, alone: bool = True, field: bytes = b"") -> bytes:
    """The same zip as Info-ZIP writes what it reads from a pipe: with the records of ZIP64, and the
    numbers ``alone`` in them. ``field`` stands in the directory before ZIP64's own.
    """
    end_at = len(packed) - 22
    count, size, offset = struct.unpack_from("<H2I", packed, end_at + 10)
    central = bytearray(packed[offset:end_at])
    if alone:
        packed_size, declared = struct.unpack_from("<2I", central, 20)
        struct.pack_into("<2I", central, 20, 0xFFFFFFFF, 0xFFFFFFFF)
        struct.pack_into("<I", central, 42, 0xFFFFFFFF)
        field += struct.pack("<2H3Q", 1, 24, declared, packed_size, 0)
        struct.pack_into("<H", central, 30, len(field))
        central += field
    end = struct.pack(
        "<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(central), offset
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, offset + len(central), 1)
    said = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF) if alone else (count, count, size, offset)
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, *said, 0)
    return packed[:offset] + bytes(central) + end + locator + last


def lengthened(packed: bytes, more: bytes) -> bytes:
    """The same zip whose entry has ``more`` bytes behind the end of what was deflated."""
    end_at = len(packed) - 22
    (offset,) = struct.unpack_from("<I", packed, end_at + 16)
    longer = bytearray(packed[:offset] + more + packed[offset:])
    for at in (18, offset + len(more) + 20):
        struct.pack_into("<I", longer, at, struct.unpack_from("<I", longer, at)[0] + len(more))
    struct.pack_into("<I", longer, end_at + len(more) + 16, offset + len(more))
    return bytes(longer)


def sizes_of(packed: bytes) -> tuple[int, int]:
    """The size of the file in a zip, and how much of the zip it takes."""
    (entry,) = zipfile.ZipFile(io.BytesIO(packed)).infolist()
    return entry.file_size, entry.compress_size


def declaring(packed: bytes, size: int) -> bytes:
    """The same zip with another uncompressed size in both its headers."""
    lying = bytearray(packed)
    central = lying.index(b"PK\x01\x02")
    lying[22:26] = lying[central + 24 : central + 28] = struct.pack("<I", size)
    return bytes(lying)


@given(st.binary(max_size=3000), st.booleans())
def test_what_is_packed_is_unpacked(data: bytes, stored: bool) -> None:
    packed = pack_attachment("a.pdf", data, entry_name("a.pdf", data), stored)
    assert opened(packed) == Unpacked(data, zipped=True, inflated=len(data), faults=())


@given(st.binary(max_size=3000), st.booleans())
def test_the_standard_library_reads_what_is_packed(data: bytes, stored: bool) -> None:
    packed = pack_attachment("a.pdf", data, "số-1.pdf", stored)
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        assert made.testzip() is None
        (entry,) = made.infolist()
        assert (entry.filename, entry.date_time) == ("số-1.pdf", (1980, 1, 1, 0, 0, 0))
        assert made.read(entry) == data


ZIP64 = {
    "numbers in both records": in_zip64(by_zipfile(DATA), alone=False),
    "numbers in one": in_zip64(by_zipfile(DATA)),
    "behind other fields": in_zip64(by_zipfile(DATA, 0), field=b"UT\x05\x00\x03abcd"),
    "streamed": in_zip64(streamed(DATA)),
}


@pytest.mark.parametrize(
    "packed", [by_zipfile(DATA), by_zipfile(DATA, 0), streamed(DATA), *ZIP64.values()]
)
def test_zips_of_others_are_opened(packed: bytes) -> None:
    assert opened(packed) == Unpacked(DATA, zipped=True, inflated=len(DATA), faults=())


@pytest.mark.parametrize("packed", ZIP64.values(), ids=ZIP64.keys())
def test_the_standard_library_reads_those_of_zip64(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        assert [made.read(entry) for entry in made.infolist()] == [DATA]


def test_records_of_zip64_that_two_readers_would_read_otherwise_are_not_opened() -> None:
    both, alone = in_zip64(by_zipfile(DATA), alone=False), in_zip64(by_zipfile(DATA))
    central = alone.index(b"PK\x01\x02")
    odd = {
        "another size": both[:-10] + struct.pack("<I", 7) + both[-6:],
        "another disk": both[:-18] + b"\1\0" + both[-16:],
        "several disks": both[:-26] + b"\2" + both[-25:],
        "an end record elsewhere": both[:-34] + b"\7" + both[-33:],
        "a longer end record": both.replace(b"PK\x06\x06\x2c", b"PK\x06\x06\x2d"),
        "no end record": both.replace(b"PK\x06\x06", b"PK\x06\x05"),
        "the field twice": in_zip64(by_zipfile(DATA), field=struct.pack("<2HQ", 1, 8, 7)),
        "no such field": alone[:central] + alone[central:].replace(b"\1\0\x18\0", b"\2\0\x18\0"),
    }
    for name, packed in odd.items():
        assert packed not in (both, alone), name
        assert codes(opened(packed))[0] in ("attachment.not_zip", "attachment.bomb"), name
    lying = in_zip64(declaring(by_zipfile(DATA), 7))
    assert codes(opened(lying)) == ["attachment.size_lies"]


def test_without_files_nothing_is_kept_but_everything_is_measured() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        text = encoded(by_zipfile(DATA, method))
        assert unpack(text, files=False) == Unpacked(b"", True, len(DATA), ())


def test_the_entry_is_named_by_the_file_and_keeps_its_extension() -> None:
    name = entry_name("Công văn.PDF", DATA)
    assert name == entry_name("other name.PDF", DATA)
    assert name != entry_name("other name.PDF", DATA + b"x")
    assert len(name) == 36 + 4
    assert name.endswith(".PDF")
    assert "." not in entry_name("no extension", DATA)
    assert "." not in entry_name("trap./../etc", DATA)


def test_a_file_beyond_every_limit_is_not_packed() -> None:
    with pytest.raises(ValueError, match="big"):
        pack_attachment("big.bin", bytes(ATTACHMENT_BYTES_MAX + 1), "big.bin", stored=True)


@pytest.mark.parametrize(
    "text", ["****", "QUJ", "QUJD=", "QUI=QUI=", "=QUI", "QUJD\u00a0", "QUJDẮ", "Q===", "===="]
)
def test_what_is_not_base64_says_so(text: str) -> None:
    assert codes(unpack(text.encode(), files=False)) == ["attachment.base64"]


@given(st.binary(max_size=500), st.sampled_from([64, 76, 1]))
def test_base64_may_be_broken_into_lines(data: bytes, width: int) -> None:
    packed = pack_attachment("a", data, "a", stored=True)
    text = encoded(packed)
    lines = b"\r\n\t ".join(text[at : at + width] for at in range(0, len(text), width))
    assert unpack(lines, files=True).data == data


@pytest.mark.parametrize("declared", [0, 1, len(DATA) - 1])
def test_a_zip_that_holds_more_than_it_declares_is_refused(declared: int) -> None:
    unpacked = opened(declaring(by_zipfile(DATA), declared))
    assert codes(unpacked) == ["attachment.size_lies"]
    assert unpacked.inflated == declared + 1  # No byte more was inflated to know it.
    assert unpacked.faults[0].detail == {"declared": str(declared), "found": f">{declared}"}


def test_a_zip_that_holds_less_than_it_declares_is_refused() -> None:
    unpacked = opened(declaring(by_zipfile(DATA), len(DATA) + 5))
    assert unpacked.faults[0].detail == {
        "declared": str(len(DATA) + 5),
        "found": str(len(DATA)),
    }


def test_a_stored_entry_cannot_declare_another_size() -> None:
    assert codes(opened(declaring(by_zipfile(DATA, 0), 7))) == ["attachment.size_lies"]


@pytest.mark.parametrize("extra", [b"", b"UT\x05\x00\x03abcd"])
def test_sizes_in_the_extra_field_of_zip64_are_read_there(extra: bytes) -> None:
    target = io.BytesIO()
    name = zipfile.ZipInfo("a")
    name.extra = extra
    with zipfile.ZipFile(target, "w") as made, made.open(name, "w", force_zip64=True) as entry:
        entry.write(DATA)
    packed = target.getvalue()
    assert opened(packed) == Unpacked(DATA, True, len(DATA), ())
    sizes = struct.pack("<2Q", len(DATA), len(DATA))
    for lie in (struct.pack("<2Q", 7, len(DATA)), struct.pack("<2Q", len(DATA), 7)):
        assert codes(opened(packed.replace(sizes, lie, 1))) == ["attachment.size_lies"]


def test_the_two_headers_may_not_disagree() -> None:
    lying = bytearray(by_zipfile(DATA))
    lying[22:26] = struct.pack("<I", 7)
    assert codes(opened(bytes(lying))) == ["attachment.size_lies"]


def test_a_bomb_is_refused_by_its_ratio_without_inflating() -> None:
    unpacked = opened(by_zipfile(bytes(20 * 1024 * 1024)))
    assert codes(unpacked) == ["attachment.bomb"]
    assert unpacked.inflated == 0


def test_small_files_may_compress_as_well_as_they_like() -> None:
    assert codes(opened(by_zipfile(bytes(INFLATE_RATIO_FREE_BYTES)))) == []


def test_what_turns_out_to_be_no_zip_counts_for_what_it_inflated_to() -> None:
    """Or else a package of many broken ones inflates without a bound."""
    packed = by_zipfile(DATA)
    begins = 30 + len("0.txt")
    crc = struct.pack("<I", zlib.crc32(DATA))
    behind = packed.index(b"PK\x01\x02") - 1
    broken = {
        "false CRC": packed.replace(crc, bytes(4)),
        # A block of a kind that there is not.
        "broken beginning": packed[:begins] + b"\7" + packed[begins + 1 :],
        "more behind the end": lengthened(packed, b"more"),
        "broken end": packed[:behind] + bytes([packed[behind] ^ 0xFF]) + packed[behind + 1 :],
    }
    for name, raw in broken.items():
        unpacked = opened(raw)
        assert (unpacked.zipped, codes(unpacked)) == (False, ["attachment.not_zip"]), name
        assert unpacked.inflated == len(DATA), name


def test_the_budget_of_the_package_is_a_bound() -> None:
    packed = by_zipfile(DATA)
    assert opened(packed, budget_bytes=len(DATA)).faults == ()
    bomb = opened(packed, budget_bytes=len(DATA) - 1).faults[0]
    assert (bomb.code, bomb.severity) == ("attachment.bomb", "error")
    assert bomb.detail == {"size": str(len(DATA)), "limit": str(len(DATA) - 1)}


def test_the_budget_of_the_package_is_a_bound_of_large_files_too() -> None:
    large = by_zipfile(bytes(INFLATE_RATIO_FREE_BYTES + 1), zipfile.ZIP_STORED)
    (bomb,) = opened(large, budget_bytes=INFLATE_RATIO_FREE_BYTES).faults
    assert bomb.detail["limit"] == str(INFLATE_RATIO_FREE_BYTES)


@pytest.mark.parametrize("count", [0, 2, 3])
def test_another_number_of_entries_is_carried_as_it_came(count: int) -> None:
    packed = by_zipfile(DATA, count=count)
    unpacked = opened(packed)
    assert codes(unpacked) == ["attachment.entries"]
    assert unpacked.faults[0].detail == {"count": str(count)}
    assert (unpacked.data, unpacked.zipped) == (packed, False)


def test_bytes_that_are_no_zip_are_carried_as_they_came() -> None:
    unpacked = opened(b"%PDF-1.4 plain")
    assert (unpacked.data, unpacked.zipped) == (b"%PDF-1.4 plain", False)
    assert codes(unpacked) == ["attachment.not_zip"]


def test_a_spoiled_content_is_no_zip_that_can_be_opened() -> None:
    spoiled = bytearray(by_zipfile(DATA, zipfile.ZIP_STORED))
    spoiled[60] ^= 1
    assert codes(opened(bytes(spoiled))) == ["attachment.not_zip"]
    cut = by_zipfile(DATA)[:-30]
    assert codes(opened(cut)) == ["attachment.not_zip"]


def test_what_hides_beside_the_only_entry_is_no_zip_that_can_be_opened() -> None:
    packed, two = by_zipfile(DATA), bytearray(by_zipfile(DATA, count=2))
    two[-14:-10] = struct.pack("<2H", 1, 1)
    astray = bytearray(packed)
    struct.pack_into("<I", astray, packed.index(b"PK\x01\x02") + 42, len(packed) - 22)
    odd = {
        "bytes behind the directory": packed[:-22] + b"more" + packed[-22:],
        "bytes behind the end": packed + b"more",
        "an entry that is not counted": bytes(two),
        "an entry that begins in the end record": bytes(astray),
        "another method in front": packed[:8] + b"\0\0" + packed[10:],
        "a field twice": in_zip64(packed, field=struct.pack("<2H3Q", 1, 24, *sizes_of(packed), 0)),
        "one of two on this disk": packed[:-12] + b"\2\0" + packed[-10:],
        "on the second disk": packed[:-18] + b"\1\0" + packed[-16:],
        "a directory that began on another": packed[:-16] + b"\1\0" + packed[-14:],
    }
    for name, raw in odd.items():
        assert codes(opened(raw)) == ["attachment.not_zip"], name


def test_what_reaches_into_the_directory_is_no_zip_though_nobody_looks_at_its_bytes() -> None:
    reaching = bytearray(by_zipfile(DATA, zipfile.ZIP_STORED))
    size = struct.pack("<2I", len(DATA) + 9, len(DATA) + 9)
    central = reaching.index(b"PK\x01\x02")
    reaching[18:26] = reaching[central + 20 : central + 28] = size
    assert codes(unpack(encoded(bytes(reaching)), files=False)) == ["attachment.not_zip"]


@pytest.mark.parametrize("length", [1, 0xFFFF])
def test_a_zip_in_a_zip_with_a_comment_is_found_by_the_outer_one(length: int) -> None:
    inner, target = by_zipfile(DATA), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        made.writestr("a.docx", inner)
        made.comment = b"." * length
    assert opened(target.getvalue()) == Unpacked(inner, True, len(inner), ())


def test_an_encrypted_zip_is_none_that_can_be_opened() -> None:
    locked = bytearray(by_zipfile(DATA))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert codes(opened(bytes(locked))) == ["attachment.not_zip"]


def test_a_pdf_that_was_decoded_as_text_is_called_damaged() -> None:
    pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 4
    spoiled = pdf.decode("utf-8", "replace").encode()
    assert codes(opened(pdf)) == ["attachment.not_zip"]
    assert codes(opened(spoiled)) == ["attachment.not_zip", "attachment.damaged"]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert codes(opened(by_zipfile(spoiled, method))) == ["attachment.damaged"]
        text = encoded(by_zipfile(spoiled, method))
        assert codes(unpack(text, files=False)) == ["attachment.damaged"]


@settings(max_examples=300)
@given(st.data())
def test_a_zip_with_any_bytes_changed_never_raises(data: st.DataObject) -> None:
    packed = bytearray(by_zipfile(DATA[:100], data.draw(st.sampled_from([0, 8]))))
    if data.draw(st.booleans()):
        packed = bytearray(in_zip64(bytes(packed), alone=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 6))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    unpacked = opened(bytes(packed))
    if unpacked.zipped:
        assert unpacked.inflated == len(unpacked.data)
        assert unpacked.data == DATA[:100] or zlib.crc32(unpacked.data)


@given(st.binary(max_size=200))
def test_any_bytes_are_carried_or_refused(data: bytes) -> None:
    unpacked = opened(data)
    assert unpacked.data == data
    assert codes(unpacked)[0] == "attachment.not_zip"
