"""Packages, keys and the two other implementations that the signature tests compare ours with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier
from xmlsec import constants

from agencies.keys import NOT_AFTER, NOT_BEFORE, make_agency, make_authority
from schemas import xmldsig
from schemas.edxml import DS, NS

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
AUTHORITY = make_authority(seed=2020)
H37 = make_agency(AUTHORITY, "000.00.00.H37", "UBND tỉnh Lạng Sơn")
G22 = make_agency(AUTHORITY, "000.00.00.G22", "Văn phòng Chính phủ")
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key in every shape the three implementations want."""

    key: Any
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def public_key(self) -> Any:
        return self.key.public_key()


def issue(key: Any) -> Signer:
    """Return a signer with ``key``, certified by the simulator's authority."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test & <key>")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(AUTHORITY.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return Signer(key, builder.sign(AUTHORITY.private_key, hashes.SHA256()))


EC = Signer(H37.private_key, x509.load_der_x509_certificate(H37.certificate_der))


@cache
def rsa_signer(bits: int = 2048) -> Signer:
    return issue(rsa.generate_private_key(65537, bits))


def package(
    subject: str = "V/v gửi, nhận văn bản điện tử",
    attachment: bytes = b"PK\x03\x04 content",
    between: str = "",
    prefix: str = "edXML",
    around: tuple[str, str] = ("", ""),
) -> bytes:
    """Return an unsigned package; ``subject`` and ``between`` are markup, written as they are."""
    p = f"{prefix}:"
    data = base64.b64encode(attachment).decode()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{around[0]}<edXML xmlns="{NS}"><{p}edXMLEnvelope xmlns:{prefix}="{NS}">
 <{p}edXMLHeader><{p}MessageHeader>
   <{p}From><{p}OrganId>000.00.00.H37</{p}OrganId></{p}From>{between}
   <{p}To><{p}OrganId>000.00.00.G22</{p}OrganId></{p}To>
   <{p}DocumentId>000.00.00.H37,2020/02/14,118/UBND-KSTT</{p}DocumentId>
   <{p}Subject>{subject}</{p}Subject><{p}ResponseFor/>
  </{p}MessageHeader>{between}
 </{p}edXMLHeader><{p}edXMLBody><{p}edXMLManifest version="1.0"/></{p}edXMLBody>
 </{p}edXMLEnvelope><AttachmentEncoded><Attachment><ContentId>cid:1</ContentId>
  <edXML:ContentTransferEncoded xmlns:edXML="{NS}">{data}</edXML:ContentTransferEncoded>
 </Attachment></AttachmentEncoded></edXML>{around[1]}""".encode()


def parse(raw: bytes) -> etree._Element:
    return etree.fromstring(raw, PARSER)


def accepts(raw: bytes, public_key: object) -> bool:
    """Say whether our own profile takes ``raw`` as signed by ``public_key``."""
    root = parse(raw)
    before = etree.tostring(root.getroottree())
    verdict = xmldsig.check(root, xmldsig.find(root), public_key)
    assert etree.tostring(root.getroottree()) == before, "checking must not change the tree"
    return verdict


def header_of(root: etree._Element) -> etree._Element:
    header = root.find(f"{{{NS}}}edXMLEnvelope/{{{NS}}}edXMLHeader")
    assert header is not None
    return header


def signxml_signs(raw: bytes, signer: Signer) -> bytes:
    root = parse(raw)
    etree.SubElement(header_of(root), f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
    is_rsa = isinstance(signer.key, rsa.RSAPrivateKey)
    method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256
    xml_signer = XMLSigner(
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return etree.tostring(xml_signer.sign(root, key=signer.key, cert=[signer.certificate]))


def signxml_accepts(raw: bytes, signer: Signer) -> bool:
    config = SignatureConfiguration(
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA256, SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=datetime(2020, 1, 15, tzinfo=UTC),
    )
    verifier = XMLVerifier()
    try:
        verifier.verify(raw, x509_cert=signer.certificate, expect_config=config, parser=PARSER)
    except Exception:  # whatever it is that displeases it: the question is yes or no
        return False
    return True


def xmlsec_signs(raw: bytes, signer: Signer, prefix: str | None = None) -> bytes:
    root = parse(raw)
    is_rsa = isinstance(signer.key, rsa.RSAPrivateKey)
    method = constants.TransformRsaSha256 if is_rsa else constants.TransformEcdsaSha256
    node = xmlsec.template.create(root, constants.TransformExclC14N, method, ns=prefix)
    header_of(root).append(node)
    reference = xmlsec.template.add_reference(node, constants.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    x509_data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    xmlsec.template.x509_data_add_subject_name(x509_data)
    xmlsec.template.x509_data_add_certificate(x509_data)
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, constants.KeyDataFormatPem)
    certificate = signer.certificate.public_bytes(Encoding.PEM)
    context.key.load_cert_from_memory(certificate, constants.KeyDataFormatPem)
    context.sign(node)
    return etree.tostring(root.getroottree())


def xmlsec_accepts(raw: bytes, signer: Signer) -> bool:
    node = next(parse(raw).iter(f"{{{DS}}}Signature"), None)
    if node is None:
        return False
    context = xmlsec.SignatureContext()
    pem = signer.certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, constants.KeyDataFormatCertPem)
    try:
        context.verify(node)
    except xmlsec.Error:
        return False
    return True
