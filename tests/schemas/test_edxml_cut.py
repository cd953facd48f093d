"""Taking out the bulk changes nothing that anybody reads, digests or is told."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas import edxml_tree
from schemas.attachments import pack_attachment
from schemas.edxml_cut import RUN_BYTES_MIN, RUNS_MAX, cut, is_plain
from schemas.edxml_read import Reading, read
from schemas.edxml_tree import tree_of
from schemas.edxml_write import write
from schemas.xmldsig import sign
from tests.schemas.packages import DOCUMENT
from tests.schemas.xmldsig_cases import EC, EXCLUSIVE, find, package

FILE = replace(DOCUMENT.attachments[0], data=bytes(range(256)) * 6)
RAW = write(replace(DOCUMENT, attachments=(FILE,)))
SIGNED = sign(RAW, EC.key, EC.der)
TWO = write(replace(DOCUMENT, attachments=(FILE, replace(FILE, content_id="cid:2"))))
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \n"
MARK = "TheBulkThatStoodHere00"


def uncut(raw: bytes, *, files: bool = False) -> Reading:
    """What is read when nothing is ever cut out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edxml_tree, "cut", lambda _: None)
        return read(raw, files=files)


def c14n(root: etree._Element) -> bytes:
    return etree.tostring(root.getroottree(), method="c14n", exclusive=True, with_comments=False)


def same(raw: bytes) -> Reading:
    """The reading of ``raw``, which must not depend on a cut in anything."""
    reading, other = read(raw, files=True), uncut(raw, files=True)
    assert (reading.package, reading.problems) == (other.package, other.problems)
    assert (reading.tree is None) is (other.tree is None)
    if reading.tree is None or other.tree is None:
        return reading
    root = reading.root
    assert root is not None
    assert etree.tostring(root.getroottree()) == etree.tostring(other.tree.root.getroottree())
    if reading.tree.signature is not None:
        root = etree.fromstring(raw.replace(reading.tree.signature[0], b""))
    try:
        canonical = c14n(root)
    except etree.C14NError:
        return reading
    assert reading.tree.sha256() == hashlib.sha256(canonical).digest()
    return reading


def test_the_base64_of_attachments_is_cut_out_and_put_back() -> None:
    for raw, count in ((RAW, 1), (TWO, 2)):
        made = cut(raw)
        assert made is not None
        assert len(made.bulk) == count
        assert len(made.light) < len(raw) - count * RUN_BYTES_MIN
        again = made.light
        for mark, run in made.bulk.items():
            again = again.replace(mark.encode(), run.text)
        assert again == raw
        assert same(raw).ok


AT = RAW.index(b"UEsD")
DOUBTFUL = {
    "a comment": RAW.replace(b"<edXML:Subject>", b"<!-- c --><edXML:Subject>"),
    "CDATA": RAW.replace(b">V/v", b"><![CDATA[V]]>/v"),
    "an instruction": RAW.replace(b"<edXML:Subject>", b"<?x y?><edXML:Subject>"),
    "an instruction at the end": RAW + b"<?axis-secret?>",
    "a character reference": RAW.replace(b">V/v", b">&#86;/v"),
    "a carriage return": RAW[: AT + 80] + b"\r\n" + RAW[AT + 80 :],
    "a reference in the text": RAW[: AT + 80] + b"&amp;" + RAW[AT + 80 :],
    "an element in the text": RAW[: AT + 1200] + b"<a/>" + RAW[AT + 1200 :],
    "an empty element before": RAW.replace(b"UEsD", b"</edXML:ContentTransferEncoded>"
    b"<ContentTransferEncoded/>UEsD"),
    "the mark elsewhere": RAW.replace(b">V/v", b">" + MARK.encode()),
    "the mark in an attribute": RAW.replace(b"<edXML:Subject>", f'<edXML:Subject a="{MARK}">'.encode()),
    "blanks alone": RAW[:AT] + b" " * 3000 + RAW[RAW.index(b"<", AT) :],
    "another word ending so": RAW.replace(b"edXML:ContentTransferEncoded", b"edXML:NoContentTransferEncoded"),
}  # fmt: skip


