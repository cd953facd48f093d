"""Planned documents as packages: about 20 kB once signed, readable, the same every time."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import replace
from datetime import date, datetime
from functools import cache

import pytest

from agencies.compose import compose
from agencies.keys import AgencyKey, make_agency, make_authority
from agencies.pdf import pdf
from agencies.sizes import SMALL, Even
from agencies.traffic import Planned, plan_day
from schemas.codes import agencies
from schemas.edxml import DocumentPackage
from schemas.edxml_read import read
from schemas.edxml_usual import usual
from schemas.edxml_write import write
from schemas.signing import sign

PEAK = date(2020, 1, 15)


@cache
def peak() -> tuple[Planned, ...]:
    return plan_day(PEAK, seed=1)


@cache
def key_of(code: str) -> AgencyKey:
    name = next(row.name_vi for row in agencies() if row.code == code)
    return make_agency(make_authority(1), code, name)


def signed(planned: Planned) -> bytes:
    key = key_of(planned.sender)
    return sign(write(compose(planned)), key.private_key, key.certificate_der)


def some_of_each_size() -> list[Planned]:
    """Every tenth document of the peak day, and every one with a wide list."""
    return [p for p in peak() if p.index % 10 == 0 or len(p.recipients) > 9]


def test_signed_packages_have_17_to_23_kilobytes_whatever_the_list() -> None:
    sizes = [len(signed(planned)) for planned in some_of_each_size()]
    assert min(sizes) >= 17_000
    assert max(sizes) <= 23_000
    assert 19_500 <= sum(sizes) / len(sizes) <= 20_500
    assert len(set(sizes)) > len(sizes) / 2


def test_a_profile_sets_the_size() -> None:
    planned = peak()[0]
    large = write(compose(planned, Even("large", 60_000, 60_000)))
    assert len(large) - len(write(compose(planned, Even("small", 20_000, 20_000)))) in range(
        39_900, 40_100
    )


def test_every_package_is_read_back_as_it_was_composed_and_without_a_complaint() -> None:
    for planned in some_of_each_size():
        composed = compose(planned)
        reading = read(write(composed), files=True)
        assert reading.problems == ()
        assert isinstance(reading.package, DocumentPackage)
        assert as_sent(reading.package) == as_sent(composed)


def test_every_new_document_is_of_the_form_that_is_read_fastest() -> None:
    for planned in some_of_each_size():
        assert usual(signed(planned)) is not None


def as_sent(package: DocumentPackage) -> tuple[object, ...]:
    """What sender and reader must agree on, the file's bytes among it."""
    return (
        package.sender,
        package.recipients,
        package.document_id,
        package.code_number,
        package.code_notation,
        package.place,
        package.promulgated,
        package.type_name,
        package.type_detail,
        package.subject,
        package.content,
        package.signer,
        package.due,
        package.other,
        package.to_places,
        package.traces,
        package.business,
        [(a.name, a.description, bytes(a.data)) for a in package.attachments],
    )


def test_a_package_says_what_was_planned() -> None:
    planned = next(p for p in peak() if p.sender == "000.00.00.H37" and p.urgency == 0)
    package = compose(planned)
    assert package.sender.name == "Ủy ban nhân dân tỉnh Lạng Sơn"
    assert tuple(r.organ_id for r in package.recipients) == planned.recipients
    assert package.document_id == f"000.00.00.H37,2020/01/15,{planned.number}/{planned.notation}"
    assert (package.place, package.promulgated) == ("Lạng Sơn", PEAK)
    assert (package.other.priority, package.business.doc_type) == (0, 0)
    [trace] = package.traces
    assert trace.organ_id == planned.sender
    assert trace.at == planned.local.replace(tzinfo=None, microsecond=0)
    assert isinstance(trace.at, datetime)
    assert trace.at.date() == PEAK


