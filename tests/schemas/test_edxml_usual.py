"""The short cut through a usual package finds what the whole way finds, or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import edxml, examine, signing, xmldsig
from schemas.edxml import Attachment, Business, Reference, Staff, Trace
from schemas.edxml_form import HEADER_END
from schemas.edxml_parse import DEFAULT_LIMITS, parse
from schemas.edxml_usual import FILES_MAX, LIGHT_BYTES_MAX, Usual, place_and_digest, usual
from schemas.edxml_write import DECLARATION, write
from schemas.examined import Examined
from schemas.xmldsig import seal, sign
from tests.schemas.packages import DOCUMENT, documents, staff, texts
from tests.schemas.xmldsig_cases import EC, rsa_signer

#: Viet Nam local time without a zone, as the format has it.
STATION = datetime.fromisoformat("2020-02-14 08:30:00")
PLAIN = replace(
    DOCUMENT,
    content="Kính chuyển.\nsim: 01",
    due=date(2020, 2, 29),
    response_for=(
        Reference(organ_id="000.00.00.G22", code="77/VPCP", document_id="77", promulgated=None),
    ),
    traces=(Trace(organ_id="000.00.00.H37", at=STATION),),
    business=Business(
        reason="Mới", document_id="1", paper=0, staff=(Staff(department="Văn thư", name="An"),)
    ),
    attachments=(
        Attachment(content_id="cid:1", name="118.pdf", data=b"%PDF" + bytes(500), description="a"),
        Attachment(content_id="cid:2", name="119.pdf", data=b"%PDF" + bytes(9)),
    ),
)
RAW = sign(write(PLAIN), EC.key, EC.der)


def thorough(raw: bytes) -> Examined:
    """What is found when there is no short cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examine, "usual", lambda _: None)
        return examine.examine(raw)


def same(raw: bytes) -> Usual | None:
    """What the short cut finds, which must be what the whole way finds."""
    found = usual(raw)
    assert examine.examine(raw) == thorough(raw)
    if found is not None:
        root = parse(raw, DEFAULT_LIMITS)
        assert not isinstance(root, tuple)
        assert replace(xmldsig.find(root), prefix=b"") == found.signature
        assert xmldsig.digest_without_signature(root, b"") == found.digest
    return found


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("algorithm", ["ECDSA", "RSA"])
def test_what_write_and_sign_make_of_a_new_document_is_usual(algorithm: str, stored: bool) -> None:
    signer = EC if algorithm == "ECDSA" else rsa_signer()
    bare = replace(PLAIN, due=None, content="", response_for=(), attachments=PLAIN.attachments[:1])
    for package in (PLAIN, bare):
        raw = sign(write(package, stored=stored), signer.key, signer.der)
        # The name in that certificate needs escapes, which are not usual.
        found = same(raw.replace(b"CN=Test &amp; \\&lt;key\\&gt;<", b"CN=Test<"))
        assert found is not None
        assert found.letter.content == package.content


