"""Bytes that mean harm, or nothing at all: each is refused cheaply, and nothing ever raises."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.edxml import NS, PACKAGE_BYTES_MAX
from schemas.edxml_parse import (
    ATTRIBUTES_MAX,
    DEFAULT_LIMITS,
    DEPTH_MAX,
    ELEMENTS_MAX,
    PROBLEMS_MAX,
    Limits,
)
from schemas.edxml_read import read
from schemas.edxml_write import write
from tests.schemas.packages import DOCUMENT, STATUS

RAW = write(DOCUMENT)
ROOT = f'<edXML xmlns="{NS}">'.encode()
SUBJECT = RAW.index(b"V/v b")
LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))


def inside(text: bytes) -> bytes:
    """A document package with ``text`` in its subject."""
    return RAW[:SUBJECT] + text + RAW[SUBJECT:]


def codes(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    reading = read(raw, limits=limits)
    assert reading.ok or reading.errors
    return [problem.code for problem in reading.problems]


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
        "<!-- first --><?and then?><!DOCTYPE edXML>",
        "\n\n<!doctype edXML>",
    ],
)
def test_a_doctype_is_refused_before_anything_is_parsed(doctype: str) -> None:
    raw = RAW.replace(b"<edXML xmlns", doctype.encode() + b"<edXML xmlns", 1)
    assert codes(raw.replace(b"V/v b", b"&l9;&f;")) == ["edxml.doctype"]
    assert codes(b"\xef\xbb\xbf" + raw) == ["edxml.doctype"]


def test_the_word_doctype_inside_a_text_is_a_word() -> None:
    assert codes(inside(b"<![CDATA[<!DOCTYPE x>]]>")) == []
    assert codes(inside(b"<!-- <!DOCTYPE x> -->")) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_doctype_cannot_hide_in_another_encoding(encoding: str) -> None:
    text = '<!DOCTYPE x [<!ENTITY a "b">]><edXML/>'
    assert codes(text.encode(encoding)) == ["edxml.encoding"]


@pytest.mark.parametrize("name", ["UTF-7", "UTF-16", "ISO-8859-1", "EBCDIC-CP-US", "x" * 300])
def test_only_utf_8_may_be_declared(name: str) -> None:
    raw = RAW.replace(b'"UTF-8"', f'"{name}"'.encode())
    assert codes(raw)[0] in ("edxml.encoding", "edxml.not_xml")


@pytest.mark.parametrize("version", [b"1.1", b"1.2", b"2.0", b"1.00", b"\xff"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_xml_1_0_may_be_declared(version: bytes, mark: bytes) -> None:
    """A reader of XML 1.1 ends lines at U+0085 and U+2028, and has another text for the digest."""
    for declaration in (b'<?xml version="%b" encoding="UTF-8"?>', b"<?xml\n version = '%b'?>"):
        raw = mark + RAW.replace(b'<?xml version="1.0" encoding="UTF-8"?>', declaration % version)
        (problem,) = read(raw).problems
        assert (problem.code, problem.place) == ("edxml.not_xml", "line 1, column 1")
        assert problem.detail["message"].startswith("its declaration says XML ")


def test_blanks_hide_no_declared_encoding() -> None:
    raw = RAW.replace(b' encoding="UTF-8"', b" " * 300 + b'encoding="UTF-16"')
    assert codes(raw) == ["edxml.not_xml"]


@pytest.mark.parametrize("levels", [DEPTH_MAX, 200, 300, 5000, 100_000])
def test_a_deep_tree_is_refused(levels: int) -> None:
    found = codes(inside(b"<a>" * levels + b"</a>" * levels))
    assert found in (["edxml.too_deep"], ["edxml.too_many"])


def test_the_greatest_depth_is_still_read() -> None:
    nested = DEPTH_MAX - 5  # The subject is the fifth level.
    assert codes(inside(b"<a>" * nested + b"</a>" * nested)) == ["edxml.unknown"]


@pytest.mark.parametrize(
    "text",
    [
        b"<a/>" * 100_000,
        b"<a/>" * ELEMENTS_MAX,
        b"<!---->" * ELEMENTS_MAX,
        b"<![CDATA[" + b"<" * 100_000 + b"]]>",
        b"<a" + b"".join(b' a%d=""' % number for number in range(50_000)) + b"/>",
        b"<" * 1_000_000,
    ],
)
def test_too_much_markup_is_refused(text: bytes) -> None:
    assert codes(inside(text)) == ["edxml.too_many"]


@pytest.mark.parametrize(
    "text",
    [
        b"<a" + b"".join(b' a%d=""' % n for n in range(ATTRIBUTES_MAX + 1)) + b"/>",
        b"<a" + b"".join(b' a%d=""' % n for n in range(16_000)) + b"/>",
        b"".join(b'<a xmlns:p%d="urn:a"/>' % n for n in range(ATTRIBUTES_MAX)),
        b"<a" + b"".join(b' xmlns:p%d="urn:a"' % n for n in range(10_000)) + b"/>",
    ],
)
def test_an_element_has_few_attributes_and_a_package_few_prefixes(text: bytes) -> None:
    """Sixteen thousand attributes took a canonical form half a second."""
    assert codes(inside(text)) == ["edxml.too_many_attributes"]


def test_as_many_attributes_as_may_be_are_read() -> None:
    text = b"<a" + b"".join(b' a%d=""' % n for n in range(ATTRIBUTES_MAX)) + b"/>"
    assert codes(inside(text * 3)) == ["edxml.unknown"] * 3


def test_many_problems_are_cut_off_but_errors_are_not_lost_among_warnings() -> None:
    raw = inside(b"<a/>" * 5_000).replace(b"000.00.00.G09", b"nobody")
    found = codes(raw)
    assert found.count("edxml.unknown") == PROBLEMS_MAX
    assert found.count("edxml.value") == 1


def test_a_recipient_named_again_and_again_is_told_so_often_and_no_more() -> None:
    begin, end = RAW.index(b"<edXML:To>"), RAW.index(b"</edXML:To>") + len(b"</edXML:To>")
    raw = RAW[:end] + RAW[begin:end] * (PROBLEMS_MAX + 20) + RAW[end:]
    assert codes(raw) == ["recipient.twice"] * PROBLEMS_MAX


def test_a_huge_text_is_refused_by_its_length() -> None:
    assert codes(inside(b"x" * 12_000_000)) == ["edxml.too_long"]


def test_a_huge_name_is_refused_and_quoted_short() -> None:
    problems = read(b"<" + b"a" * 1_000_000 + b"/>").problems
    assert [problem.code for problem in problems] == ["edxml.not_xml"]
    for raw in (b'<edXML xmlns="%s"/>' % (b"u" * 100_000), b"<%s/>" % (b"a" * 40_000)):
        (problem,) = read(raw).problems
        assert len(problem.detail["found"]) <= 100


def test_size_comes_first() -> None:
    (problem,) = read(b"<" * (PACKAGE_BYTES_MAX + 1)).problems
    assert problem.code == "package.too_large"
    assert problem.detail == {"size": str(PACKAGE_BYTES_MAX + 1), "limit": str(PACKAGE_BYTES_MAX)}


def test_a_large_attachment_is_read() -> None:
    file = replace(DOCUMENT.attachments[0], data=bytes(range(256)) * 60_000)
    raw = write(replace(DOCUMENT, attachments=(file,)))
    assert len(raw) > 20_000_000  # Twice what libxml2 allows a text unless told otherwise.
    reading = read(raw, files=True)
    assert reading.ok
    assert reading.package is not None
    assert reading.package.attachments[0].data == file.data  # type: ignore[union-attr]


@pytest.mark.parametrize("at", [0, 1, 50, 700, len(RAW)])
def test_a_nul_byte_is_refused_anywhere(at: int) -> None:
    (problem,) = read(RAW[:at] + b"\0" + RAW[at:]).errors
    assert problem.code in ("edxml.not_xml", "edxml.encoding")


def test_a_prefix_that_is_not_declared_hides_no_other_fault() -> None:
    """Each is told once, then what ends the reading; what is behind that follows from it."""
    raw = b"<edXML><a:b/>\n<a:c d:e=''/>\n<f></edXML>\n<g:h/>"
    found = [(p.place.partition(",")[0], p.detail["message"]) for p in read(raw).problems]
    assert [(place, words.partition(" on ")[0]) for place, words in found] == [
        ("line 1", "Namespace prefix a"),
        ("line 2", "Namespace prefix d for e"),
        ("line 3", "Opening and ending tag mismatch: f line 3 and edXML"),
    ]
    many = b"".join(b"<p%d:a/>" % n for n in range(2 * PROBLEMS_MAX))
    assert codes(b"<edXML>" + many + b"</edXML>") == ["edxml.not_xml"] * PROBLEMS_MAX


def test_a_place_counts_lines_and_columns_from_one() -> None:
    (problem,) = read(b"<edXML>\n <a>\n</b></edXML>").problems
    assert problem.place.startswith("line 3, column ")
    assert "mismatch" in problem.detail["message"]
    (problem,) = read(b"<a>\n\xff</a>").problems
    assert (problem.code, problem.place) == ("edxml.encoding", "line 2, column 1")


def test_what_the_parser_only_warns_of_is_not_told_as_the_reason() -> None:
    (problem,) = read(b'<edXML xmlns="TBT/QCVN_102_2016"><a></b></edXML>').problems
    assert "mismatch" in problem.detail["message"]


@pytest.mark.parametrize(
    ("garbage", "count"), [(b"\n", 1), (b"  \r\n", 4), (b"HTTP/1.1 200 OK\r\n\r\n", 19)]
)
def test_what_stands_before_the_declaration_is_counted_and_shown(
    garbage: bytes, count: int
) -> None:
    for start in (garbage, b"\xef\xbb\xbf" + garbage):
        (problem,) = read(start + RAW).problems
        assert problem.code == "edxml.leading_garbage"
        assert problem.detail["count"] == str(count)
        assert problem.detail["found"] == repr(garbage)[1:]


@settings(max_examples=300)
@given(st.binary(max_size=400))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"<?xml")
@example(b"<edXML xmlns='%s'><!--" % NS.encode())
def test_random_bytes_are_refused_and_never_raise(raw: bytes) -> None:
    for start in (b"", ROOT, RAW[:900]):
        reading = read(start + raw)
        assert reading.errors
        assert reading.package is None or reading.root is not None


@settings(max_examples=400)
@given(st.data())
def test_a_package_with_any_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from((RAW, write(STATUS)))))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from(PIECES)))
        raw[at : at + data.draw(st.integers(0, 40))] = piece
    reading = read(bytes(raw), files=True)
    assert reading.ok or reading.errors


PIECES = (
    b"<",
    b">",
    b"/>",
    b"<a>",
    b"&",
    b"&#0;",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<?x",
    b'"',
    b"]]>",
)


def test_threads_read_side_by_side() -> None:
    outcomes: list[bool] = []

    def work() -> None:
        outcomes.append(all(read(RAW).ok and not read(RAW[:-5]).ok for _ in range(50)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 4
