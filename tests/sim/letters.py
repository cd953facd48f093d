"""The packages that simulated agencies send: good ones of all kinds, and bad ones of many."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from schemas.edxml import (
    NEW,
    RECALL,
    REPLACEMENT,
    UPDATE,
    Attachment,
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Reference,
    Replaced,
    Staff,
    StatusPackage,
)
from schemas.edxml_write import write
from tests.sim.history import Sent
from tests.sim.signing import Signing
from tests.sim.world import Dice

#: The axis of a run takes no larger package; a good one has under 5 kB.
PACKAGE_BYTES_MAX = 12_000

_DAY = date(2020, 1, 15)
_STRANGER = "000.00.00.Z99"


@dataclass(frozen=True, slots=True)
class Letter:
    """A package with what the checkers are told of it."""

    raw: bytes
    sent: Sent
    package: DocumentPackage

    @property
    def sha256(self) -> str:
        return self.sent.sha256


class Desk:
    """Where one agency writes its packages. ``others`` are the agencies it may write to."""

    def __init__(self, agency: str, others: Sequence[str], dice: Dice, signing: Signing) -> None:
        self._agency = agency
        self._others = others
        self._dice = dice
        self._signing = signing
        self._written = 0

    def new(self) -> Letter:
        """A new document (DocType 0)."""
        self._written += 1
        unit = self._unit(self._agency)
        notation = self._dice.choice(("UBND-VP", "QĐ-TTg", "BC"))
        package = DocumentPackage(
            sender=Organization(organ_id=unit, name=f"Cơ quan {unit}"),
            recipients=self._recipients(),
            document_id=f"{unit},2020/01/15,{self._written}/{notation}",
            code_number=str(self._written),
            code_notation=notation,
            place="Hà Nội",
            promulgated=_DAY,
            subject=f"Văn bản số {self._written} của {unit}",
            type_name="Công văn",
            other=OtherInfo(priority=self._dice.choice((0, 0, 0, 1, 2, 3, 4))),
            business=Business(doc_type=NEW, reason="gửi mới"),
            attachments=self._files(),
        )
        return self._letter(package)

    def same_name(self, letter: Letter) -> Letter:
        """Other bytes under the DocumentId of ``letter``: a conflict where recipients meet."""
        self._written += 1
        recipients = letter.package.recipients if self._dice.chance(0.5) else self._recipients()
        subject = f"Văn bản khác {self._written}"
        return self._letter(replace(letter.package, recipients=recipients, subject=subject))

    def about(self, letter: Letter) -> Letter:
        """A recall, an update or a replacement of ``letter``."""
        self._written += 1
        old = letter.package
        kind = self._dice.choice((RECALL, UPDATE, REPLACEMENT))
        reference = Reference(
            organ_id=old.sender.organ_id,
            code=f"{old.code_number}/{old.code_notation}",
            document_id=old.document_id,
            promulgated=old.promulgated,
        )
        named = tuple(r.organ_id for r in old.recipients)
        business = Business(
            doc_type=kind,
            reason=f"lần {self._written}",
            document_id=old.document_id,
            info_changed=True if kind == UPDATE else None,
            replaced=(Replaced(document_id=old.document_id, organ_ids=named),)
            if kind == REPLACEMENT
            else (),
        )
        return self._letter(
            replace(
                old,
                recipients=old.recipients if self._dice.chance(0.6) else self._recipients(),
                document_id=old.document_id
                if self._dice.chance(0.6)
                else f"{old.document_id}/{self._written}",
                response_for=(reference,) if kind == RECALL else (),
                business=business,
                other=OtherInfo(priority=self._dice.choice((0, 0, 1, 4))),
            )
        )

    def bad(self) -> Letter:
        """A package that must be refused, and with which code."""
        good = self.new()
        package = good.package
        to = package.recipients
        stranger = Organization(organ_id=_STRANGER)
        other = Organization(
            organ_id=self._dice.choice([o for o in self._others if o != self._agency])
        )
        broken: dict[str, DocumentPackage | bytes] = {
            "package.empty": b"",
            "package.too_large": good.raw + b" " * PACKAGE_BYTES_MAX,
            "edxml.not_xml": self._cut(good.raw),
            "package.kind": self.status(good, "01", "", other.organ_id),
            "edxml.missing": replace(package, subject=""),
            "recipient.unknown": replace(package, recipients=(*to, stranger)),
            "recipient.twice": replace(package, recipients=(*to, to[0])),
            "sender.unknown": replace(package, sender=stranger),
            "sender.not_caller": replace(package, sender=other),
            "document.secret": replace(package, secret=True),
            "business.missing": replace(package, business=Business(doc_type=RECALL, reason="?")),
        }
        if self._signing.real:
            altered = good.raw.replace(b"<edXML:Subject>", b"<edXML:Subject>(1)")
            broken["signature.broken"] = altered
            broken["signature.untrusted"] = self._signing.sign(other.organ_id, write(package))
        code = self._dice.choice(list(broken))
        wrong = broken[code]
        if isinstance(wrong, DocumentPackage):
            return self._letter(wrong, expected=code)
        return self._letter(package, wrong, expected=code)

    def status(self, letter: Letter, code: str, reason: str, recipient: str) -> bytes:
        """A status package about ``letter``, from this desk's agency."""
        package = letter.package
        return status_package(
            self._agency, recipient, package.document_id, code, reason, self._dice.random() < 0.5
        )

    def _cut(self, raw: bytes) -> bytes:
        """A package that ends too soon, before one of its tags."""
        return raw[: raw.rindex(b"<", 0, self._dice.randrange(200, len(raw)))]

    def _letter(
        self, package: DocumentPackage, raw: bytes | None = None, expected: str = ""
    ) -> Letter:
        if raw is None:
            raw = self._signing.sign(self._agency, write(package))
        units: dict[str, list[str]] = {}
        for recipient in package.recipients:
            units.setdefault(_agency_of(recipient.organ_id), []).append(recipient.organ_id)
        sent = Sent(
            sender=self._agency,
            unit=package.sender.organ_id,
            sha256=hashlib.sha256(raw).hexdigest(),
            document_id=package.document_id,
            kind=package.business.doc_type,
            urgency=package.other.priority,
            size=len(raw),
            subject=package.subject,
            recipients={agency: tuple(of) for agency, of in units.items()},
            expected=expected,
        )
        return Letter(raw, sent, package)

    def _unit(self, agency: str) -> str:
        """The agency itself, a unit beneath it, or an old short code."""
        group = agency[-3:]
        return self._dice.choice((agency, agency, f"000.00.13.{group}", f"28.22.{group}"))

    def _recipients(self) -> tuple[Organization, ...]:
        among = [o for o in self._others if o != self._agency or self._dice.chance(0.1)]
        units = [self._unit(agency) for agency in self._dice.some(among, 1, 3)]
        if self._dice.chance(0.2):
            # A second unit of the same agency is the same recipient.
            units.append(f"000.01.17.{units[0][-3:]}")
        return tuple(Organization(organ_id=unit, name=f"Nơi nhận {unit}") for unit in units)

    def _files(self) -> tuple[Attachment, ...]:
        if self._dice.chance(0.7):
            return ()
        data = self._dice.randbytes(self._dice.randint(1, 2000))
        return (Attachment(content_id="1", name="văn bản.bin", data=data),)


def status_package(
    speaker: str, other: str, document_id: str, code: str, reason: str, staff: bool
) -> bytes:
    """The bytes of a status package of ``speaker`` about a document exchanged with ``other``."""
    return write(
        StatusPackage(
            sender=Organization(organ_id=speaker, name="Văn thư"),
            response_for=Reference(
                organ_id=other, code="1/UBND", document_id=document_id, promulgated=_DAY
            ),
            code=code,
            at=datetime(2020, 1, 15, 12),  # noqa: DTZ001 - the format has no zones
            description=reason,
            staff=Staff(name="Nguyễn Văn A") if staff else Staff(),
        )
    )


def _agency_of(organ_id: str) -> str:
    return f"000.00.00.{organ_id[-3:]}"
