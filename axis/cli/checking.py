"""``axis check``: what can be told of a package without an axis.

The verdict is on the form: a package that is *refused* here is refused by every axis, one that is
*accepted* may still meet a rule of the moment (a locked recipient, a conflict). Whether its
agencies are in the directory is told on a line of its own and never changes the verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from axis.cli import screen
from axis.cli.whole import read_whole
from axis.core.errors import Fault
from axis.core.trust import ALTERED, fingerprint_of
from axis.core.words_vi import in_vietnamese
from axis.flows.statuses import STATUS_BYTES_MAX
from schemas import xmldsig
from schemas.codes import DOC_TYPE, STATUS, agencies, table
from schemas.edxml import MARK_PLACE, DocumentPackage, Problem, StatusPackage
from schemas.edxml_read import Reading, read
from schemas.edxml_rules import strict as strict_problems
from schemas.examine import UNREADABLE
from schemas.organ import agency_of, is_organ_id

_SIGNATURE_PLACE = "edXMLHeader/Signature"
_NOT_WELL_FORMED = frozenset({"edxml.not_xml", "edxml.encoding", "edxml.leading_garbage"})

#: What can be said of a signature offline: its word, in English and in Vietnamese.
_SIGNATURES = {
    "absent": ("The package is not signed.", "Gói tin không có chữ ký."),
    "weak": (
        "The signature uses SHA-1 and proves nothing; an axis takes it unless it is strict.",
        "Chữ ký dùng SHA-1, không chứng minh được gì; trục vẫn nhận nếu không đặt mức chặt.",
    ),
    "broken": ("The signature does not hold: {}.", "Chữ ký không hợp lệ: {}."),
    "whole": (
        "Unaltered since it was signed by {}; whether an axis trusts that cannot be told offline.",
        "Không bị sửa từ khi {} ký; trục có tin chứng thư đó không thì chưa biết khi ngoại tuyến.",
    ),
    "valid": ("Signed with the certificate given.", "Được ký bằng chứng thư đã cho."),
    "untrusted": (
        "Signed with another certificate ({}) than the one given.",
        "Được ký bằng chứng thư khác ({}), không phải chứng thư đã cho.",
    ),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What can be said of a package's signature; ``whose`` quotes a reason or a subject."""

    word: Literal["absent", "weak", "broken", "whole", "valid", "untrusted"]
    whose: str = ""

    @property
    def refused(self) -> bool:
        """Whether no axis (or not the one with the certificate given) takes it."""
        return self.word in ("broken", "untrusted")

    def sentence(self, language: str = "en") -> str:
        """One sentence for a person."""
        en, vi = _SIGNATURES[self.word]
        if language != "vi":
            return en.format(self.whose)
        return vi.format(in_vietnamese(f"signature.{self.word}", "reason", self.whose))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.DEVELOPER)(check)


def check(
    files: Annotated[list[Path], typer.Argument(help="Packages (.edxml).", show_default=False)],
    strict: Annotated[
        bool, typer.Option("--strict", help="Also hold it against the schema of what we write.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The sender's certificate (PEM).")
    ] = None,
    json: screen.Json = False,
) -> None:
    """Tell what is wrong with packages; needs no axis.

    Exit 0: the form of each is accepted; 1: one is refused; 2: a file cannot be read.
    """
    der = None if certificate is None else _certificate(certificate)
    reports = []
    for path in files:
        try:
            raw = read_whole(path)
        except OSError as error:
            reports.append({"file": str(path), "verdict": "unreadable", "why": error.strerror})
            continue
        reports.append({"file": str(path), **report(raw, strict=strict, certificate=der)})
    if json:
        screen.data({"files": reports})
    else:
        for one in reports:
            _show(one)
    verdicts = {one["verdict"] for one in reports}
    if "unreadable" in verdicts:
        raise typer.Exit(2)
    if "refused" in verdicts:
        raise typer.Exit(1)


def report(raw: bytes, *, strict: bool = False, certificate: bytes | None = None) -> dict[str, Any]:
    """Everything that can be said of some bytes, as JSON values. ``certificate`` is DER."""
    reading = read(raw)
    problems = list(reading.problems)
    signature = None
    if reading.root is not None and reading.package is not None:
        signature = signature_of(reading.root, certificate)
        problems += _forbidden(reading, signature, len(raw))
        if strict:
            problems += strict_problems(reading.root)
    refused = reading.package is None or any(p.severity == "error" for p in problems)
    told: dict[str, Any] = {
        "verdict": "refused" if refused else "accepted",
        "well_formed": _well_formed(reading),
        "readable": reading.package is not None,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        **_said(reading),
        "problems": problems_of(problems),
    }
    if signature is not None:
        told["signature"] = {
            "verdict": signature.word,
            "detail": signature.sentence(),
            "detail_vi": signature.sentence("vi"),
        }
    if reading.package is not None:
        told["routing"] = _routing(reading.package)
    return told


