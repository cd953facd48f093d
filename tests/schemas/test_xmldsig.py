"""The signature profile against signxml and xmlsec, in both directions, and its own rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas import xmldsig
from schemas.edxml import DS, NS
from schemas.xmldsig_profile import ECDSA_SHA256, RSA_SHA256
from tests.schemas.xmldsig_cases import (
    EC,
    G22,
    H37,
    Signer,
    accepts,
    header_of,
    package,
    parse,
    rsa_signer,
    signxml_accepts,
    signxml_signs,
    xmlsec_accepts,
    xmlsec_signs,
)

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
ALGORITHMS = pytest.mark.parametrize("algorithm", ["ecdsa", "rsa-2048", "rsa-3072"])
QUICK = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def signer_of(algorithm: str) -> Signer:
    return EC if algorithm == "ecdsa" else rsa_signer(int(algorithm[4:]))


# Text as a package may write it: any character of XML, references, CDATA, every line ending.
characters = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"))
plain = st.text(characters, max_size=20).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
)
pieces = st.one_of(
    plain,
    st.sampled_from(
        ["&amp;", "&lt;", "&#13;", "&#xD;&#xA;", "\r\n", "\r", "\t", "&#x1EA1;", "&quot;", "'", '"']
    ),
    st.sampled_from(["<![CDATA[<b> & ]]>", "<![CDATA[]]>", "Thủ tướng Chính phủ", "\u00a0", "𠊛"]),
)
texts = st.lists(pieces, max_size=6).map("".join)
# What may stand between elements.
between = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "",
                "\n\n",
                "<!-- ghi chú -->",
                "<!---->",
                "<?axis-secret no?>",
                "<?x <b/> ?>",
                '<x:a xmlns:x="urn:x" x:b="1" a="&#10;&lt;&quot;"/>',
                '<a xmlns="" b=" 2 "><c/></a>',
                f'<e:Other xmlns:e="{NS}" xmlns:ds="{DS}" ds:c="3" xml:lang="vi"/>',
                '<a xmlns="urn:d" xmlns:unused="urn:u"><b xmlns="urn:d"/><!-- c --></a>',
            ]
        ),
        texts.map(lambda text: f"<Extra>{text}</Extra>"),
    ),
    max_size=4,
).map("".join)
packages = st.builds(package, subject=texts, attachment=st.binary(max_size=300), between=between)


@ALGORITHMS
@QUICK
@given(raw=packages)
def test_what_we_sign_is_accepted_by_signxml_and_xmlsec_and_us(algorithm: str, raw: bytes) -> None:
    signer = signer_of(algorithm)
    signed = xmldsig.sign(raw, signer.key, signer.der)
    assert accepts(signed, signer.public_key)
    assert signxml_accepts(signed, signer)
    assert xmlsec_accepts(signed, signer)


@ALGORITHMS
@QUICK
@given(raw=packages)
def test_what_signxml_signs_we_accept(algorithm: str, raw: bytes) -> None:
    signer = signer_of(algorithm)
    signed = signxml_signs(raw, signer)
    assert xmldsig.find(parse(signed)).reason == ""
    assert accepts(signed, signer.public_key)


@ALGORITHMS
@pytest.mark.parametrize("prefix", [None, "ds", "edXML"])
@QUICK
@given(raw=packages)
def test_what_xmlsec_signs_we_accept(algorithm: str, prefix: str | None, raw: bytes) -> None:
    signer = signer_of(algorithm)
    signed = xmlsec_signs(raw, signer, prefix)
    assert xmldsig.find(parse(signed)).reason == ""
    assert accepts(signed, signer.public_key)


@QUICK
@given(raw=packages, data=st.data())
def test_what_we_accept_after_any_damage_xmlsec_accepts_too(
    raw: bytes, data: st.DataObject
) -> None:
    signed = bytearray(xmldsig.sign(raw, EC.key, EC.der))
    at = data.draw(st.integers(0, len(signed) - 1))
    signed[at] = data.draw(st.integers(9, 126))
    try:
        ours = accepts(bytes(signed), EC.public_key)
    except etree.XMLSyntaxError:
        return
    assert not ours or xmlsec_accepts(bytes(signed), EC)


@QUICK
@given(raw=packages)
def test_signing_only_inserts_one_element_before_the_end_of_the_header(raw: bytes) -> None:
    signed = xmldsig.sign(raw, EC.key, EC.der)
    element = re.search(rb"<Signature xmlns=.*</Signature>(?=</edXML:edXMLHeader>)", signed)
    assert element is not None
    assert signed[: element.start()] + signed[element.end() :] == raw
    assert header_of(parse(signed))[-1].tag == f"{{{DS}}}Signature"


def test_signing_the_same_package_gives_the_same_bytes() -> None:
    once, again = (xmldsig.sign(package(), EC.key, EC.der) for _ in range(2))
    assert once == again
    assert once != xmldsig.sign(package("khác"), EC.key, EC.der)


def test_a_signature_is_found_with_its_certificate_algorithm_and_digest() -> None:
    found = xmldsig.find(parse(xmldsig.sign(package(), EC.key, EC.der)))
    assert (found.kind, found.reason, found.algorithm) == ("candidate", "", ECDSA_SHA256)
    assert found.certificate_der == H37.certificate_der
    assert (len(found.digest), len(found.value)) == (32, 64)
    by_rsa = rsa_signer()
    found = xmldsig.find(parse(xmldsig.sign(package(), by_rsa.key, by_rsa.der)))
    assert (found.kind, found.algorithm, len(found.value)) == ("candidate", RSA_SHA256, 256)


@pytest.mark.parametrize("prefix", ["edXML", "x", "ký"])
def test_the_header_may_have_any_prefix_and_blanks_in_its_end_tag(prefix: str) -> None:
    end = f"</{prefix}:edXMLHeader>".encode()
    raw = package(prefix=prefix).replace(end, end[:-1] + b" \n>")
    signed = xmldsig.sign(raw, EC.key, EC.der)
    assert accepts(signed, EC.public_key)
    assert xmlsec_accepts(signed, EC)


def test_instructions_around_the_root_are_signed_and_comments_there_are_not() -> None:
    raw = package(around=("<!-- a --><?axis-secret?>\n", "\n<?end?><!-- b -->"))
    signed = xmldsig.sign(raw, EC.key, EC.der)
    assert accepts(signed, EC.public_key)
    assert xmlsec_accepts(signed, EC)
    assert not accepts(signed.replace(b"<?axis-secret?>", b""), EC.public_key)
    assert not accepts(signed.replace(b"<?end?>", b"<?end now?>"), EC.public_key)
    assert accepts(signed.replace(b"<!-- a -->", b""), EC.public_key)


def test_text_after_the_signature_belongs_to_the_document() -> None:
    signed = xmldsig.sign(package(), EC.key, EC.der)
    spaced = signed.replace(b"</Signature>", b"</Signature>\n  ")
    assert not accepts(spaced, EC.public_key)
    assert not xmlsec_accepts(spaced, EC)
    moved = signed.replace(b"\n <Signature xmlns", b"<Signature xmlns")
    moved = moved.replace(b"</Signature>", b"</Signature>\n ")
    assert accepts(moved, EC.public_key), "the same text stands there, only its place differs"
    assert xmlsec_accepts(moved, EC)
    assert signxml_accepts(moved, EC)


def test_a_prefix_declared_far_above_keeps_its_signature() -> None:
    raw = package().replace(b"<edXML xmlns=", f'<edXML xmlns:a="{DS}" a:b="" xmlns='.encode())
    for signed in (xmlsec_signs(raw, EC, "ds"), xmlsec_signs(raw, EC, "a")):
        assert accepts(signed, EC.public_key)


def test_a_key_info_without_a_subject_name_is_accepted() -> None:
    signed = xmldsig.sign(package(), EC.key, EC.der)
    bare = re.sub(rb"<X509SubjectName>.*</X509SubjectName>", b"", signed)
    assert bare != signed
    assert accepts(bare, EC.public_key)


@pytest.mark.parametrize("size", [20_000, 12_000_000])
def test_large_attachments_are_signed_like_small_ones(size: int) -> None:
    raw = package(attachment=bytes(range(256)) * (size // 256))
    signed = xmldsig.sign(raw, EC.key, EC.der)
    assert accepts(signed, EC.public_key)
    assert xmlsec_accepts(signed, EC)
    middle = len(signed) - size // 2
    changed = b"A" if signed[middle : middle + 1] != b"A" else b"B"
    assert not accepts(signed[:middle] + changed + signed[middle + 1 :], EC.public_key)


@pytest.mark.parametrize(
    "raw",
    [
        xmldsig.sign(package(), EC.key, EC.der),
        package(between="<Signature/>"),
        package(between="<!-- </edXML:edXMLHeader> -->"),
        package(between='<a xmlns:r="relative"/>'),
        f'<edXML xmlns="{NS}"><edXMLEnvelope><edXMLHeader/></edXMLEnvelope></edXML>'.encode(),
        f'<edXML xmlns="{NS}"/>'.encode(),
        b"<edXMLEnvelope><edXMLHeader><a/></edXMLHeader></edXMLEnvelope>",
    ],
    ids=[
        "signed",
        "dummy",
        "end tag in a comment",
        "relative namespace",
        "empty header",
        "no header",
        "no namespace",
    ],
)
def test_a_package_that_cannot_be_signed_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="package"):
        xmldsig.sign(raw, EC.key, EC.der)


def test_a_signature_by_another_key_is_not_accepted() -> None:
    signed = xmldsig.sign(package(), EC.key, EC.der)
    assert not accepts(signed, G22.private_key.public_key())
    assert not accepts(signed, rsa_signer().public_key)
    assert not accepts(signed, EC.key), "a private key is no public one"
    assert not accepts(signed, "no key at all")


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<Signature/>",
        f'<Signature xmlns="{DS}"><SignedInfo/></Signature>',
        f'<Signature xmlns="{DS}"><SignatureValue>AAAA</SignatureValue></Signature>',
        '<Signature xmlns="urn:x"><a/></Signature>',
    ],
)
def test_no_signature_and_a_dummy_one_are_absent(markup: str) -> None:
    root = parse(package())
    if markup:
        header_of(root).append(etree.fromstring(markup))
    found = xmldsig.find(root)
    assert found == xmldsig.Found("absent")
    assert not xmldsig.check(root, found, EC.public_key)


@pytest.mark.parametrize("namespace", [DS, NS])
@pytest.mark.parametrize(
    "algorithm",
    [DS + "sha1", DS + "rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"],
)
def test_sha1_anywhere_is_weak_in_either_namespace(algorithm: str, namespace: str) -> None:
    signed = xmldsig.sign(package(), EC.key, EC.der).decode()
    signed = signed.replace(f'<Signature xmlns="{DS}"', f'<Signature xmlns="{namespace}"')
    for name in ("DigestMethod", "SignatureMethod"):
        changed = re.sub(f'<{name} Algorithm="[^"]*"', f'<{name} Algorithm="{algorithm}"', signed)
        root = parse(changed.encode())
        assert xmldsig.find(root) == xmldsig.Found("weak")
        assert not xmldsig.check(root, xmldsig.find(root), EC.public_key)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_every_real_sample_is_absent_or_weak() -> None:
    kinds = {}
    for path in sorted(SAMPLES.rglob("*.edxml")):
        raw = path.read_bytes()
        try:
            kinds[path.name] = xmldsig.find(parse(raw[raw.index(b"<") :])).kind
        except etree.XMLSyntaxError:
            continue
    assert kinds["edoc_new.edxml"] == "weak"
    assert kinds["status.edxml"] == "absent"
    assert set(kinds.values()) == {"weak", "absent"}
