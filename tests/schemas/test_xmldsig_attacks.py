"""Nothing but an untouched package with a signature of the profile is ever accepted.

Where it matters the attacker is an insider: the forged SignedInfo is truly signed with a trusted
key, so that it is the profile and not the arithmetic that refuses it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from schemas import xmldsig
from schemas import xmldsig_profile as profile
from schemas.edxml import DS, NS
from schemas.xmldsig_element import match_signed_info
from schemas.xmldsig_profile import ECDSA_SHA256, RSA_SHA256, algorithm_of
from tests.schemas.xmldsig_cases import (
    EC,
    ENVELOPED,
    EXCLUSIVE,
    G22,
    accepts,
    header_of,
    issue,
    package,
    parse,
    rsa_signer,
    xmlsec_accepts,
    xmlsec_signs,
)

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SIGNED = xmldsig.sign(package(), EC.key, EC.der)
SIGNATURE = SIGNED[SIGNED.index(b"<Signature") : SIGNED.index(b"</Signature>") + 12]
UNSIGNED = SIGNED.replace(SIGNATURE, b"")


def canonical(root: etree._Element) -> bytes:
    """Return the document with an emptied Signature, in exclusive C14N."""
    copy = parse(etree.tostring(root.getroottree()))
    for signature in copy.iter(f"{{{DS}}}Signature"):
        signature.text = None
        del signature[:]
    return etree.tostring(copy.getroottree(), method="c14n", exclusive=True, with_comments=False)


def digest_of(raw: bytes) -> str:
    data = etree.tostring(parse(raw).getroottree(), method="c14n", exclusive=True)
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def method(name: str, algorithm: str, inside: str = "") -> str:
    return f'<{name} Algorithm="{algorithm}">{inside}</{name}>'


def reference(
    transforms: str = method("Transform", ENVELOPED) + method("Transform", EXCLUSIVE),
    digest_method: str = method("DigestMethod", SHA256),
    digest: str = "",
    attributes: str = 'URI=""',
) -> str:
    value = digest or digest_of(UNSIGNED)
    return (
        f"<Reference {attributes}><Transforms>{transforms}</Transforms>"
        f"{digest_method}<DigestValue>{value}</DigestValue></Reference>"
    )


def signed_info(
    references: str = "",
    c14n: str = method("CanonicalizationMethod", EXCLUSIVE),
    signature_method: str = method("SignatureMethod", ECDSA_SHA256),
    attributes: str = "",
) -> str:
    body = references or reference()
    return f'<SignedInfo xmlns="{DS}"{attributes}>{c14n}{signature_method}{body}</SignedInfo>'


def ecdsa_value(data: bytes, key: ec.EllipticCurvePrivateKey = EC.key) -> bytes:
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def forge(
    info: str,
    value: bytes | None = None,
    key_info: str = f"<X509Data><X509Certificate>{base64.b64encode(EC.der).decode()}</X509Certificate></X509Data>",
    more: str = "",
    attributes: str = "",
    raw: bytes = UNSIGNED,
) -> bytes:
    """Return ``raw`` with a Signature around ``info``, truly signed in its canonical form."""
    data = etree.tostring(
        etree.fromstring(info), method="c14n", exclusive=True, with_comments=False
    )
    encoded = base64.b64encode(ecdsa_value(data) if value is None else value).decode()
    signature = (
        f'<Signature xmlns="{DS}"{attributes}>{info}<SignatureValue>{encoded}</SignatureValue>'
        f"<KeyInfo>{key_info}</KeyInfo>{more}</Signature>"
    )
    return raw.replace(b"</edXML:edXMLHeader>", signature.encode() + b"</edXML:edXMLHeader>")


def test_the_forger_of_these_tests_can_make_a_good_signature() -> None:
    assert accepts(forge(signed_info()), EC.public_key)
    assert xmlsec_accepts(forge(signed_info()), EC)


CERTIFICATE = base64.b64encode(EC.der).decode()
XSLT = '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
OUTSIDE_THE_PROFILE = {
    "inclusive C14N of SignedInfo": signed_info(
        c14n=method("CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    ),
    "C14N with comments of SignedInfo": signed_info(
        c14n=method("CanonicalizationMethod", EXCLUSIVE + "WithComments")
    ),
    "C14N with a prefix list": signed_info(
        c14n=method(
            "CanonicalizationMethod",
            EXCLUSIVE,
            f'<i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="edXML"/>',
        )
    ),
    "Id on SignedInfo": signed_info(attributes=' Id="a"'),
    "SHA-512": signed_info(
        reference(digest_method=method("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha512"))
    ),
    "MD5": signed_info(
        reference(
            digest_method=method("DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5")
        )
    ),
    "no algorithm at all": signed_info(signature_method="<SignatureMethod/>"),
    "an output length": signed_info(
        signature_method=method(
            "SignatureMethod", ECDSA_SHA256, "<HMACOutputLength>0</HMACOutputLength>"
        )
    ),
    "no transforms": signed_info(reference(transforms="")),
    "only enveloped": signed_info(reference(transforms=method("Transform", ENVELOPED))),
    "only C14N": signed_info(reference(transforms=method("Transform", EXCLUSIVE))),
    "transforms the other way round": signed_info(
        reference(transforms=method("Transform", EXCLUSIVE) + method("Transform", ENVELOPED))
    ),
    "C14N with comments of the document": signed_info(
        reference(
            transforms=method("Transform", ENVELOPED)
            + method("Transform", EXCLUSIVE + "WithComments")
        )
    ),
    "XSLT": signed_info(
        reference(
            transforms=method("Transform", ENVELOPED)
            + method("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT)
            + method("Transform", EXCLUSIVE)
        )
    ),
    "XPath": signed_info(
        reference(
            transforms=method("Transform", ENVELOPED)
            + method(
                "Transform", "http://www.w3.org/TR/1999/REC-xpath-19991116", "<XPath>1</XPath>"
            )
            + method("Transform", EXCLUSIVE)
        )
    ),
    "base64": signed_info(reference(transforms=method("Transform", DS + "base64"))),
    "nested transforms": signed_info(
        reference(transforms=method("Transform", ENVELOPED, method("Transform", EXCLUSIVE)))
    ),
    "two References": signed_info(reference() + reference()),
    "a second Reference to an Id": signed_info(reference() + reference(attributes='URI="#a"')),
    "no Reference": signed_info("<Manifest/>"),
    "a Manifest": signed_info(reference() + f"<Manifest>{reference()}</Manifest>"),
    "Reference to an Id": signed_info(reference(attributes='URI="#a"')),
    "Reference to an XPointer": signed_info(reference(attributes='URI="#xpointer(/)"')),
    "Reference to a file": signed_info(reference(attributes='URI="file:///etc/passwd"')),
    "Reference without URI": signed_info(reference(attributes="")),
    "Reference with a type": signed_info(reference(attributes='URI="" Type="urn:x"')),
    "Reference with an Id": signed_info(reference(attributes='Id="r" URI=""')),
    "a comment in the digest": signed_info(reference(digest=f"{digest_of(UNSIGNED)}<!-- c -->")),
    "a comment before the digest": signed_info(
        reference(digest=f"<!--{base64.b64encode(bytes(32)).decode()}-->{digest_of(UNSIGNED)}")
    ),
    "a comment between elements": signed_info(reference() + "<!-- c -->"),
    "a blank before the digest": signed_info(reference(digest=f"\n{digest_of(UNSIGNED)}")),
    "a blank after the digest": signed_info(reference(digest=f"{digest_of(UNSIGNED)} ")),
    "an instruction in SignedInfo": signed_info(reference() + "<?x?>"),
    "text in SignedInfo": signed_info(reference() + "text"),
    "a foreign element in SignedInfo": signed_info(reference() + '<a xmlns="urn:x"/>'),
    "two digests": signed_info(
        reference(digest=f"{digest_of(UNSIGNED)}</DigestValue><DigestValue>AAAA")
    ),
    "a digest in base64 with slack bits": signed_info(
        reference(digest=re.sub("(.)=$", lambda m: chr(ord(m[1]) + 1) + "=", digest_of(UNSIGNED)))
    ),
    "a digest too short": signed_info(reference(digest="AAAA")),
    "many blanks": signed_info(reference() + " " * 300),
}


@pytest.mark.parametrize("info", OUTSIDE_THE_PROFILE.values(), ids=OUTSIDE_THE_PROFILE.keys())
def test_a_signed_info_outside_the_profile_is_malformed_however_well_signed(info: str) -> None:
    raw = forge(info)
    found = xmldsig.find(parse(raw))
    assert found.kind == "malformed"
    assert found.reason
    assert not accepts(raw, EC.public_key)


@pytest.mark.parametrize(
    "algorithm",
    [DS + "hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"],
)
def test_an_hmac_with_the_public_key_as_secret_is_malformed(algorithm: str) -> None:
    info = signed_info(signature_method=method("SignatureMethod", algorithm))
    data = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    for form in (Encoding.PEM, Encoding.DER):
        secret = EC.public_key.public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
        for digestmod in ("sha1", "sha256"):
            raw = forge(info, hmac.digest(secret, data, digestmod))
            assert xmldsig.find(parse(raw)).kind == "malformed"
            assert not accepts(raw, EC.public_key)


X509 = f"<X509Data><X509Certificate>{CERTIFICATE}</X509Certificate></X509Data>"
AROUND_IT = {
    "an Object with the original": {"more": "<Object><a/></Object>"},
    "an Object with a Manifest": {"more": f"<Object><Manifest>{reference()}</Manifest></Object>"},
    "an Id": {"attributes": ' Id="s"'},
    "text": {"more": "text"},
    "a comment": {"more": "<!-- c -->"},
    "an instruction": {"more": "<?x?>"},
    "a second SignatureValue": {"more": "<SignatureValue>AAAA</SignatureValue>"},
    "a second KeyInfo": {"more": f"<KeyInfo>{X509}</KeyInfo>"},
    "two X509Data": {"key_info": X509 + X509},
    "two certificates": {"key_info": X509.replace("</X509Data>", X509[10:])},
    "no certificate": {"key_info": "<X509Data><X509SubjectName>x</X509SubjectName></X509Data>"},
    "an empty certificate": {"key_info": X509.replace(CERTIFICATE, "")},
    "a certificate that is not base64": {"key_info": X509.replace(CERTIFICATE, "đ" + CERTIFICATE)},
    "a certificate without end": {"key_info": X509.replace(CERTIFICATE, "A" * 20_000)},
    "a key by value": {"key_info": f"<KeyValue/>{X509}"},
    "a key name": {"key_info": "<KeyName>000.00.00.H37</KeyName>"},
    "no KeyInfo content": {"key_info": ""},
    "elements in the subject name": {
        "key_info": X509.replace("<X509Cert", "<X509SubjectName><a/></X509SubjectName><X509Cert", 1)
    },
    "an attribute on the certificate": {"key_info": X509.replace("Certificate>", 'Certificate Id="a">', 1)},
    "a long value": {"value": bytes(65)},
    "a huge value": {"value": bytes(1000)},
    "an empty value": {"value": b""},
    "a DER value": {"value": EC.key.sign(b"", ec.ECDSA(hashes.SHA256()))},
}  # fmt: skip


@pytest.mark.parametrize("parts", AROUND_IT.values(), ids=AROUND_IT.keys())
def test_a_signature_with_anything_else_in_it_is_malformed(parts: dict[str, str]) -> None:
    raw = forge(signed_info(), **parts)  # type: ignore[arg-type]
    assert xmldsig.find(parse(raw)).kind == "malformed"
    assert not accepts(raw, EC.public_key)


def moved_to(path: str, index: int = 0) -> bytes:
    root = parse(SIGNED)
    signature = next(root.iter(f"{{{DS}}}Signature"))
    target = root.find(path, {"e": NS}) if path else root
    assert target is not None
    target.insert(index, signature)
    return etree.tostring(root)


def evil(raw: bytes) -> bytes:
    return raw.replace(b"<edXML:OrganId>000.00.00.G22", b"<edXML:OrganId>000.00.00.G23")


INNER = SIGNED[SIGNED.index(b"<edXML ") :]
HEADER = UNSIGNED[UNSIGNED.index(b"<edXML:edXMLHeader>") : UNSIGNED.index(b"<edXML:edXMLBody>")]
WRAPPED = {
    "a second Signature": SIGNED.replace(b"</edXML:edXMLBody>", SIGNATURE + b"</edXML:edXMLBody>"),
    "the same Signature twice": SIGNED.replace(SIGNATURE, SIGNATURE * 2),
    "an empty second Signature": SIGNED.replace(SIGNATURE, b"<Signature/>" + SIGNATURE),
    "one more in another namespace": SIGNED.replace(
        SIGNATURE, b'<Signature xmlns=""/>' + SIGNATURE
    ),
    "moved to the start of the header": moved_to("e:edXMLEnvelope/e:edXMLHeader"),
    "moved into MessageHeader": moved_to("e:edXMLEnvelope/e:edXMLHeader/e:MessageHeader"),
    "moved into the envelope": moved_to("e:edXMLEnvelope", 1),
    "moved into the body": moved_to("e:edXMLEnvelope/e:edXMLBody"),
    "moved to the root": moved_to("", 2),
    "followed by an element": SIGNED.replace(SIGNATURE, SIGNATURE + b"<a/>"),
    "followed by a comment": SIGNED.replace(SIGNATURE, SIGNATURE + b"<!-- -->"),
    "the original under a new root": b'<edXML xmlns="' + NS.encode() + b'">' + INNER + b"</edXML>",
    "the original beside an evil one": evil(UNSIGNED).replace(b"</edXML>", INNER + b"</edXML>"),
    "the original in an Object": evil(UNSIGNED).replace(
        b"</edXML:edXMLHeader>",
        SIGNATURE.replace(b"</Signature>", b"<Object>" + INNER + b"</Object></Signature>")
        + b"</edXML:edXMLHeader>",
    ),
    "an unsigned header before": SIGNED.replace(
        b"<edXML:edXMLHeader>", evil(HEADER) + b"<edXML:edXMLHeader>", 1
    ),
    "an unsigned header after": SIGNED.replace(
        b"<edXML:edXMLBody>", evil(HEADER) + b"<edXML:edXMLBody>"
    ),
    "the Signature in a second header": UNSIGNED.replace(
        b"<edXML:edXMLBody>",
        b"<edXML:edXMLHeader>" + SIGNATURE + b"</edXML:edXMLHeader><edXML:edXMLBody>",
    ),
    "a second package in the envelope": SIGNED.replace(
        b"</edXML:edXMLEnvelope>", evil(HEADER) + b"</edXML:edXMLEnvelope>"
    ),
    "another root name": SIGNED.replace(b"<edXML xmlns", b"<eDoc xmlns").replace(
        b"</edXML>", b"</eDoc>"
    ),
    "in the package's own namespace": SIGNED.replace(DS.encode() + b'"', NS.encode() + b'"', 1),
    "a comment that cuts a text short": SIGNED.replace(b"00.G22", b"00.G2<!-- -->2"),
    "a comment before a text": SIGNED.replace(b">000.00.00.G22", b"><!-- -->000.00.00.G22"),
    "a comment after a text": SIGNED.replace(b"00.G22", b"00.G22<!-- --><!-- -->"),
}


@pytest.mark.parametrize("raw", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_wrapped_moved_or_doubled_signature_is_not_accepted(raw: bytes) -> None:
    assert raw != SIGNED
    assert not accepts(raw, EC.public_key)


STRAY = '<Extra><o:Signature xmlns:o="urn:x"/></Extra>'


def test_a_second_signature_is_refused_even_where_it_was_signed_along() -> None:
    raw = package(attachment=b"").replace(b"</edXML>", STRAY.encode() + b"</edXML>")
    signed = xmlsec_signs(raw, EC)
    assert xmlsec_accepts(signed, EC)
    assert xmldsig.find(parse(signed)).reason == "there is more than one Signature"
    assert not accepts(signed, EC.public_key)


def test_a_signed_info_under_another_prefix_than_its_signature_is_malformed() -> None:
    raw = forge(signed_info())
    for name in ("Signature", "SignatureValue", "KeyInfo"):
        raw = re.sub(f"<(/?){name}(?=[ >])".encode(), rf"<\1d:{name}".encode(), raw)
    raw = raw.replace(b"<d:Signature xmlns=", b"<d:Signature xmlns:d=")
    raw = raw.replace(b"<X509Data", f'<X509Data xmlns="{DS}"'.encode())
    assert xmlsec_accepts(raw, EC), "it is a good signature, but not of the profile"
    assert xmldsig.find(parse(raw)).kind == "malformed"


@pytest.mark.parametrize("algorithm", [ECDSA_SHA256, RSA_SHA256])
def test_the_form_of_signed_info_names_only_algorithms_of_the_profile(algorithm: str) -> None:
    info = profile.signed_info(algorithm) % digest_of(UNSIGNED)
    match = match_signed_info(etree.fromstring(info))
    assert match is not None
    named = set(re.findall(r'Algorithm="([^"]*)"', match.string.decode()))
    assert len(named) == 4
    assert named <= profile.ALLOWED
    assert named.isdisjoint(profile.WEAK)
    for other in (*profile.WEAK, "urn:x", ""):
        for name in named:
            assert match_signed_info(etree.fromstring(info.replace(name, other, 1))) is None


def test_a_signature_in_the_package_s_own_namespace_is_told_so() -> None:
    found = xmldsig.find(parse(WRAPPED["in the package's own namespace"]))
    assert found.kind == "malformed"
    assert "namespace" in found.reason


def test_the_reader_of_a_signed_package_and_its_digest_see_the_same_entities() -> None:
    doctype = b'<!DOCTYPE edXML [<!ENTITY a "000.00.00.G22">]>\n<edXML xmlns'
    raw = SIGNED.replace(b"<edXML xmlns", doctype, 1)
    assert xmldsig.find(parse(raw)).kind == "malformed"
    raw = raw.replace(b">000.00.00.G22<", b">&a;<")
    assert xmldsig.find(parse(raw)).kind == "malformed"


@pytest.mark.parametrize("imitation", [b"<?x <Signature ?>", b"<?x </Signature>?>"])
def test_an_instruction_that_imitates_the_signature_is_not_accepted(imitation: bytes) -> None:
    for before in (b"<edXML xmlns", b"<edXML:edXMLBody>"):
        _imitated(UNSIGNED.replace(before, imitation + before, 1))
    _imitated(UNSIGNED + imitation)


def _imitated(raw: bytes) -> None:
    signed = xmldsig.sign(raw, EC.key, EC.der)
    found = xmldsig.find(parse(signed))
    assert (found.kind, found.reason.split()[-1]) == ("malformed", "Signature")
    assert not accepts(signed, EC.public_key)


def test_a_header_in_the_body_is_no_place_for_a_signature() -> None:
    header = b"<edXML:edXMLHeader>" + SIGNATURE + b"</edXML:edXMLHeader>"
    raw = UNSIGNED.replace(b"</edXML:edXMLBody>", header + b"</edXML:edXMLBody>")
    assert xmldsig.find(parse(raw)).reason == "Signature is not a child of edXMLHeader"


def test_a_document_without_a_canonical_form_is_not_accepted() -> None:
    relative = SIGNED.replace(b"<edXML:edXMLBody>", b'<edXML:edXMLBody xmlns:r="relative">')
    assert not accepts(relative, EC.public_key)
    relative = SIGNED.replace(b"<SignedInfo>", b'<SignedInfo xmlns:r="relative">')
    assert xmldsig.find(parse(relative)).kind == "malformed"


UNREAD = re.compile(rb"<X509SubjectName>.*?</X509SubjectName>")


@pytest.mark.parametrize("flip", [0x01, 0x02, 0x20])
def test_no_byte_of_a_signed_package_can_be_flipped_unnoticed(flip: int) -> None:
    subject = UNREAD.search(SIGNED)
    assert subject is not None
    declaration = SIGNED.index(b"?>")
    original = canonical(parse(SIGNED))
    refused = 0
    for at in range(len(SIGNED)):
        raw = SIGNED[:at] + bytes([SIGNED[at] ^ flip]) + SIGNED[at + 1 :]
        try:
            root = parse(raw)
        except etree.XMLSyntaxError:
            continue
        found = xmldsig.find(root)
        # A trust list looks the certificate up by its bytes: another one is another signer.
        if found.certificate_der != EC.der or not xmldsig.check(root, found, EC.public_key):
            refused += 1
            continue
        # The same document, differing in what means nothing: the XML declaration, the name for
        # people in KeyInfo, the kind of a blank inside a tag.
        assert canonical(root) == original
        nothing = at < declaration or subject.start() <= at < subject.end()
        assert nothing or raw[at : at + 1].isspace()
    assert refused > len(SIGNED) // 3


def test_swapping_the_certificate_for_another_agency_s_breaks_the_signature() -> None:
    other = base64.b64encode(G22.certificate_der)
    raw = SIGNED.replace(CERTIFICATE.encode(), other)
    found = xmldsig.find(parse(raw))
    assert found.certificate_der == G22.certificate_der
    assert not accepts(raw, G22.private_key.public_key())


def test_a_signature_carried_over_from_another_package_is_not_accepted() -> None:
    other = package("khác").replace(b"</edXML:edXMLHeader>", SIGNATURE + b"</edXML:edXMLHeader>")
    assert xmldsig.find(parse(other)).kind == "candidate"
    assert not accepts(other, EC.public_key)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.SECP224R1()])
def test_other_curves_are_refused_for_signing_and_checking(curve: ec.EllipticCurve) -> None:
    signer = issue(ec.generate_private_key(curve))
    with pytest.raises(ValueError, match="P-256"):
        xmldsig.sign(package(), signer.key, signer.der)
    info = signed_info()
    data = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    assert not accepts(forge(info, ecdsa_value(data, signer.key)), signer.public_key)


def test_short_and_huge_rsa_keys_and_ed25519_are_refused() -> None:
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(ValueError, match="2048"):
        xmldsig.sign(package(), short, EC.der)
    signed = xmldsig.sign(package(), rsa_signer().key, rsa_signer().der)
    huge = rsa.RSAPublicNumbers(65537, (1 << 8192) - 1).public_key()
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    for key in (short.public_key(), huge, edwards):
        assert algorithm_of(key) is None
        assert not accepts(signed, key)


def test_the_values_nought_and_order_are_no_signature() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for r in (0, 1, order):
        for s in (0, 1, order):
            value = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            assert not accepts(forge(signed_info(), value), EC.public_key)


def test_a_reason_quotes_only_the_start_of_what_the_package_says() -> None:
    info = signed_info(signature_method=method("SignatureMethod", "urn:" + "x" * 10_000))
    assert len(xmldsig.find(parse(forge(info))).reason) < 200


def test_the_header_is_left_as_it_was_after_all_this() -> None:
    assert header_of(parse(SIGNED))[-1].tag == f"{{{DS}}}Signature"
    assert accepts(SIGNED, EC.public_key)