AT = RAW.index(b"UEsD")
ODD = {
    "not signed": write(PLAIN),
    "a byte before": b" " + RAW,
    "a byte behind": RAW + b" ",
    "a mark before": b"\xef\xbb\xbf" + RAW,
    "a carriage return in a file": RAW[: AT + 64] + b"\r\n" + RAW[AT + 64 :],
    "lone carriage returns in a file": RAW[: AT + 64] + b"\r\r" + RAW[AT + 64 :],
    "another line end": RAW.replace(b"\n", b"\r\n"),
    "a blank in a tag": RAW.replace(b"<edXML:Subject>", b"<edXML:Subject >"),
    "an attribute": RAW.replace(b"<edXML:Subject>", b'<edXML:Subject a="">'),
    "another version": RAW.replace(b'version="1.0">\n<edXML:Ref', b'version="1.1">\n<edXML:Ref'),
    "a comment": RAW.replace(b"<edXML:Subject>", b"<!-- c --><edXML:Subject>"),
    "an instruction": RAW.replace(b"<edXML:Subject>", b"<?axis-secret?><edXML:Subject>"),
    "CDATA": RAW.replace(b">V/v", b"><![CDATA[V]]>/v"),
    "a reference": RAW.replace(b">V/v", b">&amp;V/v"),
    "a character reference": RAW.replace(b">V/v", b">&#86;/v"),
    "a greater-than sign": RAW.replace(b">V/v", b">>V/v"),
    "a control character": RAW.replace(b">V/v", b">\x01V/v"),
    "no character": RAW.replace(b">V/v", ">\ufffeV/v".encode()),
    "not UTF-8": RAW.replace(b">V/v", b">\xffV/v"),
    "a surrogate": RAW.replace(b">V/v", b">\xed\xa0\x80V/v"),
    "a blank around a text": RAW.replace(b">V/v", b"> V/v"),
    "a blank behind a text": RAW.replace(b"118</", b"118 </"),
    "an unknown element": RAW.replace(b"<edXML:Subject>", b"<edXML:X></edXML:X>\n<edXML:Subject>"),
    "a field twice": RAW.replace(b"<edXML:DueDate>", b"<edXML:Content></edXML:Content>\n<edXML:DueDate>"),
    "an empty subject": sign(write(replace(PLAIN, subject="")), EC.key, EC.der),
    "a long subject": sign(write(replace(PLAIN, subject="x" * 501)), EC.key, EC.der),
    "no recipient": sign(write(replace(PLAIN, recipients=())), EC.key, EC.der),
    "a recipient twice": sign(write(replace(PLAIN, recipients=PLAIN.recipients * 2)), EC.key, EC.der),
    "a long OrganId": RAW.replace(b"000.00.00.H37", b"000.000.000.H37"),
    "no OrganId": RAW.replace(b">000.00.00.G22<", b">G22<"),
    "another DocumentId": sign(write(replace(PLAIN, document_id="1,2,3")), EC.key, EC.der),
    "no such day": RAW.replace(b"2020/02/29", b"2020/02/30"),
    "no such moment": RAW.replace(b"2020/02/14 08", b"2020/02/00 08"),
    "no such hour": RAW.replace(b" 08:30:00<", b" 24:30:00<"),
    "another urgency": RAW.replace(b"Priority>0<", b"Priority>5<"),
    "another kind": RAW.replace(b"DocType>0<", b"DocType>1<"),
    "two stations": sign(write(replace(PLAIN, traces=PLAIN.traces * 2)), EC.key, EC.der),
    "a doubled cid": RAW.replace(b"cid:1", b"cid:cid:1"),
    "no cid": RAW.replace(b"cid:1", b"1"),
    "files in another order": RAW.replace(b"cid:1", b"cid:3", 1),
    "a file not listed": RAW.replace(b"cid:2", b"cid:3", 1),
    "another name listed": RAW.replace(b"119.pdf", b"120.pdf", 1),
    "no file": RAW.replace(RAW[AT : RAW.index(b"<", AT)], b""),
    "not base64": RAW[:AT] + b"!" + RAW[AT + 1 :],
    "a file of no ASCII": RAW[:AT] + "đ".encode() + RAW[AT + 2 :],
    "no zip": RAW[:AT] + b"AAAA" + RAW[AT + 4 :],
    "an element in a file": RAW[: AT + 8] + b"<a></a>" + RAW[AT + 8 :],
    "two Signatures": RAW.replace(b"<Signature ", RAW[RAW.index(b"<Signature ") : RAW.index(b"</edXML:edXMLHeader>")] + b"<Signature ", 1),
    "SHA-1": RAW.replace(b"ecdsa-sha256", b"ecdsa-sha1"),
    "a short value": RAW.replace(b"</SignatureValue>", b"</SignatureValue>")[: RAW.index(b"<SignatureValue>") + 16] + b"QUJD" + RAW[RAW.index(b"</SignatureValue>") :],
    "another spelling of base64": RAW.replace(b"==</SignatureValue>", b"=</SignatureValue>"),
    "blanks in SignedInfo": RAW.replace(b"<SignedInfo>", b"<SignedInfo>\n"),
    "many recipients' names": sign(write(replace(PLAIN, to_places=("x" * 150,) * (LIGHT_BYTES_MAX // 150))), EC.key, EC.der),
    "many equals signs": sign(write(replace(PLAIN, subject="=" * 65)), EC.key, EC.der),
    "many files": sign(write(replace(PLAIN, attachments=tuple(replace(PLAIN.attachments[0], content_id=f"cid:{n}") for n in range(FILES_MAX + 1)))), EC.key, EC.der),
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD.keys())
def test_whatever_departs_from_the_form_goes_the_whole_way(raw: bytes) -> None:
    assert raw != RAW
    assert same(raw) is None


def test_a_signature_is_over_lines_as_a_parser_reads_them() -> None:
    """Lines of base64 that end in CR LF digest as if in LF (XML 1.0, 2.11), whoever signed."""
    at = (plain := write(PLAIN)).index(b"UEsD") + 64
    raw = sign(plain[:at] + b"\r\n" + plain[at:], EC.key, EC.der)
    assert b"\r" in raw
    assert examine.examine(raw).seal.genuine
    assert examine.examine(raw.replace(b"\r", b"")).seal.genuine
    digest = hashlib.sha256(raw[len(DECLARATION) : raw.index(b"<Signature ")])
    digest.update(raw[raw.index(b"</Signature>") + len(b"</Signature>") : -1])
    over_raw = seal(
        plain[:at] + b"\r\n" + plain[at:],
        plain.index(HEADER_END.encode()),
        digest.digest(),
        EC.key,
        EC.der,
    )
    assert not examine.examine(over_raw).seal.genuine


def test_lines_of_base64_are_usual() -> None:
    assert same(RAW[: AT + 64] + b"\n" + RAW[AT + 64 :]) is not None


def test_a_file_beyond_the_bound_goes_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.edxml_usual.ATTACHMENT_BYTES_MAX", 512)
    assert usual(RAW) is None


DIGEST = RAW[RAW.index(b"<DigestValue>") : RAW.index(b"</DigestValue>")]
VALUE = RAW[RAW.index(b"<SignatureValue>") : RAW.index(b"</SignatureValue>")]
ALTERED = {
    "a text": RAW.replace(b">V/v", b">v/v"),
    "the name of a file": RAW.replace(b"118.pdf", b"111.pdf"),
    "the digest": RAW.replace(DIGEST, DIGEST.swapcase().replace(b"dIGESTvALUE", b"DigestValue")),
    "the value": RAW.replace(VALUE, b"<SignatureValue>AAAA" + VALUE[20:]),
}


@pytest.mark.parametrize("raw", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_document_is_usual_and_its_signature_false(raw: bytes) -> None:
    assert same(RAW) is not None
    assert examine.examine(RAW).seal.genuine
    found = same(raw)
    assert found is None or not examine.examine(raw).seal.genuine


PIECES = (
    "<", ">", "/>", "</", "<a>", "</a>", "&", "&#65;", "&amp;", "<!--", "-->", "<![CDATA[", "]]>",
    "<?x", "?>", '"', "'", "\r", "\n", "\t", " ", "\x85", "\u2028", "=", "==", "\x01", "\ufffe",
    "<Signature ", "</Signature>", "cid:", "<edXML:Place></edXML:Place>\n",
    "<edXML:Priority>1</edXML:Priority>\n", "A", "0", "9", ",", "/", ".", "đ",
)  # fmt: skip


@settings(max_examples=200)
@given(st.data())
def test_whatever_bytes_are_changed_both_ways_agree(data: st.DataObject) -> None:
    raw = bytearray(RAW)
    tags = [at for at in range(len(raw)) if raw[at : at + 1] in b"<>"]
    for _ in range(data.draw(st.integers(1, 3))):
        spot = st.one_of(st.sampled_from(tags), st.integers(0, len(raw) - 1))
        at = min(data.draw(spot) + data.draw(st.integers(0, 1)), len(raw))
        piece = data.draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)))
        gone = data.draw(st.sampled_from((0, 0, 1, 1, 5, 30)))
        raw[at : at + gone] = piece.encode("utf-8", "surrogatepass")
    same(bytes(raw))


@settings(max_examples=80)
@given(st.data(), documents())
def test_whatever_document_is_written_both_ways_agree(
    data: st.DataObject, package: edxml.DocumentPackage
) -> None:
    day = package.promulgated
    assert day is not None
    nearly = replace(
        package,
        document_id=f"{package.sender.organ_id},{day:%Y/%m/%d},"
        f"{package.code_number}/{package.code_notation}",
        traces=(Trace(organ_id="", at=STATION),),
        business=Business(reason=data.draw(texts(1000)), staff=(data.draw(staff),)),
        secret=False,
    )
    for one in (package, nearly):
        same(sign(write(one), EC.key, EC.der))


@settings(max_examples=80)
@given(documents(), st.sampled_from([b"", b"x", b"\r", b"&amp;", b"\n", b"]]&gt;"]), st.integers(0))
def test_signing_the_short_way_gives_the_bytes_of_the_whole_way(
    document: edxml.DocumentPackage, more: bytes, at: int
) -> None:
    raw = write(document)
    places = [place for place in range(len(raw)) if raw[place : place + 2] == b"</"]
    where = places[at % len(places)]
    raw = raw[:where] + more + raw[where:]
    assert signing.sign(raw, EC.key, EC.der) == xmldsig.sign(raw, EC.key, EC.der)


def test_what_write_makes_of_a_new_document_is_signed_the_short_way() -> None:
    raw = write(PLAIN)
    assert place_and_digest(raw) is not None
    assert signing.sign(raw, EC.key, EC.der) == RAW
    assert place_and_digest(RAW) is None
    with pytest.raises(ValueError, match="Signature already"):
        signing.sign(RAW, EC.key, EC.der)


@pytest.mark.parametrize("odd", [b"&#65;", b"\r", b"&amp;", b"\xff"])
def test_a_file_that_is_not_plain_goes_the_whole_way(odd: bytes) -> None:
    assert place_and_digest(write(PLAIN).replace(b"UEsD", odd + b"UEsD", 1)) is None


@pytest.mark.parametrize("odd", [b"&quot;", b"&#65;", b"]]>", b"\x0b", b"b"])
def test_a_name_that_the_manifest_does_not_list_goes_the_whole_way(odd: bytes) -> None:
    """The form lets any text stand there: one that was not canonical got a false signature."""
    raw = write(PLAIN).replace(b"<AttachmentName>118.pdf", b"<AttachmentName>" + odd + b"118.pdf")
    assert place_and_digest(raw) is None