@pytest.mark.parametrize("raw", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_in_every_doubtful_case_nothing_is_cut(raw: bytes) -> None:
    assert raw != RAW
    assert cut(raw) is None
    same(raw)


def test_the_text_of_another_element_is_never_cut() -> None:
    run = b"A" * 3000
    for tag in (
        b'<edXML:Subject a="ContentTransferEncoded">',
        b'<edXML:Subject ContentTransferEncoded="">',
        b'<edXML:Subject edXML:ContentTransferEncoded="">',
        b"<edXML:Subject ContentTransferEncoded>",
    ):
        raw = RAW.replace(b"<edXML:Subject>V/v", tag + run, 1)
        made = cut(raw)
        assert made is None or all(text.text != run for text in made.bulk.values())
        same(raw)


def test_the_size_of_a_text_is_that_of_the_file_and_not_of_its_mark() -> None:
    lines = RAW[AT : RAW.index(b"<", AT)]
    broken = b"\n" + b"\n ".join(lines[at : at + 76] for at in range(0, len(lines), 76)) + b"  "
    raw = RAW.replace(lines, broken)
    assert cut(raw) is not None
    document = same(raw).package
    assert document is not None
    (file,) = document.attachments  # type: ignore[union-attr]
    assert file.encoded_bytes == len(broken.strip())
    assert file.data == FILE.data


def test_places_of_errors_are_those_of_the_whole_bytes() -> None:
    lines = RAW[AT : RAW.index(b"<", AT)]
    raw = RAW.replace(lines, lines.replace(b"A", b"A\n")).replace(b"</AttachmentEncoded>", b"</a>")
    assert cut(raw) is not None
    (problem,) = same(raw).problems
    line = raw.count(b"\n", 0, raw.index(b"</a>")) + 1
    assert problem.place.startswith(f"line {line}, column ")


def test_of_many_attachments_the_first_are_cut_out() -> None:
    raw = write(replace(DOCUMENT, attachments=(FILE,) * (RUNS_MAX + 20)))
    made = cut(raw)
    assert made is not None
    assert len(made.bulk) == RUNS_MAX
    assert same(raw).ok
    odd = b"<a><ContentTransferEncoded>" + b"A" * RUN_BYTES_MIN + b"</a>"
    assert len((cut(odd * 300) or made).bulk) == RUNS_MAX
    assert cut(b"ContentTransferEncoded" * 50_000) is None


def test_a_mark_that_others_put_together_is_not_taken_for_one() -> None:
    half = len(MARK) // 2
    for between in ("<!-- -->", "<![CDATA[]]>", "<?x?>", "", "&#65;", "\r"):
        fake = f"{MARK[:half]}{between}{MARK[half:]}"
        raw = TWO.replace(b">cid:2<", f">cid:2<!-- -->{fake}<".encode())
        same(raw)
        same(TWO.replace(b">V/v", f">{fake}".encode()))


PLAIN = [
    (b"<edXML/>", True),
    (b'<?xml version="1.0"?><edXML/>', True),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<edXML>Ai? !&amp;</edXML>", True),
    (b"<?axis-secret?><edXML/>", False),
    (b"<?xml-stylesheet x?><edXML/>", False),
    (b"<edXML><?axis-secret?></edXML>", False),
    (b"<edXML/><?axis-secret?>", False),
    (b"<?xml version='1.0'?><?axis-secret?><edXML/>", False),
    (b"<edXML><!-- --></edXML>", False),
    (b"<edXML>&#65;</edXML>", False),
    (b"<!DOCTYPE edXML><edXML/>", False),
]


@pytest.mark.parametrize(("raw", "plain"), PLAIN)
def test_plain_is_what_holds_elements_and_texts_alone(raw: bytes, plain: bool) -> None:
    assert is_plain(raw) is plain
    assert tree_of(raw).plain is plain


PIECES = (
    "<", ">", "/>", "</", "<a>", "</a>", "&", "&#65;", "&amp;", "<!--", "-->", "<![CDATA[", "]]>",
    "<?x", "?>", '"', "'", "\r", "\n", "\t", " ", "=", "==", MARK, MARK[:-1], "TheBulkThatStoodHere",
    "ContentTransferEncoded", "<ContentTransferEncoded>", "</ContentTransferEncoded>",
    "<Signature/>", "</edXML:edXMLHeader>", "<edXML:edXMLHeader>", "&x;", "\x01", "\ufffe",
    "<edXML:ContentTransferEncoded>", '<ContentTransferEncoded a="', "A" * 1100, "QUJD" * 300,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_bytes_are_changed_a_cut_changes_nothing(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from((RAW, TWO, SIGNED, SIGNED))))
    tags = [at for at in range(len(raw)) if raw[at : at + 1] in b"<>"]
    for _ in range(data.draw(st.integers(1, 4))):
        spot = st.one_of(st.sampled_from(tags), st.integers(0, len(raw) - 1))
        at = min(data.draw(spot) + data.draw(st.integers(0, 1)), len(raw))
        piece = data.draw(st.one_of(st.text(BASE64, max_size=30), st.sampled_from(PIECES)))
        raw[at : at + data.draw(st.sampled_from((0, 0, 1, 5, 30)))] = piece.encode()
    if same(bytes(raw)).tree is not None:
        find(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(
    st.text(BASE64, min_size=RUN_BYTES_MIN, max_size=RUN_BYTES_MIN + 40),
    st.text(BASE64, min_size=1, max_size=40),
    st.sampled_from(
        (
            "<a>%s</a>", "<a><b/>%s<b/></a>", "<a><!--%s--></a>", "<a><![CDATA[%s]]></a>",
            '<a b="%s"/>', "<a b='%s'>x</a>", "<a><?b %s?></a>", "<a>x%s&amp;</a>",
        )
    ),
)  # fmt: skip
def test_a_run_for_a_run_never_changes_the_structure(run: str, other: str, around: str) -> None:
    one, two = (etree.fromstring(around % text) for text in (run, other))
    shape = [[(node.tag, len(node), node.keys()) for node in root.iter()] for root in (one, two)]
    assert shape[0] == shape[1]
    if around in ("<a>%s</a>", "<a><b/>%s<b/></a>"):
        canonical = around.replace("<b/>", "<b></b>")
        assert c14n(one).decode() == canonical % run
        assert c14n(two).decode() == canonical % other


def test_what_is_digested_has_the_bulk_in_it() -> None:
    data = pack_attachment("a", bytes(5000), "a", stored=True)
    raw, other = package(attachment=data), package(attachment=data[:-1] + b"x")
    whole = tree_of(raw)
    assert whole.bulk
    assert whole.sha256() != tree_of(other).sha256()
    canonical = whole.canonical()
    mark = next(iter(whole.bulk)).encode()
    start = canonical.index(mark)
    left = canonical[: start - 5] + canonical[start + len(mark) + 5 :]
    assert whole.sha256(without=(start - 5, start + len(mark) + 5)) == hashlib.sha256(left).digest()
    assert EXCLUSIVE.encode() not in canonical