def test_some_documents_name_a_day_to_answer_by_one_to_three_weeks_on() -> None:
    dues = [due for p in peak() if (due := compose(p).due) is not None]
    # 30 % of 1,898, six standard deviations around it.
    assert abs(len(dues) - 569) < 6 * (1_898 * 0.3 * 0.7) ** 0.5
    assert {(due - PEAK).days for due in dues} == set(range(7, 22))


def test_the_same_plan_gives_the_same_package() -> None:
    planned = peak()[7]
    assert compose(planned) == compose(planned)
    assert signed(planned) == signed(planned)


#: Over subjects, people and files of the first 200 documents of the peak day, seed 1.
PINNED = "c9739304681a43b997a93e2cf020aef6d5330a420bc8e2080fa89b5be83f5170"


def test_the_words_and_files_are_pinned() -> None:
    digest = hashlib.sha256()
    for planned in peak()[:200]:
        package = compose(planned)
        digest.update(f"{package.subject}\n{package.signer}\n{package.due}\n".encode())
        digest.update(package.attachments[0].data)
    assert digest.hexdigest() == PINNED


# The file


def objects_of(made: bytes) -> dict[int, bytes]:
    """The objects of a PDF, found as a reader finds them: end, table of places, objects."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", made)[1])  # type: ignore[index]
    head, _, rows = made[start:].partition(b"\n0 ")
    assert head == b"xref"
    count = int(rows.split(b"\n", 1)[0])
    table = rows.split(b"\n", 1)[1]
    found = {}
    for number in range(1, count):
        entry = table[20 * number : 20 * number + 20]
        assert entry[10:] == b" 00000 n \n"
        body = made[int(entry[:10]) :]
        assert body.startswith(b"%d 0 obj\n" % number)
        found[number] = body.partition(b"\n")[2]
    return found


def test_the_file_is_a_pdf_whose_every_object_lies_where_its_table_says() -> None:
    made = pdf(["Lạng Sơn, 15/01/2020", "Số: 118/UBND-KSTT (khẩn)"], seed=1, size_bytes=9_000)
    assert made.startswith(b"%PDF-1.4\n")
    found = objects_of(made)
    assert found[1].startswith(b"<</Type/Catalog/Pages 2 0 R>>")
    assert b"/Contents 5 0 R" in found[3].split(b"endobj")[0]
    length, _, page = found[5].removeprefix(b"<</Length ").partition(b">>stream\n")
    shown = page[: int(length)]
    assert page[int(length) :].startswith(b"\nendstream\nendobj\n")
    assert b"(Lang Son, 15/01/2020) Tj" in shown
    assert b"(So: 118/UBND-KSTT \\(khan\\)) Tj" in shown


@pytest.mark.parametrize("size_bytes", [3_000, 9_000, 14_000])
def test_the_file_is_as_large_as_asked_and_hardly_compresses(size_bytes: int) -> None:
    made = pdf(["Số: 1/UBND-TH"], seed=1, size_bytes=size_bytes)
    assert abs(len(made) - size_bytes) < 20
    assert len(zlib.compress(made)) > size_bytes - 700


def test_a_file_without_room_for_filling_is_still_whole() -> None:
    made = pdf(["Số: 1/UBND-TH"], seed=1, size_bytes=0)
    assert len(made) < 1_000
    assert len(objects_of(made)) == 7


def test_no_file_looks_spoilt_by_text_decoding() -> None:
    for seed in range(2_000):
        assert b"\xef\xbf\xbd" not in pdf([], seed, size_bytes=13_000)


def test_the_small_profile_is_about_20_kilobytes() -> None:
    assert (SMALL.package_bytes_min + SMALL.package_bytes_max) / 2 == 20_000


def test_units_and_whoever_was_added_are_recipients_like_others() -> None:
    known, unit, added = "000.00.00.H01", "000.00.13.H37", "000.00.00.H99"
    package = compose(replace(peak()[0], recipients=(unit, added, known)))
    assert [one.organ_id for one in package.recipients] == [unit, added, known]
    names = {row.code: row.name_vi for row in agencies()}
    assert [one.name for one in package.recipients] == [names["000.00.00.H37"], added, names[known]]