def problems_of(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems with their sentences in both languages."""
    return [
        {**screen.told(Fault(p.code, p.place, p.detail)), "severity": p.severity} for p in problems
    ]


def signature_of(root: etree._Element, certificate: bytes | None = None) -> Signature:
    """What the signature is worth offline; with ``certificate`` (DER), whether it is by that one.

    The key inside the package proves no origin, but it tells whether the package was altered.
    """
    found = xmldsig.find(root)
    if found.kind in ("absent", "weak"):
        return Signature("absent" if found.kind == "absent" else "weak")
    if found.kind == "malformed":
        return Signature("broken", found.reason)
    try:
        carried = x509.load_der_x509_certificate(found.certificate_der)
        key = carried.public_key()
        subject = carried.subject.rfc4514_string({NameOID.SERIAL_NUMBER: "serialNumber"})
    except UNREADABLE:
        return Signature("broken", "what it carries is no certificate")
    if not xmldsig.check(root, found, key):
        return Signature("broken", ALTERED)
    if certificate is None:
        return Signature("whole", subject)
    if fingerprint_of(certificate) != fingerprint_of(found.certificate_der):
        return Signature("untrusted", subject)
    return Signature("valid", subject)


def _forbidden(reading: Reading, signature: Signature, size: int) -> list[Problem]:
    """What no axis takes, however well it is written."""
    found = []
    if isinstance(reading.package, StatusPackage) and size > STATUS_BYTES_MAX:
        detail = {"size": str(size), "limit": str(STATUS_BYTES_MAX)}
        found.append(Problem("package.too_large", "", detail=detail))
    if isinstance(reading.package, DocumentPackage) and reading.package.secret:
        found.append(Problem("document.secret", MARK_PLACE))
    if signature.refused:
        code = f"signature.{signature.word}"
        found.append(Problem(code, _SIGNATURE_PLACE, detail={"reason": signature.whose}))
    return found


def _well_formed(reading: Reading) -> bool | None:
    """None where a guard stepped in before anything was parsed (a DOCTYPE, too many elements)."""
    if reading.root is not None:
        return True
    return False if reading.problems[0].code in _NOT_WELL_FORMED else None


def _said(reading: Reading) -> dict[str, Any]:
    """What the package says it is."""
    package = reading.package
    if isinstance(package, DocumentPackage):
        return {
            "kind": "document",
            "doc_type": package.business.doc_type,
            "doc_type_name": table(DOC_TYPE)[str(package.business.doc_type)].name_en,
            "sender": package.sender.organ_id,
            "recipients": [recipient.organ_id for recipient in package.recipients],
            "document_id": package.document_id,
            "subject": package.subject,
            "attachments": [attachment.name for attachment in package.attachments],
        }
    if isinstance(package, StatusPackage):
        row = table(STATUS).get(package.code)
        return {
            "kind": "status",
            "status": package.code,
            "status_name": row.name_en if row else "",
            "sender": package.sender.organ_id,
            "recipients": [package.response_for.organ_id],
            "document_id": package.response_for.document_id,
        }
    return {"kind": None}


def _routing(package: DocumentPackage | StatusPackage) -> dict[str, Any]:
    """Which of the agencies it names are not in the directory of 95."""
    known = {row.code for row in agencies()}
    named = [package.sender.organ_id]
    if isinstance(package, DocumentPackage):
        named += [recipient.organ_id for recipient in package.recipients]
    else:
        named.append(package.response_for.organ_id)
    strangers = [n for n in named if not is_organ_id(n) or _agency(n) not in known]
    return {"routable": not strangers, "not_in_directory": list(dict.fromkeys(strangers))}


def _agency(organ_id: str) -> str:
    """The agency of a code; one whose last group names no agency belongs to nobody."""
    try:
        return agency_of(organ_id)
    except ValueError:
        return ""


def _certificate(path: Path) -> bytes:
    try:
        certificate = x509.load_pem_x509_certificate(read_whole(path))
    except (OSError, *UNREADABLE) as error:
        raise typer.BadParameter(f"{path} holds no certificate in PEM: {error}") from None
    return certificate.public_bytes(Encoding.DER)


def _show(told: dict[str, Any]) -> None:
    if told["verdict"] == "unreadable":
        screen.say(f"{told['file']}: cannot be read: {told['why']}")
        return
    screen.say(f"{told['file']}: {_headline(told)}")
    sentences = {"document": "doc_type_name", "status": "status_name"}
    if told["kind"]:
        code = told.get("status", told.get("doc_type"))
        screen.facts(
            {
                "kind": f"{told['kind']} package, {told[sentences[told['kind']]]} ({code})",
                "from": told["sender"],
                "to": ", ".join(told["recipients"]),
                "document": told["document_id"],
                "subject": told.get("subject", ""),
                "files": ", ".join(told.get("attachments", ())),
                "signature": told["signature"]["detail"],
                "routing": _routed(told["routing"]),
            },
            indent="  ",
        )
    screen.problems(told["problems"])


def _headline(told: dict[str, Any]) -> str:
    if told["verdict"] == "accepted":
        return "accepted"
    if told["well_formed"] is None:
        return "refused before it was read"
    if not told["well_formed"]:
        return "refused: it is not well-formed"
    if not told["readable"]:
        return "refused: it is well-formed, but no package of the format"
    errors = sum(1 for problem in told["problems"] if problem["severity"] == "error")
    return f"refused: it can be read, with {errors} error{'s' if errors > 1 else ''}"


def _routed(routing: dict[str, Any]) -> str:
    if routing["routable"]:
        return "sender and recipients are in the directory of 95"
    return f"not in the directory of 95: {', '.join(routing['not_in_directory'])}"
